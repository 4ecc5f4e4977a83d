//! The section of the page *What happens when…* that covers an error.

use super::api::{ApiErrorKind, ErrorBody};
use super::{Effect, Error, ErrorKind};
use crate::transport::{TimeoutPhase, TransportErrorKind};

impl Error {
    /// The anchor of this error's section in `docs/what-happens-when.md` of the repository:
    /// what happened, and what to do about it.
    ///
    /// ```
    /// use openrouter_keys_core::{ApiKey, Error};
    ///
    /// let refused = ApiKey::new("two words").unwrap_err();
    /// assert_eq!(Error::from(refused).anchor(), "an-argument-is-refused");
    /// ```
    pub fn anchor(&self) -> &'static str {
        match (self.effect(), self.kind()) {
            (Effect::MayHaveCreated(_), _) => "a-key-may-exist",
            (Effect::MayHaveChanged, _) => "the-change-may-have-been-made",
            (Effect::MayHaveTakenEffect, _) => "the-request-may-have-taken-effect",
            (Effect::PartlyDone(_), _) if self.operation() == "rotate" => {
                "a-rotation-stopped-on-its-way"
            }
            (_, ErrorKind::Build(_)) => "an-argument-is-refused",
            (_, ErrorKind::Credentials(_)) => "the-key-provider-failed",
            (_, ErrorKind::Transport(error)) => below_http(error.kind()),
            (_, ErrorKind::Api(error)) => match error.body {
                ErrorBody::Html => "a-page-instead-of-a-response",
                _ if error.key_kind.is_some() => "the-wrong-kind-of-key",
                _ => answered(error.kind),
            },
            (_, ErrorKind::Decode(_)) => "the-response-cannot-be-read",
            (_, ErrorKind::UnexpectedRedirect { .. }) => "a-redirect",
            (_, ErrorKind::Cancelled) => "the-call-was-cancelled",
            (_, ErrorKind::PaginationStalled { .. }) => "the-listing-stalled",
            (_, ErrorKind::SeveralKeys { .. }) => "several-keys-have-the-name",
            (_, ErrorKind::WrongKeyKind { .. }) => "the-wrong-kind-of-key",
            (_, ErrorKind::Unverified { .. }) => "the-new-key-does-not-work",
            (_, ErrorKind::RotationHandler { .. }) => "the-rotation-handler-failed",
            (_, ErrorKind::TooManyPages { .. }) => "the-listing-is-too-long",
        }
    }
}

fn below_http(kind: TransportErrorKind) -> &'static str {
    match kind {
        TransportErrorKind::Dns
        | TransportErrorKind::Connect
        | TransportErrorKind::Proxy
        | TransportErrorKind::Refused
        | TransportErrorKind::Timeout(TimeoutPhase::Connect) => "no-connection",
        TransportErrorKind::Tls => "a-certificate-is-refused",
        TransportErrorKind::Timeout(_) => "time-ran-out",
        TransportErrorKind::BodyTooLarge(_) => "a-response-too-large",
        TransportErrorKind::HiddenRedirect => "a-redirect",
        TransportErrorKind::Setup => "the-transport-cannot-be-used",
        TransportErrorKind::Disconnected
        | TransportErrorKind::Protocol
        | TransportErrorKind::Other => "the-connection-broke",
    }
}

fn answered(kind: ApiErrorKind) -> &'static str {
    match kind {
        ApiErrorKind::Unauthorized
        | ApiErrorKind::PaymentRequired
        | ApiErrorKind::Forbidden
        | ApiErrorKind::NotFound => "401-402-403-404",
        ApiErrorKind::BadRequest
        | ApiErrorKind::Conflict
        | ApiErrorKind::PayloadTooLarge
        | ApiErrorKind::Unprocessable => "400-409-413-422",
        ApiErrorKind::TooManyRequests => "429-and-retry-after",
        ApiErrorKind::RequestTimeout | ApiErrorKind::Server => "5xx",
        ApiErrorKind::Other => "another-status",
    }
}

#[cfg(test)]
mod tests {
    use super::super::api::ApiErrorKind;
    use super::{answered, below_http};
    use crate::transport::{TimeoutPhase, TransportErrorKind};

    const PAGE: &str = include_str!("../../../../docs/what-happens-when.md");

    /// The anchor that GitHub generates for a heading.
    fn anchor(heading: &str) -> String {
        let kept = |c: &char| c.is_alphanumeric() || matches!(c, '-' | '_' | ' ');
        heading.to_lowercase().chars().filter(kept).collect::<String>().replace(' ', "-")
    }

    #[test]
    fn every_anchor_is_a_heading_of_the_page() {
        use TransportErrorKind as Below;
        let headings: Vec<String> =
            PAGE.lines().filter_map(|line| line.strip_prefix("## ")).map(anchor).collect();
        let mut anchors = vec![
            "a-key-may-exist",
            "the-change-may-have-been-made",
            "the-request-may-have-taken-effect",
            "an-argument-is-refused",
            "the-key-provider-failed",
            "a-page-instead-of-a-response",
            "the-response-cannot-be-read",
            "a-redirect",
            "the-call-was-cancelled",
            "the-listing-stalled",
            "the-listing-is-too-long",
            "several-keys-have-the-name",
            "the-wrong-kind-of-key",
            "the-new-key-does-not-work",
            "the-rotation-handler-failed",
            "a-rotation-stopped-on-its-way",
        ];
        anchors.extend(
            [
                Below::Dns,
                Below::Tls,
                Below::Timeout(TimeoutPhase::Idle),
                Below::Disconnected,
                Below::BodyTooLarge(1),
                Below::HiddenRedirect,
                Below::Setup,
            ]
            .map(below_http),
        );
        anchors.extend(
            [
                ApiErrorKind::NotFound,
                ApiErrorKind::Conflict,
                ApiErrorKind::TooManyRequests,
                ApiErrorKind::Server,
                ApiErrorKind::Other,
            ]
            .map(answered),
        );
        for anchor in anchors {
            assert!(headings.iter().any(|heading| heading == anchor), "{anchor}");
        }
    }
}
