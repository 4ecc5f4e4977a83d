//! What a subscriber sees. Alone in its program: other tests on other threads
//! would decide for it which events are recorded.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::io;
use std::sync::{Arc, Mutex};

use openrouter_keys_core::test_util::{FakeTransport, Reply, samples};
use openrouter_keys_core::{ApiKey, Client, List};

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

#[test]
fn tracing_has_one_span_a_call_one_event_an_attempt_and_no_secret() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_span_events(tracing_subscriber::fmt::format::FmtSpan::NEW)
        .with_writer(move || writer.clone())
        .finish();
    tracing::subscriber::with_default(subscriber, || {
        let script = [
            Reply::status(503).json(format!(r#"{{"error":{{"message":"{KEY}"}}}}"#)),
            Reply::disconnected(),
            Reply::status(200).json(samples::page(1)),
        ];
        let client = Client::new(FakeTransport::scripted(script), ApiKey::new(KEY).unwrap());
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async { client.list(List::new()).await }).unwrap();
    });
    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(!text.contains("c0ffee"), "{text}");
    assert_eq!(text.lines().filter(|line| line.contains("attempt=")).count(), 3, "{text}");
    assert_eq!(text.lines().filter(|line| line.contains(": new")).count(), 1, "{text}");
}
