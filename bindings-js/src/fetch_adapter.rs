//! The package's transport: the facade fetches and reads a response in one go, so that
//! little crosses the border between the module and JavaScript.

use std::time::{Duration, SystemTime};

use http::StatusCode;
use js_sys::{Promise, Uint8Array};
use openrouter_keys_core::error::{TimeoutPhase, TransportError, TransportErrorKind};
use openrouter_keys_core::internal::{Arrived, HeaderLines, Outgoing, Wire};
use openrouter_keys_core::transport::{BoxFuture, ResponseHeaders, SendContext};
use openrouter_keys_wasm::{Clock, FetchTransport, Thrown, rejected};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use zeroize::Zeroizing;

use crate::thrown;

#[wasm_bindgen]
extern "C" {
    /// Sends requests: see `js/internal/fetch_adapter.js`.
    pub type FetchAdapter;

    /// The limits are the most bytes of a successful and of a failed response's body, the
    /// most milliseconds between two chunks, and whether part of a success is useful.
    #[wasm_bindgen(method)]
    fn begin(
        this: &FetchAdapter,
        head: &str,
        body: Option<&str>,
        max_success: f64,
        max_error: f64,
        idle_ms: f64,
        keeps_partial: bool,
    ) -> UnderWay;

    /// An exchange in progress.
    type UnderWay;

    #[wasm_bindgen(method, getter)]
    fn fetched(this: &UnderWay) -> Promise;

    /// What has arrived of the response, or that nothing was sent.
    #[wasm_bindgen(method, js_name = giveUp)]
    fn give_up(this: &UnderWay) -> Option<Fetched>;

    /// The outcome of an exchange.
    type Fetched;

    #[wasm_bindgen(method, getter)]
    fn status(this: &Fetched) -> u16;

    #[wasm_bindgen(method, getter)]
    fn headers(this: &Fetched) -> String;

    #[wasm_bindgen(method, getter)]
    fn bytes(this: &Fetched) -> Option<Uint8Array>;

    #[wasm_bindgen(method, getter)]
    fn end(this: &Fetched) -> Option<String>;

    #[wasm_bindgen(method, getter)]
    fn thrown(this: &Fetched) -> JsValue;
}

/// Sends requests through the facade.
pub(crate) struct AdaptedFetch {
    adapter: FetchAdapter,
    /// Does everything else that a transport does.
    platform: FetchTransport,
}

impl AdaptedFetch {
    pub(crate) fn new(adapter: FetchAdapter, clock: Clock) -> Self {
        Self { adapter, platform: FetchTransport::new().with_clock(clock) }
    }
}

impl Wire for AdaptedFetch {
    fn send<'a>(
        &'a self,
        request: Outgoing,
        context: &'a SendContext,
    ) -> BoxFuture<'a, Result<Arrived, TransportError>> {
        Box::pin(async move {
            let mut sent = Sent::new(&self.adapter, &request, context);
            drop(request);
            let fetched = JsFuture::from(sent.under_way.fetched()).await;
            sent.context = None;
            let fetched: Fetched = fetched.map_err(|thrown| rejected(&thrown))?.unchecked_into();
            let response = whole(&fetched, context)?;
            sent.is_done = true;
            Ok(response)
        })
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()> {
        self.platform.sleep(duration)
    }

    fn now(&self) -> Duration {
        self.platform.now()
    }

    fn entropy(&self) -> u64 {
        self.platform.entropy()
    }

    fn wall_clock(&self) -> Option<SystemTime> {
        self.platform.wall_clock()
    }
}

/// Cancels the exchange unless it is done, and keeps what has arrived of the response.
struct Sent<'a> {
    under_way: UnderWay,
    /// `None` when nothing more can arrive.
    context: Option<&'a SendContext>,
    is_done: bool,
}

impl<'a> Sent<'a> {
    fn new(adapter: &FetchAdapter, request: &Outgoing, context: &'a SendContext) -> Self {
        let body = std::str::from_utf8(request.body()).ok().filter(|text| !text.is_empty());
        let head = Zeroizing::new(request.head());
        let under_way = adapter.begin(
            &head,
            body,
            max_body(context, StatusCode::OK),
            max_body(context, StatusCode::NOT_FOUND),
            context.idle_timeout().as_secs_f64() * 1000.0,
            context.keeps_partial(StatusCode::OK),
        );
        Self { under_way, context: Some(context), is_done: false }
    }
}

impl Drop for Sent<'_> {
    fn drop(&mut self) {
        if self.is_done {
            return;
        }
        let (Some(came), Some(context)) = (self.under_way.give_up(), self.context) else {
            return;
        };
        if came.end().as_deref() == Some("unsent") {
            context.saw_nothing_sent();
        }
        let Ok(status) = StatusCode::from_u16(came.status()) else { return };
        context.saw_status(status);
        if context.keeps_partial(status) {
            context.keep_arrived(response(status, &came));
        }
    }
}

#[expect(
    clippy::as_conversions,
    clippy::cast_precision_loss,
    reason = "a length above 2^53 does not fit into memory"
)]
fn max_body(context: &SendContext, status: StatusCode) -> f64 {
    context.max_body(status) as f64
}

/// The response, if it arrived whole.
fn whole(fetched: &Fetched, context: &SendContext) -> Result<Arrived, TransportError> {
    let end = fetched.end();
    let Ok(status) = StatusCode::from_u16(fetched.status()) else {
        return Err(match end.as_deref() {
            Some("hidden redirect") => {
                TransportError::ambiguous(TransportErrorKind::HiddenRedirect)
            }
            // The framework decides what comes next: never resend from here.
            Some("steering") => TransportError::not_sent(TransportErrorKind::Setup)
                .with_source(thrown::Thrown::new(fetched.thrown())),
            problem => protocol(problem.unwrap_or_default()),
        });
    };
    let response = response(status, fetched);
    let error = match end.as_deref() {
        None => return Ok(response),
        Some("too large") => context.body_too_large(status),
        Some("idle") => TransportError::ambiguous(TransportErrorKind::Timeout(TimeoutPhase::Idle)),
        Some("broken") => TransportError::ambiguous(TransportErrorKind::Disconnected)
            .with_source(Thrown::look(&fetched.thrown())),
        Some(problem) => protocol(problem),
    };
    Err(error.with_status(Some(status)).with_arrived(response))
}

/// The response, as far as it arrived.
fn response(status: StatusCode, fetched: &Fetched) -> Arrived {
    let headers = ResponseHeaders::new(HeaderLines::new(&fetched.headers()));
    let body = fetched.bytes().map(|bytes| bytes.to_vec()).unwrap_or_default();
    Arrived { status, headers, body: body.into() }
}

fn protocol(problem: &str) -> TransportError {
    TransportError::ambiguous(TransportErrorKind::Protocol).with_source(Thrown::from(problem))
}
