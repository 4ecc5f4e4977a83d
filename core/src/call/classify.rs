//! The retry rule: the meaning of an attempt's outcome, and whether another may follow.

use http::StatusCode;

use crate::config::Trouble;
use crate::operation::Idempotency;
use crate::transport::{Delivery, TransportError};

/// How an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    /// The server reports success.
    Done,
    /// The server definitely did not process the request.
    NotSent,
    /// The server refused the request and did nothing.
    Rejected,
    /// The server may have processed the request.
    Ambiguous,
}

/// How an attempt ended, and whether another one could help.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) class: Class,
    /// The kind of failure, if it may be temporary.
    pub(crate) trouble: Option<Trouble>,
}

impl Outcome {
    /// The meaning of a status. A valid `Retry-After` (`asks_to_wait`) counts as a refusal: a
    /// server that says when to come back has not done the work.
    pub(crate) fn of_status(status: StatusCode, asks_to_wait: bool) -> Self {
        let (class, trouble) = match status.as_u16() {
            200..=299 => (Class::Done, None),
            425 => (Class::NotSent, Some(Trouble::Transient)),
            429 => (Class::Rejected, Some(Trouble::Throttled)),
            503 if asks_to_wait => (Class::Rejected, Some(Trouble::Transient)),
            408 | 500 | 502..=504 | 520..=530 => (Class::Ambiguous, Some(Trouble::Transient)),
            // Proxies return these when they stop waiting for the server.
            444 | 460 | 499 => (Class::Ambiguous, None),
            400..=499 => (Class::Rejected, None),
            _ => (Class::Ambiguous, None),
        };
        Self { class, trouble }
    }

    /// The meaning of a failure below HTTP.
    pub(crate) fn of_transport(error: &TransportError) -> Self {
        let class = match error.delivery() {
            Delivery::NotSent => Class::NotSent,
            Delivery::Unknown => Class::Ambiguous,
        };
        Self { class, trouble: (!error.is_lasting()).then_some(Trouble::Transient) }
    }

    /// Whether any policy may resend the request: the failure may be temporary, and nothing is
    /// created twice.
    pub(crate) fn may_repeat(self, idempotency: Idempotency) -> bool {
        self.trouble.is_some() && (idempotency.may_resend() || self.class != Class::Ambiguous)
    }
}

#[cfg(test)]
mod tests {
    use http::StatusCode;

    use super::{Class, Outcome};
    use crate::operation::Idempotency;

    #[test]
    fn no_status_allows_resending_a_create_of_unknown_effect() {
        for code in 100..=999 {
            let status = StatusCode::from_u16(code).unwrap();
            for asks_to_wait in [false, true] {
                let outcome = Outcome::of_status(status, asks_to_wait);
                let expected = matches!(code, 425 | 429) || (code == 503 && asks_to_wait);
                assert_eq!(outcome.may_repeat(Idempotency::NotIdempotent), expected, "{code}");
                assert_eq!(outcome.class == Class::Done, status.is_success(), "{code}");
            }
        }
    }

    #[test]
    fn safe_requests_are_resent_after_temporary_failures() {
        for code in 100..=999 {
            let outcome = Outcome::of_status(StatusCode::from_u16(code).unwrap(), false);
            let expected = matches!(code, 408 | 425 | 429 | 500 | 502 | 503 | 504 | 520..=530);
            for idempotency in [Idempotency::Safe, Idempotency::Idempotent] {
                assert_eq!(outcome.may_repeat(idempotency), expected, "{code}");
            }
        }
    }
}
