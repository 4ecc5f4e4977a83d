//! CORS: the headers a browser receives, and what a page may read.

use openrouter_keys_emulator::{Emulator, Fault};

use crate::client::{at, call};

#[test]
fn a_preflight_needs_no_key_and_allows_what_clients_send() {
    let emulator = Emulator::builder().cors().start().unwrap();
    emulator.fail_always(Fault::status(500));
    let hash = "/api/v1/keys/0000";
    let reply = at(&emulator, "OPTIONS", hash)
        .header("origin", "https://app.example")
        .header("access-control-request-method", "PATCH")
        .header("access-control-request-headers", "authorization,content-type")
        .send();
    assert_eq!(reply.status, 204);
    assert_eq!(reply.header("access-control-allow-origin"), Some("*"));
    let methods = reply.header("access-control-allow-methods").unwrap();
    let headers = reply.header("access-control-allow-headers").unwrap();
    assert!(["GET", "POST", "PATCH", "DELETE"].iter().all(|method| methods.contains(method)));
    let sent = ["authorization", "content-type", "http-referer", "x-openrouter-title"];
    assert!(sent.iter().all(|header| headers.contains(header)));
}

#[test]
fn pages_of_every_origin_can_read_bodies_but_not_headers() {
    let emulator = Emulator::builder().cors().start().unwrap();
    for reply in [
        call(&emulator, "GET", "/keys").send(),
        call(&emulator, "GET", "/keys").fault("status=429,retry-after=2").send(),
        at(&emulator, "GET", "/api/v1/keys").send(),
    ] {
        assert_eq!(reply.header("access-control-allow-origin"), Some("*"));
        assert_eq!(reply.header("access-control-expose-headers"), None);
    }
}

#[test]
fn headers_can_be_exposed_on_request() {
    let emulator = Emulator::builder().cors_expose().start().unwrap();
    let reply = call(&emulator, "GET", "/keys").send();
    let exposed = reply.header("access-control-expose-headers").unwrap();
    assert!(["date", "retry-after", "x-request-id"].iter().all(|name| exposed.contains(name)));
}

#[test]
fn rate_limit_headers_are_sent_on_request() {
    let emulator = Emulator::builder().rate_limit_headers().start().unwrap();
    let reply = call(&emulator, "GET", "/keys").send();
    for name in ["x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"] {
        assert!(reply.header(name).unwrap().parse::<u64>().is_ok(), "{name}");
    }
    let emulator = Emulator::start().unwrap();
    assert_eq!(call(&emulator, "GET", "/keys").send().header("x-ratelimit-limit"), None);
}
