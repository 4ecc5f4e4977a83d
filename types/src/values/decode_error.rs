//! The error for successful responses that cannot be read: where and why, never their content.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;

use http::StatusCode;

use crate::json::{SyntaxError, SyntaxErrorKind};
use crate::redact::OneLine;

/// The body of a successful response cannot be read.
///
/// serde's own messages repeat values, and a value may be a secret. This error has only the path,
/// the kind and the position.
#[derive(Clone, PartialEq, Eq)]
pub struct DecodeError {
    path: Cow<'static, str>,
    kind: DecodeErrorKind,
    position: Option<(usize, usize)>,
    status: Option<StatusCode>,
    coding: Option<&'static str>,
}

/// Why a body cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DecodeErrorKind {
    /// The body is empty.
    Empty,
    /// The body is not JSON.
    Syntax,
    /// The body is truncated JSON.
    Truncated,
    /// A field is missing.
    Missing,
    /// A value is not of the documented type.
    WrongType,
    /// The field that confirms the operation says otherwise.
    NotConfirmed,
    /// The body is compressed, although the request asks for no content coding.
    Encoded,
}

const HASH: &str = "$.data.hash";

impl DecodeError {
    /// For custom operations. `path` is a JSON path such as `$.data`; it must not contain
    /// values of the response.
    pub fn new(path: impl Into<Cow<'static, str>>, kind: DecodeErrorKind) -> Self {
        Self { path: path.into(), kind, position: None, status: None, coding: None }
    }

    #[doc(hidden)]
    pub fn at(path: &'static str, kind: DecodeErrorKind) -> Self {
        Self::new(path, kind)
    }

    #[doc(hidden)]
    pub fn from_serde(error: &serde_json::Error) -> Self {
        let kind = match error.classify() {
            serde_json::error::Category::Eof => DecodeErrorKind::Truncated,
            serde_json::error::Category::Data => DecodeErrorKind::WrongType,
            serde_json::error::Category::Syntax | serde_json::error::Category::Io => {
                DecodeErrorKind::Syntax
            }
        };
        Self { position: Some((error.line(), error.column())), ..Self::at("$", kind) }
    }

    /// A key without a usable hash.
    #[doc(hidden)]
    pub fn without_hash(is_unexpected: bool) -> Self {
        let kind =
            if is_unexpected { DecodeErrorKind::WrongType } else { DecodeErrorKind::Missing };
        Self::at(HASH, kind)
    }

    #[doc(hidden)]
    pub fn lacks_hash(&self) -> bool {
        self.path == HASH
    }

    #[doc(hidden)]
    #[must_use]
    pub fn with_status(mut self, status: StatusCode) -> Self {
        self.status = Some(status);
        self
    }

    /// The error for a body in this content coding.
    #[doc(hidden)]
    #[must_use]
    pub fn encoded(self, coding: &'static str) -> Self {
        let status = self.status;
        Self { status, coding: Some(coding), ..Self::at("$", DecodeErrorKind::Encoded) }
    }

    /// Where in the body, as a JSON path such as `$.data`.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Why it cannot be read.
    pub fn kind(&self) -> DecodeErrorKind {
        self.kind
    }

    /// Line and column, both from 1, where the JSON parser stopped.
    pub fn position(&self) -> Option<(usize, usize)> {
        self.position
    }

    /// The status of the response.
    pub fn status(&self) -> Option<StatusCode> {
        self.status
    }
}

impl From<SyntaxError> for DecodeError {
    fn from(error: SyntaxError) -> Self {
        let kind = match error.kind {
            SyntaxErrorKind::Invalid => DecodeErrorKind::Syntax,
            SyntaxErrorKind::Truncated => DecodeErrorKind::Truncated,
            SyntaxErrorKind::WrongType => DecodeErrorKind::WrongType,
        };
        Self { position: Some((error.line, error.column)), ..Self::at("$", kind) }
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.lacks_hash() {
            return f.write_str("the response describes a key without a usable hash");
        }
        f.write_str(match self.kind {
            DecodeErrorKind::Empty => "the response has no body",
            DecodeErrorKind::Syntax => "the response is not JSON",
            DecodeErrorKind::Truncated => "the response is cut off",
            DecodeErrorKind::Missing => "the response is missing a field",
            DecodeErrorKind::WrongType => "the response has a value of the wrong type",
            DecodeErrorKind::NotConfirmed => "the response does not confirm the operation",
            DecodeErrorKind::Encoded => "the response is compressed",
        })?;
        if let Some(coding) = self.coding {
            return write!(f, " with {coding}, which was not requested");
        }
        write!(f, " at {}", OneLine(&self.path))?;
        match self.position {
            Some((line, column)) => write!(f, " (line {line}, column {column})"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DecodeError")
            .field("path", &OneLine(&self.path))
            .field("kind", &self.kind)
            .field("position", &self.position)
            .field("status", &self.status)
            .field("coding", &self.coding)
            .finish()
    }
}

impl StdError for DecodeError {}
