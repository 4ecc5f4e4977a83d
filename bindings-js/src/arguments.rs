//! From the facade's arrays to settings, options and operations.
//!
//! The facade has checked names and types, so that a value is either what its
//! place asks for or `undefined`. What it means is checked by the core.

use std::time::Duration;

use http::Method;
use js_sys::Array;
use openrouter_keys_core::config::Jitter;
use openrouter_keys_core::error::{BuildError, BuildErrorKind};
use openrouter_keys_core::operation::{
    AnyOperation, ApiRequest, Delete, External, Get, GetCurrentKeyMetadata, Operation,
};
use openrouter_keys_core::types::KeyKind;
use openrouter_keys_core::workflow::{
    Audit, CheckKey, CloseTemporary, CreateReconciled, Ensure, FindBySecret, Pages, Pick, Rotate,
    Rotation, RotationStep, Sweep, Temporary,
};
use openrouter_keys_core::{
    BaseUrl, CallOptions, Config, Create, Headers, Key, KeyHash, Limit, LimitReset, List,
    RetryPolicy, Timestamp, Update,
};
use wasm_bindgen::{JsCast, JsValue};

use crate::answer;
use crate::job::Job;
use crate::secrets::note;

/// Takes the values of an array one after another.
pub(crate) struct Arguments {
    values: Array,
    next: u32,
}

impl Arguments {
    pub(crate) fn new(values: Array) -> Self {
        Self { values, next: 0 }
    }

    fn take(&mut self) -> JsValue {
        // What is read beyond the end comes from a prototype.
        let is_there = self.next < self.values.length();
        let value = if is_there { self.values.get(self.next) } else { JsValue::UNDEFINED };
        self.next = self.next.saturating_add(1);
        value
    }

    fn text(&mut self) -> Option<String> {
        self.take().as_string()
    }

    fn bool(&mut self) -> Option<bool> {
        self.take().as_bool()
    }

    fn number(&mut self) -> Option<f64> {
        self.take().as_f64()
    }

    fn list(&mut self) -> Option<Vec<String>> {
        let list: Array = self.take().dyn_into().ok()?;
        Some(list.iter().filter_map(|item| item.as_string()).collect())
    }

    fn time(&mut self) -> Option<Duration> {
        self.number().map(milliseconds)
    }

    /// What is there, `null` included, in contrast to what is left out.
    fn named(&mut self) -> Option<JsValue> {
        Some(self.take()).filter(|value| !value.is_undefined())
    }
}

/// What is no time is refused by the core like no time at all; one that is too
/// long to be held never ends.
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

/// A count as JavaScript has it.
#[expect(clippy::as_conversions, clippy::cast_precision_loss, reason = "nobody has 2^53 keys")]
pub(crate) fn js_number(count: u64) -> JsValue {
    JsValue::from_f64(count as f64)
}

/// What a client and a call have in common.
struct Common {
    base_url: Option<BaseUrl>,
    headers: Headers,
    timeout: Option<Duration>,
    attempt_timeout: Option<Duration>,
    retry: Option<RetryPolicy>,
}

fn common(arguments: &mut Arguments) -> Result<Common, BuildError> {
    let (url, insecure) = (arguments.text(), arguments.bool().unwrap_or(false));
    let base_url = match url {
        Some(url) if insecure => Some(BaseUrl::allow_insecure_http(url)?),
        Some(url) => Some(BaseUrl::new(url)?),
        None => None,
    };
    let mut headers = Headers::new();
    for pair in arguments.list().unwrap_or_default().chunks(2) {
        if let [name, value] = pair {
            headers = headers.header(name, value)?;
        }
    }
    if let Some(url) = arguments.text() {
        headers = headers.http_referer(url)?;
    }
    if let Some(name) = arguments.text() {
        headers = headers.title(name)?;
    }
    if let Some(categories) = arguments.list() {
        headers = headers.categories(categories)?;
    }
    Ok(Common {
        base_url,
        headers,
        timeout: arguments.time(),
        attempt_timeout: arguments.time(),
        retry: retry(arguments),
    })
}

/// The policy, if any part of it is given.
fn retry(arguments: &mut Arguments) -> Option<RetryPolicy> {
    arguments.bool().filter(|given| *given)?;
    let mut policy = RetryPolicy::default();
    if let Some(attempts) = arguments.number() {
        policy = policy.max_attempts(u32::try_from(whole(attempts)).unwrap_or(u32::MAX));
    }
    if let Some(pause) = arguments.time() {
        policy = policy.initial_interval(pause);
    }
    if let Some(pause) = arguments.time() {
        policy = policy.throttled_interval(pause);
    }
    if let Some(pause) = arguments.time() {
        policy = policy.max_interval(pause);
    }
    if let Some(exponent) = arguments.number() {
        policy = policy.exponent(exponent);
    }
    if let Some(time) = arguments.time() {
        policy = policy.max_retry_after(time);
    }
    if arguments.bool() == Some(false) {
        policy = policy.jitter(Jitter::None);
    }
    if let Some(strict) = arguments.bool() {
        policy = policy.strict(strict);
    }
    Some(policy)
}

pub(crate) fn config(settings: Array) -> Result<Config, BuildError> {
    let mut arguments = Arguments::new(settings);
    let mut config = Config::new();
    if let Some(time) = arguments.time() {
        config = config.idle_timeout(time);
    }
    if let Some(bytes) = arguments.number() {
        config = config.max_success_body(usize::try_from(whole(bytes)).unwrap_or(usize::MAX));
    }
    if let Some(bytes) = arguments.number() {
        config = config.max_error_body(usize::try_from(whole(bytes)).unwrap_or(usize::MAX));
    }
    let common = common(&mut arguments)?;
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

pub(crate) fn options(values: Array) -> Result<CallOptions, BuildError> {
    if values.length() == 0 {
        return Ok(CallOptions::new());
    }
    let common = common(&mut Arguments::new(values))?;
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

/// What the name asks for. What cannot be it is refused when it is sent.
pub(crate) fn job(name: &str, values: Array) -> Job {
    let arguments = &mut Arguments::new(values);
    match name {
        "list" => Job::Call(list(arguments).into()),
        "create" => made("create", create(arguments), |create| Job::Call(create.into())),
        "get" => Job::Call(Get::new(arguments.text().unwrap_or_default()).into()),
        "update" => Job::Call(update(arguments).into()),
        "delete" => Job::Call(Delete::new(arguments.text().unwrap_or_default()).into()),
        "getCurrentKeyMetadata" => Job::Call(GetCurrentKeyMetadata.into()),
        "request" => Job::Call(request(arguments).into()),
        "createReconciled" => made("createReconciled", create(arguments), |create| {
            let create = CreateReconciled::new(create);
            let create = capped(create, arguments, CreateReconciled::max_requests);
            Job::work(create, answer::write_reconciled)
        }),
        "ensure" => made("ensure", create(arguments), |create| {
            Job::work(ensure(create, arguments), answer::write_ensured)
        }),
        "sweep" => {
            let (names, workspaces) = (arguments.list(), arguments.list());
            // The facade lets one of the two ways through.
            let sweep = names.map_or_else(Sweep::temporary, Sweep::new);
            let sweep = sweep.workspaces(workspaces.unwrap_or_default());
            Job::work(capped(sweep, arguments, Sweep::max_requests), answer::write_swept)
        }
        "temporary" => made("temporary", create(arguments), |create| {
            let lifetime = arguments.time().unwrap_or_default();
            let temporary = Temporary::new(create, lifetime);
            Job::work(capped(temporary, arguments, Temporary::max_requests), answer::write_lent)
        }),
        "closeTemporary" => Job::work(close_temporary(arguments), |()| answer::write_done()),
        "rotate" => made("rotate", rotation(arguments), |state| {
            let rotate = capped(Rotate::resume(state), arguments, Rotate::max_requests);
            Job::work(rotate, answer::write_rotated)
        }),
        "findBySecret" => {
            let secret = arguments.text().unwrap_or_default();
            note(&secret);
            let find = FindBySecret::new(secret);
            let workspaces = arguments.list().unwrap_or_default();
            let find = find.workspaces(workspaces);
            Job::work(capped(find, arguments, FindBySecret::max_requests), answer::write_found)
        }
        "checkKey" => {
            let is_inference = arguments.text().as_deref() == Some("inference");
            let kind = if is_inference { KeyKind::Inference } else { KeyKind::Management };
            Job::work(CheckKey::new(kind), answer::write_current)
        }
        "audit" => Job::work(audit(arguments), answer::write_audit),
        _ => {
            let refused = BuildError::new(BuildErrorKind::Other, "there is no such operation");
            Job::Call(AnyOperation::Refused("call", refused))
        }
    }
}

/// The workflow, each of whose listings takes as many requests as are given, if any.
fn capped<W>(workflow: W, arguments: &mut Arguments, set: fn(W, u64) -> W) -> W {
    match arguments.number() {
        Some(requests) => set(workflow, whole(requests)),
        None => workflow,
    }
}

/// The job of what was made of its arguments.
fn made<T>(name: &'static str, made: Result<T, BuildError>, job: impl FnOnce(T) -> Job) -> Job {
    match made {
        Ok(made) => job(made),
        Err(refused) => Job::Call(AnyOperation::Refused(name, refused)),
    }
}

/// How far a replacement has come, in the order in which `js/rotation.js` gives it.
fn rotation(arguments: &mut Arguments) -> Result<Rotation, BuildError> {
    let mut state = Rotation::new(KeyHash::new(arguments.text().unwrap_or_default())?);
    let step = arguments.text().and_then(|name| RotationStep::named(&name));
    state.step = step.unwrap_or_default();
    state.new = arguments.text().map(KeyHash::new).transpose()?;
    state.new_label = arguments.text();
    state.name = arguments.text();
    state.unconfirmed = arguments.list().unwrap_or_default();
    state.since = arguments.number().and_then(|since| i64::try_from(whole(since)).ok());
    state.leaked = arguments.bool().unwrap_or_default();
    state.remaining = arguments.bool().unwrap_or_default();
    state.full = arguments.bool().unwrap_or_default();
    state.carried = arguments.number();
    state.old_key = arguments.text().and_then(|json| old_key(&json));
    for ms in [&mut state.grace_ms, &mut state.quiet_ms, &mut state.watch_ms] {
        *ms = arguments.number().map_or(*ms, whole);
    }
    Ok(state)
}

/// What cannot be read is missing in the result, and no more.
fn old_key(json: &str) -> Option<Box<Key>> {
    let body = [r#"{"data":"#, json, "}"].concat();
    let parsed = Get::new("").parse(body.as_bytes()).ok()?;
    Some(Box::new(parsed.output))
}

/// A listing of all keys.
pub(crate) fn pages(values: Array) -> Pages {
    let arguments = &mut Arguments::new(values);
    let mut pages = Pages::new(list(arguments));
    if arguments.bool() == Some(true) {
        pages = pages.stop_at_short_page();
    }
    if let Some(ahead) = arguments.number() {
        pages = pages.prefetch(usize::try_from(whole(ahead)).unwrap_or(usize::MAX));
    }
    if let Some(requests) = arguments.number() {
        pages = pages.max_requests(whole(requests));
    }
    if let Some(ids) = arguments.list() {
        pages = pages.workspaces(ids);
    }
    pages
}

fn ensure(create: Create, arguments: &mut Arguments) -> Ensure {
    let mut ensure = Ensure::new(create);
    if arguments.bool() == Some(true) {
        ensure = ensure.no_limit_reset();
    }
    if let Some(disabled) = arguments.bool() {
        ensure = ensure.disabled(disabled);
    }
    if arguments.text().as_deref() == Some("newest") {
        ensure = ensure.pick(Pick::Newest);
    }
    if let Some(time) = arguments.time() {
        ensure = ensure.settle(time);
    }
    capped(ensure, arguments, Ensure::max_requests)
}

fn audit(arguments: &mut Arguments) -> Audit {
    let mut audit = Audit::new();
    if let Some(share) = arguments.number() {
        audit = audit.near_limit(share);
    }
    for set in [Audit::unused_for, Audit::expiring_within, Audit::disabled_for] {
        if let Some(days) = arguments.number() {
            audit = set(audit, u32::try_from(whole(days)).unwrap_or(u32::MAX));
        }
    }
    audit = audit.workspaces(arguments.list().unwrap_or_default());
    capped(audit, arguments, Audit::max_requests)
}

fn close_temporary(arguments: &mut Arguments) -> CloseTemporary {
    let mut closing = CloseTemporary::named(arguments.text().unwrap_or_default());
    // It comes from an answer: what is no hash there is looked for by its name.
    if let Some(hash) = arguments.text().and_then(|hash| KeyHash::new(hash).ok()) {
        closing = closing.hash(hash);
    }
    closing = closing.unconfirmed(arguments.list().unwrap_or_default());
    if let Some(id) = arguments.text() {
        closing = closing.workspace_id(id);
    }
    closing
}

fn list(arguments: &mut Arguments) -> List {
    let mut list = List::new();
    if let Some(include) = arguments.bool() {
        list = list.include_disabled(include);
    }
    if let Some(include) = arguments.bool() {
        list = list.include_expired(include);
    }
    if let Some(offset) = arguments.number() {
        list = list.offset(whole(offset));
    }
    if let Some(id) = arguments.text() {
        list = list.workspace_id(id);
    }
    list
}

fn limit(amount: Option<f64>) -> Limit {
    amount.map_or_else(Limit::unlimited, Limit::usd)
}

fn create(arguments: &mut Arguments) -> Result<Create, BuildError> {
    let name = arguments.text().unwrap_or_default();
    // The facade lets nothing but a number or `null` through.
    let mut create = Create::new(name, limit(arguments.number()));
    if let Some(reset) = arguments.text() {
        create = create.limit_reset(LimitReset::from(&*reset));
    }
    if let Some(include) = arguments.bool() {
        create = create.include_byok_in_limit(include);
    }
    if let Some(time) = arguments.text() {
        create = create.expires_at(Timestamp::parse(&time)?);
    }
    if let Some(id) = arguments.text() {
        create = create.workspace_id(id);
    }
    if let Some(id) = arguments.text() {
        create = create.creator_user_id(id);
    }
    let (user, key) = (arguments.text(), arguments.text());
    if let Some(user) = user {
        let mut external = External::new(user);
        if let Some(key) = key {
            note(&key);
            external = external.api_key(key);
        }
        create = create.external(external);
    }
    Ok(create)
}

fn update(arguments: &mut Arguments) -> Update {
    let mut update = Update::new(arguments.text().unwrap_or_default());
    if let Some(name) = arguments.text() {
        update = update.name(name);
    }
    if let Some(disabled) = arguments.bool() {
        update = update.disabled(disabled);
    }
    if let Some(amount) = arguments.named() {
        update = update.limit(limit(amount.as_f64()));
    }
    if let Some(reset) = arguments.named() {
        update = match reset.as_string() {
            Some(reset) => update.limit_reset(LimitReset::from(&*reset)),
            None => update.no_limit_reset(),
        };
    }
    if let Some(include) = arguments.bool() {
        update = update.include_byok_in_limit(include);
    }
    if let Some(id) = arguments.text() {
        update = update.workspace_id(id);
    }
    update
}

fn request(arguments: &mut Arguments) -> ApiRequest {
    // The facade lets no other method through.
    let method = match arguments.text().as_deref() {
        Some("POST") => Method::POST,
        Some("PUT") => Method::PUT,
        Some("PATCH") => Method::PATCH,
        Some("DELETE") => Method::DELETE,
        _ => Method::GET,
    };
    let mut request = ApiRequest::new(method, arguments.text().unwrap_or_default());
    for pair in arguments.list().unwrap_or_default().chunks(2) {
        if let [name, value] = pair {
            request = request.query(name, value);
        }
    }
    if let Some(body) = arguments.text() {
        request = request.json_text(body);
    }
    match arguments.bool() {
        Some(is_idempotent) => request.idempotent(is_idempotent),
        None => request,
    }
}
