//! What an attempt came to, and whether another may follow: the retry rule.

use http::StatusCode;

use crate::config::Trouble;
use crate::operation::Replay;
use crate::transport::{Reach, TransportError};

/// How an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    /// The server reports success.
    Done,
    /// The server surely did not process the request.
    NotSent,
    /// The server refused the request and did nothing.
    Rejected,
    /// The server may have processed the request.
    Ambiguous,
}

/// An attempt's end, and what would make another one worth its while.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) class: Class,
    /// What kind of trouble it was, if it may pass by itself.
    pub(crate) trouble: Option<Trouble>,
}

impl Outcome {
    /// What a status means. `asks_to_wait` tells whether a valid `Retry-After`
    /// came with it, and counts as a refusal: who tells when to come back has
    /// not done the work.
    pub(crate) fn of_status(status: StatusCode, asks_to_wait: bool) -> Self {
        let (class, trouble) = match status.as_u16() {
            200..=299 => (Class::Done, None),
            425 => (Class::NotSent, Some(Trouble::Transient)),
            429 => (Class::Rejected, Some(Trouble::Throttled)),
            503 if asks_to_wait => (Class::Rejected, Some(Trouble::Transient)),
            408 | 500 | 502..=504 | 520..=530 => (Class::Ambiguous, Some(Trouble::Transient)),
            // Statuses of proxies that gave up waiting for what the server does.
            444 | 460 | 499 => (Class::Ambiguous, None),
            400..=499 => (Class::Rejected, None),
            _ => (Class::Ambiguous, None),
        };
        Self { class, trouble }
    }

    /// What a failure below HTTP means.
    pub(crate) fn of_transport(error: &TransportError) -> Self {
        let class = match error.reach() {
            Reach::NotSent => Class::NotSent,
            Reach::Ambiguous => Class::Ambiguous,
        };
        Self { class, trouble: (!error.is_lasting()).then_some(Trouble::Transient) }
    }

    /// Whether the same request may be sent again, whatever a policy says: the
    /// trouble may pass, and a replay makes nothing twice.
    pub(crate) fn may_repeat(self, replay: Replay) -> bool {
        self.trouble.is_some() && (replay.is_safe() || self.class != Class::Ambiguous)
    }
}

#[cfg(test)]
mod tests {
    use http::StatusCode;

    use super::{Class, Outcome};
    use crate::operation::Replay;

    #[test]
    fn no_status_lets_a_create_of_unknown_effect_go_out_again() {
        for code in 100..=999 {
            let status = StatusCode::from_u16(code).unwrap();
            for asks_to_wait in [false, true] {
                let outcome = Outcome::of_status(status, asks_to_wait);
                let expected = matches!(code, 425 | 429) || (code == 503 && asks_to_wait);
                assert_eq!(outcome.may_repeat(Replay::Duplicates), expected, "{code}");
                assert_eq!(outcome.class == Class::Done, status.is_success(), "{code}");
            }
        }
    }

    #[test]
    fn what_is_safe_goes_out_again_after_what_may_pass() {
        for code in 100..=999 {
            let outcome = Outcome::of_status(StatusCode::from_u16(code).unwrap(), false);
            let expected = matches!(code, 408 | 425 | 429 | 500 | 502 | 503 | 504 | 520..=530);
            for replay in [Replay::Reads, Replay::ChangesOnce] {
                assert_eq!(outcome.may_repeat(replay), expected, "{code}");
            }
        }
    }
}
