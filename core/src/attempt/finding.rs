//! What an attempt came to, once it was judged.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Response, StatusCode};

use crate::error::{ApiError, ErrorBody, ErrorKind, TransportError, TransportErrorKind};
use crate::outcome::Outcome;

/// What an attempt came to.
pub(crate) enum Finding {
    Success(Response<Bytes>),
    Failure(Failure),
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

impl Finding {
    pub(super) fn below_http(error: TransportError) -> Self {
        Self::Failure(Failure {
            outcome: Outcome::of_transport(&error),
            kind: match error.kind() {
                TransportErrorKind::HiddenRedirect => {
                    ErrorKind::UnexpectedRedirect { status: None, origin: None }
                }
                _ => ErrorKind::Transport(error),
            },
            retry_after: None,
            is_final: false,
            headers: None,
        })
    }
}

impl Failure {
    pub(super) fn is_not_found(&self) -> bool {
        match &self.kind {
            // A page that a proxy sends says nothing about the key.
            ErrorKind::Api(ApiError {
                status,
                body: ErrorBody::Documented | ErrorBody::Empty,
                ..
            }) => *status == StatusCode::NOT_FOUND,
            _ => false,
        }
    }
}
