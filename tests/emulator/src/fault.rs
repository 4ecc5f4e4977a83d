//! What can go wrong with one request, as a value.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, StatusCode};

use crate::api::BASE_PATH;
use crate::shape::Shape;

/// Something that goes wrong with one request.
///
/// A fault sets five things, each with a default: *which request* it applies to
/// ([`on_method`](Self::on_method), [`on_path`](Self::on_path)), *whether the change is made*
/// anyway ([`committing`](Self::committing)), *when* the response leaves
/// ([`delayed`](Self::delayed)), *what* it says (the real response, a status, a body, an older
/// shape, more headers), and *how* it arrives (whole, cut, stalled, not at all). So faults
/// combine:
///
/// ```
/// # use openrouter_keys_emulator::Fault;
/// # use std::time::Duration;
/// let fault = Fault::status(503).with_header("retry-after", "2").delayed(Duration::from_millis(250));
/// assert_eq!("status=503,retry-after=2,delay=250ms".parse(), Ok(fault));
/// ```
///
/// By default the change is made if any of the real response is sent, and not made otherwise.
///
/// # Panics
///
/// The constructors panic on a status outside 200–599 and on an invalid header, so that a
/// wrong script fails its test. Parsing a fault from a string returns an error instead.
#[derive(Clone, Debug, PartialEq)]
#[must_use]
pub struct Fault {
    pub(crate) method: Option<Method>,
    pub(crate) path: Option<String>,
    pub(crate) committing: bool,
    pub(crate) delay: Duration,
    pub(crate) status: Option<StatusCode>,
    pub(crate) body: Option<Content>,
    pub(crate) shape: Option<Shape>,
    /// These replace headers of the same name. A repeated name is sent repeatedly; a name
    /// without a value is omitted.
    pub(crate) headers: Vec<(HeaderName, Option<HeaderValue>)>,
    pub(crate) delivery: Delivery,
}

/// The content of a body.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Content {
    Bytes(Bytes),
    /// This many bytes of JSON white space.
    Filler(u64),
    Endless,
}

/// How a response arrives.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) enum Delivery {
    #[default]
    Whole,
    /// The full length is announced, but the connection closes after this many bytes of the body.
    Truncated(u64),
    /// The same, for a body without an announced length.
    TruncatedChunked(u64),
    /// The body stalls after this many bytes.
    StalledBody(u64),
    /// No response is sent.
    StalledHeaders,
    /// The connection is reset (TCP RST).
    Reset,
    /// The connection is closed in an orderly way (TCP FIN).
    Closed,
}

impl Fault {
    /// No fault yet: the real response, to be changed with other methods.
    pub fn none() -> Self {
        Self {
            method: None,
            path: None,
            committing: false,
            delay: Duration::ZERO,
            status: None,
            body: None,
            shape: None,
            headers: Vec::new(),
            delivery: Delivery::Whole,
        }
    }

    /// Another status. From 400 up, the body is the documented error and nothing is changed;
    /// below, the real response is sent with this status.
    pub fn status(status: u16) -> Self {
        Self::none().with_status(status)
    }

    /// A status with any body, sent as JSON.
    pub fn body(status: u16, body: impl Into<Bytes>) -> Self {
        Self::none().with_status(status).with_content(Content::Bytes(body.into()))
    }

    /// A status without a body.
    pub fn empty(status: u16) -> Self {
        Self::body(status, Bytes::new())
    }

    /// 409: the resource is in conflict; the request may be retried later.
    pub fn conflict() -> Self {
        Self::status(409)
    }

    /// An HTML page, like an edge server's when it cannot reach the API.
    pub fn html(status: u16) -> Self {
        let status_code = valid_status(status);
        let title = format!("{status} {}", status_code.canonical_reason().unwrap_or("Error"));
        let page = format!(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head><title>{title}</title></head>\n<body>\n\
             <h1>{title}</h1>\n<p>The origin could not be reached.</p>\n\
             <p>Ray ID: 8f2e6a1b9c3d4e5f</p>\n</body>\n</html>\n"
        );
        Self::body(status, page)
            .with_header("content-type", "text/html; charset=UTF-8")
            .with_header("server", "cloudflare")
            .with_header("cf-ray", "8f2e6a1b9c3d4e5f-FRA")
    }

    /// A redirect. Clients of this API should not follow it.
    pub fn redirect(status: u16, location: &str) -> Self {
        Self::empty(status).with_header("location", location)
    }

    /// A success with this many bytes of JSON white space; combine with
    /// [`with_status`](Self::with_status) for an error.
    pub fn body_bytes(length: u64) -> Self {
        Self::none().with_content(Content::Filler(length))
    }

    /// A success with a body that never ends.
    pub fn endless_body() -> Self {
        Self::none().with_content(Content::Endless)
    }

    /// The connection is reset without a response. The change is made only if the fault is
    /// [`committing`](Self::committing).
    pub fn disconnected() -> Self {
        Self::reset_before_commit()
    }

    /// The connection is reset and nothing is changed.
    pub fn reset_before_commit() -> Self {
        Self::none().delivered(Delivery::Reset)
    }

    /// The change is made, then the connection is reset.
    pub fn reset_after_commit() -> Self {
        Self::reset_before_commit().committing()
    }

    /// The connection is closed without a response and nothing is changed.
    pub fn close_before_commit() -> Self {
        Self::none().delivered(Delivery::Closed)
    }

    /// The change is made, then the connection is closed without a response.
    pub fn close_after_commit() -> Self {
        Self::close_before_commit().committing()
    }

    /// The real response, with its `Content-Length`, breaks off after this many bytes of its body.
    pub fn truncate(bytes: u64) -> Self {
        Self::none().delivered(Delivery::Truncated(bytes))
    }

    /// The real response, chunked, breaks off after this many bytes, without a last chunk.
    pub fn truncate_chunked(bytes: u64) -> Self {
        Self::none().delivered(Delivery::TruncatedChunked(bytes))
    }

    /// No response: the connection stays open and nothing is changed.
    pub fn stall_headers() -> Self {
        Self::none().delivered(Delivery::StalledHeaders)
    }

    /// The real response stalls after this many bytes of its body, and the connection stays open.
    pub fn stall_body(bytes: u64) -> Self {
        Self::none().delivered(Delivery::StalledBody(bytes))
    }

    /// The real response in another shape from the API's history.
    pub fn shape(shape: Shape) -> Self {
        Self { shape: Some(shape), ..Self::none() }
    }

    /// The real response, late.
    pub fn delay(by: Duration) -> Self {
        Self::none().delayed(by)
    }

    /// Delays the response. A change is made before the wait.
    pub fn delayed(self, by: Duration) -> Self {
        Self { delay: by, ..self }
    }

    /// Replaces the status; see [`Fault::status`].
    pub fn with_status(self, status: u16) -> Self {
        Self { status: Some(valid_status(status)), ..self }
    }

    /// Adds a header, or replaces the response's.
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        let (name, value) = valid_header(name, value);
        self.headers.push((name, Some(value)));
        self
    }

    /// Omits a header of the real response.
    pub fn without_header(mut self, name: &str) -> Self {
        self.headers.push((valid_header(name, "").0, None));
        self
    }

    /// Makes the change even if the response says otherwise or is missing.
    pub fn committing(self) -> Self {
        Self { committing: true, ..self }
    }

    /// Applies only to requests with this method.
    pub fn on_method(self, method: Method) -> Self {
        Self { method: Some(method), ..self }
    }

    /// Applies only to requests to this path below the base path, such as `/key`; a `*` at the
    /// end matches any suffix, as in `/keys/*`.
    pub fn on_path(self, path: impl Into<String>) -> Self {
        Self { path: Some(path.into()), ..self }
    }

    /// Combines both faults; where they contradict each other, `other` wins.
    pub fn and(mut self, other: Self) -> Self {
        self.headers.extend(other.headers);
        Self {
            method: other.method.or(self.method),
            path: other.path.or(self.path),
            committing: self.committing || other.committing,
            delay: if other.delay.is_zero() { self.delay } else { other.delay },
            status: other.status.or(self.status),
            body: other.body.or(self.body),
            shape: other.shape.or(self.shape),
            headers: self.headers,
            delivery: match other.delivery {
                Delivery::Whole => self.delivery,
                delivery => delivery,
            },
        }
    }

    pub(crate) fn with_content(self, content: Content) -> Self {
        Self { body: Some(content), ..self }
    }

    pub(crate) fn delivered(self, delivery: Delivery) -> Self {
        Self { delivery, ..self }
    }

    pub(crate) fn is_meant_for(&self, method: &Method, path: &str) -> bool {
        let path = path.strip_prefix(BASE_PATH).unwrap_or(path);
        let is_path = |wanted: &str| match wanted.strip_suffix('*') {
            Some(start) => path.starts_with(start),
            None => path == wanted,
        };
        self.method.as_ref().is_none_or(|wanted| wanted == method)
            && self.path.as_deref().is_none_or(is_path)
    }

    /// Whether the request reaches the API.
    pub(crate) fn lets_through(&self) -> bool {
        let is_silent =
            matches!(self.delivery, Delivery::StalledHeaders | Delivery::Reset | Delivery::Closed);
        self.committing || (self.has_real_body() && !is_silent)
    }

    /// How the response is cut off, for the request log.
    pub(crate) fn cuts_off(&self) -> Option<&'static str> {
        match self.delivery {
            Delivery::Whole => None,
            Delivery::Truncated(_) | Delivery::TruncatedChunked(_) => Some("response cut off"),
            Delivery::StalledBody(_) => Some("response stalls"),
            Delivery::StalledHeaders => Some("no response"),
            Delivery::Reset => Some("connection reset"),
            Delivery::Closed => Some("connection closed"),
        }
    }

    /// Whether the body comes from the API.
    pub(crate) fn has_real_body(&self) -> bool {
        let is_error = self.status.is_some_and(|s| s.is_client_error() || s.is_server_error());
        self.body.is_none() && !is_error
    }
}

#[expect(clippy::expect_used, reason = "documented: a wrong script fails its test")]
fn valid_status(status: u16) -> StatusCode {
    checked_status(status).expect("a fault's status lies between 200 and 599")
}

pub(crate) fn checked_status(status: u16) -> Option<StatusCode> {
    // 1xx would be read as an interim response.
    StatusCode::from_u16(status).ok().filter(|_| (200..600).contains(&status))
}

#[expect(clippy::expect_used, reason = "documented: a wrong script fails its test")]
fn valid_header(name: &str, value: &str) -> (HeaderName, HeaderValue) {
    checked_header(name, value).expect("a fault's header has a valid name and value")
}

pub(crate) fn checked_header(name: &str, value: &str) -> Option<(HeaderName, HeaderValue)> {
    Some((name.trim().parse().ok()?, value.trim().parse().ok()?))
}
