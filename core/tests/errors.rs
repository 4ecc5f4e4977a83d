//! Errors: their messages and methods.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use std::error::Error as _;

use openrouter_keys_core::error::{Delivery, TransportErrorKind};
use openrouter_keys_core::operation::Get;
use openrouter_keys_core::test_util::{FakeTransport, Reply};
use openrouter_keys_core::types::Json;
use openrouter_keys_core::{
    ApiKey, Client, Config, Create, Error, ErrorKind, Limit, List, Update, blocking,
};

const HASH: &str = "f01d52606dc8f0a8303a7b5cc3fa07109c2e346cec7c0a16b40de462992ce943";

fn client(transport: &FakeTransport) -> Client {
    Client::new(transport.clone(), ApiKey::new("sk-or-v1-test").unwrap())
}

fn create() -> Create {
    Create::new("ci", Limit::usd(1.0))
}

/// The error of each operation, each given this reply.
async fn errors(reply: Reply) -> Vec<Error> {
    let client = client(&FakeTransport::always(reply));
    vec![
        client.list(List::new()).await.unwrap_err(),
        client.create(create()).await.unwrap_err(),
        client.get(Get::new(HASH)).await.unwrap_err(),
        client.update(Update::new(HASH).name("cd")).await.unwrap_err(),
        client.delete(HASH).await.unwrap_err(),
        client.get_current_key_metadata().await.unwrap_err(),
    ]
}

#[tokio::test]
async fn an_error_names_its_operation_in_its_message_and_methods() {
    const NAMES: [&str; 6] =
        ["list", "create", "get", "update", "delete", "get_current_key_metadata"];
    let errors = errors(Reply::status(400)).await;
    assert_eq!(errors.iter().map(Error::operation).collect::<Vec<_>>(), NAMES);
    for (error, name) in errors.iter().zip(NAMES) {
        assert!(error.to_string().starts_with(&format!("{name}: ")), "{error}");
    }
}

#[tokio::test]
async fn an_error_counts_its_attempts_if_there_were_several() {
    for (attempts, end) in
        [(1, None), (2, Some(" (after 2 attempts)")), (3, Some(" (after 3 attempts)"))]
    {
        let replies = std::iter::repeat_with(Reply::refused).take(attempts - 1);
        let transport = FakeTransport::scripted(replies.chain([Reply::status(400)]));
        let error = client(&transport).create(create()).await.unwrap_err();
        assert_eq!(transport.requests().len(), attempts);
        let text = error.to_string();
        assert_eq!(text.split_once(" (after ").is_some(), end.is_some(), "{text}");
        assert!(text.ends_with(end.unwrap_or_default()), "{text}");
    }
}

#[tokio::test]
async fn an_error_says_how_long_the_server_asked_to_wait() {
    for (header, value, end) in [
        ("retry-after", "3600", " (the server asks to wait 3600 s)"),
        ("retry-after-ms", "3600250", " (the server asks to wait 3600 s 250 ms)"),
    ] {
        let transport = FakeTransport::always(Reply::status(429).header(header, value));
        let error = client(&transport).create(create()).await.unwrap_err();
        assert!(error.to_string().ends_with(end), "{error}");
        assert_eq!(transport.requests().len(), 1);
    }
}

#[tokio::test]
async fn debug_of_an_error_shows_its_message_with_causes_or_its_fields() {
    let transport = FakeTransport::always(Reply::disconnected());
    let error = client(&transport).create(create()).await.unwrap_err();
    let text = error.to_string();
    assert!(format!("{error:?}").starts_with(&text), "{error:?}");
    let parts = format!("{error:#?}");
    for part in [
        "operation: \"create\"",
        "kind: ",
        "effect: ",
        "is_retryable: false",
        "attempts: 1",
        "retry_after: None",
        "request_id: None",
    ] {
        assert!(parts.contains(part), "{part}: {parts}");
    }
}

#[tokio::test]
async fn each_error_leads_to_its_section_of_the_page_of_symptoms() {
    let nothing_sent = |kind| Reply::failure(Delivery::NotSent, kind);
    let page = Reply::status(403).header("content-type", "text/html").body("<html>blocked</html>");
    let redirect = Reply::status(302).header("location", "https://example.com/");
    for (reply, read, created) in [
        (nothing_sent(TransportErrorKind::Dns), "no-connection", "no-connection"),
        (nothing_sent(TransportErrorKind::Proxy), "no-connection", "no-connection"),
        (
            nothing_sent(TransportErrorKind::Tls),
            "a-certificate-is-refused",
            "a-certificate-is-refused",
        ),
        (
            nothing_sent(TransportErrorKind::Setup),
            "the-transport-cannot-be-used",
            "the-transport-cannot-be-used",
        ),
        (Reply::disconnected(), "the-connection-broke", "a-key-may-exist"),
        (Reply::stalled(200), "time-ran-out", "a-key-may-exist"),
        (Reply::status(200).body(vec![b' '; 5 << 20]), "a-response-too-large", "a-key-may-exist"),
        (Reply::status(404), "401-402-403-404", "401-402-403-404"),
        (Reply::status(409), "400-409-413-422", "400-409-413-422"),
        (
            Reply::status(429).header("retry-after", "3600"),
            "429-and-retry-after",
            "429-and-retry-after",
        ),
        (Reply::status(500), "5xx", "a-key-may-exist"),
        (Reply::status(418), "another-status", "another-status"),
        (page, "a-page-instead-of-a-response", "a-page-instead-of-a-response"),
        (Reply::status(200).body("{"), "the-response-cannot-be-read", "a-key-may-exist"),
        (redirect, "a-redirect", "a-key-may-exist"),
    ] {
        let client = client(&FakeTransport::always(reply));
        let error = client.list(List::new()).await.unwrap_err();
        assert_eq!(error.anchor(), read, "{error}");
        let error = client.create(create()).await.unwrap_err();
        assert_eq!(error.anchor(), created, "{error}");
    }
}

#[tokio::test]
async fn a_redirect_hidden_from_a_transport_is_a_redirect_without_a_status() {
    for error in errors(Reply::failure(Delivery::Unknown, TransportErrorKind::HiddenRedirect)).await
    {
        assert!(
            matches!(error.kind(), ErrorKind::UnexpectedRedirect { status: None, origin: None }),
            "{error:?}"
        );
        assert_eq!(error.attempts(), 1, "{error}");
    }
}

#[tokio::test]
async fn each_failure_below_http_has_its_own_message() {
    use TransportErrorKind as Kind;
    let mut seen = Vec::new();
    for kind in [
        Kind::Dns,
        Kind::Connect,
        Kind::Tls,
        Kind::Proxy,
        Kind::Disconnected,
        Kind::Refused,
        Kind::Protocol,
        Kind::Setup,
        Kind::Other,
    ] {
        let transport = FakeTransport::always(Reply::failure(Delivery::NotSent, kind));
        let error = client(&transport).create(create()).await.unwrap_err();
        let text = error.kind().to_string();
        assert!(
            error.to_string().contains(&format!("{text}; nothing was created or changed; ")),
            "{error}"
        );
        assert!(!seen.contains(&text), "{text}");
        seen.push(text);
    }
}

#[test]
fn a_failing_key_provider_is_the_cause_of_the_error() {
    let keys = || Err("the vault is sealed".into());
    let client =
        blocking::Client::with_provider(FakeTransport::never(), keys, Config::new()).unwrap();
    let error = client.create(create()).send().unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Credentials(_)), "{error:?}");
    assert_eq!(error.source().unwrap().to_string(), "the vault is sealed");
    assert_eq!((error.attempts(), error.anchor()), (0, "the-key-provider-failed"));
}

#[test]
fn a_blocking_listing_ends_with_the_failure_of_a_page() {
    let client = blocking::Client::new(
        FakeTransport::always(Reply::status(403)),
        ApiKey::new("sk-or-v1-test").unwrap(),
    );
    let mut keys = client.list_all(List::new());
    assert_eq!(keys.next().unwrap().unwrap_err().anchor(), "401-402-403-404");
    assert!(keys.next().is_none());
}

#[test]
fn a_value_that_does_not_fit_the_callers_type_is_reported_by_its_position() {
    let json: Json = serde_json::from_str("{\"a\":1}").unwrap();
    let error = json.parse::<Vec<u8>>().unwrap_err();
    assert_eq!(error.position(), Some((1, 0)));
    assert!(error.to_string().contains("of the wrong type"), "{error}");
}
