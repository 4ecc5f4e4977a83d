//! The server's behaviour on every response: dates, ids, CORS, and closing the connection.

use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::Body;
use bytes::Bytes;
use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_EXPOSE_HEADERS,
    ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD, DATE,
};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use hyper::body::{Frame, SizeHint};
use jiff::fmt::rfc2822::DateTimePrinter;

use crate::access::Area;
use crate::connection::{Connection, Ending};
use crate::server::Server;

const EXPOSED: &str = "date, retry-after, retry-after-ms, x-ratelimit-limit, \
                       x-ratelimit-remaining, x-ratelimit-reset, x-request-id";

const ALLOWED_HEADERS: &str = "authorization, content-type, http-referer, x-emulator-fault, \
                               x-openrouter-categories, x-openrouter-title, x-title";

pub(crate) fn common_headers(server: &Server, parts: &Parts, request_number: u64) -> HeaderMap {
    let mut headers = server.access.cors(&parts.headers, Area::Api);
    let mut insert = |name: HeaderName, value: String| {
        // The names are plain ASCII, so none is skipped here.
        if let Ok(value) = HeaderValue::try_from(value) {
            headers.insert(name, value);
        }
    };
    let now = server.clock.now();
    if let Ok(date) = DateTimePrinter::new().timestamp_to_rfc9110_string(&now) {
        insert(DATE, date);
    }
    let id = format!("req-{:08x}-{request_number}", server.read(|store| store.seed) >> 32);
    insert(HeaderName::from_static("x-request-id"), id);
    if server.behaviour.cors_expose {
        insert(ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED.to_owned());
    }
    if server.behaviour.rate_limit_headers {
        insert(HeaderName::from_static("x-ratelimit-limit"), "1000".to_owned());
        insert(HeaderName::from_static("x-ratelimit-remaining"), "999".to_owned());
        let reset = (now.as_millisecond() / 60_000 + 1) * 60_000;
        insert(HeaderName::from_static("x-ratelimit-reset"), reset.to_string());
    }
    headers
}

/// The response to a preflight request.
pub(crate) fn preflight(
    method: &Method,
    headers: &HeaderMap,
) -> Option<(StatusCode, [(HeaderName, &'static str); 3])> {
    let asks = headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD);
    (method == Method::OPTIONS && asks).then_some((
        StatusCode::NO_CONTENT,
        [
            (ACCESS_CONTROL_ALLOW_METHODS, "GET, POST, PATCH, DELETE, OPTIONS"),
            (ACCESS_CONTROL_ALLOW_HEADERS, ALLOWED_HEADERS),
            (ACCESS_CONTROL_MAX_AGE, "600"),
        ],
    ))
}

/// The same body; the connection closes once hyper has taken all of it.
///
/// `Connection: close` is not sent: the headers are already gone when hyper learns of it.
pub(crate) fn closing(body: Body, connection: Connection) -> Body {
    Body::new(Closing { body, connection })
}

struct Closing {
    body: Body,
    connection: Connection,
}

impl Drop for Closing {
    fn drop(&mut self) {
        self.connection.end(Ending::AfterAnswer);
    }
}

impl hyper::body::Body for Closing {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
