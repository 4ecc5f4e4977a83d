//! Each fault as a client sees it.

use std::net::TcpStream;
use std::time::{Duration, Instant};

use http::Method;
use openrouter_keys_emulator::{Emulator, Fault};
use serde_json::json;

use crate::client::{Call, End, Reply, at, call};

fn create(emulator: &Emulator) -> Call {
    call(emulator, "POST", "/keys").json(&json!({"name": "a"}))
}

/// Sends one create with a fault; returns the response and whether the key exists.
fn create_under(fault: &str) -> (Reply, bool) {
    let emulator = Emulator::start().unwrap();
    let call = create(&emulator).fault(fault);
    let reply = if fault.contains("stall") { call.impatient().send() } else { call.send() };
    let lives = emulator.key_count() == 1;
    assert_eq!(emulator.requests()[0].committed, lives);
    (reply, lives)
}

#[test]
fn a_status_comes_with_the_documented_body_and_changes_nothing() {
    for status in [400, 401, 402, 403, 404, 408, 413, 422, 429, 500, 502, 503, 504, 520, 530] {
        let (reply, lives) = create_under(&format!("status={status}"));
        assert_eq!((reply.refusal(), lives), (status, false));
        assert!(reply.header("x-request-id").is_some());
    }
}

#[test]
fn a_success_status_keeps_the_real_response() {
    let (reply, lives) = create_under("status=200");
    assert_eq!((reply.status, lives), (200, true));
    assert!(reply.json()["key"].is_string());
}

#[test]
fn a_change_can_be_made_whatever_the_response() {
    let (reply, lives) = create_under("commit,status=500");
    assert_eq!((reply.refusal(), lives), (500, true));
    let (reply, lives) = create_under("commit,stall-headers");
    assert_eq!((reply.status, reply.end, lives), (0, End::Stalled, true));
}

#[test]
fn headers_can_be_added_replaced_repeated_and_omitted() {
    let (reply, _) = create_under(
        r"status=503,retry-after=2,header=Retry-After: Wed\, 21 Oct 2026 07:28:00 GMT,header=cf-ray: 1,no-header=date,header=content-type: text/plain",
    );
    assert_eq!(reply.headers("retry-after"), ["2", "Wed, 21 Oct 2026 07:28:00 GMT"]);
    assert_eq!(reply.headers("cf-ray"), ["1"]);
    assert_eq!(reply.headers("content-type"), ["text/plain"]);
    assert_eq!(reply.header("date"), None);
}

#[test]
fn an_omitted_header_is_not_restored() {
    for name in ["content-type", "date", "x-request-id"] {
        let (reply, _) = create_under(&format!("no-header={name}"));
        assert_eq!((reply.status, reply.header(name)), (201, None));
    }
}

#[test]
fn hundreds_of_headers_and_megabytes_of_one_can_be_sent() {
    let emulator = Emulator::start().unwrap();
    let many = (0..200)
        .fold(Fault::none(), |fault, index| fault.with_header(&format!("x-filler-{index}"), "x"));
    emulator.fail_next(many);
    assert_eq!(create(&emulator).send().header("x-filler-199"), Some("x"));
    emulator.fail_next(Fault::none().with_header("x-huge", &"x".repeat(2 << 20)));
    assert_eq!(create(&emulator).send().header("x-huge").unwrap().len(), 2 << 20);
}

#[test]
fn a_delay_delays_the_response_but_not_the_change() {
    let emulator = Emulator::start().unwrap();
    let mut stream = TcpStream::connect(emulator.address()).unwrap();
    let sent = Instant::now();
    create(&emulator).fault("delay=800ms").write(&mut stream);
    while emulator.key_count() == 0 {
        assert!(sent.elapsed() < Duration::from_millis(700));
    }
    stream.peek(&mut [0]).unwrap();
    assert!(sent.elapsed() >= Duration::from_millis(800));
}

#[test]
fn a_reset_is_a_reset_and_a_close_is_a_close() {
    for (fault, end, lives) in [
        ("reset-before-commit", End::Reset, false),
        ("reset-after-commit", End::Reset, true),
        ("close-before-commit", End::Closed, false),
        ("close-after-commit", End::Closed, true),
    ] {
        let (reply, key_lives) = create_under(fault);
        assert_eq!((reply.status, reply.end, key_lives), (0, end, lives), "{fault}");
    }
}

#[test]
fn a_truncated_body_announces_its_whole_length() {
    let (reply, lives) = create_under("truncate=10");
    let announced: usize = reply.header("content-length").unwrap().parse().unwrap();
    assert!(announced > 500);
    assert_eq!((reply.status, reply.body.len(), reply.end, lives), (201, 10, End::Closed, true));
}

#[test]
fn a_truncated_chunked_body_lacks_its_last_chunk() {
    let (reply, lives) = create_under("truncate-chunked=10");
    assert_eq!(reply.header("transfer-encoding"), Some("chunked"));
    assert_eq!(reply.header("content-length"), None);
    assert_eq!((&reply.body[..3], reply.body.len()), (&b"A\r\n"[..], 15));
    assert_eq!((reply.end, lives), (End::Closed, true));
}

#[test]
fn a_body_can_be_cut_before_its_first_byte() {
    let (reply, _) = create_under("truncate=0");
    assert_eq!((reply.status, reply.body.len(), reply.end), (201, 0, End::Closed));
}

#[test]
fn an_error_can_be_cut_too() {
    let (reply, lives) = create_under("status=503,truncate=4");
    assert_eq!((reply.status, &reply.body[..], lives), (503, &b"{\"er"[..], false));
}

#[test]
fn headers_or_the_rest_of_a_body_may_never_come() {
    let (reply, lives) = create_under("stall-headers");
    assert_eq!((reply.status, reply.end, lives), (0, End::Stalled, false));
    let (reply, lives) = create_under("stall-body=10");
    assert_eq!((reply.status, reply.body.len()), (201, 10));
    assert_eq!((reply.end, lives), (End::Stalled, true));
}

#[test]
fn fifty_mebibytes_are_fifty_mebibytes() {
    let (reply, lives) = create_under("body-bytes=52428800");
    assert_eq!((reply.status, reply.body.len(), lives), (200, 52_428_800, false));
    assert_eq!(reply.header("content-length"), Some("52428800"));
    let (reply, _) = create_under("status=500,body-bytes=3");
    assert_eq!((reply.status, &reply.body[..]), (500, &b"   "[..]));
}

#[test]
fn an_endless_body_does_not_end_and_other_requests_are_served() {
    use std::io::Read;
    let emulator = Emulator::start().unwrap();
    let mut stream = TcpStream::connect(emulator.address()).unwrap();
    create(&emulator).fault("endless-body").write(&mut stream);
    let mut received = vec![0; 20 << 20];
    stream.read_exact(&mut received).unwrap();
    assert_eq!(create(&emulator).send().status, 201);
}

#[test]
fn an_html_page_looks_like_an_edge_servers() {
    let (reply, lives) = create_under("html=502");
    assert_eq!((reply.status, lives), (502, false));
    assert!(reply.header("content-type").unwrap().starts_with("text/html"));
    assert!(reply.header("cf-ray").is_some());
    assert!(String::from_utf8(reply.body).unwrap().contains("502 Bad Gateway"));
}

#[test]
fn a_body_may_be_anything_or_nothing() {
    let (reply, _) = create_under(r#"body=200 {"deleted":false\,"x":1}"#);
    assert_eq!((reply.status, reply.json()), (200, json!({"deleted": false, "x": 1})));
    let (reply, lives) = create_under("empty=200");
    assert_eq!((reply.status, reply.body.len(), lives), (200, 0, false));
    assert_eq!(reply.header("content-type"), None);
    assert_eq!(create_under("empty=204").0.status, 204);
}

#[test]
fn a_redirect_names_its_target() {
    for status in [301, 302, 303, 307, 308] {
        let (reply, lives) = create_under(&format!("redirect={status} http://127.0.0.1:1/x"));
        assert_eq!((reply.status, lives), (status, false));
        assert_eq!(reply.header("location"), Some("http://127.0.0.1:1/x"));
    }
}

#[test]
fn an_invalid_fault_is_refused() {
    let (reply, lives) = create_under("status=503,nonsense");
    assert_eq!((reply.refusal(), lives), (400, false));
    assert!(reply.json()["error"]["message"].as_str().unwrap().contains("`nonsense`"));
}

#[test]
fn a_queued_fault_applies_to_the_matching_request() {
    let emulator = Emulator::start().unwrap();
    emulator.fail_next_matching(Method::POST, Fault::status(503));
    emulator.fail_next(Fault::status(500).on_path("/key"));
    assert_eq!(call(&emulator, "GET", "/keys").send().status, 200);
    assert_eq!(call(&emulator, "GET", "/key").send().status, 500);
    assert_eq!(emulator.pending_faults(), 1);
    assert_eq!(create(&emulator).send().status, 503);
    assert_eq!(create(&emulator).send().status, 201);
}

#[test]
fn a_permanent_fault_applies_until_cleared() {
    let emulator = Emulator::start().unwrap();
    emulator.fail_always(Fault::status(503));
    for _ in 0..3 {
        assert_eq!(create(&emulator).send().status, 503);
    }
    emulator.clear_faults();
    assert_eq!(create(&emulator).send().status, 201);
}

#[test]
fn faults_need_no_key() {
    let emulator = Emulator::start().unwrap();
    let call = at(&emulator, "GET", "/anywhere").fault("status=418");
    assert_eq!(call.send().refusal(), 418);
}
