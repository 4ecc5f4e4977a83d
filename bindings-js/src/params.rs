//! Turns the facade's objects into settings, options and operations. `js/internal/check.js`
//! has checked names and types; the core checks what values mean.

use std::time::Duration;

use http::Method;
use js_sys::Array;
use openrouter_keys_core::config::Jitter;
use openrouter_keys_core::error::BuildError;
use openrouter_keys_core::operation::{ApiRequest, External};
use openrouter_keys_core::workflow::Pages;
use openrouter_keys_core::{
    BaseUrl, CallOptions, Config, Create, Headers, Limit, LimitReset, List, RetryPolicy, Timestamp,
    Update,
};
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::*;

use crate::secrets::note;

#[wasm_bindgen]
extern "C" {
    /// An object whose properties the facade has checked. Each is read by name, as a value of
    /// the requested kind or nothing.
    pub type Params;

    #[wasm_bindgen(method, indexing_getter)]
    fn get_text(this: &Params, name: &str) -> Option<String>;

    #[wasm_bindgen(method, indexing_getter)]
    fn get_bool(this: &Params, name: &str) -> Option<bool>;

    #[wasm_bindgen(method, indexing_getter)]
    fn get_number(this: &Params, name: &str) -> Option<f64>;

    #[wasm_bindgen(method, indexing_getter)]
    fn get_value(this: &Params, name: &str) -> JsValue;
}

/// Not inlined: copies would take kilobytes.
impl Params {
    #[inline(never)]
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        self.get_text(name)
    }

    #[inline(never)]
    pub(crate) fn bool(&self, name: &str) -> Option<bool> {
        self.get_bool(name)
    }

    #[inline(never)]
    pub(crate) fn number(&self, name: &str) -> Option<f64> {
        self.get_number(name)
    }

    /// Distinguishes `null` from a missing value.
    #[inline(never)]
    pub(crate) fn value(&self, name: &str) -> JsValue {
        self.get_value(name)
    }

    #[inline(never)]
    pub(crate) fn texts(&self, name: &str) -> Option<Vec<String>> {
        let list: Array = self.value(name).dyn_into().ok()?;
        Some(list.iter().filter_map(|item| item.as_string()).collect())
    }

    fn object(&self, name: &str) -> Option<Self> {
        Some(self.value(name).unchecked_into()).filter(|object: &Self| !object.is_undefined())
    }

    #[inline(never)]
    pub(crate) fn time(&self, name: &str) -> Option<Duration> {
        self.number(name).map(milliseconds)
    }

    #[inline(never)]
    pub(crate) fn whole(&self, name: &str) -> Option<u64> {
        self.number(name).map(whole)
    }

    fn size(&self, name: &str) -> Option<usize> {
        self.whole(name).map(|size| usize::try_from(size).unwrap_or(usize::MAX))
    }

    pub(crate) fn small(&self, name: &str) -> Option<u32> {
        self.whole(name).map(|number| u32::try_from(number).unwrap_or(u32::MAX))
    }

    /// A string that is missing only if another argument already makes the call fail.
    pub(crate) fn required(&self, name: &str) -> String {
        self.text(name).unwrap_or_default()
    }
}

/// Anything that is not a time becomes zero, which the core refuses; a time too long to
/// represent becomes the longest.
fn milliseconds(ms: f64) -> Duration {
    let longest = if ms > 0.0 { Duration::MAX } else { Duration::ZERO };
    Duration::try_from_secs_f64(ms / 1000.0).unwrap_or(longest)
}

/// A whole number that the facade has checked.
#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "saturates"
)]
fn whole(number: f64) -> u64 {
    number as u64
}

/// The settings that clients and calls share.
struct Common {
    base_url: Option<BaseUrl>,
    headers: Headers,
    timeout: Option<Duration>,
    attempt_timeout: Option<Duration>,
    retry: Option<RetryPolicy>,
}

fn common(params: &Params) -> Result<Common, BuildError> {
    let insecure = params.bool("allowInsecureHttp").unwrap_or(false);
    let base_url = match params.text("baseUrl") {
        Some(url) if insecure => Some(BaseUrl::allow_insecure_http(url)?),
        Some(url) => Some(BaseUrl::new(url)?),
        None => None,
    };
    let mut headers = Headers::new();
    for pair in params.texts("headers").unwrap_or_default().chunks(2) {
        if let [name, value] = pair {
            headers = headers.header(name, value)?;
        }
    }
    if let Some(url) = params.text("httpReferer") {
        headers = headers.http_referer(url)?;
    }
    if let Some(name) = params.text("title") {
        headers = headers.title(name)?;
    }
    if let Some(categories) = params.texts("categories") {
        headers = headers.categories(categories)?;
    }
    Ok(Common {
        base_url,
        headers,
        timeout: params.time("timeoutMs"),
        attempt_timeout: params.time("attemptTimeoutMs"),
        retry: params.object("retry").map(|params| retry(&params)),
    })
}

fn retry(params: &Params) -> RetryPolicy {
    let mut policy = RetryPolicy::default();
    if let Some(attempts) = params.small("maxAttempts") {
        policy = policy.max_attempts(attempts);
    }
    if let Some(pause) = params.time("initialIntervalMs") {
        policy = policy.initial_interval(pause);
    }
    if let Some(pause) = params.time("throttledIntervalMs") {
        policy = policy.throttled_interval(pause);
    }
    if let Some(pause) = params.time("maxIntervalMs") {
        policy = policy.max_interval(pause);
    }
    if let Some(exponent) = params.number("exponent") {
        policy = policy.exponent(exponent);
    }
    if let Some(time) = params.time("maxRetryAfterMs") {
        policy = policy.max_retry_after(time);
    }
    if params.bool("jitter") == Some(false) {
        policy = policy.jitter(Jitter::None);
    }
    if let Some(strict) = params.bool("strict") {
        policy = policy.strict(strict);
    }
    policy
}

pub(crate) fn config(params: &Params) -> Result<Config, BuildError> {
    let mut config = Config::new();
    if let Some(time) = params.time("idleTimeoutMs") {
        config = config.idle_timeout(time);
    }
    if let Some(bytes) = params.size("maxSuccessBytes") {
        config = config.max_success_body(bytes);
    }
    if let Some(bytes) = params.size("maxErrorBytes") {
        config = config.max_error_body(bytes);
    }
    let common = common(params)?;
    config = config.headers(common.headers);
    if let Some(url) = common.base_url {
        config = config.base_url(url);
    }
    if let Some(time) = common.timeout {
        config = config.timeout(time);
    }
    if let Some(time) = common.attempt_timeout {
        config = config.attempt_timeout(time);
    }
    if let Some(policy) = common.retry {
        config = config.retry(policy);
    }
    Ok(config)
}

pub(crate) fn options(params: Option<&Params>) -> Result<CallOptions, BuildError> {
    let Some(params) = params else { return Ok(CallOptions::new()) };
    let common = common(params)?;
    let mut options = CallOptions::new().headers(common.headers);
    if let Some(url) = common.base_url {
        options = options.base_url(url);
    }
    if let Some(time) = common.timeout {
        options = options.timeout(time);
    }
    if let Some(time) = common.attempt_timeout {
        options = options.attempt_timeout(time);
    }
    if let Some(policy) = common.retry {
        options = options.retry(policy);
    }
    Ok(options)
}

/// Limits the requests of each of the workflow's listings, if `maxRequests` is given.
pub(crate) fn capped<W>(workflow: W, params: &Params, set: fn(W, u64) -> W) -> W {
    match params.whole("maxRequests") {
        Some(requests) => set(workflow, requests),
        None => workflow,
    }
}

/// A listing of all keys.
pub(crate) fn pages(params: &Params) -> Pages {
    let mut pages = Pages::new(list(params));
    if params.bool("stopAtShortPage") == Some(true) {
        pages = pages.stop_at_short_page();
    }
    if let Some(ahead) = params.size("prefetch") {
        pages = pages.prefetch(ahead);
    }
    if let Some(ids) = params.texts("workspaceIds") {
        pages = pages.workspaces(ids);
    }
    capped(pages, params, Pages::max_requests)
}

pub(crate) fn list(params: &Params) -> List {
    let mut list = List::new();
    if let Some(include) = params.bool("includeDisabled") {
        list = list.include_disabled(include);
    }
    if let Some(include) = params.bool("includeExpired") {
        list = list.include_expired(include);
    }
    if let Some(offset) = params.whole("offset") {
        list = list.offset(offset);
    }
    if let Some(id) = params.text("workspaceId") {
        list = list.workspace_id(id);
    }
    list
}

fn limit(amount: Option<f64>) -> Limit {
    amount.map_or_else(Limit::unlimited, Limit::usd)
}

pub(crate) fn create(params: &Params) -> Result<Create, BuildError> {
    // The facade lets only a number or `null` through.
    let mut create = Create::new(params.required("name"), limit(params.number("limit")));
    if let Some(reset) = params.text("limitReset") {
        create = create.limit_reset(LimitReset::from(&*reset));
    }
    if let Some(include) = params.bool("includeByokInLimit") {
        create = create.include_byok_in_limit(include);
    }
    if let Some(time) = params.text("expiresAt") {
        create = create.expires_at(Timestamp::parse(&time)?);
    }
    if let Some(id) = params.text("workspaceId") {
        create = create.workspace_id(id);
    }
    if let Some(id) = params.text("creatorUserId") {
        create = create.creator_user_id(id);
    }
    if let Some(partner) = params.object("external") {
        let mut external = External::new(partner.required("user"));
        if let Some(key) = partner.text("apiKey") {
            note(&key);
            external = external.api_key(key);
        }
        create = create.external(external);
    }
    Ok(create)
}

pub(crate) fn update(params: &Params) -> Update {
    let mut update = Update::new(params.required("hash"));
    if let Some(name) = params.text("name") {
        update = update.name(name);
    }
    if let Some(disabled) = params.bool("disabled") {
        update = update.disabled(disabled);
    }
    let amount = params.value("limit");
    if !amount.is_undefined() {
        update = update.limit(limit(amount.as_f64()));
    }
    let reset = params.value("limitReset");
    if let Some(reset) = reset.as_string() {
        update = update.limit_reset(LimitReset::from(&*reset));
    } else if reset.is_null() {
        update = update.no_limit_reset();
    }
    if let Some(include) = params.bool("includeByokInLimit") {
        update = update.include_byok_in_limit(include);
    }
    if let Some(id) = params.text("workspaceId") {
        update = update.workspace_id(id);
    }
    update
}

pub(crate) fn request(params: &Params) -> ApiRequest {
    // The facade lets no other method through.
    let method = match params.text("method").as_deref() {
        Some("POST") => Method::POST,
        Some("PUT") => Method::PUT,
        Some("PATCH") => Method::PATCH,
        Some("DELETE") => Method::DELETE,
        _ => Method::GET,
    };
    let mut request = ApiRequest::new(method, params.required("path"));
    for pair in params.texts("query").unwrap_or_default().chunks(2) {
        if let [name, value] = pair {
            request = request.query(name, value);
        }
    }
    if let Some(body) = params.text("body") {
        request = request.json_text(body);
    }
    match params.bool("idempotent") {
        Some(is_idempotent) => request.idempotent(is_idempotent),
        None => request,
    }
}
