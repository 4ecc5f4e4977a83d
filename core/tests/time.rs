//! Deadlines, pauses and the retry quota, on a virtual clock.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use std::time::Duration;

use openrouter_keys_core::config::Jitter;
use openrouter_keys_core::error::{TimeoutPhase, TransportErrorKind};
use openrouter_keys_core::test_util::{FakeTransport, Reply, samples};
use openrouter_keys_core::{
    ApiKey, Client, Config, Create, Error, ErrorKind, KeySource, Limit, List, RetryPolicy, blocking,
};

const SECOND: Duration = Duration::from_secs(1);

fn key() -> ApiKey {
    ApiKey::new("sk-or-v1-test").unwrap()
}

fn client(transport: &FakeTransport) -> Client {
    Client::new(transport.clone(), key())
}

fn timeout_phase(error: &Error) -> TimeoutPhase {
    match error.kind() {
        ErrorKind::Transport(error) => match error.kind() {
            TransportErrorKind::Timeout(phase) => phase,
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_call_never_outlives_its_deadline() {
    for entropy in 0..200 {
        let transport = FakeTransport::never();
        transport.set_entropy(entropy);
        let error = client(&transport).list(List::new()).await.unwrap_err();
        assert_eq!(transport.clock().now(), 60 * SECOND);
        assert_eq!(timeout_phase(&error), TimeoutPhase::Call);
        assert_eq!(transport.requests().len(), 2);
    }
}

#[test]
fn the_blocking_client_follows_the_same_timing() {
    let transport = FakeTransport::never();
    let client = blocking::Client::new(transport.clone(), key());
    let error = client.list(List::new()).timeout(10 * SECOND).send().unwrap_err();
    assert_eq!(transport.clock().now(), 10 * SECOND);
    assert_eq!(timeout_phase(&error), TimeoutPhase::Call);
}

#[tokio::test]
async fn retry_after_is_obeyed_and_never_undercut() {
    for entropy in 0..200 {
        let transport = FakeTransport::scripted([
            Reply::status(429).header("retry-after", "7"),
            Reply::status(200).json(samples::page(0)),
        ]);
        transport.set_entropy(entropy);
        client(&transport).list(List::new()).await.unwrap();
        let waited = transport.clock().now();
        assert!((7 * SECOND..=8 * SECOND).contains(&waited), "{waited:?}");
    }
}

#[tokio::test]
async fn a_retry_after_beyond_the_limit_or_the_deadline_ends_the_call_at_once() {
    for (asked, timeout) in
        [("86400", 60), ("61", 600), ("60", 60), ("1000000000000000000000000000000", 60)]
    {
        let transport = FakeTransport::always(Reply::status(429).header("retry-after", asked));
        let error =
            client(&transport).list(List::new()).timeout(timeout * SECOND).await.unwrap_err();
        assert_eq!(transport.clock().now(), Duration::ZERO, "{asked}");
        assert_eq!(error.attempts(), 1);
        assert!(error.retry_after().unwrap() >= 60 * SECOND);
        assert!(error.is_retryable());
    }
    let transport = FakeTransport::scripted([
        Reply::status(503).header("retry-after", "60"),
        Reply::status(200).json(samples::page(0)),
    ]);
    client(&transport).list(List::new()).timeout(600 * SECOND).await.unwrap();
}

#[tokio::test]
async fn if_only_the_jitter_misses_the_deadline_the_retry_still_happens() {
    for entropy in 0..50 {
        let transport = FakeTransport::scripted([
            Reply::status(429).header("retry-after", "10"),
            Reply::status(200).json(samples::page(0)),
        ]);
        transport.set_entropy(entropy);
        client(&transport).list(List::new()).timeout(Duration::from_millis(10_001)).await.unwrap();
    }
}

#[tokio::test]
async fn no_attempt_begins_after_the_maximum_elapsed_time() {
    let transport = FakeTransport::always(Reply::status(500).after(SECOND));
    let policy = RetryPolicy::default()
        .max_attempts(100)
        .jitter(Jitter::None)
        .initial_interval(SECOND)
        .exponent(1.0)
        .max_elapsed_time(10 * SECOND);
    let error = client(&transport).list(List::new()).retry(policy).await.unwrap_err();
    // Attempts begin at 0, 2, 4, 6 and 8 s; the next would begin at 10 s.
    assert_eq!(error.attempts(), 5);
}

#[tokio::test]
async fn an_unreadable_success_earns_no_retry() {
    let transport = FakeTransport::answering(|number, _| match number % 2 {
        1 => Reply::status(500),
        _ => Reply::status(200).body("<html></html>"),
    });
    let client = Client::new(transport.clone(), ApiKey::new("sk-or-v1-test").unwrap());
    for _ in 0..1000 {
        client.list(List::new()).await.unwrap_err();
    }
    assert!(transport.requests().len() <= 1035, "{}", transport.requests().len());
}

#[tokio::test]
async fn a_thousand_calls_to_a_dead_server_send_at_most_1035_requests() {
    let transport = FakeTransport::always(Reply::refused());
    let client = client(&transport);
    for _ in 0..1000 {
        client.list(List::new()).await.unwrap_err();
    }
    assert_eq!(transport.requests().len(), 1035);
}

#[tokio::test]
async fn the_provider_is_asked_for_each_attempt() {
    let transport =
        FakeTransport::scripted([Reply::status(503), Reply::status(200).json(samples::page(0))]);
    let asked = std::sync::Arc::new(std::sync::atomic::AtomicU32::new(0));
    let counter = asked.clone();
    let keys = KeySource::provider(move || {
        let number = counter.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        async move { Ok(ApiKey::new(format!("sk-or-v1-{number}"))?) }
    });
    Client::new(transport.clone(), keys).list(List::new()).await.unwrap();
    let sent: Vec<_> = transport
        .requests()
        .iter()
        .map(|request| request.headers()["authorization"].clone())
        .collect();
    assert_eq!(sent, ["Bearer sk-or-v1-0", "Bearer sk-or-v1-1"]);
}

#[tokio::test]
async fn a_provider_that_fails_or_hangs_ends_the_call_with_nothing_sent() {
    let transport = FakeTransport::never();
    let failing = KeySource::provider(|| async { Err("the vault is sealed".into()) });
    let error = Client::new(transport.clone(), failing).list(List::new()).await.unwrap_err();
    assert_eq!(error.attempts(), 0);
    assert_eq!(std::error::Error::source(&error).unwrap().to_string(), "the vault is sealed");

    let hanging = KeySource::provider(std::future::pending);
    let error = Client::new(transport.clone(), hanging)
        .create(Create::new("x", Limit::usd(1.0)))
        .await
        .unwrap_err();
    assert!(!error.may_have_been_created());
    assert_eq!(transport.clock().now(), 60 * SECOND);
    assert_eq!(transport.requests().len(), 0);
}

#[tokio::test]
async fn a_meaningless_setting_is_refused_when_it_is_made() {
    let transport = FakeTransport::never();
    let zero = Config::new().timeout(Duration::ZERO);
    assert!(Client::with_config(transport.clone(), key(), zero).is_err());
    let error = client(&transport)
        .list(List::new())
        .retry(RetryPolicy::default().max_attempts(0))
        .await
        .unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Build(_)));
    assert_eq!(transport.requests().len(), 0);
}

#[tokio::test]
async fn a_dropped_call_sends_nothing_more() {
    use std::future::IntoFuture;

    let transport = FakeTransport::never();
    let client = client(&transport);
    drop(client.list(List::new()).into_future());
    assert_eq!(transport.requests().len(), 0);
}

#[tokio::test]
async fn work_that_only_yields_runs_before_the_virtual_timers() {
    let transport = FakeTransport::always(Reply::status(200).json(samples::page(1)));
    let keys = KeySource::provider(|| async {
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
        Ok(key())
    });
    assert_eq!(Client::new(transport.clone(), keys).list(List::new()).await.unwrap().data.len(), 1);
    assert_eq!(transport.clock().now(), Duration::ZERO);
}

#[test]
fn nothing_is_sent_if_a_blocking_provider_takes_all_the_time() {
    let transport = FakeTransport::always(Reply::status(200).json(samples::page(1)));
    let clock = transport.clock();
    let slow = move || {
        clock.advance(61 * SECOND);
        Ok(key())
    };
    let client = blocking::Client::with_provider(transport.clone(), slow, Config::new()).unwrap();
    let error = client.create(Create::new("x", Limit::usd(1.0))).send().unwrap_err();
    assert_eq!(timeout_phase(&error), TimeoutPhase::Call);
    assert_eq!((transport.requests().len(), error.may_have_been_created()), (0, false));
}

#[tokio::test]
async fn if_both_limits_are_equal_the_attempt_times_out() {
    let transport = FakeTransport::never();
    let call = client(&transport).list(List::new()).timeout(5 * SECOND).attempt_timeout(5 * SECOND);
    assert_eq!(timeout_phase(&call.await.unwrap_err()), TimeoutPhase::Attempt);
}

#[tokio::test]
async fn each_client_has_its_own_quota() {
    let transport = FakeTransport::always(Reply::refused());
    let config = Config::new();
    let make = || Client::with_config(transport.clone(), key(), config.clone()).unwrap();
    let (tired, fresh) = (make(), make());
    for _ in 0..100 {
        tired.list(List::new()).await.unwrap_err();
    }
    assert_eq!(tired.list(List::new()).await.unwrap_err().attempts(), 1);
    assert_eq!(tired.clone().list(List::new()).await.unwrap_err().attempts(), 1);
    assert_eq!(fresh.list(List::new()).await.unwrap_err().attempts(), 3);
}
