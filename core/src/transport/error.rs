//! Failures below HTTP, distinguished by whether the request may have arrived.

use std::error::Error as StdError;
use std::fmt;

use bytes::Bytes;
use http::{Response, StatusCode};

use super::arrived::Arrived;
use super::head::Head;
use crate::redact;
use crate::redact::OneLine;
use crate::types::wipe;

/// Any error, boxed: the cause that a transport or a key provider reports.
pub type BoxError = Box<dyn StdError + Send + Sync>;

/// Whether a failed request can have reached the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// The server definitely did not process it.
    NotSent,
    /// The server may have processed it.
    Unknown,
}

/// The kind of a failure below HTTP.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum TransportErrorKind {
    /// The host's name could not be resolved.
    Dns,
    /// No connection could be made.
    Connect,
    /// No TLS session could be established; trying again does not help.
    Tls,
    /// The proxy refused the connection.
    Proxy,
    /// A time limit passed.
    Timeout(TimeoutPhase),
    /// The connection was reset or closed before the response was complete.
    Disconnected,
    /// The server refused the HTTP/2 stream without processing it.
    Refused,
    /// The response violated HTTP or exceeded a limit on its head.
    Protocol,
    /// The body was larger than the given number of bytes.
    BodyTooLarge(usize),
    /// The server redirected, and the platform hides the target and the status. The call's
    /// error is an [`UnexpectedRedirect`](crate::ErrorKind::UnexpectedRedirect).
    HiddenRedirect,
    /// The transport cannot be used from here; trying again does not help.
    Setup,
    /// Everything else.
    #[default]
    Other,
}

/// The time limit that passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TimeoutPhase {
    /// Making the connection.
    Connect,
    /// One attempt, from the request to the end of the body.
    Attempt,
    /// The pause between two pieces of the body.
    Idle,
    /// The whole call with all its attempts.
    Call,
}

/// Why a transport has no response.
///
/// The only thing that a transport has to judge is [`Delivery`]: if in doubt, a request is
/// [`ambiguous`](TransportError::ambiguous).
#[derive(Debug)]
pub struct TransportError {
    delivery: Delivery,
    kind: TransportErrorKind,
    status: Option<StatusCode>,
    response: Option<Interrupted>,
    source: Option<BoxError>,
    is_lasting: bool,
}

/// Part of a response, which may contain a secret.
pub(crate) struct Interrupted(Box<Arrived>);

impl Interrupted {
    pub(crate) fn new(response: Arrived) -> Self {
        Self(Box::new(response))
    }

    pub(crate) fn into_response(mut self) -> Arrived {
        std::mem::take(&mut *self.0)
    }
}

impl Drop for Interrupted {
    fn drop(&mut self) {
        wipe(std::mem::take(&mut self.0.body));
    }
}

impl fmt::Debug for Interrupted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

impl TransportError {
    /// A request that the server definitely did not process.
    pub fn not_sent(kind: TransportErrorKind) -> Self {
        Self::new(Delivery::NotSent, kind)
    }

    /// A request that the server may have processed.
    pub fn ambiguous(kind: TransportErrorKind) -> Self {
        Self::new(Delivery::Unknown, kind)
    }

    fn new(delivery: Delivery, kind: TransportErrorKind) -> Self {
        Self { delivery, kind, status: None, response: None, source: None, is_lasting: false }
    }

    /// Marks a failure that another attempt would only repeat, such as credentials that a proxy
    /// rejects. Failures of the kinds [`Tls`](TransportErrorKind::Tls) and
    /// [`Setup`](TransportErrorKind::Setup) are always lasting.
    #[must_use]
    pub fn lasting(mut self) -> Self {
        self.is_lasting = true;
        self
    }

    /// Adds the status, if the head of a response arrived.
    #[must_use]
    pub fn with_status(mut self, status: Option<StatusCode>) -> Self {
        self.status = status;
        self
    }

    /// Adds the part of the response that arrived before it broke off: its head, and the body
    /// as far as it was read. A secret in it is not lost, and its headers count.
    #[must_use]
    pub fn with_response(self, response: Response<Bytes>) -> Self {
        self.with_arrived(response.into())
    }

    /// Like [`with_response`](Self::with_response).
    #[doc(hidden)]
    #[must_use]
    pub fn with_arrived(mut self, response: Arrived) -> Self {
        self.status = Some(response.status);
        self.response = Some(Interrupted::new(response));
        self
    }

    /// Adds the cause.
    ///
    /// Its message is shown to users. If it or one of its causes shows a secret of the request,
    /// the call's error has only their masked messages as its cause.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<BoxError>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// Whether the request can have reached the server.
    pub fn delivery(&self) -> Delivery {
        self.delivery
    }

    /// The kind of the failure.
    pub fn kind(&self) -> TransportErrorKind {
        self.kind
    }

    /// The status, if the head of a response arrived.
    pub fn status(&self) -> Option<StatusCode> {
        self.status
    }

    /// Takes out the part of the response that arrived: an error that is shown must not keep it.
    pub(crate) fn take_response(&mut self) -> Option<Arrived> {
        self.response.take().map(Interrupted::into_response)
    }

    /// The headers of a response that broke off.
    pub(crate) fn headers(&self) -> Option<&Head> {
        self.response.as_ref().map(|Interrupted(response)| &response.headers)
    }

    /// Masks these secrets in its causes.
    pub(crate) fn masked(mut self, secrets: &[&str]) -> Self {
        self.source = self.source.map(|source| redact::mask_cause(source, secrets));
        self
    }

    /// Whether the next attempt would fail in the same way.
    pub(crate) fn is_lasting(&self) -> bool {
        self.is_lasting
            || matches!(
                self.kind,
                TransportErrorKind::Tls
                    | TransportErrorKind::BodyTooLarge(_)
                    | TransportErrorKind::HiddenRedirect
                    | TransportErrorKind::Setup
            )
    }

    /// The advice, apart from trying again.
    pub(crate) fn remedy(&self, is_retryable: bool) -> &'static str {
        match self.kind {
            TransportErrorKind::Tls => "check the base URL, the clock and the trusted certificates",
            TransportErrorKind::Proxy => "check the proxy's address and credentials",
            TransportErrorKind::BodyTooLarge(_) | TransportErrorKind::HiddenRedirect => {
                "check the base URL"
            }
            TransportErrorKind::Setup => "see the cause",
            TransportErrorKind::Timeout(TimeoutPhase::Call) => "give the call more time",
            _ if self.delivery == Delivery::Unknown && is_retryable => "",
            _ => "check the base URL and the network",
        }
    }
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            TransportErrorKind::Dns => f.write_str("the host's name could not be resolved"),
            TransportErrorKind::Connect => f.write_str("no connection to the server"),
            TransportErrorKind::Tls => f.write_str("no secure connection to the server (TLS)"),
            TransportErrorKind::Proxy => f.write_str("the proxy refused the connection"),
            TransportErrorKind::Timeout(phase) => f.write_str(match phase {
                TimeoutPhase::Attempt if self.delivery == Delivery::NotSent => {
                    "no connection in time"
                }
                TimeoutPhase::Connect => "no connection in time",
                TimeoutPhase::Attempt => "no response in time",
                TimeoutPhase::Idle => "the response stopped halfway",
                TimeoutPhase::Call => "the time limit for the whole call was reached",
            }),
            TransportErrorKind::Disconnected => {
                f.write_str("the connection broke before the response was complete")
            }
            TransportErrorKind::Refused => {
                f.write_str("the server refused the request without processing it")
            }
            TransportErrorKind::Protocol => f.write_str("the response is not valid HTTP"),
            TransportErrorKind::BodyTooLarge(limit) => {
                write!(f, "the response is larger than {limit} bytes")
            }
            TransportErrorKind::HiddenRedirect => f.write_str("the server redirected"),
            TransportErrorKind::Setup => {
                f.write_str("the transport cannot be used from here")?;
                // Only the cause says what to change.
                match &self.source {
                    Some(source) => write!(f, " ({})", OneLine(&source.to_string())),
                    None => Ok(()),
                }
            }
            TransportErrorKind::Other => f.write_str("the request failed"),
        }?;
        match self.status {
            Some(status) => write!(f, " (status {})", status.as_u16()),
            None => Ok(()),
        }
    }
}

impl StdError for TransportError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| {
            let source: &(dyn StdError + 'static) = source;
            source
        })
    }
}
