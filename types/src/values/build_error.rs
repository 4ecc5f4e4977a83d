//! The error for arguments and settings that are refused before anything is sent.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;

use crate::redact::OneLine;

/// An argument or a setting that was refused. Nothing was sent with it.
#[derive(Clone, PartialEq, Eq)]
pub struct BuildError {
    kind: BuildErrorKind,
    problem: Cow<'static, str>,
}

/// Which argument or setting was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BuildErrorKind {
    /// The API key.
    ApiKey,
    /// The base URL.
    BaseUrl,
    /// `creator_user_id`.
    CreatorUserId,
    /// An update that changes nothing.
    EmptyUpdate,
    /// `external.user` or `external.api_key`.
    External,
    /// A key's hash.
    Hash,
    /// An extra header or an attribution header.
    Header,
    /// A spending limit.
    Limit,
    /// `limit_reset`.
    LimitReset,
    /// The lifetime of a temporary key.
    Lifetime,
    /// A key's name.
    Name,
    /// The spent share of a limit at which an audit reports the key.
    NearLimit,
    /// The retry policy.
    RetryPolicy,
    /// A timeout.
    Timeout,
    /// A timestamp.
    Timestamp,
    /// The transport, or something that it needs from its environment.
    Transport,
    /// A workspace's ID.
    WorkspaceId,
    /// An argument of a custom operation.
    Other,
}

impl BuildError {
    /// For transports, which check their own settings.
    pub fn new(kind: BuildErrorKind, problem: impl Into<Cow<'static, str>>) -> Self {
        Self { kind, problem: problem.into() }
    }

    /// What is wrong, and what is valid.
    pub fn problem(&self) -> &str {
        &self.problem
    }

    /// Which argument or setting it was.
    pub fn kind(&self) -> BuildErrorKind {
        self.kind
    }
}

/// Shows the message, because a `main` that returns the error prints `Debug`.
impl fmt::Debug for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; no request was made with it", OneLine(&self.problem))
    }
}

impl StdError for BuildError {}
