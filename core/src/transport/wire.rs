//! What the clients send their requests through: every [`Transport`], and the npm package's
//! own, which has no type of the `http` crate in it.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request};

use super::arrived::Arrived;
use super::error::{TransportError, TransportErrorKind};
use super::head::KnownHeader;
use super::race::race;
use super::traits::{BoxFuture, MaybeSendSync, SendContext, Transport};
use crate::config::{Headers, Settings};

/// What a wire returns. On WebAssembly another box for the future of a transport is nothing
/// beside `fetch`; elsewhere the response is converted later.
#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
pub(crate) type Received = http::Response<Bytes>;
/// What a wire returns.
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
pub(crate) type Received = Arrived;

/// Like [`Transport`], but takes and returns the core's own types.
pub trait Wire: MaybeSendSync {
    /// Sends a request once.
    fn send<'a>(
        &'a self,
        request: Outgoing,
        context: &'a SendContext,
    ) -> BoxFuture<'a, Result<Received, TransportError>>;

    /// Returns after the given time.
    fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()>;

    /// The time since some fixed moment.
    fn now(&self) -> Duration;

    /// Random bits.
    fn entropy(&self) -> u64;

    /// The time of day.
    fn wall_clock(&self) -> Option<SystemTime>;
}

impl<T: Transport> Wire for T {
    fn send<'a>(
        &'a self,
        request: Outgoing,
        context: &'a SendContext,
    ) -> BoxFuture<'a, Result<Received, TransportError>> {
        let sending = Transport::send(self, request.into_http(), context);
        #[cfg(all(target_family = "wasm", target_os = "unknown"))]
        let sending = Box::pin(async move { sending.await.map(Received::from) });
        sending
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()> {
        Transport::sleep(self, duration)
    }

    fn now(&self) -> Duration {
        Transport::now(self)
    }

    fn entropy(&self) -> u64 {
        Transport::entropy(self)
    }

    fn wall_clock(&self) -> Option<SystemTime> {
        Transport::wall_clock(self)
    }
}

/// A request to be sent, made of what the call and its client share.
pub struct Outgoing {
    pub(crate) method: Method,
    pub(crate) settings: Arc<Settings>,
    /// The whole path with its query.
    pub(crate) path: Bytes,
    /// With the API key.
    pub(crate) authorization: HeaderValue,
    pub(crate) body: Option<Bytes>,
}

/// What the headers of a request are written to.
trait Write<'a> {
    /// The caller's own headers.
    fn own(&mut self, headers: &'a Headers);

    /// A header that says that something is JSON.
    fn json(&mut self, name: KnownHeader);
}

impl Outgoing {
    /// Writes all headers but the authorization, which comes last.
    fn write_headers<'a>(&'a self, headers: &mut impl Write<'a>) {
        headers.own(&self.settings.headers);
        headers.json(KnownHeader::Accept);
        if self.body.is_some() {
            headers.json(KnownHeader::ContentType);
        }
    }

    /// The request for a transport. Empty and without a host if `http` does not accept the URL,
    /// which the checks of base URLs and paths rule out.
    #[inline]
    pub(crate) fn into_http(self) -> Request<Bytes> {
        let mut headers = HeaderMap::new();
        self.write_headers(&mut headers);
        let Self { method, settings, path, authorization, body } = self;
        headers.insert(KnownHeader::Authorization.name(), authorization);
        let Some(uri) = settings.base_url.uri(path) else { return Request::default() };
        let mut request = Request::new(body.unwrap_or_default());
        *request.method_mut() = method;
        *request.uri_mut() = uri;
        *request.headers_mut() = headers;
        request
    }

    /// Method, URL, and each header's name and value, one per line. Made in one piece, so that it
    /// can be overwritten: it contains the API key.
    pub fn head(&self) -> String {
        let base = &self.settings.base_url;
        let path = std::str::from_utf8(&self.path).unwrap_or_default();
        let mut pieces = vec![self.method.as_str(), "\n"];
        pieces.extend([base.scheme().as_str(), "://", base.authority().as_str(), path]);
        self.write_headers(&mut pieces);
        let authorization = self.authorization.to_str().unwrap_or_default();
        pieces.extend(["\n", KnownHeader::Authorization.as_str(), "\n", authorization]);
        pieces.concat()
    }

    /// The body; empty if there is none.
    pub fn body(&self) -> &[u8] {
        self.body.as_deref().unwrap_or_default()
    }
}

const JSON: &str = "application/json";

impl Write<'_> for HeaderMap {
    fn own(&mut self, headers: &Headers) {
        headers.add_to(self);
    }

    #[inline]
    fn json(&mut self, name: KnownHeader) {
        self.insert(name.name(), const { HeaderValue::from_static(JSON) });
    }
}

impl<'a> Write<'a> for Vec<&'a str> {
    fn own(&mut self, headers: &'a Headers) {
        for (name, value) in headers.iter() {
            self.extend(["\n", name, "\n", value]);
        }
    }

    fn json(&mut self, name: KnownHeader) {
        self.extend(["\n", name.as_str(), "\n", JSON]);
    }
}

/// Sends a request and ends it after [`SendContext::timeout`].
///
/// The request is built only when it is sent: otherwise the future would store it for as long as
/// it lives.
#[cfg_attr(
    all(target_family = "wasm", target_os = "unknown"),
    expect(clippy::useless_conversion, reason = "another type elsewhere")
)]
pub(crate) async fn sent_within(
    wire: &dyn Wire,
    request: impl FnOnce() -> Option<Outgoing>,
    context: &SendContext,
) -> Result<Arrived, TransportError> {
    context.check_in_time()?;
    let Some(request) = request() else {
        // Not reached: a machine that sends has a request.
        return Err(TransportError::not_sent(TransportErrorKind::Other));
    };
    let sending = wire.send(request, context);
    match race(sending, wire.sleep(context.timeout())).await {
        Some(Ok(received)) => Ok(received.into()),
        Some(Err(error)) => Err(error),
        // The wire's future has been dropped by now, and has kept what it had read.
        None => Err(context.timed_out()),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use bytes::Bytes;
    use http::Method;

    use super::Outgoing;
    use crate::config::{BaseUrl, CallOptions, Config, Headers};
    use crate::types::ApiKey;

    #[test]
    fn the_text_of_a_request_says_what_the_request_of_http_says() {
        let headers = Headers::new().title("Shop").unwrap().header("X-Job", "7 \t8").unwrap();
        let options = CallOptions::new()
            .headers(Headers::new().header("x-job", "9").unwrap().header("b", "").unwrap());
        for url in ["https://openrouter.ai/api/v1", "HTTP://LocalHost:08080", "https://[::1]:1/{x"]
        {
            for body in [None, Some(Bytes::from_static(b"{}"))] {
                let config =
                    Config::new().base_url(BaseUrl::new(url).unwrap()).headers(headers.clone());
                let settings = config.for_call(&options).unwrap();
                let path = settings.base_url.join("/keys?offset=1").unwrap();
                let authorization = ApiKey::new("sk-or-v1-x").unwrap().authorization();
                let settings = Arc::clone(&settings);
                let method = Method::PATCH;
                let outgoing = Outgoing { method, settings, path, authorization, body };
                let text = outgoing.head();
                let request = outgoing.into_http();
                let mut lines = vec![request.method().to_string(), request.uri().to_string()];
                for (name, value) in request.headers() {
                    lines.extend([name.to_string(), value.to_str().unwrap().to_owned()]);
                }
                assert_eq!(text.split('\n').collect::<Vec<_>>(), lines);
            }
        }
    }
}
