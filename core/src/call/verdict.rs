//! The verdict on an attempt.

use std::time::Duration;

use http::StatusCode;

use super::classify::{Class, Outcome};
use super::error::ErrorKind;
use crate::transport::{Arrived, Head};

/// The meaning of an attempt's outcome.
pub(crate) enum Verdict {
    Success(Arrived),
    Failure(Failure),
    /// A success whose body broke off.
    Interrupted(Arrived, Failure),
}

/// A failed attempt.
pub(crate) struct Failure {
    pub(crate) kind: ErrorKind,
    pub(crate) outcome: Outcome,
    pub(crate) retry_after: Option<Duration>,
    /// The server, or the kind of failure, rules out another attempt.
    pub(super) is_final: bool,
    pub(super) headers: Option<Head>,
}

impl Failure {
    /// A failure that ends the call, such as an unreadable success or a cancellation.
    pub(super) fn last(kind: ErrorKind, class: Class, headers: Option<Head>) -> Self {
        let outcome = Outcome { class, trouble: None };
        Self { kind, outcome, retry_after: None, is_final: true, headers }
    }

    /// The status, if the response says that there is no such key.
    pub(super) fn not_found(&self) -> Option<StatusCode> {
        match &self.kind {
            ErrorKind::Api(error) if error.says_not_found() => Some(error.status),
            _ => None,
        }
    }
}
