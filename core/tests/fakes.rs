//! The test utilities: sample keys, replies by name, a script that is too short.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeSet;

use openrouter_keys_core::operation::{Delete, Get, Page};
use openrouter_keys_core::test_util::{FakeTransport, Reply, samples};
use openrouter_keys_core::{ApiKey, Client, Create, Field, Limit, List};

fn client(replies: impl IntoIterator<Item = Reply>) -> Client {
    Client::new(FakeTransport::scripted(replies), ApiKey::new("sk-or-v1-test").unwrap())
}

#[tokio::test]
async fn two_sample_keys_are_different_keys() {
    let keys = || [samples::key().name("a"), samples::key().name("b"), samples::key().name("b")];
    let client = client([Reply::listed(keys()), Reply::listed(keys())]);
    let page = client.list(List::new()).await.unwrap();
    assert_eq!(page.data.len(), 3);
    let hashes: BTreeSet<_> = page.data.iter().map(|key| key.hash.get().cloned()).collect();
    let labels: BTreeSet<_> = page.data.iter().map(|key| key.label.get().cloned()).collect();
    assert_eq!((hashes.len(), labels.len()), (3, 3));
    let given = samples::key().hash("mine").label("my label").to_string();
    assert!(given.contains(r#""hash":"mine""#) && given.contains(r#""label":"my label""#));
}

#[tokio::test]
async fn the_operations_can_read_the_replies_by_name() {
    let key = samples::key().name("\"quoted\"").limit(None).expires_at("2031-01-01T00:00:00Z");
    let hash = "f01d52606dc8f0a8303a7b5cc3fa07109c2e346cec7c0a16b40de462992ce943";
    let client = client([
        Reply::created("sk-or-v1-new", key.clone().hash(hash)),
        Reply::found(&key),
        Reply::current(),
        Reply::deleted(),
        Reply::api_error(404, "gone"),
    ]);
    let created = client.create(Create::new("a", Limit::usd(1.0))).await.unwrap();
    assert_eq!(created.key().reveal(), "sk-or-v1-new");
    let found = client.get(hash).await.unwrap();
    assert_eq!(found.name.get().map(String::as_str), Some("\"quoted\""));
    assert!(matches!(found.limit, Field::Null));
    assert_eq!(found.unexpected_fields().count(), 0);
    assert!(found.extra.is_empty());
    client.get_current_key_metadata().await.unwrap();
    client.delete(hash).await.unwrap();
    let error = client.get(hash).await.unwrap_err();
    assert!(error.to_string().contains("gone"), "{error}");
}

#[test]
fn a_sample_key_has_the_fields_of_the_sample_body_and_any_that_a_test_adds() {
    let fields = |json: &str| {
        let value: serde_json::Value = serde_json::from_str(json).unwrap();
        value.as_object().unwrap().keys().cloned().collect::<Vec<_>>()
    };
    let key = samples::key();
    assert_eq!(fields(&key.to_string()), fields(samples::KEY_OBJECT));
    let odd = key.field("limit", "\"much\"").field("newer", "1").without("usage").to_string();
    assert!(odd.contains(r#""limit":"much""#) && odd.contains(r#""newer":1"#));
    assert!(!fields(&odd).contains(&"usage".to_owned()));
    let page: Page = serde_json::from_str(&samples::page_of([samples::key()])).unwrap();
    assert_eq!(page.data.len(), 1);
}

#[tokio::test]
#[should_panic(
    expected = "FakeTransport: the script has 1 reply; this is request 2: POST /api/v1/keys"
)]
async fn a_script_that_is_too_short_fails_the_test_and_says_so_first() {
    let client = client([Reply::deleted()]);
    let hash = "f01d52606dc8f0a8303a7b5cc3fa07109c2e346cec7c0a16b40de462992ce943";
    client.call(Delete::new(hash)).await.unwrap();
    let _ = client.create(Create::new("a", Limit::usd(1.0))).await;
}

#[tokio::test]
#[should_panic(
    expected = "FakeTransport: the script has 0 replies; this is request 1: GET /api/v1/keys/"
)]
async fn a_script_may_be_empty() {
    let hash = "f01d52606dc8f0a8303a7b5cc3fa07109c2e346cec7c0a16b40de462992ce943";
    let _ = client([]).call(Get::new(hash)).await;
}
