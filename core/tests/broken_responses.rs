//! Partial responses, and responses that contain the wrong secret.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "tests")]

use std::time::Duration;

use openrouter_keys_core::error::{BuildError, DecodeError};
use openrouter_keys_core::operation::{Created, External, Idempotency, Operation, Parsed, Parts};
use openrouter_keys_core::test_util::{FakeTransport, Reply, samples};
use openrouter_keys_core::types::Extra;
use openrouter_keys_core::{ApiKey, Client, Create, Effect, Error, Limit, List, RetryPolicy};

const SIGNING: &str = "sk-or-v1-c0ffee00c0ffee00c0ffee00c0ffee00";
const PARTNER: &str = "partner-key-of-no-known-form-1234567890";

async fn create(reply: Reply) -> (Result<Created, Error>, usize) {
    let transport = FakeTransport::always(reply);
    let client = Client::new(transport.clone(), ApiKey::new(SIGNING).unwrap());
    let create = Create::new("ci", Limit::usd(1.0)).external(External::new("u").api_key(PARTNER));
    let outcome = client.create(create).await;
    (outcome, transport.requests().len())
}

#[tokio::test]
async fn a_secret_of_the_request_is_never_taken_for_the_created_one() {
    for body in [
        format!(r#"{{"key":"{SIGNING}","data":{{}}}}"#),
        format!(r#"{{"key":"{PARTNER}","data":{{}}}}"#),
        format!(r#"{{"error":{{"metadata":{{"key":"{SIGNING}"}}}},"#),
        format!(r#"<html><script>window.state={{"key":"{SIGNING}"}}</script></html>"#),
    ] {
        let (outcome, requests) = create(Reply::status(201).body(body)).await;
        let error = outcome.unwrap_err();
        assert!(error.may_have_been_created() && requests == 1, "{error}");
    }
}

#[tokio::test]
async fn a_secret_that_came_before_its_response_broke_off_reaches_the_caller() {
    let secret = "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";
    let whole = format!(r#"{{"data":{{"name":"ci"}},"key":"{secret}","plan":"pro"}}"#);
    let end_of_key = whole.find(secret).unwrap() + secret.len() + 1;
    for length in 0..=whole.len() {
        let (outcome, requests) =
            create(Reply::truncated(201).body(whole[..length].to_owned())).await;
        assert_eq!(requests, 1);
        if length < end_of_key {
            assert!(outcome.unwrap_err().may_have_been_created(), "{length}");
        } else {
            let created = outcome.unwrap();
            assert_eq!(created.key().reveal(), secret, "{length}");
            assert_eq!(created.problem.is_some(), length < whole.len());
        }
    }
}

#[tokio::test]
async fn nothing_else_is_read_from_half_a_response() {
    let transport =
        FakeTransport::always(Reply::truncated(200).body(r#"{"data":[],"deleted":true}"#));
    let client = Client::new(transport.clone(), ApiKey::new(SIGNING).unwrap());
    assert!(client.list(List::new()).await.is_err());
    assert!(client.delete("ab").await.is_err());
    assert_eq!(transport.requests().len(), 6);
}

#[tokio::test]
async fn a_key_in_a_refusal_that_broke_off_is_not_a_created_one() {
    let body = r#"{"key":"sk-or-v1-0e6f44a47a05f1dad2ad7e88c4c1d6b7","data":{}}"#;
    for status in [302, 400, 500] {
        let (outcome, requests) = create(Reply::truncated(status).body(body)).await;
        assert!(outcome.is_err() && requests == 1, "{status}");
    }
}

/// Creates something that has no secret.
struct Invite;

impl Operation for Invite {
    type Output = ();

    fn name(&self) -> &'static str {
        "invite"
    }

    fn idempotency(&self) -> Idempotency {
        Idempotency::NotIdempotent
    }

    fn parts(&self) -> Result<Parts, BuildError> {
        Parts::post("/invitations")
    }

    fn parse(&self, _: &[u8]) -> Result<Parsed<()>, DecodeError> {
        Ok(Parsed { output: (), envelope: Extra::default() })
    }
}

#[tokio::test]
async fn half_a_response_without_a_secret_is_not_a_success_of_a_custom_create() {
    let client = |reply| Client::new(FakeTransport::always(reply), ApiKey::new(SIGNING).unwrap());
    client(Reply::status(201).body("{}")).call(Invite).await.unwrap();
    let error = client(Reply::truncated(201).body("{}")).call(Invite).await.unwrap_err();
    assert_eq!(error.effect(), &Effect::MayHaveTakenEffect, "{error}");
}

#[tokio::test]
async fn the_head_of_a_refusal_counts_even_if_its_body_breaks_off_or_is_huge() {
    for reply in [
        Reply::truncated(429).header("retry-after", "7"),
        Reply::status(429).header("retry-after", "7").body(vec![b'x'; 70_000]),
        Reply::truncated(503).header("retry-after", "7"),
    ] {
        let transport = FakeTransport::scripted([reply, Reply::status(201).json(samples::CREATED)]);
        let client = Client::new(transport.clone(), ApiKey::new(SIGNING).unwrap());
        client.create(Create::new("ci", Limit::usd(1.0))).await.unwrap();
        assert!(transport.pauses()[0] >= Duration::from_secs(7));
    }
    for reply in [
        Reply::truncated(429).header("x-should-retry", "false"),
        Reply::truncated(429).header("retry-after", "3600"),
        Reply::truncated(429).header("x-should-retry", "false, false"),
    ] {
        assert_eq!(create(reply).await.1, 1);
    }
}

#[tokio::test]
async fn a_503_that_broke_off_is_a_refusal_only_with_retry_after() {
    for (header, policy, expected) in [
        (("retry-after", "7"), RetryPolicy::default(), (3, false)),
        (("x-other", "7"), RetryPolicy::default(), (1, true)),
        (("retry-after", "7"), RetryPolicy::default().strict(true), (1, true)),
    ] {
        let transport = FakeTransport::always(Reply::truncated(503).header(header.0, header.1));
        let client = Client::new(transport.clone(), ApiKey::new(SIGNING).unwrap());
        let call = client.create(Create::new("ci", Limit::usd(1.0))).retry(policy);
        let error = call.await.unwrap_err();
        let came = (transport.requests().len(), error.may_have_been_created());
        assert_eq!(came, expected, "{header:?}");
    }
}

#[tokio::test]
async fn a_gateways_404_does_not_prove_that_a_key_is_gone() {
    let documented = r#"{"error":{"code":404,"message":"Key not found"}}"#;
    let gateway = r#"{"timestamp":1,"status":404,"error":"Not Found","path":"/api/v1/keys/ab"}"#;
    for (body, is_gone) in [(documented, true), ("", true), (gateway, false), ("<html>", false)] {
        let transport =
            FakeTransport::scripted([Reply::status(502), Reply::status(404).body(body)]);
        let client = Client::new(transport, ApiKey::new(SIGNING).unwrap());
        match client.delete("ab").await {
            Ok(deleted) => assert!(is_gone && deleted.already_gone, "{body}"),
            Err(error) => assert!(!is_gone && error.anchor() == "the-change-may-have-been-made"),
        }
    }
}
