//! Spans and events. Tested in a separate program, because tests on other threads would
//! influence which events are recorded.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::future::{Future, IntoFuture};
use std::io;
use std::sync::{Arc, Mutex};
use std::task::{Context, Waker};
use std::time::Duration;

use openrouter_keys_core::error::TransportError;
use openrouter_keys_core::operation::ApiRequest;
use openrouter_keys_core::test_util::{FakeTransport, Reply, samples};
use openrouter_keys_core::transport::{SendContext, Transport};
use openrouter_keys_core::workflow::{Audit, Ensure};
use openrouter_keys_core::{ApiKey, Client, Create, Limit, List};

const KEY: &str = "sk-or-v1-c0ffee00c0ffee00c0ffee00c0ffee00";

/// Collects what a subscriber prints.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The output of a subscriber while this runs.
fn logged(work: impl FnOnce()) -> String {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_span_events(tracing_subscriber::fmt::format::FmtSpan::NEW)
        .with_writer(move || writer.clone())
        .finish();
    tracing::subscriber::with_default(subscriber, work);
    let text = log.0.lock().unwrap().clone();
    String::from_utf8(text).unwrap()
}

/// The warnings logged by a future that is polled this many times and then dropped.
fn warnings_of_a_drop<F: Future>(polls: usize, work: impl FnOnce() -> F) -> Vec<String> {
    let text = logged(|| {
        let mut work = Box::pin(work());
        let mut context = Context::from_waker(Waker::noop());
        for _ in 0..polls {
            if work.as_mut().poll(&mut context).is_ready() {
                break;
            }
        }
    });
    assert!(!text.contains("c0ffee"), "{text}");
    text.lines().filter(|line| line.contains(" WARN ")).map(str::to_owned).collect()
}

const DROPPED: &str = "the call was dropped; a key of this name may have been created";
const WORKSPACE: &str = "0df9e665-d932-5740-b2c7-b52af166bc11";

fn client(transport: impl Transport + 'static) -> Client {
    Client::new(transport, ApiKey::new(KEY).unwrap())
}

/// Never replies; it is still connecting when its future is dropped.
struct Connecting;

struct NotesNothingSent<'a>(&'a SendContext);

impl Drop for NotesNothingSent<'_> {
    fn drop(&mut self) {
        self.0.saw_nothing_sent();
    }
}

#[async_trait::async_trait]
impl Transport for Connecting {
    async fn send(
        &self,
        _: http::Request<bytes::Bytes>,
        context: &SendContext,
    ) -> Result<http::Response<bytes::Bytes>, TransportError> {
        let _guard = NotesNothingSent(context);
        std::future::pending().await
    }

    async fn sleep(&self, _: Duration) {
        std::future::pending::<()>().await;
    }

    fn now(&self) -> Duration {
        Duration::ZERO
    }

    fn entropy(&self) -> u64 {
        0
    }
}

#[test]
fn a_create_dropped_in_flight_logs_one_warning_with_its_name() {
    let named = format!("Customer {KEY}");
    let create = || Create::new(&named, Limit::usd(1.0)).workspace_id(WORKSPACE);
    let in_flight = || client(FakeTransport::never()).create(create()).into_future();
    let warnings = warnings_of_a_drop(1, in_flight);
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    let said = [DROPPED, "name=Customer", "[redacted]", WORKSPACE, "operation=\"create\""];
    for part in said {
        assert!(warnings[0].contains(part), "{part}: {warnings:?}");
    }
    let broken = || client(FakeTransport::never()).create(Create::new("a\nb", Limit::usd(1.0)));
    let warnings = warnings_of_a_drop(1, || broken().into_future());
    assert!(warnings[0].contains("name=a\\u{a}b"), "{warnings:?}");
    let with_response =
        || client(FakeTransport::never()).create(create()).with_response().into_future();
    assert_eq!(warnings_of_a_drop(1, with_response).len(), 1);
}

#[test]
fn another_request_dropped_in_flight_warns_without_naming_a_key() {
    let post = || ApiRequest::new(http::Method::POST, "/byok");
    let in_flight = || client(FakeTransport::never()).call(post()).into_future();
    let warnings = warnings_of_a_drop(1, in_flight);
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(warnings[0].contains("the request may have taken effect"), "{warnings:?}");
    assert!(!warnings[0].contains("a key"), "{warnings:?}");
}

#[test]
fn nothing_is_logged_if_no_key_can_exist_or_the_call_has_ended() {
    let create = || Create::new("ci", Limit::usd(1.0));
    let nothing: [String; 0] = [];
    // Never begun.
    let unsent = || client(FakeTransport::never()).create(create()).into_future();
    assert_eq!(warnings_of_a_drop(0, unsent), nothing);
    let connecting = || client(Connecting).create(create()).into_future();
    assert_eq!(warnings_of_a_drop(3, connecting), nothing);
    // Ended, successfully or not.
    for reply in [Reply::status(201).json(samples::CREATED), Reply::disconnected()] {
        let ended = || client(FakeTransport::always(reply)).create(create()).into_future();
        assert_eq!(warnings_of_a_drop(200, ended), nothing);
    }
    // A throttled create waits for its next attempt.
    let throttled = FakeTransport::scripted([Reply::status(429), Reply::never()]);
    let in_pause = || client(throttled).create(create()).into_future();
    assert_eq!(warnings_of_a_drop(1, in_pause), nothing);
    // Nothing else creates anything.
    let list = || client(FakeTransport::never()).list(List::new()).into_future();
    assert_eq!(warnings_of_a_drop(1, list), nothing);
    let delete = || client(FakeTransport::never()).delete("aa").into_future();
    assert_eq!(warnings_of_a_drop(1, delete), nothing);
}

#[test]
fn a_dropped_workflow_warns_of_every_key_that_only_it_knows() {
    let create = || Create::new("ci", Limit::usd(1.0));
    // In flight.
    let sending = || client(FakeTransport::never()).create_reconciled(create()).into_future();
    let warnings = warnings_of_a_drop(1, sending);
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(warnings[0].contains("name=ci #"), "{warnings:?}");
    // Its response was lost, and it pauses before it looks.
    let lost = || {
        client(FakeTransport::always(Reply::disconnected()))
            .create_reconciled(create())
            .into_future()
    };
    let warnings = warnings_of_a_drop(1, lost);
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(warnings[0].contains(DROPPED), "{warnings:?}");
    // It was created, and `ensure` waits for competing creates.
    let settling = || {
        let transport = FakeTransport::answering(|_, request| match *request.method() {
            http::Method::POST => Reply::status(201).json(samples::CREATED),
            _ => Reply::status(200).json(r#"{"data":[]}"#),
        });
        client(transport).ensure(Ensure::new(create())).into_future()
    };
    let warnings = warnings_of_a_drop(1, settling);
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(warnings[0].contains("name=ci"), "{warnings:?}");
    // If the workflow runs to the end, its result reports the key.
    let mut ended = 0;
    for reply in [Reply::disconnected(), Reply::status(201).json(samples::CREATED)] {
        let whole = || {
            ended += 1;
            client(FakeTransport::always(reply)).create_reconciled(create()).into_future()
        };
        assert!(warnings_of_a_drop(100_000, whole).is_empty());
    }
    assert_eq!(ended, 2);
}

#[test]
fn tracing_has_one_span_per_call_one_event_per_attempt_and_no_secret() {
    let text = logged(|| {
        let script = [
            Reply::status(503).json(format!(r#"{{"error":{{"message":"{KEY}"}}}}"#)),
            Reply::disconnected(),
            Reply::status(200).json(samples::page(1)),
        ];
        let client = Client::new(FakeTransport::scripted(script), ApiKey::new(KEY).unwrap());
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async { client.list(List::new()).await }).unwrap();
    });
    assert!(!text.contains("c0ffee"), "{text}");
    assert_eq!(text.lines().filter(|line| line.contains("attempt=")).count(), 3, "{text}");
    assert_eq!(text.lines().filter(|line| line.contains(": new")).count(), 1, "{text}");
}

/// A fake transport that logs what it sends, as a real one does.
struct Reporting(FakeTransport);

#[async_trait::async_trait]
impl Transport for Reporting {
    async fn send(
        &self,
        request: http::Request<bytes::Bytes>,
        context: &SendContext,
    ) -> Result<http::Response<bytes::Bytes>, TransportError> {
        tracing::info!("sending");
        Transport::send(&self.0, request, context).await
    }

    async fn sleep(&self, time: Duration) {
        Transport::sleep(&self.0, time).await;
    }

    fn now(&self) -> Duration {
        Transport::now(&self.0)
    }

    fn entropy(&self) -> u64 {
        Transport::entropy(&self.0)
    }
}

#[test]
fn each_call_of_a_workflow_has_one_span_in_which_its_requests_are_sent() {
    let text = logged(|| {
        let busy = Reply::status(503);
        let script = [busy, Reply::status(200).json(samples::page(1))];
        let client = client(Reporting(FakeTransport::scripted(script)));
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(client.audit(Audit::new()).into_future()).unwrap();
    });
    let nested = r#"openrouter_keys{operation="audit"}:openrouter_keys{operation="list"}: "#;
    let lines = |part: &str| text.lines().filter(|line| line.contains(part)).count();
    // The first page takes two attempts, and the second page is asked for as well.
    assert_eq!(lines(": new"), 3, "{text}");
    assert_eq!(lines("sending"), 3, "{text}");
    assert_eq!(lines("attempt="), 3, "{text}");
    let within = |line: &&str| line.contains("sending") || line.contains("attempt=");
    assert!(text.lines().filter(within).all(|line| line.contains(nested)), "{text}");
}
