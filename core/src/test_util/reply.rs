//! What a fake transport replies: an answer, a failure, or nothing.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};

use crate::error::{Reach, TransportError, TransportErrorKind};

/// One reply of a [`FakeTransport`](super::FakeTransport).
#[derive(Clone, Debug)]
#[must_use = "a reply does nothing until a transport takes it"]
pub struct Reply {
    outcome: Outcome,
    delay: Option<Duration>,
}

#[derive(Clone, Debug)]
enum Outcome {
    Answer {
        status: StatusCode,
        headers: HeaderMap,
        body: Bytes,
    },
    Failure {
        reach: Reach,
        kind: TransportErrorKind,
        status: Option<StatusCode>,
        cause: Option<String>,
    },
}

impl Reply {
    /// An answer of this status with an empty body. A number that is no status
    /// stands for 500.
    pub fn status(status: u16) -> Self {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Self::at_once(Outcome::Answer { status, headers: HeaderMap::new(), body: Bytes::new() })
    }

    /// Adds a header to an answer. One that HTTP does not allow is left out.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        if let Outcome::Answer { headers, .. } = &mut self.outcome {
            if let (Ok(name), Ok(value)) =
                (HeaderName::try_from(name), HeaderValue::from_str(value))
            {
                headers.append(name, value);
            }
        }
        self
    }

    /// Gives an answer this body.
    pub fn body(mut self, bytes: impl Into<Bytes>) -> Self {
        if let Outcome::Answer { body, .. } = &mut self.outcome {
            *body = bytes.into();
        }
        self
    }

    /// Gives an answer this JSON body and its content type.
    pub fn json(self, text: impl Into<String>) -> Self {
        self.header("content-type", "application/json").body(text.into())
    }

    /// Nobody listens: the request surely was not processed.
    pub fn refused() -> Self {
        Self::failure(Reach::NotSent, TransportErrorKind::Connect)
    }

    /// The connection broke: the request may have been processed.
    pub fn disconnected() -> Self {
        Self::failure(Reach::Ambiguous, TransportErrorKind::Disconnected)
    }

    /// The body broke off after a head with this status.
    pub fn truncated(status: u16) -> Self {
        Self::at_once(Outcome::Failure {
            reach: Reach::Ambiguous,
            kind: TransportErrorKind::Disconnected,
            status: StatusCode::from_u16(status).ok(),
            cause: None,
        })
    }

    /// A failure of another kind.
    pub fn failure(reach: Reach, kind: TransportErrorKind) -> Self {
        Self::at_once(Outcome::Failure { reach, kind, status: None, cause: None })
    }

    pub(super) fn not_sent(kind: TransportErrorKind, cause: String) -> Self {
        Self::at_once(Outcome::Failure {
            reach: Reach::NotSent,
            kind,
            status: None,
            cause: Some(cause),
        })
    }

    /// No reply ever.
    pub fn never() -> Self {
        Self { delay: None, ..Self::disconnected() }
    }

    /// The head of an answer, and then nothing.
    pub fn stalled(status: u16) -> Self {
        Self { delay: None, ..Self::status(status) }
    }

    /// Lets the reply take this time.
    pub fn after(self, delay: Duration) -> Self {
        Self { delay: Some(delay), ..self }
    }

    fn at_once(outcome: Outcome) -> Self {
        Self { outcome, delay: Some(Duration::ZERO) }
    }

    pub(super) fn delay(&self) -> Option<Duration> {
        self.delay
    }

    /// The status of an answer of which only the head comes.
    pub(super) fn head_only(&self) -> Option<StatusCode> {
        match (&self.outcome, self.delay) {
            (Outcome::Answer { status, .. }, None) => Some(*status),
            _ => None,
        }
    }

    pub(super) fn into_outcome(self) -> Result<Response<Bytes>, TransportError> {
        match self.outcome {
            Outcome::Answer { status, headers, body } => {
                let mut response = Response::new(body);
                *response.status_mut() = status;
                *response.headers_mut() = headers;
                Ok(response)
            }
            Outcome::Failure { reach, kind, status, cause } => {
                let error = match reach {
                    Reach::NotSent => TransportError::not_sent(kind),
                    Reach::Ambiguous => TransportError::ambiguous(kind),
                };
                let error = error.with_status(status);
                Err(match cause {
                    Some(cause) => error.with_source(cause),
                    None => error,
                })
            }
        }
    }
}

/// What another transport came to.
impl From<Result<Response<Bytes>, TransportError>> for Reply {
    fn from(outcome: Result<Response<Bytes>, TransportError>) -> Self {
        Self::at_once(match outcome {
            Ok(response) => {
                let (head, body) = response.into_parts();
                Outcome::Answer { status: head.status, headers: head.headers, body }
            }
            Err(error) => Outcome::Failure {
                reach: error.reach(),
                kind: error.kind(),
                status: error.status(),
                cause: std::error::Error::source(&error).map(ToString::to_string),
            },
        })
    }
}
