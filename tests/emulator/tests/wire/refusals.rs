//! Requests the API refuses, with which status, and that nothing changes.

use openrouter_keys_emulator::Emulator;
use serde_json::{Value, json};

use crate::client::{Call, at, call};

const UNKNOWN_HASH: &str = "/keys/0000000000000000000000000000000000000000000000000000000000000000";

#[test]
fn a_valid_key_is_required() {
    let emulator = Emulator::start().unwrap();
    for path in ["/key", "/keys", UNKNOWN_HASH] {
        let bare = at(&emulator, "GET", &format!("/api/v1{path}"));
        assert_eq!(refused(bare), (401, "Missing Authentication header".to_owned()));
        let basic = format!("Basic {}", emulator.management_key());
        for (credentials, message) in [
            ("Bearer", "Missing Authentication header"),
            ("Bearer ", "Missing Authentication header"),
            ("Bearer sk-or-v1-00", "User not found."),
            (&basic, "Missing Authentication header"),
        ] {
            let call = call(&emulator, "GET", path).header("authorization", credentials);
            assert_eq!(refused(call), (401, message.to_owned()), "{credentials}");
        }
    }
}

/// The status and the message.
fn refused(call: Call) -> (u16, String) {
    let reply = call.send();
    (reply.refusal(), reply.json()["error"]["message"].as_str().unwrap().to_owned())
}

#[test]
fn an_empty_update_is_refused() {
    let emulator = Emulator::start().unwrap();
    let hash = emulator.seed_keys(1).remove(0);
    let before = emulator.keys();
    for body in [json!({}), json!({"unknown": 1}), json!({"hash": hash, "usage": 1})] {
        let update = call(&emulator, "PATCH", &format!("/keys/{hash}")).json(&body);
        assert_eq!(refused(update), (400, "No update fields provided".to_owned()));
    }
    assert_eq!(emulator.keys(), before);
}

#[test]
fn requested_statuses_have_the_real_messages() {
    let emulator = Emulator::start().unwrap();
    for (fault, status, message) in [
        ("status=401", 401, "User not found."),
        ("status=403", 403, "Only management keys can perform this operation"),
        ("conflict", 409, "The resource is in conflict. Please try again later."),
        ("status=409", 409, "The resource is in conflict. Please try again later."),
    ] {
        let update = call(&emulator, "PATCH", UNKNOWN_HASH).json(&json!({"name": "a"}));
        assert_eq!(refused(update.fault(fault)), (status, message.to_owned()));
    }
}

#[test]
fn an_ordinary_key_cannot_manage_keys() {
    let emulator = Emulator::start().unwrap();
    let (secret, hash) = emulator.create_ordinary_key("a");
    let key = format!("/keys/{hash}");
    for (method, path) in
        [("GET", "/keys"), ("POST", "/keys"), ("GET", &key), ("PATCH", &key), ("DELETE", &key)]
    {
        let call = call(&emulator, method, path).bearer(&secret).json(&json!({"name": "b"}));
        let message = "Only management keys can perform this operation".to_owned();
        assert_eq!(refused(call), (403, message), "{method} {path}");
    }
    assert_eq!(emulator.keys()[0].name, "a");
    assert_eq!(call(&emulator, "GET", "/key").bearer(&secret).send().status, 200);
}

#[test]
fn a_disabled_key_is_refused() {
    let emulator = Emulator::start().unwrap();
    let (secret, hash) = emulator.create_ordinary_key("a");
    call(&emulator, "PATCH", &format!("/keys/{hash}")).json(&json!({"disabled": true})).send();
    assert_eq!(call(&emulator, "GET", "/key").bearer(&secret).send().refusal(), 401);
}

#[test]
fn an_unknown_hash_or_path_is_not_found() {
    let emulator = Emulator::start().unwrap();
    let body = json!({"name": "a"});
    for method in ["GET", "PATCH", "DELETE"] {
        assert_eq!(call(&emulator, method, UNKNOWN_HASH).json(&body).send().refusal(), 404);
        assert_eq!(call(&emulator, method, "/keys/%2e%2e").json(&body).send().refusal(), 404);
        assert_eq!(call(&emulator, method, "/keys/").json(&body).send().refusal(), 404);
    }
    assert_eq!(call(&emulator, "POST", "/auth/key").json(&body).send().refusal(), 405);
    assert_eq!(call(&emulator, "GET", "/key/").send().refusal(), 404);
    assert_eq!(at(&emulator, "GET", "/").send().refusal(), 404);
    assert_eq!(call(&emulator, "PUT", "/keys").send().refusal(), 405);
    assert_eq!(call(&emulator, "DELETE", "/key").send().refusal(), 405);
}

#[test]
fn create_refuses_invalid_values() {
    let emulator = Emulator::start().unwrap();
    let fields = [
        ("name", json!("")),
        ("name", json!(null)),
        ("name", json!(1)),
        ("limit", json!(-0.01)),
        ("limit", json!("5")),
        ("limit_reset", json!("yearly")),
        ("limit_reset", json!("Daily")),
        ("include_byok_in_limit", json!(null)),
        ("include_byok_in_limit", json!("true")),
        ("expires_at", json!("2027-01-01T00:00Z")),
        ("expires_at", json!("2027-01-01T00:00:00+02:00")),
        ("expires_at", json!(1_800_000_000)),
        ("workspace_id", json!("default")),
        ("workspace_id", json!(null)),
        ("creator_user_id", json!("")),
        ("external", json!(null)),
        ("external", json!({"api_key": "x".repeat(32)})),
        ("external", json!({"user": "u", "api_key": "x".repeat(31)})),
        ("external", json!({"user": ""})),
        ("external", json!({"user": "u".repeat(513)})),
        ("external", json!({"user": "a\u{0}b"})),
        ("external", json!({"user": " u"})),
        ("external", json!({"user": "u\n"})),
        ("external", json!({"user": "\u{a0}u"})),
        ("external", json!({"user": 1})),
    ];
    for (field, value) in fields {
        let mut body = json!({"name": "a"});
        body[field] = value;
        let reply = call(&emulator, "POST", "/keys").json(&body).send();
        assert_eq!(reply.refusal(), 400, "{body}");
        assert!(reply.json()["error"]["message"].as_str().unwrap().contains(field));
    }
    assert_eq!(emulator.key_count(), 0);
}

#[test]
fn create_accepts_null_as_absent() {
    let emulator = Emulator::start().unwrap();
    let body = json!({
        "name": "a", "limit": null, "limit_reset": null, "expires_at": null,
        "creator_user_id": null,
    });
    assert_eq!(call(&emulator, "POST", "/keys").json(&body).send().status, 201);
}

#[test]
fn a_body_must_be_a_json_object_with_its_content_type() {
    let emulator = Emulator::start().unwrap();
    for body in ["", "{", "[]", "null", "name=a", r#"{"name":"a"} x"#, r#"{"name":"\ud800"}"#] {
        let call = call(&emulator, "POST", "/keys").text("application/json", body);
        assert_eq!(call.send().refusal(), 400, "{body}");
    }
    let good = r#"{"name":"a"}"#;
    let nan = r#"{"name":"a","limit":NaN}"#;
    let huge = r#"{"name":"a","limit":1e999}"#;
    for (content_type, body) in
        [("text/plain", good), ("", good), ("application/json", nan), ("application/json", huge)]
    {
        let call = call(&emulator, "POST", "/keys").text(content_type, body);
        assert_eq!(call.send().refusal(), 400, "{content_type} {body}");
    }
    let charset = call(&emulator, "POST", "/keys").text("application/json; charset=utf-8", good);
    assert_eq!(charset.send().status, 201);
}

#[test]
fn update_refuses_invalid_values_and_leaves_the_key_alone() {
    let emulator = Emulator::start().unwrap();
    let hash = emulator.seed_keys(1).remove(0);
    let before = emulator.key(&hash);
    let bodies: [Value; 7] = [
        json!({"name": ""}),
        json!({"name": "b", "limit": -1}),
        json!({"disabled": true, "limit_reset": "hourly"}),
        json!({"disabled": null}),
        json!({"name": null}),
        json!({"workspace_id": ""}),
        json!({"include_byok_in_limit": 1}),
    ];
    for body in bodies {
        let call = call(&emulator, "PATCH", &format!("/keys/{hash}")).json(&body);
        assert_eq!(call.send().refusal(), 400, "{body}");
    }
    assert_eq!(emulator.key(&hash), before);
}

#[test]
fn list_refuses_invalid_parameters() {
    let emulator = Emulator::start().unwrap();
    for query in [
        "offset=-1",
        "offset=1.5",
        "offset=",
        "offset=%2B1",
        "offset=99999999999999999999",
        "include_disabled=1",
        "include_disabled=",
        "include_expired=True",
        "workspace_id=",
        "workspace_id=x",
    ] {
        assert_eq!(
            call(&emulator, "GET", &format!("/keys?{query}")).send().refusal(),
            400,
            "{query}"
        );
    }
    assert_eq!(call(&emulator, "GET", "/keys?unknown=1").send().status, 200);
}

#[test]
fn a_request_of_megabytes_is_too_large() {
    let emulator = Emulator::start().unwrap();
    let body = "x".repeat(1024 * 1024 + 1);
    let call = call(&emulator, "POST", "/keys").text("application/json", &body);
    assert_eq!(call.send().refusal(), 413);
}
