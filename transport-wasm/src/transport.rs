//! [`FetchTransport`]: the transport over `fetch`.

use std::fmt;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use bytes::Bytes;
use http::{Method, Request, Response};
use js_sys::{Function, Promise, Reflect};
use openrouter_keys_core::error::{BuildError, TransportError, TransportErrorKind};
use openrouter_keys_core::transport::{SendContext, Transport};
use openrouter_keys_core::{Client, Config, KeySource};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::AbortSignal;

use crate::abort::AbortOnDrop;
use crate::body;
use crate::clock::{Clock, Timekeeper};
use crate::failure::{rejected, rejected_by_function, unknown};
use crate::fetch_response::FetchResponse;
use crate::request::{fetchable, init, url};
use crate::timer;

#[wasm_bindgen]
extern "C" {
    // gloo-net's binding traps on a rejection that is not an `Error`.
    #[wasm_bindgen(catch, js_name = fetch)]
    fn global_fetch(request: &web_sys::Request) -> Result<JsValue, JsValue>;
}

/// Sends requests with `fetch`: the platform's, or your own.
#[derive(Clone)]
pub struct FetchTransport {
    fetch: Option<Function>,
    /// Whether the code of a rejection can only be about this request.
    is_direct: bool,
    clock: Timekeeper,
}

/// A client with the default settings over the platform's `fetch`.
pub fn client(key: impl Into<KeySource>) -> Client {
    Client::new(FetchTransport::new(), key)
}

/// A client with custom settings over the platform's `fetch`.
pub fn client_with(key: impl Into<KeySource>, config: Config) -> Result<Client, BuildError> {
    Client::with_config(FetchTransport::new(), key, config)
}

impl Default for FetchTransport {
    fn default() -> Self {
        Self::new()
    }
}

impl FetchTransport {
    /// Uses the platform's `fetch` and clock. A function that has replaced the platform's `fetch`
    /// is trusted no more than one passed to [`with_fetch`](Self::with_fetch).
    pub fn new() -> Self {
        Self { fetch: None, is_direct: true, clock: Timekeeper::Platform }
    }

    /// Uses another function instead of `fetch`. It is called with the URL and with `method`,
    /// `headers`, `redirect`, `signal` and, if there is one, the `body` as a string. It returns
    /// a `Response` or a promise of one, or of any object with `status`, `headers` and `body`
    /// like a `Response`'s.
    ///
    /// Its rejections may be about another request, such as one for a token: their error codes
    /// are ignored, and a create that it rejects may have created a key.
    #[must_use]
    pub fn with_fetch(self, fetch: Function) -> Self {
        Self { fetch: Some(fetch), is_direct: false, ..self }
    }

    /// Like [`with_fetch`](Self::with_fetch), for a function that makes no other request. The
    /// error codes of its rejections count like those of the platform's `fetch`, unless an
    /// error's own `code` is `ERR_UNKNOWN_REACH`.
    #[must_use]
    pub fn with_direct_fetch(self, fetch: Function) -> Self {
        Self { fetch: Some(fetch), is_direct: true, ..self }
    }

    /// Uses another clock instead of the platform's.
    #[must_use]
    pub fn with_clock(mut self, clock: Clock) -> Self {
        self.clock = Timekeeper::Given(clock);
        self
    }

    /// Anything thrown or rejected is returned as an error.
    async fn fetch(
        &self,
        request: &Request<Bytes>,
        signal: Option<&AbortSignal>,
    ) -> Result<JsValue, TransportError> {
        let is_believed = self.is_direct && (self.fetch.is_some() || is_platforms_own());
        let called = match &self.fetch {
            Some(fetch) => fetch.call2(&JsValue::UNDEFINED, &url(request), &init(request, signal)),
            None => global_fetch(&fetchable(request, signal)?),
        };
        let fetched = match called {
            Ok(promise) => JsFuture::from(Promise::resolve(&promise)).await,
            Err(thrown) => Err(thrown),
        };
        let method = request.method();
        let failed = match &self.fetch {
            _ if !is_believed => unknown,
            None if method.is_safe() || *method == Method::POST => rejected,
            // Deno resends such a request, and the error is only about the last attempt.
            _ => rejected_by_function,
        };
        fetched.map_err(|thrown| failed(&thrown))
    }
}

/// Whether the source of the global `fetch` is Node's, Deno's or native code, in which proxies
/// have no name.
fn is_platforms_own() -> bool {
    let fetch = Reflect::get(&js_sys::global(), &"fetch".into()).ok();
    let source =
        fetch.and_then(|fetch| Some(String::from(fetch.dyn_ref::<Function>()?.to_string())));
    let source = source.unwrap_or_default();
    let begins = |start| source.trim_start_matches("async ").starts_with(start);
    begins("function fetch(input, init = undefined)")
        || begins("function fetch(input, init = { __proto__: null })")
        || begins("function fetch(...") && source.contains("lazyFetch()")
        || begins("function fetch() {") && source.contains("[native code]")
}

#[async_trait(?Send)]
impl Transport for FetchTransport {
    async fn send(
        &self,
        request: Request<Bytes>,
        context: &SendContext,
    ) -> Result<Response<Bytes>, TransportError> {
        let abort = AbortOnDrop::new();
        let fetched = self.fetch(&request, abort.signal().as_ref()).await?;
        let response: FetchResponse = fetched.unchecked_into();
        if response.is_hidden_redirect()? {
            return Err(TransportError::ambiguous(TransportErrorKind::HiddenRedirect));
        }
        let status = response.status()?;
        context.saw_status(status);
        let headers = response.headers()?;
        let response = body::read(&response, status, headers, context, &self.clock).await?;
        abort.done();
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
