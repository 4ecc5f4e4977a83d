//! Whatever `fetch` throws, rejects with or returns, the call ends with a typed error that says
//! what may have been created and shows no secret.

#![cfg(all(target_family = "wasm", target_os = "unknown"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::error::Error as _;
use std::pin::pin;
use std::time::Duration;

use js_sys::Function;
use openrouter_keys_core::error::{Delivery, TimeoutPhase, TransportErrorKind};
use openrouter_keys_core::internal::race;
use openrouter_keys_core::transport::Transport as _;
use openrouter_keys_core::{
    ApiKey, Client, Config, Create, Effect, Error, ErrorKind, Limit, List, RetryPolicy,
};
use openrouter_keys_wasm::FetchTransport;
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::wasm_bindgen_test;

const KEY: &str = "sk-or-v1-the-key-that-nobody-may-see";

/// Node exits successfully when nothing is pending, even within a test, so a call that never ends
/// must fail explicitly.
const NEVER: Duration = Duration::from_secs(20);

/// Defines the names used in the expressions below.
const PRELUDE: &str = "
    const trap = () => { throw new Error(`a trap with ${key}`); };
    const with_code = (code, more) => Object.assign(new Error(`${code} ${key}`), { code, ...more });
    const fetch_failed = (cause) => new TypeError('fetch failed', { cause });
    const broken = (part) => Object.defineProperty(new Response('{}'), part, { get: trap });
    const round = new Error(`round and round ${key}`);
    round.cause = round;
";

/// Thrown values that do not reveal whether the request was sent.
const WITHOUT_CODE: &[&str] = &[
    "`no network for Bearer ${key}`",
    "''",
    "undefined",
    "null",
    "5",
    "NaN",
    "Symbol(key)",
    "() => key",
    "({ message: key })",
    "({ message: { key }, code: 5 })",
    "Object.create(null)",
    "new Error(key)",
    "Object.freeze(new TypeError(`Failed to fetch as ${key}`))",
    "round",
    "new DOMException(`aborted ${key}`, 'AbortError')",
    "new DOMException(key, 'NetworkError')",
    "AbortSignal.abort(key).reason",
    "Object.defineProperties({}, { message: { get: trap }, code: { get: trap }, cause: { get: trap } })",
    "Object.defineProperty(new Error(key), 'cause', { get: trap })",
    "new Proxy({}, { get: trap, has: trap, getPrototypeOf: trap })",
    "(() => { const own = new Proxy({}, { getPrototypeOf: () => own }); return own; })()",
    "(() => { const { proxy, revoke } = Proxy.revocable({}, {}); revoke(); return proxy; })()",
    "with_code('SOMETHING_NEW')",
    // Both also end a connection that was in use.
    "with_code('EHOSTUNREACH', { syscall: 'read' })",
    "with_code('ETIMEDOUT', { syscall: 'write' })",
];

/// Thrown values with a code, the kind of failure, and whether the request was certainly not sent.
const WITH_CODE: &[(&str, TransportErrorKind, bool)] = &[
    ("fetch_failed(with_code('ECONNREFUSED'))", TransportErrorKind::Connect, true),
    ("fetch_failed({ code: 'ECONNREFUSED', message: key })", TransportErrorKind::Connect, true),
    (
        "new Error(key, { cause: fetch_failed(with_code('ENOTFOUND')) })",
        TransportErrorKind::Dns,
        true,
    ),
    ("with_code('EHOSTUNREACH', { syscall: 'connect' })", TransportErrorKind::Connect, true),
    ("with_code('EMFILE', { syscall: 'connect' })", TransportErrorKind::Connect, true),
    ("with_code('EAI_FAIL', { syscall: 'getaddrinfo' })", TransportErrorKind::Dns, true),
    ("with_code('ERR_ACCESS_DENIED', { syscall: 'connect' })", TransportErrorKind::Setup, true),
    ("with_code('ERR_ACCESS_DENIED', { syscall: 'open' })", TransportErrorKind::Other, false),
    (
        "fetch_failed(with_code('UND_ERR_CONNECT_TIMEOUT'))",
        TransportErrorKind::Timeout(TimeoutPhase::Connect),
        true,
    ),
    ("fetch_failed(with_code('CERT_HAS_EXPIRED'))", TransportErrorKind::Tls, true),
    (
        "fetch_failed(with_code('ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE'))",
        TransportErrorKind::Tls,
        false,
    ),
    ("fetch_failed(with_code('ECONNRESET'))", TransportErrorKind::Disconnected, false),
];

/// Values returned instead of a readable `Response`.
const NOT_A_RESPONSE: &[(&str, TransportErrorKind)] = &[
    ("undefined", TransportErrorKind::Protocol),
    ("null", TransportErrorKind::Protocol),
    ("key", TransportErrorKind::Protocol),
    ("200", TransportErrorKind::Protocol),
    ("({})", TransportErrorKind::Protocol),
    ("({ status: 200, headers: {}, body: key })", TransportErrorKind::Protocol),
    ("new Proxy({}, { getPrototypeOf: trap })", TransportErrorKind::Protocol),
    ("Response.error()", TransportErrorKind::Protocol),
    ("Object.create(Response.prototype)", TransportErrorKind::Protocol),
    (
        "new Proxy(new Response('{}'), { get: (_, name) => name !== 'then' && trap() })",
        TransportErrorKind::Protocol,
    ),
    ("broken('type')", TransportErrorKind::Protocol),
    ("broken('status')", TransportErrorKind::Protocol),
    ("broken('headers')", TransportErrorKind::Protocol),
    ("broken('body')", TransportErrorKind::Protocol),
    (
        "(() => { const read = new Response(key); read.text(); return read; })()",
        TransportErrorKind::Disconnected,
    ),
    (
        "(() => { const held = new Response(key); held.body.getReader(); return held; })()",
        TransportErrorKind::Disconnected,
    ),
    ("({ then: trap })", TransportErrorKind::Other),
];

/// The value of a JavaScript expression.
fn value(expression: &str) -> JsValue {
    let body = format!("{PRELUDE} return ({expression});");
    Function::new_with_args("key", &body).call1(&JsValue::UNDEFINED, &KEY.into()).unwrap()
}

/// The ways in which `fetch` can fail with a value.
fn failing(expression: &str) -> [Function; 2] {
    ["return () => Promise.reject(thrown)", "return () => { throw thrown; }"].map(|body| {
        let fetch = Function::new_with_args("thrown", body);
        fetch.call1(&JsValue::UNDEFINED, &value(expression)).unwrap().unchecked_into()
    })
}

fn returning(expression: &str) -> [Function; 2] {
    ["return () => make()", "return async () => make()"].map(|body| {
        let make = value(&format!("() => {expression}"));
        let fetch = Function::new_with_args("make", body);
        fetch.call1(&JsValue::UNDEFINED, &make).unwrap().unchecked_into()
    })
}

fn client(transport: FetchTransport) -> Client {
    let config = Config::new().retry(RetryPolicy::none());
    Client::with_config(transport, ApiKey::new(KEY).unwrap(), config).unwrap()
}

/// Everything the error and its causes show.
fn shown(error: &Error) -> String {
    let causes = std::iter::successors(error.source(), |&cause| cause.source());
    let causes: Vec<_> = causes.map(|cause| format!("{cause} {cause:?}")).collect();
    format!("{error} {error:?} {error:#?} {}", causes.join(" "))
}

/// Creates and lists with this `fetch`, and expects this failure from both.
async fn fails(case: &str, fetch: &Function, kind: TransportErrorKind, stays_here: bool) {
    fails_over(case, FetchTransport::new().with_direct_fetch(fetch.clone()), kind, stays_here)
        .await;
}

async fn fails_over(
    case: &str,
    transport: FetchTransport,
    kind: TransportErrorKind,
    stays_here: bool,
) {
    let client = client(transport);
    let create = async { client.create(Create::new("a", Limit::usd(1.0))).await.map(drop) };
    let list = async { client.list(List::new()).await.map(drop) };
    let ended = async { [create.await, list.await] };
    let ended = race(pin!(ended), FetchTransport::new().sleep(NEVER)).await;
    let [create, list] = ended.unwrap_or_else(|| panic!("{case}: the call never ended"));
    for (operation, outcome) in [("create", create), ("list", list)] {
        let case = format!("{operation}: {case}");
        let error = outcome.expect_err(&case);
        let ErrorKind::Transport(failure) = error.kind() else { panic!("{case}: {error:?}") };
        let delivery = if stays_here { Delivery::NotSent } else { Delivery::Unknown };
        assert_eq!((failure.kind(), failure.delivery()), (kind, delivery), "{case}: {error:?}");
        let may_be_there = operation == "create" && !stays_here;
        assert_eq!(error.may_have_created().is_some(), may_be_there, "{case}");
        assert_eq!(matches!(error.effect(), Effect::Nothing), !may_be_there, "{case}");
        assert_eq!(error.attempts(), 1, "{case}");
        assert!(!shown(&error).contains(KEY), "{case}: {error:?}");
    }
}

#[wasm_bindgen_test]
async fn values_without_a_known_code_leave_open_whether_a_key_was_created() {
    for expression in WITHOUT_CODE {
        for fetch in failing(expression) {
            fails(expression, &fetch, TransportErrorKind::Other, false).await;
        }
    }
}

#[wasm_bindgen_test]
async fn a_code_determines_whether_the_request_was_sent() {
    for (expression, kind, stays_here) in WITH_CODE {
        for fetch in failing(expression) {
            fails(expression, &fetch, *kind, *stays_here).await;
        }
    }
}

#[wasm_bindgen_test]
async fn codes_from_a_custom_fetch_are_ignored() {
    for (expression, ..) in WITH_CODE {
        for fetch in failing(expression) {
            let transport = FetchTransport::new().with_fetch(fetch);
            fails_over(expression, transport, TransportErrorKind::Other, false).await;
        }
    }
}

#[wasm_bindgen_test]
async fn codes_from_a_replaced_global_fetch_are_ignored() {
    let replace = "const own = globalThis.fetch; globalThis.fetch = replacement; return own;";
    let replace = Function::new_with_args("replacement", replace);
    for (expression, ..) in WITH_CODE {
        for fetch in failing(expression) {
            let own = replace.call1(&JsValue::UNDEFINED, &fetch).unwrap();
            let transport = FetchTransport::new();
            fails_over(expression, transport, TransportErrorKind::Other, false).await;
            replace.call1(&JsValue::UNDEFINED, &own).unwrap();
        }
    }
}

#[wasm_bindgen_test]
async fn values_that_are_not_responses_are_ordinary_errors() {
    for (expression, kind) in NOT_A_RESPONSE {
        for fetch in returning(expression) {
            fails(expression, &fetch, *kind, false).await;
        }
    }
}

/// Evaluates an expression in another realm: a frame's, or that of Node's `vm`. A worker has none.
const ELSEWHERE: &str = "
    if (globalThis.document) {
        const frame = document.body.appendChild(document.createElement('iframe'));
        return frame.contentWindow.eval(expression);
    }
    if (globalThis.process) return process.mainModule.require('node:vm').runInNewContext(expression);
";

#[wasm_bindgen_test]
async fn an_error_from_another_realm_is_read_like_a_local_one() {
    let elsewhere = Function::new_with_args("expression", ELSEWHERE);
    let error = format!("new TypeError('fetch failed for {KEY}')");
    let refused = "Object.assign(new TypeError('no'), { cause: { code: 'ECONNREFUSED' } })";
    for (expression, kind, stays_here) in [
        (error.as_str(), TransportErrorKind::Other, false),
        (refused, TransportErrorKind::Connect, true),
    ] {
        let thrown = elsewhere.call1(&JsValue::UNDEFINED, &expression.into()).unwrap();
        let is_worker = value("typeof WorkerGlobalScope !== 'undefined'").is_truthy();
        assert_eq!(thrown.is_undefined(), is_worker, "a page and Node have other realms");
        if !is_worker {
            assert!(!thrown.is_instance_of::<js_sys::Error>(), "{expression} is of this realm");
            let fetch = Function::new_with_args("thrown", "return () => Promise.reject(thrown)");
            let fetch = fetch.call1(&JsValue::UNDEFINED, &thrown).unwrap().unchecked_into();
            fails(expression, &fetch, kind, stays_here).await;
        }
    }
}
