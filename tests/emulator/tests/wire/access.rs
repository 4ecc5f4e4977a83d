//! Access control: other hosts, and web pages whose origin is not allowed.

use http::Method;
use openrouter_keys_emulator::{Builder, Emulator, Fault};
use serde_json::json;

use crate::client::{Call, Reply, at, call};

/// Requests a page could send, to each part of the server.
fn attempts(emulator: &Emulator) -> Vec<Call> {
    let hash = emulator.keys()[0].hash.clone();
    let key = format!("/keys/{hash}");
    let control = |method, path: &str| at(emulator, method, &format!("/_emulator{path}"));
    vec![
        call(emulator, "GET", "/keys"),
        call(emulator, "GET", "/key"),
        call(emulator, "POST", "/keys").json(&json!({"name": "b"})),
        call(emulator, "PATCH", &key).json(&json!({"name": "b"})),
        call(emulator, "DELETE", &key),
        call(emulator, "GET", "/nowhere"),
        at(emulator, "GET", "/"),
        call(emulator, "POST", "/keys").fault("commit,reset-after-commit"),
        control("GET", "/health"),
        control("GET", "/requests"),
        control("GET", "/keys"),
        control("GET", "/clock"),
        control("GET", "/nothing"),
        control("DELETE", "/requests"),
        control("DELETE", "/faults"),
        control("POST", "/reset"),
        control("POST", "/faults").text("text/plain", "status=500"),
        control("POST", "/clock").json(&json!({"advance_seconds": 60})),
        control("POST", "/spend").json(&json!({"hash": hash, "usd": 1})),
        at(emulator, "GET", "/_emulator"),
        at(emulator, "GET", "//_emulator/keys"),
    ]
}

/// Every attempt is refused, reveals nothing to the page, and changes nothing.
fn all_are_refused(builder: Builder, forge: impl Fn(Call) -> Call) {
    let emulator = builder.start().unwrap();
    emulator.seed_keys(1);
    emulator.fail_next(Fault::status(500).on_method(Method::PUT));
    call(&emulator, "GET", "/keys").send();
    let state = || (emulator.keys(), emulator.requests().len(), emulator.pending_faults());
    let before = state();
    let time = emulator.clock().now();
    for attempt in attempts(&emulator) {
        let reply = forge(attempt).send();
        assert_eq!(reply.refusal(), 403, "{reply:?}");
        assert_eq!(cors_headers(&reply), 0, "{reply:?}");
        assert!(!String::from_utf8_lossy(&reply.body).contains("sk-or-"));
    }
    assert_eq!(state(), before);
    let since = emulator.clock().now().duration_since(time);
    assert!(since.as_secs() < 60, "the clock was advanced");
}

fn cors_headers(reply: &Reply) -> usize {
    let names = ["origin", "methods", "headers", "private-network", "credentials"];
    names.iter().map(|name| reply.headers(&format!("access-control-allow-{name}")).len()).sum()
}

#[test]
fn a_request_for_another_host_is_refused() {
    for host in [
        "evil.example",
        "evil.example:80",
        "localhost.evil.example",
        "localhost.",
        "0.0.0.0",
        "192.168.1.5",
        "127.0.0.2",
        "",
    ] {
        all_are_refused(Emulator::builder(), |attempt| attempt.header("host", host));
    }
    // These flags allow web pages, not other hosts.
    let open = Emulator::builder().cors_expose().allow_origin("http://evil.example");
    all_are_refused(open, |attempt| {
        attempt.header("host", "evil.example").header("origin", "http://evil.example")
    });
}

#[test]
fn a_request_with_two_hosts_or_none_is_refused() {
    let emulator = Emulator::start().unwrap();
    let get = || at(&emulator, "GET", "/_emulator/health");
    assert_eq!(get().without("host").send().refusal(), 400);
    assert_eq!(get().add("host", "evil.example").send().refusal(), 400);
    assert_eq!(get().add("host", "localhost").send().refusal(), 400);
    let absolute = |host: &str| at(&emulator, "GET", &format!("http://{host}/_emulator/health"));
    assert_eq!(absolute("localhost").header("host", "localhost").send().status, 200);
    assert_eq!(absolute("evil.example").send().refusal(), 400);
    assert_eq!(absolute("evil.example").header("host", "evil.example").send().refusal(), 403);
}

#[test]
fn this_machine_has_many_names() {
    let emulator = Emulator::start().unwrap();
    let port = emulator.address().port();
    for host in ["127.0.0.1", "localhost", "LOCALHOST", "[::1]"] {
        for host in [host.to_owned(), format!("{host}:{port}"), format!("{host}:9")] {
            let get = at(&emulator, "GET", "/_emulator/health").header("host", &host);
            assert_eq!(get.send().status, 200, "{host}");
        }
    }
}

#[test]
fn an_allowed_host_name_is_accepted() {
    let emulator = Emulator::builder().allow_host("Emulator.test").start().unwrap();
    let get = |host| at(&emulator, "GET", "/_emulator/health").header("host", host).send().status;
    assert_eq!((get("emulator.test:8080"), get("localhost"), get("other.test")), (200, 200, 403));
}

#[test]
fn pages_of_another_origin_are_refused() {
    for origin in [
        "https://evil.example",
        "http://localhost:5173",
        "http://localhost",
        "https://localhost",
        "null",
        "file://",
        "chrome-extension://abc",
        "http://localhost:5173.evil.example",
        "",
    ] {
        all_are_refused(Emulator::builder(), |attempt| attempt.header("origin", origin));
        let other = Emulator::builder().allow_origin("http://localhost:3000");
        all_are_refused(other, |attempt| attempt.header("origin", origin));
    }
}

#[test]
fn a_page_is_refused_even_if_its_browser_sends_no_origin() {
    for site in ["cross-site", "same-site", "anything"] {
        all_are_refused(Emulator::builder(), |attempt| attempt.header("sec-fetch-site", site));
    }
    let emulator = Emulator::start().unwrap();
    for site in ["none", "same-origin"] {
        let get = at(&emulator, "GET", "/_emulator/health").header("sec-fetch-site", site);
        assert_eq!(get.send().status, 200, "{site}");
    }
}

#[test]
fn every_one_of_several_origins_must_be_allowed() {
    let own = "http://localhost:3000";
    let forgeries: [(&str, &[&str]); 4] = [
        ("origin", &[own, "https://evil.example"]),
        ("origin", &["https://evil.example", own]),
        ("origin", &[own, "null"]),
        ("sec-fetch-site", &["same-origin", "cross-site"]),
    ];
    for (name, values) in forgeries {
        all_are_refused(Emulator::builder().allow_origin(own), |attempt| {
            values.iter().fold(attempt, |attempt, value| attempt.add(name, value))
        });
    }
}

#[test]
fn a_preflight_is_refused_like_its_request() {
    for private in ["false", "true"] {
        all_are_refused(Emulator::builder(), |attempt| {
            attempt
                .method("OPTIONS")
                .header("origin", "https://evil.example")
                .header("access-control-request-method", "POST")
                .header("access-control-request-headers", "content-type")
                .header("access-control-request-private-network", private)
        });
    }
    let emulator = Emulator::start().unwrap();
    let own = at(&emulator, "OPTIONS", "/api/v1/keys")
        .header("access-control-request-method", "POST")
        .send();
    assert_eq!((own.refusal(), cors_headers(&own)), (405, 0));
}

#[test]
fn the_servers_own_origin_is_not_foreign() {
    let emulator = Emulator::start().unwrap();
    let host = emulator.address().to_string();
    let get = |origin: &str| {
        let get = at(&emulator, "GET", "/_emulator/health").header("host", &host);
        get.header("origin", origin).send().status
    };
    assert_eq!(get(&format!("http://{host}")), 200);
    assert_eq!(get(&format!("https://{host}")), 403);
    assert_eq!(get("http://127.0.0.1:1"), 403);
}

#[test]
fn only_pages_of_an_allowed_origin_may_use_everything() {
    let origin = "http://localhost:5173";
    let emulator = Emulator::builder().allow_origin(origin).start().unwrap();
    for path in ["/api/v1/keys", "/_emulator/requests"] {
        let get = at(&emulator, "GET", path).header("origin", origin).send();
        assert_eq!(get.header("access-control-allow-origin"), Some(origin), "{path}");
        assert_eq!(get.header("vary"), Some("origin"));
        let preflight = at(&emulator, "OPTIONS", path)
            .header("origin", origin)
            .header("access-control-request-method", "DELETE")
            .send();
        assert_eq!(preflight.status, 204, "{path}");
        assert_eq!(preflight.header("access-control-allow-origin"), Some(origin));
        assert!(preflight.header("access-control-allow-methods").unwrap().contains("DELETE"));
        let plain = at(&emulator, "GET", path).send();
        assert_eq!(plain.header("access-control-allow-origin"), None);
    }
}

#[test]
fn cors_opens_the_api_to_all_pages_but_not_the_control_api() {
    let emulator = Emulator::builder().cors().start().unwrap();
    let get = |path| {
        at(&emulator, "GET", path)
            .header("origin", "https://app.example")
            .header("sec-fetch-site", "cross-site")
            .send()
    };
    assert_eq!(get("/api/v1/keys").refusal(), 401);
    assert_eq!(get("/api/v1/keys").header("access-control-allow-origin"), Some("*"));
    for path in ["/_emulator", "/_emulator/keys", "/_emulator/requests"] {
        assert_eq!((get(path).refusal(), cors_headers(&get(path))), (403, 0), "{path}");
    }
}

#[test]
fn invalid_settings_are_refused_at_the_start() {
    let wrong: [(Builder, &str); 11] = [
        (Emulator::builder().host([0, 0, 0, 0]), "0.0.0.0"),
        (Emulator::builder().host([192, 0, 2, 1]), "192.0.2.1"),
        (Emulator::builder().allow_host("a:80"), "`a:80` is not a valid host name"),
        (Emulator::builder().allow_host("*"), "`*` is not a valid host name"),
        (Emulator::builder().allow_host("*.example"), "`*.example` is not a valid host name"),
        (Emulator::builder().allow_origin("http://*.example"), "is not a valid origin"),
        (Emulator::builder().allow_origin("null"), "`null` is not a valid origin"),
        (Emulator::builder().allow_origin("*"), "`*` is not a valid origin"),
        (Emulator::builder().workspace("x"), "`x` is not a valid workspace UUID"),
        (Emulator::builder().management_key(""), "the management key"),
        (Emulator::builder().management_key("a b"), "the management key"),
    ];
    for (builder, message) in wrong {
        let error = builder.start().unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput);
        assert!(error.to_string().contains(message), "{error}");
    }
}

#[test]
fn other_machines_may_connect_if_allowed() {
    let emulator = Emulator::builder().host([0, 0, 0, 0]).allow_remote().start().unwrap();
    assert!(emulator.base_url().starts_with("http://127.0.0.1:"));
    let get = |host| at(&emulator, "GET", "/_emulator/health").header("host", host).send().status;
    assert_eq!((get("192.168.1.5:80"), get("evil.example")), (200, 403));
    let sixth = Emulator::builder().host(std::net::Ipv6Addr::LOCALHOST).start();
    // Not every machine has IPv6.
    if let Ok(sixth) = sixth {
        assert!(sixth.base_url().starts_with("http://[::1]:"));
        assert_eq!(at(&sixth, "GET", "/_emulator/health").send().status, 200);
    }
}
