//! The workflows over real sockets, with a lost response.

#![cfg(not(all(target_family = "wasm", target_os = "unknown")))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::time::Duration;

use http::Method;
use openrouter_keys_emulator::Emulator;
use openrouter_keys_native::types::KeyKind;
use openrouter_keys_native::workflow::{CreateReconciled, Sweep, Temporary};
use openrouter_keys_native::{
    ApiKey, BaseUrl, CallOptions, Config, Create, ErrorKind, Limit, List, blocking, client_with,
};
use openrouter_keys_tests::caller::Caller;

fn settings(emulator: &Emulator) -> (ApiKey, Config) {
    let config = Config::new().base_url(BaseUrl::new(emulator.base_url()).unwrap());
    (ApiKey::new(emulator.management_key()).unwrap(), config)
}

/// The connection breaks once the key is created; the workflow looks for the key after 2 s.
async fn a_lost_key_is_replaced<C: Caller>(emulator: &Emulator, client: &C) {
    emulator.seed_keys(150);
    emulator.fail_next_matching(Method::POST, "reset-after-commit".parse().unwrap());
    let workflow = CreateReconciled::new(Create::new("ci", Limit::usd(5.0)));
    let done = client.run(workflow, CallOptions::new()).await.unwrap();
    assert_eq!((done.swept.len(), done.unconfirmed.len()), (1, 0));
    let marked: Vec<String> =
        emulator.keys().into_iter().map(|key| key.name).filter(|name| name.contains('#')).collect();
    assert_eq!(marked, [done.name]);
    assert_eq!(emulator.key_count(), 151);
}

#[tokio::test]
async fn the_async_client_deletes_and_recreates_a_key_whose_response_was_lost() {
    let emulator = Emulator::start().unwrap();
    let (key, config) = settings(&emulator);
    a_lost_key_is_replaced(&emulator, &client_with(key, config).unwrap()).await;
}

#[tokio::test]
async fn the_blocking_client_deletes_and_recreates_a_key_whose_response_was_lost() {
    let emulator = Emulator::start().unwrap();
    let (key, config) = settings(&emulator);
    a_lost_key_is_replaced(&emulator, &blocking::client_with(key, config).unwrap()).await;
}

/// The decisive response: an inference key requests something only a management key may.
#[tokio::test]
async fn an_inference_key_is_reported_as_the_wrong_kind() {
    let emulator = Emulator::start().unwrap();
    let (key, config) = settings(&emulator);
    let client = client_with(key, config).unwrap();
    let created = client.create(Create::new("ci", Limit::usd(5.0))).await.unwrap();
    let wrong = client.with_key(created.key().to_api_key().unwrap());
    let error = wrong.list(List::new()).await.unwrap_err();
    let ErrorKind::Api(api) = error.kind() else { panic!("{error}") };
    assert_eq!(api.key_kind, Some(KeyKind::Inference));
    let error = wrong.check_key(KeyKind::Management).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::WrongKeyKind { .. }), "{error}");
    wrong.check_key(KeyKind::Inference).await.unwrap();
}

/// The connection breaks once the key is created: the workflow creates another and closes it. A
/// third key is left and swept two hours later on the server's clock.
async fn a_temporary_key_leaves_nothing_behind<C: Caller>(emulator: &Emulator, client: &C) {
    const HOUR: Duration = Duration::from_secs(3600);
    emulator.seed_keys(150);
    let temporary = || Temporary::new(Create::new("ci", Limit::usd(5.0)), HOUR);
    emulator.fail_next_matching(Method::POST, "reset-after-commit".parse().unwrap());
    let info = client.run(temporary(), CallOptions::new()).await.unwrap();
    assert_eq!((info.swept.len(), info.unconfirmed.len()), (1, 0));
    assert_eq!(emulator.key_count(), 151);
    client.run(info.closing(), CallOptions::new()).await.unwrap();
    assert_eq!(emulator.key_count(), 150);

    let forgotten = client.run(temporary(), CallOptions::new()).await.unwrap();
    let too_early = client.run(Sweep::temporary(), CallOptions::new()).await.unwrap();
    assert!(too_early.deleted.is_empty() && too_early.endless.is_empty());
    emulator.clock().advance(2 * HOUR);
    let over = client.run(Sweep::temporary(), CallOptions::new()).await.unwrap();
    let deleted: Vec<_> = over.deleted.iter().map(|key| key.name.as_deref()).collect();
    assert_eq!(deleted, [Some(forgotten.name.as_str())]);
    assert_eq!(emulator.key_count(), 150);
}

#[tokio::test]
async fn a_temporary_key_of_the_async_client_leaves_nothing_behind() {
    let emulator = Emulator::start().unwrap();
    let (key, config) = settings(&emulator);
    a_temporary_key_leaves_nothing_behind(&emulator, &client_with(key, config).unwrap()).await;
}

#[tokio::test]
async fn a_temporary_key_of_the_blocking_client_leaves_nothing_behind() {
    let emulator = Emulator::start().unwrap();
    let (key, config) = settings(&emulator);
    let client = blocking::client_with(key, config).unwrap();
    a_temporary_key_leaves_nothing_behind(&emulator, &client).await;
}
