//! Requests to endpoints without a type follow the client's rules.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use http::Method;
use openrouter_keys_core::error::{DecodeError, DecodeErrorKind, Delivery, TransportErrorKind};
use openrouter_keys_core::operation::{ApiRequest, Parsed};
use openrouter_keys_core::test_util::{FakeTransport, Reply};
use openrouter_keys_core::types::Json;
use openrouter_keys_core::{ApiKey, Client, Effect, Error, ErrorKind, blocking};
use serde_json::json;

const KEY: &str = "sk-or-mgmt-0123456789abcdef0123456789abcdef";

async fn called(fake: &FakeTransport, request: ApiRequest) -> Result<Option<Json>, Error> {
    Client::new(fake.clone(), ApiKey::new(KEY).unwrap()).call(request).await
}

#[tokio::test]
async fn a_request_is_sent_as_described() {
    let fake = FakeTransport::always(Reply::status(200).json(r#"{"data":{"id":7}}"#));
    let request = ApiRequest::new(Method::POST, "/guardrails")
        .query("dry run", "a&b=c/é")
        .json(&json!({"name": "strict"}));
    let json = called(&fake, request).await.unwrap().unwrap();
    assert_eq!(json.as_str(), r#"{"data":{"id":7}}"#);
    let requests = fake.requests();
    let sent = requests.first().unwrap();
    let expected = "https://openrouter.ai/api/v1/guardrails?dry%20run=a%26b%3Dc%2F%C3%A9";
    assert_eq!((sent.method(), sent.uri().to_string().as_str()), (&Method::POST, expected));
    assert_eq!(sent.body(), r#"{"name":"strict"}"#);
    let header = |name: &str| sent.headers().get(name).unwrap().to_str().unwrap();
    assert_eq!(header("content-type"), "application/json");
    assert_eq!(header("authorization"), format!("Bearer {KEY}"));
}

#[test]
fn the_blocking_client_sends_any_request_too() {
    let fake = FakeTransport::always(Reply::status(204));
    let client = blocking::Client::new(fake.clone(), ApiKey::new(KEY).unwrap());
    assert_eq!(client.call(ApiRequest::new(Method::DELETE, "/byok/1")).send().unwrap(), None);
    assert_eq!(fake.requests().len(), 1);
}

#[tokio::test]
async fn a_request_that_is_not_idempotent_is_sent_once_if_its_outcome_is_unknown() {
    let post = || ApiRequest::new(Method::POST, "/guardrails").json(&json!({}));
    let patch = || ApiRequest::new(Method::PATCH, "/guardrails/1").json(&json!({}));
    for (request, requests, effect) in [
        (ApiRequest::get("/credits"), 3, "nothing was created or changed"),
        (ApiRequest::new(Method::PUT, "/guardrails/1"), 3, "the change may have been made"),
        (ApiRequest::new(Method::DELETE, "/byok/1"), 3, "the change may have been made"),
        (post(), 1, "the request may have taken effect"),
        (patch(), 1, "the request may have taken effect"),
        (post().idempotent(true), 3, "the change may have been made"),
        (patch().idempotent(true), 3, "the change may have been made"),
        (ApiRequest::get("/odd").idempotent(false), 1, "the request may have taken effect"),
    ] {
        let fake = FakeTransport::always(Reply::disconnected());
        let described = format!("{request:?}");
        let error = called(&fake, request).await.unwrap_err();
        assert_eq!(fake.requests().len(), requests, "{described}");
        assert_eq!(error.effect().to_string(), effect, "{described}");
        assert_eq!(error.is_retryable(), requests > 1, "{described}");
        assert!(!error.to_string().contains("a key"), "{error}");
        assert!(!error.may_have_been_created(), "{error}");
    }
    let fake =
        FakeTransport::always(Reply::failure(Delivery::NotSent, TransportErrorKind::Connect));
    let error = called(&fake, post()).await.unwrap_err();
    assert_eq!((fake.requests().len(), error.effect()), (3, &Effect::Nothing));
}

#[tokio::test]
async fn a_lost_request_says_what_to_do_without_naming_a_key() {
    let fake = FakeTransport::always(Reply::disconnected());
    let error = called(&fake, ApiRequest::new(Method::POST, "/byok")).await.unwrap_err();
    assert_eq!((error.effect(), error.may_have_created()), (&Effect::MayHaveTakenEffect, None));
    let text = error.to_string();
    let end = "; the request may have taken effect; \
               check whether the request took effect before sending it again";
    assert!(text.starts_with("request: ") && text.ends_with(end), "{text}");
}

#[tokio::test]
async fn an_invalid_request_is_refused_before_anything_is_sent() {
    for request in [
        ApiRequest::get("credits"),
        ApiRequest::get("/keys/../credits"),
        ApiRequest::get("/credits?x=1"),
        ApiRequest::get("https://evil.example/credits"),
        ApiRequest::new(Method::CONNECT, "/credits"),
        ApiRequest::new(Method::TRACE, "/credits"),
        ApiRequest::get("/credits").json(&json!({})),
        ApiRequest::new(Method::POST, "/credits")
            .json(&std::collections::HashMap::from([(vec![1], 1)])),
    ] {
        let fake = FakeTransport::always(Reply::status(200).json("{}"));
        let error = called(&fake, request).await.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Build(_)), "{error}");
        assert_eq!((fake.requests().len(), error.attempts()), (0, 0), "{error}");
    }
}

#[tokio::test]
async fn an_error_of_any_request_is_typed_and_masked() {
    let said = format!(r#"{{"error":{{"code":403,"message":"{KEY} may not do this"}}}}"#);
    let fake = FakeTransport::always(Reply::status(403).json(said));
    let error = called(&fake, ApiRequest::get("/credits")).await.unwrap_err();
    assert_eq!(error.status().map(|status| status.as_u16()), Some(403));
    assert!(!format!("{error:?} {error:#?}").contains("0123456789"), "{error:?}");
    let page = FakeTransport::always(Reply::status(200).body("<html>"));
    let error = called(&page, ApiRequest::get("/credits")).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Decode(_)), "{error}");
}

#[test]
fn a_request_body_is_not_in_debug_output() {
    let request = ApiRequest::new(Method::POST, "/byok").json(&json!({"key": "hunter2"}));
    assert!(!format!("{request:?} {request:#?}").contains("hunter2"));
}

#[test]
fn a_body_is_read_as_your_own_type_or_the_error_says_why_not() {
    #[derive(Debug, serde::Deserialize)]
    struct Credits {
        total_credits: f64,
    }
    let credits = Parsed::<Credits>::from_data(br#"{"data":{"total_credits":1e999},"more":1}"#);
    assert!(credits.is_err());
    let credits = Parsed::<Credits>::from_data(br#"{"data":{"total_credits":2.5},"more":1}"#);
    let Parsed { output, envelope, .. } = credits.unwrap();
    assert!(output.total_credits > 2.0 && envelope.get("more").is_some());
    let kind = |read: Result<Parsed<Credits>, DecodeError>| read.unwrap_err().kind();
    for (body, expected) in [
        ("", DecodeErrorKind::Empty),
        ("{}", DecodeErrorKind::Missing),
        ("<html>", DecodeErrorKind::Syntax),
        (r#"{"data":{"#, DecodeErrorKind::Truncated),
        (r#"{"data":{"total_credits":"hunter2"}}"#, DecodeErrorKind::WrongType),
    ] {
        assert_eq!(kind(Parsed::from_data(body.as_bytes())), expected, "{body}");
    }
    assert_eq!(kind(Parsed::from_json(b" ")), DecodeErrorKind::Empty);
    assert_eq!(kind(Parsed::from_json(b"{} x")), DecodeErrorKind::Syntax);
    let error = Parsed::<Credits>::from_json(br#"{"total_credits":"hunter2"}"#).unwrap_err();
    assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
}

#[tokio::test]
async fn an_error_inside_a_success_is_that_error_and_an_empty_one_is_data() {
    let error = r#"{"data":[],"error":{"code":403,"message":"no"}}"#;
    let fake = FakeTransport::always(Reply::status(200).json(error));
    let refused = called(&fake, ApiRequest::get("/credits")).await.unwrap_err();
    let ErrorKind::Api(api) = refused.kind() else { panic!("{refused:?}") };
    assert_eq!((api.code, api.message.as_deref()), (Some(403), Some("no")));
    assert_eq!(fake.requests().len(), 1);
    for body in [r#"{"data":[],"error":{}}"#, r#"{"error":null}"#, r#"["error"]"#] {
        let fake = FakeTransport::always(Reply::status(200).json(body));
        let json = called(&fake, ApiRequest::get("/credits")).await.unwrap().unwrap();
        assert_eq!(json.as_str(), body);
    }
}

#[tokio::test]
async fn a_complete_response_to_a_request_sent_once_is_returned_even_if_it_does_not_end() {
    let post = || ApiRequest::new(Method::POST, "/auth/keys").json(&json!({"code": "c"}));
    for body in [r#"{"key":"sk-or-v1-0123456789abcdef"}"#, "[1]", "\"sk-or-v1-0123456789abcdef\""] {
        for reply in [Reply::stalled(200).body(body), Reply::truncated(201).body(body)] {
            let fake = FakeTransport::always(reply);
            let json = called(&fake, post()).await.unwrap().unwrap();
            assert_eq!((json.as_str(), fake.requests().len()), (body, 1));
        }
    }
    // More could follow.
    for body in ["", "12", "true", r#"{"key":"sk-or-v1-0123456789abcdef""#, "[1", "\"sk-or"] {
        let fake = FakeTransport::always(Reply::stalled(200).body(body));
        let error = called(&fake, post()).await.unwrap_err();
        assert_ne!(error.effect(), &Effect::Nothing, "{body}: {error}");
        assert_eq!(fake.requests().len(), 1, "{body}");
    }
}
