//! Cancelled calls: what they send and report.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::future::ready;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use openrouter_keys_core::error::TransportError;
use openrouter_keys_core::operation::Delete;
use openrouter_keys_core::test_util::{FakeTransport, Reply, samples};
use openrouter_keys_core::transport::{SendContext, Transport};
use openrouter_keys_core::{
    ApiKey, Client, Config, Create, Effect, Error, ErrorKind, KeySource, Limit, List,
};

const SECOND: Duration = Duration::from_secs(1);
const HASH: &str = "f01d52606dc8f0a8303a7b5cc3fa07109c2e346cec7c0a16b40de462992ce943";

fn client(transport: &FakeTransport) -> Client {
    Client::new(transport.clone(), ApiKey::new("sk-or-v1-test").unwrap())
}

fn create() -> Create {
    Create::new("ci", Limit::usd(1.0))
}

fn assert_cancelled(error: &Error, attempts: u32, effect: &Effect) {
    assert!(matches!(error.kind(), ErrorKind::Cancelled), "{error}");
    assert_eq!((error.attempts(), error.effect()), (attempts, effect));
    assert!(!error.is_retryable());
}

/// Completes after this much virtual time.
fn after(transport: &FakeTransport, time: Duration) -> impl Future<Output = ()> + use<> {
    let transport = transport.clone();
    async move { transport.sleep(time).await }
}

#[tokio::test]
async fn a_call_cancelled_before_it_begins_sends_nothing() {
    let transport = FakeTransport::never();
    let error = client(&transport).create(create()).cancel_on(ready(())).await.unwrap_err();
    assert_cancelled(&error, 0, &Effect::Nothing);
    assert_eq!(transport.requests().len(), 0);
    assert_eq!(
        error.to_string(),
        "create: the call was cancelled; nothing was created or changed; \
         make a new call if you still need the result"
    );
}

#[tokio::test]
async fn a_create_cancelled_in_flight_may_have_created_a_key() {
    let transport = FakeTransport::never();
    let cancel = after(&transport, 5 * SECOND);
    let error = client(&transport).create(create()).cancel_on(cancel).await.unwrap_err();
    assert_eq!(transport.clock().now(), 5 * SECOND);
    assert_eq!(transport.requests().len(), 1);
    let orphan = error.may_have_created().expect("a request was in flight");
    assert_eq!(orphan.name, "ci");
    assert_eq!(orphan.until.unwrap().duration_since(orphan.from.unwrap()).unwrap(), 5 * SECOND);
    assert_cancelled(&error, 1, error.effect());
}

/// A network on which connecting never succeeds.
struct Connecting(FakeTransport);

struct NotesOnDrop<'a>(&'a SendContext);

impl Drop for NotesOnDrop<'_> {
    fn drop(&mut self) {
        self.0.saw_nothing_sent();
    }
}

#[async_trait]
impl Transport for Connecting {
    async fn send(
        &self,
        request: Request<Bytes>,
        context: &SendContext,
    ) -> Result<Response<Bytes>, TransportError> {
        let _notes = NotesOnDrop(context);
        self.0.send(request, context).await
    }

    async fn sleep(&self, duration: Duration) {
        Transport::sleep(&self.0, duration).await;
    }

    fn now(&self) -> Duration {
        Transport::now(&self.0)
    }

    fn entropy(&self) -> u64 {
        Transport::entropy(&self.0)
    }
}

fn connecting() -> (FakeTransport, Client) {
    let transport = FakeTransport::never();
    let key = ApiKey::new("sk-or-v1-test").unwrap();
    (transport.clone(), Client::new(Connecting(transport), key))
}

#[tokio::test]
async fn a_create_cancelled_while_connecting_created_nothing() {
    let (transport, client) = connecting();
    let cancel = after(&transport, 5 * SECOND);
    let error = client.create(create()).cancel_on(cancel).await.unwrap_err();
    assert_cancelled(&error, 0, &Effect::Nothing);
}

#[tokio::test]
async fn a_create_that_times_out_while_connecting_is_retried() {
    let (transport, client) = connecting();
    let error = client.create(create()).await.unwrap_err();
    assert_eq!(error.effect(), &Effect::Nothing, "{error}");
    // 30 seconds per attempt, 60 for the call.
    assert_eq!((error.attempts(), transport.requests().len()), (2, 2), "{error}");
    assert!(error.is_retryable());
}

#[tokio::test]
async fn a_call_cancelled_in_flight_says_what_it_may_have_changed() {
    let transport = FakeTransport::never();
    let cancel = after(&transport, SECOND);
    let delete = Delete::new(HASH.parse::<openrouter_keys_core::KeyHash>().unwrap());
    let error = client(&transport).call(delete).cancel_on(cancel).await.unwrap_err();
    assert_cancelled(&error, 1, &Effect::MayHaveChanged);

    let transport = FakeTransport::never();
    let cancel = after(&transport, SECOND);
    let error = client(&transport).list(List::new()).cancel_on(cancel).await.unwrap_err();
    assert_cancelled(&error, 1, &Effect::Nothing);
}

#[tokio::test]
async fn a_pause_is_ended_at_once_and_no_further_request_is_sent() {
    let busy = Reply::status(429).header("retry-after", "30");
    let transport = FakeTransport::always(busy);
    let cancel = after(&transport, 3 * SECOND);
    let error = client(&transport).create(create()).cancel_on(cancel).await.unwrap_err();
    assert_eq!(transport.clock().now(), 3 * SECOND);
    assert_eq!(transport.requests().len(), 1);
    assert_cancelled(&error, 1, &Effect::Nothing);
}

#[tokio::test]
async fn waiting_for_the_api_key_can_be_cancelled_too() {
    let transport = FakeTransport::never();
    let keys = KeySource::provider(std::future::pending);
    let client = Client::with_config(transport.clone(), keys, Config::new()).unwrap();
    let cancel = after(&transport, SECOND);
    let error = client.list(List::new()).cancel_on(cancel).await.unwrap_err();
    assert_cancelled(&error, 0, &Effect::Nothing);
    assert_eq!(transport.requests().len(), 0);
}

#[tokio::test]
async fn a_response_that_arrives_before_the_cancellation_counts() {
    let transport = FakeTransport::always(Reply::status(200).json(samples::page(2)).after(SECOND));
    let cancel = after(&transport, 2 * SECOND);
    let page = client(&transport).list(List::new()).cancel_on(cancel).await.unwrap();
    assert_eq!(page.data.len(), 2);
}

const SECRET: &str = "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";

fn arriving(status: u16, body: impl Into<bytes::Bytes>) -> FakeTransport {
    FakeTransport::always(Reply::stalled(status).header("x-request-id", "req-1").body(body))
}

#[tokio::test]
async fn a_create_cancelled_after_its_secret_arrived_returns_it() {
    let whole = format!(r#"{{"key":"{SECRET}","data":{{"hash":"abc"}}}}"#);
    for body in [
        whole.clone(),
        whole.split_at(whole.len() - 1).0.to_owned(),
        format!(r#"{{"key":"{SECRET}""#),
        format!(r#"{{"data":{{"api_key":"{SECRET}","#),
    ] {
        let is_whole = body == whole;
        let transport = arriving(201, body);
        let cancel = after(&transport, SECOND);
        let call = client(&transport).create(create()).cancel_on(cancel).with_response();
        let response = call.await.unwrap();
        assert_eq!(response.output.key().reveal(), SECRET);
        assert_eq!(response.output.problem.is_none(), is_whole);
        assert_eq!((response.meta.attempts, response.meta.request_id()), (1, Some("req-1")));
        assert_eq!(transport.clock().now(), SECOND);
    }
}

#[tokio::test]
async fn a_create_cancelled_within_its_secret_returns_none_of_it() {
    for body in [format!(r#"{{"key":"{}"#, &SECRET[..SECRET.len() - 1]), "{".to_owned()] {
        let transport = arriving(201, body);
        let cancel = after(&transport, SECOND);
        let error = client(&transport).create(create()).cancel_on(cancel).await.unwrap_err();
        assert!(error.may_have_been_created(), "{error}");
        assert!(matches!(error.kind(), ErrorKind::Cancelled), "{error}");
        assert_eq!(error.request_id(), Some("req-1"));
        assert!(!format!("{error} {error:?} {error:#?}").contains("0e6f44a4"), "{error:?}");
    }
}

#[tokio::test]
async fn a_create_cancelled_after_the_head_of_a_refusal_created_nothing() {
    for (status, effect_is_open) in [(400, false), (429, false), (500, true), (302, true)] {
        let transport = arriving(status, "{");
        let cancel = after(&transport, SECOND);
        let error = client(&transport).create(create()).cancel_on(cancel).await.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Cancelled), "{error}");
        assert_eq!(error.may_have_been_created(), effect_is_open, "{status}: {error}");
    }
}

#[tokio::test]
async fn a_read_cancelled_after_its_body_arrived_is_cancelled() {
    let transport = arriving(200, r#"{"data":[]}"#);
    let cancel = after(&transport, SECOND);
    let error = client(&transport).list(List::new()).cancel_on(cancel).await.unwrap_err();
    assert_cancelled(&error, 1, &Effect::Nothing);
}

#[tokio::test]
async fn a_create_cancelled_after_an_error_inside_a_success_created_nothing() {
    for (body, effect_is_open) in [
        (r#"{"error":{"code":401,"message":"no"}}"#, false),
        (r#"{"error":{"code":429,"message":"no"}}"#, false),
        (r#"{"error":{"code":500,"message":"no"}}"#, true),
        (r#"{"error":{"code":401,"message":"no"},"data":{"hash":"h"}}"#, true),
        (r#"{"error":{"code":401,"message":"no""#, true),
    ] {
        let transport = arriving(200, body);
        let cancel = after(&transport, SECOND);
        let error = client(&transport).create(create()).cancel_on(cancel).await.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Cancelled), "{error}");
        assert_eq!(error.may_have_been_created(), effect_is_open, "{body}: {error}");
    }
}

#[tokio::test]
async fn a_retry_after_date_counts_for_a_create_cancelled_after_it() {
    let busy = Reply::stalled(503).header("retry-after", "Fri, 01 Jan 2027 00:00:20 GMT");
    let transport = FakeTransport::always(busy);
    let cancel = after(&transport, SECOND);
    let error = client(&transport).create(create()).cancel_on(cancel).await.unwrap_err();
    assert_cancelled(&error, 1, &Effect::Nothing);
}
