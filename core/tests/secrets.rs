//! The canary: planted secrets appear only where they are explicitly revealed.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use std::error::Error as _;
use std::fmt::Write as _;
use std::time::Duration;

use openrouter_keys_core::error::{TransportError, TransportErrorKind};
use openrouter_keys_core::machine::{Attempt, Seed, Step};
use openrouter_keys_core::operation::{AnyOperation, ApiRequest, Delete, External, Get, Operation};
use openrouter_keys_core::test_util::{FakeTransport, Reply, samples};
use openrouter_keys_core::workflow::{
    CloseTemporary, Ensure, Rotate, Rotation, RotationEvent, Sweep, Temporary,
};
use openrouter_keys_core::{
    ApiKey, CallOptions, Client, Config, Create, Error, Headers, KeySource, Limit, List,
    RetryPolicy, Update, blocking,
};

const KEY: &str = "sk-or-v1-c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00";
const CREATED: &str = "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";
const PARTNER: &str = "partner-key-of-no-known-form-1234567890";
const GATEWAY: &str = "gateway-token-5f5f5f5f";

/// Everything an error prints, including its causes.
fn texts(error: &Error) -> String {
    let mut text = format!("{error} {error:?} {error:#?} {:?} {}", error.kind(), error.kind());
    let mut cause = error.source();
    while let Some(error) = cause {
        write!(text, " {error} {error:?}").unwrap();
        cause = error.source();
    }
    text
}

fn assert_clean(text: &str, context: &str) {
    for secret in [KEY, CREATED, PARTNER, GATEWAY] {
        assert!(!text.contains(secret), "{context}: {text}");
    }
}

/// Replies in which a server echoes whatever it was sent. A string that the call did not send
/// and that does not look like a key cannot be recognised.
fn replies(is_create: bool) -> Vec<(&'static str, Reply)> {
    let all = format!("{KEY} {CREATED} {GATEWAY} {}", if is_create { PARTNER } else { "" });
    let escaped = all.replace("sk-", "sk\\u002d").replace("partner-", "partner\\u002d");
    let error = |message: &str| {
        format!(
            r#"{{"error":{{"code":400,"message":"{message}","metadata":{{"{message}":["{message}"]}}}},"user_id":"{message}"}}"#
        )
    };
    vec![
        ("echo", Reply::status(400).json(error(&all)).header("x-request-id", KEY)),
        ("escaped echo", Reply::status(403).json(error(&escaped))),
        ("text", Reply::status(500).body(all.clone())),
        ("html", Reply::status(502).body(format!("<html>{all}</html>"))),
        ("garbage", Reply::status(200).body(format!(r#"{{"data":{all}"#))),
        ("a wrong type", Reply::status(200).json(format!(r#"{{"data":"{all}"}}"#))),
        ("an error inside success", Reply::status(200).json(error(&all))),
        (
            "a redirect",
            Reply::status(302).header("location", &format!("https://{KEY}.example/{CREATED}")),
        ),
        ("disconnected", Reply::disconnected()),
        ("refused", Reply::refused()),
        ("never", Reply::never()),
        ("a truncated body", Reply::truncated(201)),
    ]
}

async fn fails<O>(reply: &Reply, operation: O, context: &str)
where
    O: Operation + Send + Sync + std::fmt::Debug + 'static,
    O::Output: Send + std::fmt::Debug,
{
    let transport = FakeTransport::always(reply.clone());
    let client = Client::new(transport.clone(), ApiKey::new(KEY).unwrap());
    let headers = Headers::new().header("x-gateway-token", GATEWAY).unwrap();
    let call = client.call(operation).headers(headers).retry(RetryPolicy::none());
    assert_clean(&format!("{call:?} {client:?}"), context);
    match call.with_response().await {
        Err(error) => assert_clean(&texts(&error), context),
        Ok(output) => assert_clean(&format!("{output:?}"), context),
    }
    for request in transport.requests() {
        assert_clean(
            &format!("{request:?}").replace(&format!("{:?}", request.body()), ""),
            context,
        );
    }
}

fn full_create() -> Create {
    Create::new("x", Limit::usd(1.0)).external(External::new("user").api_key(PARTNER))
}

#[tokio::test]
async fn no_error_of_any_operation_shows_a_planted_secret() {
    for (name, reply) in replies(true) {
        fails(&reply, full_create(), name).await;
    }
    for (name, reply) in replies(false) {
        fails(&reply, List::new(), name).await;
        fails(&reply, Get::new("abc"), name).await;
        fails(&reply, Update::new("abc").disabled(true), name).await;
        fails(&reply, Delete::new("abc"), name).await;
    }
}

#[test]
fn a_transports_cause_is_masked_only_if_it_shows_a_secret() {
    let quoting = format!("cannot send {KEY} {PARTNER} {GATEWAY}");
    let masked = "cannot send [redacted] [redacted] [redacted]";
    for (said, shown) in [(quoting.as_str(), masked), ("the wire is cut", "the wire is cut")] {
        let cause = std::io::Error::other(said);
        let failure = TransportError::ambiguous(TransportErrorKind::Other).with_source(cause);
        let headers = Headers::new().header("x-gateway-token", GATEWAY).unwrap();
        let options = CallOptions::new().headers(headers);
        let seed = Seed::default();
        let mut attempt = Attempt::first(&Config::new(), &options, full_create(), seed).unwrap();
        attempt.request(&ApiKey::new(KEY).unwrap());
        let Step::Done(result) = attempt.finish(Err(failure), Duration::ZERO) else {
            panic!("an ambiguous create is not resent")
        };
        let error = result.unwrap_err();
        assert_clean(&texts(&error), said);
        let cause = error.source().unwrap();
        assert_eq!(cause.to_string(), shown);
        assert_eq!(cause.is::<std::io::Error>(), said == shown);
    }
}

#[tokio::test]
async fn only_its_accessor_shows_a_created_secret() {
    let transport = FakeTransport::always(Reply::status(201).json(samples::CREATED));
    let client = Client::new(transport, ApiKey::new(KEY).unwrap());
    let response = client.create(full_create()).with_response().await.unwrap();
    assert_clean(&format!("{response:?} {response:#?}"), "the response");
    assert_clean(&serde_json::to_string(&response.output).unwrap(), "its JSON");
    assert_clean(&format!("{:?}", full_create()), "the operation");
    assert_eq!(response.output.key().reveal(), CREATED);
}

#[tokio::test]
async fn debug_of_a_response_shows_no_header_but_the_request_id() {
    let transport = FakeTransport::always(
        Reply::status(201)
            .json(samples::CREATED)
            .header("x-request-id", "req-7")
            .header("set-cookie", "session-5f5f5f5f"),
    );
    let client = Client::new(transport, ApiKey::new(KEY).unwrap());
    let response = client.create(full_create()).with_response().await.unwrap();
    let created = format!("{:?}", response.output);
    assert!(created.starts_with("Created {") && created.contains("Customer 42"), "{created}");
    let meta = format!("{:?}", response.meta);
    assert!(meta.contains("201") && meta.contains("req-7"), "{meta}");
    assert!(!meta.contains("session-5f5f5f5f"), "{meta}");
}

#[test]
fn a_created_secret_short_enough_to_occur_by_chance_masks_nothing() {
    let create = Create::new("ci", Limit::usd(1.0));
    let body = r#"{"key":"runner","data":{"name":"the runner"},"note":"runner"}"#;
    let created = create.parse(body.as_bytes()).unwrap().output;
    assert_eq!(
        serde_json::to_value(&created).unwrap(),
        serde_json::json!({"data": {"name": "the runner"}, "note": "runner"})
    );
}

#[tokio::test]
async fn a_secret_in_an_unexpected_place_of_a_response_is_not_printed() {
    let body = format!(
        r#"{{"key":"{CREATED}","data":{{"name":"x","key":"{CREATED}","label":["{CREATED}"]}},"key2":"{CREATED}"}}"#
    );
    let transport = FakeTransport::always(Reply::status(201).json(body));
    let client = Client::new(transport, ApiKey::new(KEY).unwrap());
    let created = client.create(full_create()).await.unwrap();
    assert_clean(&format!("{created:?}"), "the response");
}

#[tokio::test]
async fn a_short_header_value_masks_nothing() {
    let body = r#"{"error":{"code":400,"message":"the name has 1 character"}}"#;
    let transport = FakeTransport::always(Reply::status(400).json(body));
    let client = Client::new(transport, ApiKey::new(KEY).unwrap());
    let headers =
        Headers::new().header("x-api-version", "1").unwrap().header("x-tenant", "a").unwrap();
    let error = client.get("abc").headers(headers).await.unwrap_err();
    assert!(error.to_string().contains("the name has 1 character"), "{error}");
}

#[tokio::test]
async fn an_escaped_secret_and_the_callers_own_are_masked_in_a_success_too() {
    let escaped = CREATED.replace("sk-", "\\u0073k-");
    let body = format!(
        r#"{{"key":"{CREATED}","data":{{"name":"{PARTNER}","label":"{escaped}"}},"note":"{escaped}","partner":"{PARTNER}"}}"#
    );
    let transport = FakeTransport::always(Reply::status(201).json(body));
    let client = Client::new(transport, ApiKey::new(KEY).unwrap());
    let created = client.create(full_create()).await.unwrap();
    let json = serde_json::to_string(&created).unwrap();
    for text in [format!("{created:?}"), json] {
        assert_clean(&text, "the response");
        assert!(!text.contains(&escaped), "{text}");
    }
    assert_eq!(created.key().reveal(), CREATED);
}

#[test]
fn a_secret_whose_characters_json_escapes_is_masked_too() {
    let secret = "partner/secret\"of\\0123456789abcdef";
    let create = Create::new("x", Limit::usd(1.0)).external(External::new("u").api_key(secret));
    let plain = serde_json::to_string(secret).unwrap();
    for token in [plain.replace('/', "\\/"), plain] {
        let body = format!(r#"{{"key":"{CREATED}","data":{{"name":{token}}},"note":[{token}]}}"#);
        let created = create.parse(body.as_bytes()).unwrap();
        let json = serde_json::to_value(&created.output).unwrap();
        assert_eq!(
            json,
            serde_json::json!({"data": {"name": "[redacted]"}, "note": ["[redacted]"]})
        );
    }
}

#[test]
fn a_key_that_is_found_within_the_rest_of_a_broken_body_is_masked_there() {
    let create = Create::new("x", Limit::usd(1.0));
    let body = format!(r#"{{"wrapped":{{"key":"{CREATED}","note":1}},"data":{{"na"#);
    let created = create.parse(body.as_bytes()).unwrap().output;
    assert_eq!(created.key().reveal(), CREATED);
    assert_eq!(
        serde_json::to_value(&created).unwrap(),
        serde_json::json!({"wrapped": {"key": "[redacted]", "note": 1}})
    );
}

#[tokio::test]
async fn a_key_passed_as_a_hash_or_a_name_is_not_printed() {
    let text = format!(
        "{:?} {:?} {:?}",
        Get::new(KEY),
        Delete::new(KEY),
        Update::new(KEY).limit(Limit::usd(1.0)),
    );
    assert_clean(&text, "operations");
    let client = Client::new(
        FakeTransport::always(Reply::disconnected()),
        ApiKey::new("sk-or-v1-test").unwrap(),
    );
    let create = Create::new(format!("copy of {KEY}"), Limit::usd(1.0));
    let error = client.create(create).await.unwrap_err();
    assert_clean(&error.to_string(), "the name");
    assert!(error.may_have_created().unwrap().name.contains(KEY));
}

#[tokio::test]
async fn debug_of_a_page_shows_no_rows() {
    let body = format!(r#"{{"data":[{{"name":"{KEY}"}},"{KEY}"]}}"#);
    let client = Client::new(
        FakeTransport::always(Reply::status(200).json(body)),
        ApiKey::new("sk-or-v1-test").unwrap(),
    );
    let mut keys = client.list_all(List::new());
    keys.next().await.unwrap().unwrap();
    assert!(format!("{keys:?}").contains("seen: 2"), "{keys:?}");
    assert_clean(&format!("{keys:?} {keys:#?}"), "the stream");
}

#[test]
fn a_key_of_an_earlier_attempt_is_masked_too() {
    let keys =
        std::sync::Mutex::new(["mgmt-old-0123456789abcdef", "mgmt-new-0123456789abcdef"].iter());
    let provider = move || Ok(ApiKey::new(*keys.lock().unwrap().next().unwrap()).unwrap());
    let transport = FakeTransport::scripted([
        Reply::status(500),
        Reply::status(403).json(r#"{"error":{"message":"mgmt-old-0123456789abcdef was revoked"}}"#),
    ]);
    let client = blocking::Client::with_provider(transport, provider, Config::new()).unwrap();
    let error = client.list(List::new()).send().unwrap_err();
    assert!(error.to_string().contains("[redacted] was revoked"), "{error}");
}

#[test]
fn a_response_shows_neither_of_two_keys_used_in_one_call() {
    let keys =
        std::sync::Mutex::new(["mgmt-old-0123456789abcdef", "mgmt-new-0123456789abcdef"].iter());
    let provider = move || Ok(ApiKey::new(*keys.lock().unwrap().next().unwrap()).unwrap());
    let said = "mgmt-old-0123456789abcdef and mgmt-new-0123456789abcdef were revoked";
    let transport = FakeTransport::scripted([
        Reply::status(500),
        Reply::status(403).json(format!(r#"{{"error":{{"message":"{said}"}}}}"#)),
    ]);
    let client = blocking::Client::with_provider(transport, provider, Config::new()).unwrap();
    let error = client.list(List::new()).send().unwrap_err();
    assert!(error.to_string().contains("[redacted] and [redacted] were revoked"), "{error}");
}

#[test]
fn a_key_providers_cause_that_shows_a_secret_is_masked() {
    let provider = || Err(format!(r#"vault said {{"key":"{KEY}"}}"#).into());
    let client =
        blocking::Client::with_provider(FakeTransport::never(), provider, Config::new()).unwrap();
    let error = client.create(full_create()).send().unwrap_err();
    assert_clean(&texts(&error), "the cause");
    assert!(texts(&error).contains("vault said"), "{error:?}");
}

/// Shows its secret only in its alternate form.
struct Talkative;

impl std::fmt::Display for Talkative {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a cause")
    }
}

impl std::fmt::Debug for Talkative {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if f.alternate() { KEY } else { "a cause" })
    }
}

impl std::error::Error for Talkative {}

#[test]
fn a_cause_that_shows_a_secret_in_its_alternate_form_is_masked() {
    let mut attempt =
        Attempt::first(&Config::new(), &CallOptions::new(), full_create(), Seed::default())
            .unwrap();
    attempt.request(&ApiKey::new(KEY).unwrap());
    let failure = TransportError::ambiguous(TransportErrorKind::Other).with_source(Talkative);
    let Step::Done(Err(error)) = attempt.finish(Err(failure), Duration::ZERO) else {
        panic!("a create whose outcome is unknown is not resent")
    };
    assert_clean(&texts(&error), "the cause");
}

#[tokio::test]
async fn a_secret_that_contains_another_is_masked_completely() {
    let headers = Headers::new().header("x-tenant", "partner-key").unwrap();
    let headers = headers.header("x-gateway", format!("Bearer {GATEWAY}")).unwrap();
    let body = format!(r#"{{"error":{{"message":"bad {PARTNER}, {GATEWAY}"}}}}"#);
    let client = Client::new(
        FakeTransport::always(Reply::status(400).json(body)),
        ApiKey::new(KEY).unwrap(),
    );
    let options = CallOptions::new().headers(headers);
    let error = client.create(full_create()).options(options).await.unwrap_err();
    assert!(error.to_string().contains("(bad [redacted], [redacted])"), "{error}");
}

/// Shows the secret only in the `Debug` output of its cause.
#[derive(Debug)]
#[expect(dead_code, reason = "only `Debug` reads it")]
struct Layer(Option<Box<Layer>>, &'static str);

struct Quiet(Layer);

impl std::fmt::Debug for Quiet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Quiet")
    }
}

impl std::fmt::Display for Quiet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("quiet")
    }
}

impl std::error::Error for Quiet {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}

impl std::fmt::Display for Layer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a layer")
    }
}

impl std::error::Error for Layer {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.as_deref().map(|deeper| {
            let deeper: &(dyn std::error::Error + 'static) = deeper;
            deeper
        })
    }
}

#[tokio::test]
async fn a_secret_in_the_debug_output_of_a_deeper_cause_is_not_shown() {
    for cause in [Layer(None, KEY), Layer(Some(Box::new(Layer(None, KEY))), "")] {
        let cause = std::sync::Mutex::new(Some(Quiet(cause)));
        let keys = KeySource::provider(move || {
            let cause = cause.lock().unwrap().take().unwrap();
            async move { Err(cause.into()) }
        });
        let client = Client::with_config(FakeTransport::never(), keys, Config::new()).unwrap();
        let error = client.list(List::new()).await.unwrap_err();
        assert_clean(&texts(&error), "a cause");
    }
}

#[tokio::test]
async fn a_key_passed_as_a_name_is_not_in_debug_output() {
    let marked = format!("{KEY} #0123456789abcdef0123456789abcdef");
    let temporary = format!("{KEY} #temp-0123456789abcdef0123456789abcdef");
    let create = || Create::new(KEY, Limit::usd(1.0)).creator_user_id(KEY);
    let hour = Duration::from_secs(3600);
    let lost = || {
        // The first create is lost and cannot be found.
        FakeTransport::answering(|number, request| match (request.method().as_str(), number) {
            ("POST", 1) => Reply::disconnected(),
            ("POST", _) => Reply::status(201).json(samples::CREATED),
            _ => Reply::status(200).json(r#"{"data":[]}"#),
        })
    };
    let client = |transport| Client::new(transport, ApiKey::new(KEY).unwrap());
    let reconciled = client(lost()).create_reconciled(create()).await.unwrap();
    assert_eq!(reconciled.unconfirmed.len(), 1);
    let info = client(lost()).temporary(Temporary::new(create(), hour)).await.unwrap();
    let swept = client(lost()).sweep(Sweep::new([&marked])).await.unwrap();
    assert_eq!(swept.absent, [marked.as_str()]);
    let mut rotation = Rotation::new("01d".parse().unwrap());
    rotation.name = Some(KEY.to_owned());
    rotation.unconfirmed = vec![marked.clone()];
    for shown in [
        format!("{:?} {:#?}", create(), create()),
        format!("{0:?} {0:#?}", Update::new("abc").name(KEY)),
        format!("{0:?} {0:#?}", AnyOperation::from(create())),
        format!("{0:?} {0:#?}", Ensure::new(create())),
        format!("{0:?} {0:#?}", Sweep::new([&marked])),
        format!("{0:?} {0:#?}", CloseTemporary::named(&temporary).unconfirmed([&temporary])),
        format!("{0:?} {0:#?}", create().parts()),
        format!("{0:?} {0:#?}", full_create().parts()),
        format!("{0:?} {0:#?}", ApiRequest::get(format!("/a/{KEY}")).query("key", KEY)),
        format!("{reconciled:?} {reconciled:#?}"),
        format!("{:?} {:#?} {:?}", *info, *info, info.closing()),
        format!("{swept:?} {swept:#?}"),
        format!("{rotation:?} {rotation:#?} {:?}", Rotate::resume(rotation.clone())),
        format!("{:?}", RotationEvent::Save(rotation.clone())),
    ] {
        assert_clean(&shown, "a name");
        assert!(!shown.contains("c0ffee00"), "{shown}");
    }
}
