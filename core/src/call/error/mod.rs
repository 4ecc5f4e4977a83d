//! Errors: what happened, whether anything was created or changed, what to do.

mod advice;
mod anchor;
pub(super) mod api;
mod reason;

use std::error::Error as StdError;
use std::fmt;
use std::fmt::Write;
use std::time::{Duration, SystemTime};

use http::StatusCode;

use crate::operation::Orphan;
use crate::redact;
use crate::redact::{CutLines, OneLine, Quoted, listed};
use crate::types::{Key, KeyHash, KeyKind};

use self::api::{ApiError, ApiErrorKind, ErrorBody};
use self::reason::Status;
use crate::transport::{BoxError, TransportError};
use crate::types::{BuildError, DecodeError};

/// Why a call failed.
///
/// Its message has three parts: what happened, whether anything was created or changed, and
/// what to do. The methods below give the same information in code.
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

/// The contents of an error, boxed to keep results small.
pub(super) struct Inner {
    pub(super) operation: &'static str,
    pub(super) kind: ErrorKind,
    pub(super) effect: Effect,
    pub(super) is_retryable: bool,
    pub(super) attempts: u32,
    pub(super) retry_after: Option<Duration>,
    pub(super) request_id: Option<Box<str>>,
}

/// The kind of failure.
#[derive(Debug)]
#[non_exhaustive]
pub enum ErrorKind {
    /// An argument or a setting was refused; no request was made with it.
    Build(BuildError),
    /// The key provider returned no key; nothing was sent in this attempt.
    Credentials(BoxError),
    /// The request failed below HTTP, or no complete response arrived.
    Transport(TransportError),
    /// The server returned an error.
    Api(ApiError),
    /// The server reported success, but the body cannot be read.
    Decode(DecodeError),
    /// The server redirected. Redirects are never followed: that would send the API key
    /// elsewhere.
    UnexpectedRedirect {
        /// The status of the response; a browser hides it.
        status: Option<StatusCode>,
        /// Scheme, host and port of the target, if the response names one.
        origin: Option<Box<str>>,
    },
    /// The caller cancelled the call.
    Cancelled,
    /// A further page of a listing contained nothing new.
    PaginationStalled {
        /// The offset at which it stalled.
        offset: u64,
    },
    /// Several keys have the name or the label, and the call does not say which one to use.
    SeveralKeys {
        /// The name or label that they share.
        by: DuplicateBy,
        /// The keys; those with the same name, oldest first.
        keys: Vec<Key>,
    },
    /// The API key is of the wrong kind for this.
    WrongKeyKind {
        /// The kind of the key.
        is: KeyKind,
        /// The kind that is required.
        needed: KeyKind,
    },
    /// A new key does not work as requested, or is gone.
    Unverified {
        /// The problem with the key.
        problem: &'static str,
    },
    /// Your [`RotationHandler`](crate::workflow::RotationHandler) failed.
    RotationHandler {
        /// The method that failed.
        method: &'static str,
        /// Its error.
        cause: BoxError,
    },
    /// A listing needs more requests than it is allowed, or returns more data than that many
    /// pages should: see [`Pages::max_requests`](crate::workflow::Pages::max_requests).
    TooManyPages {
        /// How many requests it is allowed.
        requests: u64,
    },
}

/// The name or label that several keys share.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum DuplicateBy {
    /// The name.
    Name(String),
    /// The label, which is the masked key.
    Label(String),
}

/// What a failed call may have left behind.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Effect {
    /// Nothing was created or changed.
    Nothing,
    /// The error does not come from a request, so the effects of earlier calls stand: a
    /// [`BuildError`] or a [`DecodeError`] that was converted.
    NoRequest,
    /// The update or delete may or may not have been applied; repeating it is safe.
    MayHaveChanged,
    /// A request that is not idempotent may have taken effect, in an unknown way; sending it
    /// again could repeat that.
    MayHaveTakenEffect,
    /// A key may exist whose secret nobody has.
    MayHaveCreated(MayHaveCreated),
    /// A workflow stopped midway; this much is done.
    PartlyDone(&'static str),
}

/// How to find a key that a failed create may have left behind.
///
/// `Debug` masks anything that looks like a key, and cuts long names.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct MayHaveCreated {
    /// The key's name; empty if a custom operation does not name what it creates.
    pub name: String,
    /// Further names under which a workflow may have left a key.
    pub others: Vec<String>,
    /// The key's hash, if a workflow created the key and could not delete it.
    pub hash: Option<KeyHash>,
    /// The workspace; `None` means the default one.
    pub workspace_id: Option<String>,
    /// The earliest time the first request could have been sent, by the local clock, if the
    /// transport has one.
    pub from: Option<SystemTime>,
    /// When the call ended, by the same clock.
    pub until: Option<SystemTime>,
}

impl MayHaveCreated {
    /// Every name; none if a custom operation does not say what it creates.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let names = std::iter::once(&self.name).chain(&self.others).map(String::as_str);
        names.filter(|name| !name.is_empty())
    }

    /// Merges several into one; `None` if there are none.
    pub(crate) fn all(several: Vec<Self>) -> Option<Self> {
        let mut several = several.into_iter();
        let mut first = several.next()?;
        for next in several {
            first.until = next.until;
            first.others.push(next.name);
        }
        Some(first)
    }

    /// The key that an operation creates.
    pub(crate) fn known(orphan: Option<Orphan<'_>>, hash: Option<KeyHash>) -> Self {
        Self {
            name: orphan.map(|orphan| orphan.name.to_owned()).unwrap_or_default(),
            others: Vec::new(),
            hash,
            workspace_id: orphan.and_then(|orphan| orphan.workspace_id.map(str::to_owned)),
            from: None,
            until: None,
        }
    }
}

impl Error {
    pub(super) fn new(inner: Inner) -> Self {
        Self(Box::new(inner))
    }

    /// An error that does not come from a request.
    fn of_no_request(operation: &'static str, kind: ErrorKind) -> Self {
        let mut error = Self::unsent(operation, kind);
        error.0.effect = Effect::NoRequest;
        error
    }

    /// An error that ended the call before anything was sent.
    pub(crate) fn unsent(operation: &'static str, kind: ErrorKind) -> Self {
        Self::new(Inner {
            operation,
            kind,
            effect: Effect::Nothing,
            is_retryable: false,
            attempts: 0,
            retry_after: None,
            request_id: None,
        })
    }

    /// Turns this into the error of a workflow that left this behind, or nothing.
    pub(crate) fn of_workflow(mut self, name: &'static str, left: Option<MayHaveCreated>) -> Self {
        let was_create = self.may_have_been_created();
        let inner = &mut *self.0;
        inner.operation = name;
        inner.is_retryable = left.is_none() && (inner.is_retryable || was_create);
        if let Some(left) = left {
            inner.effect = Effect::MayHaveCreated(left);
        } else if was_create {
            inner.effect = Effect::Nothing;
        }
        self
    }

    /// Adds what the workflow had already done.
    pub(crate) fn after(mut self, done: &'static str) -> Self {
        if !self.may_have_been_created() {
            self.0.effect = Effect::PartlyDone(done);
            self.0.is_retryable = false;
        }
        self
    }

    /// Adds what else was done, if this failure itself changed nothing.
    pub(crate) fn beside(mut self, done: &'static str) -> Self {
        if self.0.effect == Effect::Nothing {
            self.0.effect = Effect::PartlyDone(done);
        }
        self
    }

    /// Whether the server refused the request's API key.
    pub(crate) fn is_unauthorized(&self) -> bool {
        matches!(&self.0.kind, ErrorKind::Api(error) if error.kind == ApiErrorKind::Unauthorized)
    }

    /// Sets whether the workflow may be run again, whatever it left behind.
    pub(crate) fn repeatable(mut self, is_retryable: bool) -> Self {
        self.0.is_retryable = is_retryable;
        self
    }

    /// Whether the server says that there is no such page.
    pub(crate) fn refuses_page(&self) -> bool {
        let ErrorKind::Api(error) = &self.0.kind else { return false };
        matches!(error.meaning().as_u16(), 400 | 404 | 416 | 422) && error.body != ErrorBody::Html
    }

    pub(crate) fn is_cancelled(&self) -> bool {
        matches!(self.0.kind, ErrorKind::Cancelled)
    }

    /// Whether the API itself says that the key does not exist; a proxy's 404 proves nothing.
    pub(crate) fn is_not_found(&self) -> bool {
        matches!(&self.0.kind, ErrorKind::Api(error) if error.says_not_found_itself())
    }

    /// The operation's name, such as `create`.
    pub fn operation(&self) -> &'static str {
        self.0.operation
    }

    /// The kind of failure, with its details.
    pub fn kind(&self) -> &ErrorKind {
        &self.0.kind
    }

    /// What the call may have left behind.
    pub fn effect(&self) -> &Effect {
        &self.0.effect
    }

    /// Whether making the same call again is safe and may succeed.
    ///
    /// Never `true` for a create that may have been processed, or for a cancelled call.
    pub fn is_retryable(&self) -> bool {
        self.0.is_retryable
    }

    /// The HTTP status of the last response, if its head was seen.
    pub fn status(&self) -> Option<StatusCode> {
        match &self.0.kind {
            ErrorKind::Api(error) => Some(error.status),
            ErrorKind::Transport(error) => error.status(),
            ErrorKind::UnexpectedRedirect { status, .. } => *status,
            ErrorKind::Decode(error) => error.status(),
            ErrorKind::Build(_)
            | ErrorKind::Credentials(_)
            | ErrorKind::Cancelled
            | ErrorKind::PaginationStalled { .. }
            | ErrorKind::SeveralKeys { .. }
            | ErrorKind::WrongKeyKind { .. }
            | ErrorKind::Unverified { .. }
            | ErrorKind::RotationHandler { .. }
            | ErrorKind::TooManyPages { .. } => None,
        }
    }

    /// How long the server asked to wait, if it did. A time longer than the policy allows ends
    /// the call at once and is reported here.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// How many attempts were made. Each sends at most one request: the last may have had no
    /// time left to send one.
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// The server's ID for the last request (`x-request-id`, or else `cf-ray`).
    pub fn request_id(&self) -> Option<&str> {
        self.0.request_id.as_deref()
    }

    /// Whether a create may have left a key behind.
    pub fn may_have_been_created(&self) -> bool {
        self.may_have_created().is_some()
    }

    /// The key to look for, if a create may have left one behind.
    pub fn may_have_created(&self) -> Option<&MayHaveCreated> {
        match &self.0.effect {
            Effect::MayHaveCreated(orphan) => Some(orphan),
            _ => None,
        }
    }
}

/// The error of an operation whose arguments were refused before it could be built.
pub fn refused(operation: &'static str, error: BuildError) -> Error {
    Error::unsent(operation, ErrorKind::Build(error))
}

/// For functions that return [`Error`]: an argument or a setting was refused.
impl From<BuildError> for Error {
    fn from(error: BuildError) -> Self {
        Self::of_no_request("build", ErrorKind::Build(error))
    }
}

/// For functions that return [`Error`]: a response lacks what the next step needs,
/// such as [`Key::require_hash`].
impl From<DecodeError> for Error {
    fn from(error: DecodeError) -> Self {
        Self::of_no_request("read", ErrorKind::Decode(error))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}; {}; ", self.0.operation, self.0.kind, self.0.effect)?;
        self.advise(f)?;
        if self.0.attempts > 1 {
            write!(f, " (after {} attempts)", self.0.attempts)?;
        }
        match self.0.retry_after.filter(|_| self.0.is_retryable) {
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

/// `{:?}` shows the message with its causes, because that is what a `main` that returns the
/// error prints; `{:#?}` shows the fields.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !f.alternate() {
            fmt::Display::fmt(self, f)?;
            let mut cause = self.source();
            while let Some(error) = cause {
                write!(f, "; caused by: {}", OneLine(&error.to_string()))?;
                cause = error.source();
            }
            return Ok(());
        }
        write!(CutLines::new(f), "{:#?}", self.0)
    }
}

impl fmt::Debug for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("operation", &self.operation)
            .field("kind", &self.kind)
            .field("effect", &self.effect)
            .field("is_retryable", &self.is_retryable)
            .field("attempts", &self.attempts)
            .field("retry_after", &self.retry_after)
            .field("request_id", &self.request_id)
            .finish()
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Build(error) => write!(f, "{}", OneLine(error.problem())),
            Self::Credentials(cause) => {
                f.write_str("the key provider returned no API key")?;
                match cause.downcast_ref::<BuildError>() {
                    Some(refused) => write!(f, ": {}", OneLine(refused.problem())),
                    None => Ok(()),
                }
            }
            Self::Transport(error) => fmt::Display::fmt(error, f),
            Self::Api(error) => fmt::Display::fmt(error, f),
            Self::Decode(error) => fmt::Display::fmt(error, f),
            Self::UnexpectedRedirect { status, origin } => {
                f.write_str("the server redirected")?;
                match (origin, status) {
                    (Some(origin), _) => write!(f, " to {}", OneLine(origin))?,
                    (None, Some(_)) => f.write_str(" without naming the target")?,
                    (None, None) => f.write_str(", and this platform hides where to")?,
                }
                if let Some(status) = status {
                    write!(f, " ({})", Status(*status))?;
                }
                f.write_str("; redirects are never followed")
            }
            Self::Cancelled => f.write_str("the call was cancelled"),
            Self::PaginationStalled { offset } => {
                write!(f, "the page at offset {offset} contained nothing new")
            }
            Self::SeveralKeys { by, keys } => {
                let (are, text) = match by {
                    DuplicateBy::Name(name) => ("are named", name),
                    DuplicateBy::Label(label) => ("have the label", label),
                };
                let text = redact::mask(text, &[]);
                write!(f, "{} keys {are} {}", keys.len(), Quoted(&text))?;
                let mut hashes = keys
                    .iter()
                    .filter_map(|key| key.hash.get())
                    .map(ToString::to_string)
                    .peekable();
                f.write_str(if hashes.peek().is_some() { ": " } else { "" })?;
                listed(f, &mut hashes)
            }
            Self::WrongKeyKind { is, needed } => {
                write!(f, "this is {}; {} is required", is.described(), needed.described())
            }
            Self::Unverified { problem } => {
                write!(f, "the new key is not as requested: {problem}")
            }
            Self::RotationHandler { method, .. } => f.write_str(match *method {
                "save" => "the rotation handler could not save the rotation's state",
                "hand_over" => "the rotation handler could not take the new key",
                "claim" => "the rotation handler could not claim the rotation",
                _ => "the rotation handler could not say whether it has the new key",
            }),
            Self::TooManyPages { requests } => {
                write!(f, "the listing is longer or larger than {requests} pages should be")
            }
        }
    }
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => f.write_str("nothing was created or changed"),
            Self::NoRequest => {
                f.write_str("no request failed, and the effects of earlier calls stand")
            }
            Self::MayHaveChanged => f.write_str("the change may have been made"),
            Self::PartlyDone(done) => f.write_str(done),
            Self::MayHaveTakenEffect => f.write_str("the request may have taken effect"),
            Self::MayHaveCreated(orphan) => {
                let several = !orphan.others.is_empty();
                f.write_str(match (several, orphan.names().next()) {
                    (true, _) => "keys named ",
                    (false, Some(_)) => "a key named ",
                    (false, None) => "a key",
                })?;
                listed(f, &mut orphan.names().map(shown))?;
                match &orphan.hash {
                    Some(hash) if several => {
                        write!(f, " may exist, the first with the hash {}", hash.as_str())
                    }
                    Some(hash) => write!(f, " exists, with the hash {}", hash.as_str()),
                    None => f.write_str(" may exist"),
                }
            }
        }
    }
}

/// A name as a message shows it.
fn shown(name: &str) -> String {
    Quoted(&redact::mask(name, &[])).to_string()
}

impl fmt::Debug for DuplicateBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => write!(f, "Name({})", shown(name)),
            Self::Label(label) => write!(f, "Label({})", shown(label)),
        }
    }
}

impl fmt::Debug for MayHaveCreated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        /// The first ten, and how many more there are.
        struct Names<'a>(&'a [String]);

        impl fmt::Debug for Names<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("[")?;
                listed(f, &mut self.0.iter().map(|name| shown(name)))?;
                f.write_str("]")
            }
        }

        f.debug_struct("MayHaveCreated")
            .field("name", &OneLine(&shown(&self.name)))
            .field("others", &Names(&self.others))
            .field("hash", &self.hash)
            .field("workspace_id", &self.workspace_id.as_deref().map(Quoted))
            .field("from", &self.from)
            .field("until", &self.until)
            .finish()
    }
}

/// The message already includes the kind, so the chain continues below it.
impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match &self.0.kind {
            ErrorKind::Credentials(source) | ErrorKind::RotationHandler { cause: source, .. } => {
                Some(&**source)
            }
            ErrorKind::Transport(error) => error.source(),
            _ => None,
        }
    }
}
