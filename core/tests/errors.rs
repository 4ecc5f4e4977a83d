//! What an error says: to whoever reads its text, and to programs.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use openrouter_keys_core::test_util::{FakeTransport, Reply};
use openrouter_keys_core::{ApiKey, Client, Create, Error, Get, Limit, List, Update};

const HASH: &str = "f01d52606dc8f0a8303a7b5cc3fa07109c2e346cec7c0a16b40de462992ce943";

fn client(transport: &FakeTransport) -> Client {
    Client::new(transport.clone(), ApiKey::new("sk-or-v1-test").unwrap())
}

fn create() -> Create {
    Create::new("ci", Limit::usd(1.0))
}

/// The error of each operation where every call is answered with this.
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
async fn an_error_names_its_operation_in_its_text_and_to_programs() {
    const NAMES: [&str; 6] =
        ["list", "create", "get", "update", "delete", "get_current_key_metadata"];
    let errors = errors(Reply::status(400)).await;
    assert_eq!(errors.iter().map(Error::operation).collect::<Vec<_>>(), NAMES);
    for (error, name) in errors.iter().zip(NAMES) {
        assert!(error.to_string().starts_with(&format!("{name}: ")), "{error}");
    }
}

#[tokio::test]
async fn an_error_counts_its_requests_where_there_were_several() {
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
async fn an_error_tells_how_long_the_server_asked_to_wait() {
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
async fn an_error_is_debugged_as_its_text_with_its_causes_or_as_its_parts() {
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
