//! Errors: what happened, whether anything was created or changed, what to do.

mod anchor;
mod api;
mod build;
mod decode;
mod transport;

use std::error::Error as StdError;
use std::fmt;
use std::time::{Duration, SystemTime};

use http::StatusCode;

use crate::quote::Quoted;
use crate::redact;

pub use api::{ApiError, ApiErrorKind, ErrorBody};
pub use build::{BuildError, BuildErrorKind};
pub use decode::{DecodeError, DecodeErrorKind};
pub use transport::{Reach, TimeoutPhase, TransportError, TransportErrorKind};

/// Any error, boxed, as a transport or a key provider reports its cause.
pub type BoxError = Box<dyn StdError + Send + Sync>;

/// Why a call failed.
///
/// Its text has three parts: what happened, whether anything was created or
/// changed, and what to do. The questions below answer the same in code.
///
/// ```
/// # fn handle(error: &openrouter_keys_core::Error) {
/// if let Some(orphan) = error.may_have_created() {
///     eprintln!("look for a key named {:?} before creating it again", orphan.name);
/// } else if error.is_retryable() {
///     eprintln!("try again in {:?}", error.retry_after().unwrap_or_default());
/// }
/// # }
/// ```
pub struct Error(Box<Inner>);

struct Inner {
    operation: &'static str,
    kind: ErrorKind,
    effect: Effect,
    is_retryable: bool,
    attempts: u32,
    retry_after: Option<Duration>,
    request_id: Option<Box<str>>,
}

/// What kind of failure it was.
#[derive(Debug)]
#[non_exhaustive]
pub enum ErrorKind {
    /// An argument or a setting was refused; nothing was sent.
    Build(BuildError),
    /// The key provider gave no key; nothing was sent in this attempt.
    Credentials(BoxError),
    /// The exchange failed below HTTP, or no whole answer came.
    Transport(TransportError),
    /// The server answered with an error.
    Api(ApiError),
    /// The server reported success in a body that cannot be read.
    Decode(DecodeError),
    /// The server answered with a redirect, which is never followed: it would
    /// carry the API key to another place.
    UnexpectedRedirect {
        /// The status of the answer; a browser does not tell it.
        status: Option<StatusCode>,
        /// Scheme, host and port of the target, if the answer names one.
        origin: Option<Box<str>>,
    },
    /// The call was called off by its caller.
    Cancelled,
    /// A further page of a listing brought nothing new.
    PaginationStalled {
        /// The offset at which it stalled.
        offset: u64,
    },
}

/// What a failed call may have left behind.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Effect {
    /// Nothing was created or changed.
    Nothing,
    /// The update or delete may or may not have been made; repeating it is safe.
    MayHaveChanged,
    /// A key may exist that nobody holds.
    MayHaveCreated(MayHaveCreated),
}

/// What is needed to find a key that a failed create may have left behind.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MayHaveCreated {
    /// The key's name.
    pub name: String,
    /// The workspace; `None` means the default one.
    pub workspace_id: Option<String>,
    /// When the first request could have left, by this machine's clock, if the
    /// transport has one.
    pub from: Option<SystemTime>,
    /// When the call ended, by the same clock.
    pub until: Option<SystemTime>,
}

/// What [`Error::new`] needs beyond the kind.
pub(crate) struct Circumstances {
    pub(crate) operation: &'static str,
    pub(crate) effect: Effect,
    pub(crate) is_retryable: bool,
    pub(crate) attempts: u32,
    pub(crate) retry_after: Option<Duration>,
    pub(crate) request_id: Option<Box<str>>,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, circumstances: Circumstances) -> Self {
        let Circumstances { operation, effect, is_retryable, attempts, retry_after, request_id } =
            circumstances;
        Self(Box::new(Inner {
            operation,
            kind,
            effect,
            is_retryable,
            attempts,
            retry_after,
            request_id,
        }))
    }

    /// An error that ended the call before anything was sent.
    pub(crate) fn unsent(operation: &'static str, kind: ErrorKind) -> Self {
        Self::new(
            kind,
            Circumstances {
                operation,
                effect: Effect::Nothing,
                is_retryable: false,
                attempts: 0,
                retry_after: None,
                request_id: None,
            },
        )
    }

    /// The operation's name, such as `create`.
    pub fn operation(&self) -> &'static str {
        self.0.operation
    }

    /// What kind of failure it was, with its details.
    pub fn kind(&self) -> &ErrorKind {
        &self.0.kind
    }

    /// What the call may have left behind.
    pub fn effect(&self) -> &Effect {
        &self.0.effect
    }

    /// Whether making the same call again is safe and may succeed.
    ///
    /// Never for a create that may have been processed.
    pub fn is_retryable(&self) -> bool {
        self.0.is_retryable
    }

    /// The HTTP status of the last answer, if its head was seen.
    pub fn status(&self) -> Option<StatusCode> {
        match &self.0.kind {
            ErrorKind::Api(error) => Some(error.status),
            ErrorKind::Transport(error) => error.status(),
            ErrorKind::UnexpectedRedirect { status, .. } => *status,
            ErrorKind::Decode(error) => error.status(),
            ErrorKind::Build(_)
            | ErrorKind::Credentials(_)
            | ErrorKind::Cancelled
            | ErrorKind::PaginationStalled { .. } => None,
        }
    }

    /// How long the server asked to wait, if it did. A longer time than the
    /// policy allows ends the call at once and is reported here.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// How many attempts were made, each of one request to the transport at most:
    /// the last may have found no time left to send one.
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// The server's name for the last request (`x-request-id`, else `cf-ray`).
    pub fn request_id(&self) -> Option<&str> {
        self.0.request_id.as_deref()
    }

    /// Whether a create may have left a key behind.
    pub fn may_have_been_created(&self) -> bool {
        self.may_have_created().is_some()
    }

    /// What to look for if a create may have left a key behind.
    pub fn may_have_created(&self) -> Option<&MayHaveCreated> {
        match &self.0.effect {
            Effect::MayHaveCreated(orphan) => Some(orphan),
            Effect::Nothing | Effect::MayHaveChanged => None,
        }
    }

    fn advice(&self) -> &'static str {
        if self.may_have_been_created() {
            return "list all keys to find it, and delete it (its secret cannot be had) before creating it again";
        }
        match &self.0.kind {
            ErrorKind::Build(_) => "correct the argument",
            ErrorKind::Credentials(_) => "see the key provider's error",
            ErrorKind::Api(error) => error.kind.advice(),
            ErrorKind::Transport(error) => error.advice(),
            ErrorKind::Decode(_) => "check the base URL, then whether this version is up to date",
            ErrorKind::UnexpectedRedirect { .. } => "check the base URL",
            ErrorKind::Cancelled => "make the call again if it is still wanted",
            ErrorKind::PaginationStalled { .. } => {
                "check the base URL; the server seems to ignore offset"
            }
        }
    }
}

/// For programs whose functions return [`Error`]: a setting was refused.
impl From<BuildError> for Error {
    fn from(error: BuildError) -> Self {
        Self::unsent("build", ErrorKind::Build(error))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}; {}; {}", self.0.operation, self.0.kind, self.0.effect, self.advice())?;
        if self.0.attempts > 1 {
            write!(f, " (after {} attempts)", self.0.attempts)?;
        }
        match self.0.retry_after {
            Some(after) => {
                write!(f, " (the server asks to wait {} s", after.as_secs())?;
                match after.subsec_millis() {
                    0 => f.write_str(")"),
                    ms => write!(f, " {ms} ms)"),
                }
            }
            None => Ok(()),
        }
    }
}

/// `{:?}` is the text with its causes, because that is what a `main` that
/// returns the error prints; `{:#?}` shows the parts.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !f.alternate() {
            fmt::Display::fmt(self, f)?;
            let mut cause = self.source();
            while let Some(error) = cause {
                write!(f, "; caused by: {error}")?;
                cause = error.source();
            }
            return Ok(());
        }
        f.debug_struct("Error")
            .field("operation", &self.0.operation)
            .field("kind", &self.0.kind)
            .field("effect", &self.0.effect)
            .field("is_retryable", &self.0.is_retryable)
            .field("attempts", &self.0.attempts)
            .field("retry_after", &self.0.retry_after)
            .field("request_id", &self.0.request_id)
            .finish()
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Build(error) => f.write_str(error.problem()),
            Self::Credentials(_) => f.write_str("the key provider gave no API key"),
            Self::Transport(error) => fmt::Display::fmt(error, f),
            Self::Api(error) => fmt::Display::fmt(error, f),
            Self::Decode(error) => fmt::Display::fmt(error, f),
            Self::UnexpectedRedirect { status, origin } => {
                let origin = origin.as_deref().unwrap_or(match status {
                    Some(_) => "a place that it does not name",
                    None => "a place that the platform does not tell",
                });
                write!(f, "the server redirects to {origin}")?;
                if let Some(status) = status {
                    write!(f, " ({status})")?;
                }
                f.write_str(", which is not followed")
            }
            Self::Cancelled => f.write_str("the call was called off"),
            Self::PaginationStalled { offset } => {
                write!(f, "the page at offset {offset} brought nothing new")
            }
        }
    }
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => f.write_str("nothing was created or changed"),
            Self::MayHaveChanged => f.write_str("the change may have been made"),
            Self::MayHaveCreated(orphan) => {
                let name = redact::mask(&orphan.name, &[]);
                write!(f, "a key named {} may exist", Quoted(&name))
            }
        }
    }
}

/// The chain goes on below what the text already says.
impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match &self.0.kind {
            ErrorKind::Credentials(source) => Some(&**source),
            ErrorKind::Transport(error) => error.source(),
            _ => None,
        }
    }
}
