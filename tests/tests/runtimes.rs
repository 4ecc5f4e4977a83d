//! Incomplete Tokio runtimes and other executors: an error or a background thread, never a panic.

#![cfg(not(all(target_family = "wasm", target_os = "unknown")))]
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::net::TcpListener;
use std::pin::pin;
use std::process::Command;
use std::task::{Context, Waker};
use std::time::Duration;

use openrouter_keys_emulator::Emulator;
use openrouter_keys_native::error::{BoxError, TimeoutPhase, TransportErrorKind};
use openrouter_keys_native::{
    ApiKey, BaseUrl, Client, Config, Create, Effect, Error, ErrorKind, KeySource, Limit, List,
    NativeTransport, blocking, client_with,
};
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::task::{LocalSet, block_in_place, spawn_blocking};

fn runtimes(change: fn(&mut Builder) -> &mut Builder) -> [Runtime; 2] {
    [Builder::new_current_thread(), Builder::new_multi_thread()]
        .map(|mut builder| change(&mut builder).build().unwrap())
}

fn client(transport: NativeTransport) -> Client {
    // No server is needed there.
    let url = BaseUrl::new("http://localhost:9").unwrap();
    let key = ApiKey::new("sk-or-v1-0123456789abcdef").unwrap();
    Client::with_config(transport, key, Config::new().base_url(url)).unwrap()
}

fn assert_setup(error: &Error, problem: &str) {
    let ErrorKind::Transport(transport) = error.kind() else { panic!("{error:?}") };
    assert_eq!(transport.kind(), TransportErrorKind::Setup, "{error:?}");
    assert_eq!((error.attempts(), error.effect()), (1, &Effect::Nothing), "{error:?}");
    assert!(format!("{error:?}").contains(problem), "{error:?}");
    assert!(!error.is_retryable(), "{error:?}");
}

fn all_fail(runtimes: [Runtime; 2], problem: &str) {
    let given = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(std::time::Duration::from_secs(9))
        .build()
        .unwrap();
    for runtime in runtimes {
        for transport in
            [NativeTransport::new().unwrap(), NativeTransport::from_client(given.clone()).unwrap()]
        {
            let client = client(transport);
            let listed = runtime.block_on(async { client.list(List::new()).await });
            assert_setup(&listed.unwrap_err(), problem);
            let create = Create::new("x", Limit::usd(1.0));
            let created = runtime.block_on(async { client.create(create).await });
            assert_setup(&created.unwrap_err(), problem);
            // In whatever way the call is polled there.
            let list = |client: Client| async move { client.list(List::new()).await.unwrap_err() };
            let spawned = runtime.spawn(list(client.clone()));
            assert_setup(&runtime.block_on(spawned).unwrap(), problem);
            let local = LocalSet::new();
            assert_setup(&local.block_on(&runtime, list(client.clone())), problem);
            let blocked = client.clone();
            let blocked = runtime.spawn_blocking(move || Handle::current().block_on(list(blocked)));
            assert_setup(&runtime.block_on(blocked).unwrap(), problem);
            let _entered = runtime.enter();
            assert_setup(&pollster::block_on(list(client)), problem);
        }
    }
}

#[test]
fn a_runtime_without_timers_is_an_error_not_a_panic() {
    all_fail(runtimes(Builder::enable_io), "the Tokio runtime has no timers");
}

#[test]
fn a_runtime_without_io_is_an_error_not_a_panic() {
    all_fail(runtimes(Builder::enable_time), "the Tokio runtime has no I/O");
}

#[test]
fn a_runtime_without_either_is_an_error_not_a_panic() {
    all_fail(runtimes(|builder| builder), "the Tokio runtime has no timers");
}

#[test]
fn no_runtime_is_an_error_not_a_panic() {
    let client = client(NativeTransport::new().unwrap());
    let error = pollster::block_on(async { client.list(List::new()).await }).unwrap_err();
    assert_setup(&error, "there is no Tokio runtime here");
}

#[test]
fn an_async_key_provider_needs_no_timers() {
    let provider = KeySource::provider(|| async {
        tokio::task::yield_now().await;
        Err::<ApiKey, BoxError>("the vault is closed".into())
    });
    let client = client(NativeTransport::new().unwrap()).with_key(provider);
    for runtime in runtimes(Builder::enable_io) {
        let error = runtime.block_on(async { client.list(List::new()).await }).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Credentials(_)), "{error:?}");
    }
}

#[test]
fn program_without_timers() {
    if std::env::var_os("IS_PROGRAM").is_some() {
        let runtime = Builder::new_current_thread().enable_io().build().unwrap();
        let client = client(NativeTransport::new().unwrap());
        runtime.block_on(async { client.list(List::new()).await }).unwrap_err();
    }
}

#[test]
fn tokios_message_about_missing_timers_is_printed_once_per_call() {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["program_without_timers", "--exact", "--nocapture"])
        .env("IS_PROGRAM", "yes")
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    assert_eq!(stderr.matches("timers are disabled").count(), 1, "{stderr}");
}

fn on_a_background_thread(base_url: &str, key: &str) -> Client {
    let transport = NativeTransport::new().unwrap().on_background_thread();
    let config = Config::new().base_url(BaseUrl::new(base_url).unwrap());
    Client::with_config(transport, ApiKey::new(key).unwrap(), config).unwrap()
}

#[test]
fn on_a_background_thread_calls_need_no_runtime() {
    let emulator = Emulator::start().unwrap();
    let client = on_a_background_thread(&emulator.base_url(), emulator.management_key());
    let calls = |client: Client| async move {
        client.create(Create::new("x", Limit::usd(1.0))).await.unwrap();
        client.list(List::new()).await.unwrap().data.len()
    };
    assert_eq!(pollster::block_on(calls(client.clone())), 1);
    let mut expected = 1;
    let changes: [fn(&mut Builder) -> &mut Builder; 4] =
        [|builder| builder, Builder::enable_io, Builder::enable_time, Builder::enable_all];
    for runtime in changes.into_iter().flat_map(runtimes) {
        expected += 1;
        assert_eq!(runtime.block_on(calls(client.clone())), expected);
        expected += 1;
        let spawned = runtime.spawn(calls(client.clone()));
        assert_eq!(runtime.block_on(spawned).unwrap(), expected);
    }
    // The last clone is dropped within a runtime, which must not panic.
    let runtime = Runtime::new().unwrap();
    runtime.block_on(async move { drop(client) });
}

#[test]
fn on_a_background_thread_time_limits_apply_and_dropping_a_call_is_harmless() {
    // Connections get no response.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let client = on_a_background_thread(&url, "sk-or-v1-0123456789abcdef");
    let short = Duration::from_millis(200);
    for _ in 0..2 {
        let call = client.create(Create::new("x", Limit::usd(1.0))).timeout(short).into_future();
        let error = pollster::block_on(call).unwrap_err();
        let ErrorKind::Transport(transport) = error.kind() else { panic!("{error:?}") };
        assert_eq!(transport.kind(), TransportErrorKind::Timeout(TimeoutPhase::Call));
        let mut dropped = pin!(client.list(List::new()).into_future());
        for _ in 0..3 {
            assert!(dropped.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn both_clients_work_wherever_tokio_lets_a_thread_block() {
    let emulator = Emulator::start().unwrap();
    let key = || ApiKey::new(emulator.management_key()).unwrap();
    let config = || Config::new().base_url(BaseUrl::new(emulator.base_url()).unwrap());
    let client = client_with(key(), config()).unwrap();
    let blocking = blocking::client_with(key(), config()).unwrap();
    let create = || Create::new("x", Limit::usd(1.0));
    let both = move || {
        Handle::current().block_on(async { client.create(create()).await }).unwrap();
        blocking.create(create()).send().unwrap();
        blocking.list(List::new()).send().unwrap().data.len()
    };
    assert_eq!(block_in_place(both.clone()), 2);
    assert_eq!(spawn_blocking(both).await.unwrap(), 4);
}
