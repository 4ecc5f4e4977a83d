//! [`FetchTransport`]: the transport over `fetch`.

use std::fmt;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use bytes::Bytes;
use gloo_net::http::Response as Answer;
use http::header::{HeaderName, HeaderValue};
use http::{HeaderMap, Request, Response, StatusCode};
use js_sys::{Function, Promise};
use openrouter_keys_core::{
    BuildError, Client, Config, Exchange, KeySource, Transport, TransportError, TransportErrorKind,
};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::ResponseType;

use crate::abort::AbortOnDrop;
use crate::body;
use crate::clock::{Clock, Timekeeper};
use crate::failure::{Thrown, failure};
use crate::request::fetchable;
use crate::timer;

#[wasm_bindgen]
extern "C" {
    // gloo-net's own binding traps on a rejection that is no `Error`.
    #[wasm_bindgen(catch, js_name = fetch)]
    fn global_fetch(request: &web_sys::Request) -> Result<JsValue, JsValue>;
}

/// Carries requests by `fetch`: the platform's, or one of the caller's.
#[derive(Clone)]
pub struct FetchTransport {
    fetch: Option<Function>,
    clock: Timekeeper,
}

/// A client with the default settings over the platform's `fetch`.
pub fn client(key: impl Into<KeySource>) -> Client {
    Client::new(FetchTransport::new(), key)
}

/// A client with settings of its own over the platform's `fetch`.
pub fn client_with(key: impl Into<KeySource>, config: Config) -> Result<Client, BuildError> {
    Client::with_config(FetchTransport::new(), key, config)
}

impl Default for FetchTransport {
    fn default() -> Self {
        Self::new()
    }
}

impl FetchTransport {
    /// The platform's `fetch` and clock.
    pub fn new() -> Self {
        Self { fetch: None, clock: Timekeeper::Platform }
    }

    /// Another function in the place of `fetch`. It is called with one
    /// `Request` and returns a `Response` or a promise of one.
    #[must_use]
    pub fn with_fetch(mut self, fetch: Function) -> Self {
        self.fetch = Some(fetch);
        self
    }

    /// Another clock in the place of the platform's.
    #[must_use]
    pub fn with_clock(mut self, clock: Clock) -> Self {
        self.clock = Timekeeper::Given(clock);
        self
    }

    /// Whatever is thrown or rejected comes back as an error.
    async fn fetch(&self, request: &web_sys::Request) -> Result<JsValue, JsValue> {
        let promise = match &self.fetch {
            Some(fetch) => fetch.call1(&JsValue::UNDEFINED, request)?,
            None => global_fetch(request)?,
        };
        JsFuture::from(Promise::resolve(&promise)).await
    }
}

#[async_trait(?Send)]
impl Transport for FetchTransport {
    async fn send(
        &self,
        request: Request<Bytes>,
        exchange: &Exchange,
    ) -> Result<Response<Bytes>, TransportError> {
        let abort = AbortOnDrop::new();
        let fetchable = fetchable(&request, abort.signal().as_ref())?;
        let answer = self.fetch(&fetchable).await.map_err(|thrown| failure(&thrown))?;
        let answer: web_sys::Response = answer
            .dyn_into()
            .map_err(|_| not_http("the fetch function returned something that is no Response"))?;
        let answer = Answer::from(answer);
        // A browser shows a redirect that it did not follow as nothing at all.
        if answer.type_() == ResponseType::Opaqueredirect {
            return Err(TransportError::ambiguous(TransportErrorKind::HiddenRedirect));
        }
        let status = StatusCode::from_u16(answer.status())
            .map_err(|_| not_http("the answer has no status"))?;
        exchange.saw_status(status);
        let body = body::read(&answer, status, exchange, &self.clock).await?;
        abort.done();
        let mut response = Response::new(body);
        *response.status_mut() = status;
        *response.headers_mut() = headers(&answer);
        Ok(response)
    }

    async fn sleep(&self, duration: Duration) {
        timer::sleep(&self.clock, duration).await;
    }

    fn now(&self) -> Duration {
        self.clock.now()
    }

    fn entropy(&self) -> u64 {
        js_sys::Math::random().to_bits().rotate_left(20) ^ js_sys::Math::random().to_bits()
    }

    fn wall_clock(&self) -> Option<SystemTime> {
        self.clock.wall_clock()
    }
}

impl fmt::Debug for FetchTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FetchTransport")
    }
}

fn not_http(problem: &str) -> TransportError {
    TransportError::ambiguous(TransportErrorKind::Protocol).with_source(Thrown::from(problem))
}

/// The headers that the platform shows.
fn headers(answer: &Answer) -> HeaderMap {
    answer
        .headers()
        .entries()
        .filter_map(|(name, value)| {
            let name = HeaderName::try_from(name).ok()?;
            Some((name, HeaderValue::try_from(value).ok()?))
        })
        .collect()
}
