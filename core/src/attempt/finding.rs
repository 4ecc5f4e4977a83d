//! What an attempt came to, once it was judged.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Response};

use crate::error::{ErrorKind, TransportError, TransportErrorKind};
use crate::outcome::Outcome;
use crate::retry_after::{forbids_retry, retry_after};

/// What an attempt came to.
pub(crate) enum Finding {
    Success(Response<Bytes>),
    Failure(Failure),
    /// A success that broke off.
    Interrupted(Response<Bytes>, Failure),
}

/// A failed attempt.
pub(crate) struct Failure {
    pub(crate) kind: ErrorKind,
    pub(crate) outcome: Outcome,
    pub(crate) retry_after: Option<Duration>,
    /// The server, or the matter itself, rules out another attempt.
    pub(super) is_final: bool,
    pub(super) headers: Option<HeaderMap>,
}

impl Failure {
    /// A failure below HTTP, with the headers of the answer if they came.
    pub(super) fn below_http(
        error: TransportError,
        headers: Option<HeaderMap>,
        is_strict: bool,
    ) -> Self {
        let retry_after = headers.as_ref().and_then(retry_after);
        Self {
            outcome: Outcome::of_transport(&error, retry_after.is_some() && !is_strict),
            kind: match error.kind() {
                TransportErrorKind::HiddenRedirect => {
                    ErrorKind::UnexpectedRedirect { status: None, origin: None }
                }
                _ => ErrorKind::Transport(error),
            },
            retry_after,
            is_final: headers.as_ref().is_some_and(forbids_retry),
            headers,
        }
    }

    pub(super) fn is_not_found(&self) -> bool {
        matches!(&self.kind, ErrorKind::Api(error) if error.says_not_found())
    }
}
