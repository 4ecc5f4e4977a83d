//! The control API, for programs that cannot call the library.

use openrouter_keys_emulator::{Clock, Emulator};
use serde_json::json;

use crate::client::{at, call};

#[test]
fn faults_are_queued_and_cleared() {
    let emulator = Emulator::start().unwrap();
    let queue =
        |text: &str| at(&emulator, "POST", "/_emulator/faults").text("text/plain", text).send();
    assert_eq!(queue("method=POST,status=503\n").status, 204);
    assert_eq!(queue("status=500").status, 204);
    assert_eq!(call(&emulator, "GET", "/key").send().status, 500);
    assert_eq!(emulator.pending_faults(), 1);
    assert_eq!(at(&emulator, "DELETE", "/_emulator/faults").send().status, 204);
    assert_eq!(emulator.pending_faults(), 0);
    assert_eq!(queue("nonsense").refusal(), 400);
}

#[test]
fn requests_are_shown_and_forgotten() {
    let emulator = Emulator::start().unwrap();
    call(&emulator, "POST", "/keys?x=1").json(&json!({"name": "a"})).send();
    let shown = at(&emulator, "GET", "/_emulator/requests").send().json();
    assert_eq!(shown.as_array().unwrap().len(), 1);
    assert_eq!(shown[0]["method"], "POST");
    assert_eq!(shown[0]["path_and_query"], "/api/v1/keys?x=1");
    assert_eq!(shown[0]["body"], r#"{"name":"a"}"#);
    assert_eq!(shown[0]["committed"], true);
    assert_eq!(shown[0]["connection"], 0);
    assert_eq!(shown[0]["version"], "HTTP/1.1");
    let headers = shown[0]["headers"].as_array().unwrap();
    assert!(headers.contains(&json!(["content-type", "application/json"])));
    at(&emulator, "DELETE", "/_emulator/requests").send();
    assert_eq!(at(&emulator, "GET", "/_emulator/requests").send().json(), json!([]));
}

#[test]
fn the_clock_is_advanced() {
    let clock = Clock::standing_at("2026-01-01T00:00:00Z".parse().unwrap());
    let emulator = Emulator::builder().clock(clock).start().unwrap();
    let advance = |body| at(&emulator, "POST", "/_emulator/clock").json(&body).send();
    let shown = advance(json!({"advance_seconds": 1.5})).json();
    assert_eq!(shown, json!({"now": "2026-01-01T00:00:01.500Z"}));
    assert_eq!(at(&emulator, "GET", "/_emulator/clock").send().json(), shown);
    assert_eq!(advance(json!({"advance_seconds": -1})).refusal(), 400);
    assert_eq!(advance(json!({"advance_seconds": 1e300})).refusal(), 400);
}

#[test]
fn amounts_are_spent_and_keys_shown() {
    let emulator = Emulator::start().unwrap();
    let hash = emulator.seed_keys(1).remove(0);
    let spend = |body| at(&emulator, "POST", "/_emulator/spend").json(&body).send();
    assert_eq!(spend(json!({"hash": hash, "usd": 1.5})).status, 204);
    assert_eq!(spend(json!({"hash": hash, "usd": 2, "byok": true})).status, 204);
    assert_eq!(spend(json!({"hash": "unknown", "usd": 1})).refusal(), 404);
    assert_eq!(spend(json!({"hash": hash, "usd": -1})).refusal(), 400);
    let keys = at(&emulator, "GET", "/_emulator/keys").send().json();
    assert_eq!((&keys[0]["usage"], &keys[0]["byok_usage"]), (&json!(1.5), &json!(2)));
}

#[test]
fn health_reports_that_it_is_ready() {
    let emulator = Emulator::start().unwrap();
    let health = at(&emulator, "GET", "/_emulator/health").send();
    assert_eq!(health.json(), json!({"status": "ok", "version": env!("CARGO_PKG_VERSION")}));
    assert_eq!(at(&emulator, "POST", "/_emulator/health").send().refusal(), 405);
}

#[test]
fn the_number_of_dropped_requests_is_reported() {
    let emulator = Emulator::builder().keep_requests(2).start().unwrap();
    for path in ["/keys?offset=1", "/keys?offset=2", "/keys?offset=3"] {
        call(&emulator, "GET", path).send();
    }
    let shown = at(&emulator, "GET", "/_emulator/requests").send();
    assert_eq!(shown.header("x-emulator-dropped"), Some("1"));
    assert_eq!(shown.json()[0]["path_and_query"], "/api/v1/keys?offset=2");
    assert_eq!((emulator.requests().len(), emulator.dropped_requests()), (2, 1));
}

#[test]
fn web_pages_cannot_reach_it_and_it_is_not_logged() {
    let emulator = Emulator::start().unwrap();
    let reply = at(&emulator, "GET", "/_emulator/keys").send();
    assert_eq!(reply.header("access-control-allow-origin"), None);
    assert_eq!(at(&emulator, "GET", "/_emulator/nothing").send().refusal(), 404);
    assert!(emulator.requests().is_empty());
    assert!(emulator.address().ip().is_loopback());
}
