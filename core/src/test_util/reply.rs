//! The replies of a fake transport: a response, a failure, or nothing.

use std::fmt::Display;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response, StatusCode};

use super::samples;
use crate::operation::PAGE_SIZE;
use crate::transport::{Delivery, TransportError, TransportErrorKind};

/// One reply of a [`FakeTransport`](super::FakeTransport).
#[derive(Clone, Debug)]
#[must_use = "a reply does nothing until a transport takes it"]
pub struct Reply {
    outcome: Outcome,
    delay: Option<Duration>,
}

#[derive(Clone, Debug)]
enum Outcome {
    Response(Response<Bytes>),
    Failure {
        delivery: Delivery,
        kind: TransportErrorKind,
        /// The part of the response that arrived.
        response: Option<Response<Bytes>>,
        cause: Option<String>,
    },
}

impl Outcome {
    fn response(&mut self) -> Option<&mut Response<Bytes>> {
        match self {
            Self::Response(response) => Some(response),
            Self::Failure { response, .. } => response.as_mut(),
        }
    }
}

impl Reply {
    /// A response with this status and an empty body. A number that is not a valid status
    /// becomes 500.
    pub fn status(status: u16) -> Self {
        Self::at_once(Outcome::Response(head(status)))
    }

    /// Adds a header to a response, whole or truncated. An invalid header is left out.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        if let (Some(response), Ok(name), Ok(value)) =
            (self.outcome.response(), HeaderName::try_from(name), HeaderValue::from_str(value))
        {
            response.headers_mut().append(name, value);
        }
        self
    }

    /// The rest of a short page of a listing, starting at this row.
    pub(super) fn page_from(&self, offset: usize) -> Option<Self> {
        let Outcome::Response(response) = &self.outcome else { return None };
        let body: serde_json::Value = serde_json::from_slice(response.body()).ok()?;
        let rows = body.get("data")?.as_array().filter(|rows| rows.len() < PAGE_SIZE)?;
        let rest = rows.get(offset..).unwrap_or_default();
        Some(Self::status(200).json(serde_json::json!({ "data": rest }).to_string()))
    }

    /// Sets the body of a response, or the part that arrives before it breaks off.
    pub fn body(mut self, bytes: impl Into<Bytes>) -> Self {
        if let Some(response) = self.outcome.response() {
            *response.body_mut() = bytes.into();
        }
        self
    }

    /// Sets a JSON body and its content type.
    pub fn json(self, text: impl Into<String>) -> Self {
        self.header("content-type", "application/json").body(text.into())
    }

    /// The response to a create: this secret, and this key.
    pub fn created(secret: &str, key: impl Display) -> Self {
        Self::status(201).json(samples::created(secret, key))
    }

    /// The response to a list: one page.
    ///
    /// ```
    /// # use openrouter_keys_core::test_util::{Reply, samples};
    /// let reply = Reply::listed([samples::key().name("a"), samples::key().name("b")]);
    /// ```
    pub fn listed<K: Display>(keys: impl IntoIterator<Item = K>) -> Self {
        Self::status(200).json(samples::page_of(keys))
    }

    /// The response to a get and to an update.
    pub fn found(key: impl Display) -> Self {
        Self::status(200).json(samples::data(key))
    }

    /// The response to `get_current_key_metadata`.
    pub fn current() -> Self {
        Self::status(200).json(samples::CURRENT_KEY)
    }

    /// The response to a delete.
    pub fn deleted() -> Self {
        Self::status(200).json(samples::DELETED)
    }

    /// An error of the API.
    pub fn api_error(status: u16, message: &str) -> Self {
        Self::status(status).json(samples::api_error(status, message))
    }

    /// The connection is refused: the request was definitely not processed.
    pub fn refused() -> Self {
        Self::failure(Delivery::NotSent, TransportErrorKind::Connect)
    }

    /// The connection broke: the request may have been processed.
    pub fn disconnected() -> Self {
        Self::failure(Delivery::Unknown, TransportErrorKind::Disconnected)
    }

    /// The body breaks off after a head with this status and the bytes set by
    /// [`body`](Self::body).
    pub fn truncated(status: u16) -> Self {
        Self::at_once(Outcome::Failure {
            delivery: Delivery::Unknown,
            kind: TransportErrorKind::Disconnected,
            response: Some(head(status)),
            cause: None,
        })
    }

    /// A failure of any other kind.
    pub fn failure(delivery: Delivery, kind: TransportErrorKind) -> Self {
        Self::at_once(Outcome::Failure { delivery, kind, response: None, cause: None })
    }

    /// Never replies.
    pub fn never() -> Self {
        Self { delay: None, ..Self::disconnected() }
    }

    /// The head of a response and the bytes set by [`body`](Self::body), then nothing: the attempt
    /// times out.
    pub fn stalled(status: u16) -> Self {
        Self { delay: None, ..Self::status(status) }
    }

    /// Delays the reply by this time.
    pub fn after(self, delay: Duration) -> Self {
        Self { delay: Some(delay), ..self }
    }

    fn at_once(outcome: Outcome) -> Self {
        Self { outcome, delay: Some(Duration::ZERO) }
    }

    pub(super) fn delay(&self) -> Option<Duration> {
        self.delay
    }

    /// The part of a truncated response that arrives.
    pub(super) fn arrived(&self) -> Option<&Response<Bytes>> {
        match (&self.outcome, self.delay) {
            (Outcome::Response(response), None) => Some(response),
            _ => None,
        }
    }

    pub(super) fn into_outcome(self) -> Result<Response<Bytes>, TransportError> {
        match self.outcome {
            Outcome::Response(response) => Ok(response),
            Outcome::Failure { delivery, kind, response, cause } => {
                let error = match delivery {
                    Delivery::NotSent => TransportError::not_sent(kind),
                    Delivery::Unknown => TransportError::ambiguous(kind),
                };
                let error = match response {
                    Some(response) => error.with_response(response),
                    None => error,
                };
                Err(match cause {
                    Some(cause) => error.with_source(cause),
                    None => error,
                })
            }
        }
    }
}

/// The outcome of another transport.
impl From<Result<Response<Bytes>, TransportError>> for Reply {
    fn from(outcome: Result<Response<Bytes>, TransportError>) -> Self {
        Self::at_once(match outcome {
            Ok(response) => Outcome::Response(response),
            Err(mut error) => Outcome::Failure {
                delivery: error.delivery(),
                kind: error.kind(),
                response: error
                    .take_response()
                    .map(Response::from)
                    .or_else(|| error.status().map(|status| head(status.as_u16()))),
                cause: std::error::Error::source(&error).map(ToString::to_string),
            },
        })
    }
}

/// A response with this status, without headers and body.
fn head(status: u16) -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() =
        StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response
}
