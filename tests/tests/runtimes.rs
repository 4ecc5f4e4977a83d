//! Tokio runtimes that lack a part: an error, and no panic.

#![cfg(not(all(target_family = "wasm", target_os = "unknown")))]
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use openrouter_keys_native::{
    ApiKey, BaseUrl, BoxError, Client, Config, Create, Effect, Error, ErrorKind, KeySource, Limit,
    List, NativeTransport, TransportErrorKind,
};
use tokio::runtime::{Builder, Runtime};

fn runtimes(change: fn(&mut Builder) -> &mut Builder) -> [Runtime; 2] {
    [Builder::new_current_thread(), Builder::new_multi_thread()]
        .map(|mut builder| change(&mut builder).build().unwrap())
}

fn client(transport: NativeTransport) -> Client {
    // Nobody is to be asked there.
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
        }
    }
}

#[test]
fn a_runtime_without_timers_is_an_error_and_no_panic() {
    all_fail(runtimes(Builder::enable_io), "the Tokio runtime has no timers");
}

#[test]
fn a_runtime_without_io_is_an_error_and_no_panic() {
    all_fail(runtimes(Builder::enable_time), "the Tokio runtime has no I/O");
}

#[test]
fn a_runtime_without_either_is_an_error_and_no_panic() {
    all_fail(runtimes(|builder| builder), "the Tokio runtime has no timers");
}

#[test]
fn no_runtime_is_an_error_and_no_panic() {
    let client = client(NativeTransport::new().unwrap());
    let error = pollster::block_on(async { client.list(List::new()).await }).unwrap_err();
    assert_setup(&error, "there is no Tokio runtime here");
}

#[test]
fn a_key_provider_that_waits_needs_no_timers_to_be_waited_for() {
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
