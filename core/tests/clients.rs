//! The methods of both clients: each sends its operation, and none prints a key.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "tests")]

use openrouter_keys_core::test_util::{FakeTransport, Reply};
use openrouter_keys_core::{
    ApiKey, CallOptions, Client, Create, KeyHash, Limit, List, Update, blocking,
};

const HASH: &str = "f01d52606dc8f0a8303a7b5cc3fa07109c2e346cec7c0a16b40de462992ce943";
const KEY: &str = "sk-or-v1-0123456789abcdef0123456789abcdef";

fn hash() -> KeyHash {
    HASH.parse().unwrap()
}

/// A body that every operation accepts as a success.
fn transport() -> FakeTransport {
    let body = r#"{"key":"sk-or-v1-created","data":{"hash":"0e6"},"deleted":true}"#;
    FakeTransport::always(Reply::status(200).json(body))
}

fn sent(transport: &FakeTransport) -> Vec<String> {
    let requests = transport.requests();
    let shown = |request: &http::Request<bytes::Bytes>| {
        format!("{} {}", request.method(), request.uri().path())
    };
    requests.iter().map(shown).collect()
}

fn expected() -> Vec<String> {
    let key = format!("/api/v1/keys/{HASH}");
    vec![
        "GET /api/v1/key".to_owned(),
        "POST /api/v1/keys".to_owned(),
        format!("GET {key}"),
        format!("PATCH {key}"),
        format!("DELETE {key}"),
    ]
}

#[tokio::test]
async fn each_method_of_the_async_client_sends_its_operation() {
    let transport = transport();
    let client = Client::new(transport.clone(), ApiKey::new(KEY).unwrap());
    client.get_current_key_metadata().await.unwrap();
    client.create(Create::new("ci", Limit::usd(1.0))).await.unwrap();
    client.get(hash()).await.unwrap();
    client.update(Update::new(hash()).name("cd")).await.unwrap();
    client.delete(hash()).await.unwrap();
    assert_eq!(sent(&transport), expected());
    assert!(!format!("{client:?}").contains(KEY));
}

#[test]
fn each_method_of_the_blocking_client_sends_its_operation() {
    let transport = transport();
    let client = blocking::Client::new(transport.clone(), ApiKey::new(KEY).unwrap());
    client.get_current_key_metadata().send().unwrap();
    client.create(Create::new("ci", Limit::usd(1.0))).send().unwrap();
    client.get(hash()).send().unwrap();
    client.update(Update::new(hash()).name("cd")).send().unwrap();
    client.delete(hash()).send().unwrap();
    assert_eq!(sent(&transport), expected());
    assert!(!format!("{client:?}").contains(KEY));
}

#[tokio::test]
async fn a_response_has_its_id_its_ray_and_its_rate_limit() {
    let response = Reply::status(200)
        .json(r#"{"data":[]}"#)
        .header("x-request-id", "req-7")
        .header("cf-ray", "8f-FRA")
        .header("x-ratelimit-limit", "20")
        .header("x-ratelimit-remaining", " 19.5 ")
        .header("x-ratelimit-reset", "soon");
    for (response, id, ray) in [
        (response, Some("req-7"), Some("8f-FRA")),
        (Reply::status(200).json(r#"{"data":[]}"#).header("cf-ray", "8f"), Some("8f"), Some("8f")),
        (Reply::status(200).json(r#"{"data":[]}"#), None, None),
    ] {
        let client = Client::new(FakeTransport::always(response), ApiKey::new(KEY).unwrap());
        let meta = client.list(List::new()).with_response().await.unwrap().meta;
        assert_eq!((meta.request_id(), meta.cf_ray()), (id, ray));
        let limit = meta.rate_limit();
        let expected = if id == Some("req-7") { (Some(20.0), Some(19.5)) } else { (None, None) };
        assert_eq!((limit.limit, limit.remaining, limit.reset), (expected.0, expected.1, None));
    }
}

#[tokio::test]
async fn a_listings_options_apply_to_every_page_until_one_has_nothing_new() {
    let rows = |from: usize, to: usize| {
        let rows: Vec<String> = (from..to).map(|n| format!(r#"{{"hash":"{n}"}}"#)).collect();
        Reply::status(200).json(format!(r#"{{"data":[{}]}}"#, rows.join(",")))
    };
    let base = openrouter_keys_core::BaseUrl::new("https://gateway.example/v1").unwrap();
    let options = CallOptions::new().base_url(base);

    let transport = FakeTransport::scripted([rows(0, 3), rows(2, 4), rows(3, 4)]);
    let client = Client::new(transport.clone(), ApiKey::new(KEY).unwrap());
    let keys = client.list_all(List::new()).options(options.clone());
    assert!(!format!("{keys:?}").contains(KEY));
    assert_eq!(keys.collect_all().await.unwrap().len(), 4);
    let queries: Vec<Option<String>> = transport
        .requests()
        .iter()
        .map(|request| {
            assert_eq!(request.uri().host(), Some("gateway.example"));
            request.uri().query().map(str::to_owned)
        })
        .collect();
    assert_eq!(queries, [None, Some("offset=2".to_owned()), Some("offset=3".to_owned())]);

    let transport = FakeTransport::scripted([rows(0, 3), rows(2, 3)]);
    let client = blocking::Client::new(transport.clone(), ApiKey::new(KEY).unwrap());
    assert_eq!(client.list_all(List::new()).options(options).count(), 3);
    assert_eq!(transport.requests()[0].uri().host(), Some("gateway.example"));
}
