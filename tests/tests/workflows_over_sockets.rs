//! The workflows over real sockets, where an answer is lost on the way.

#![cfg(not(all(target_family = "wasm", target_os = "unknown")))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use http::Method;
use openrouter_keys_emulator::Emulator;
use openrouter_keys_native::{
    ApiKey, BaseUrl, CallOptions, Config, Create, CreateReconciled, ErrorKind, KeyKind, Limit,
    List, blocking, client_with,
};
use openrouter_keys_tests::caller::Caller;

fn settings(emulator: &Emulator) -> (ApiKey, Config) {
    let config = Config::new().base_url(BaseUrl::new(emulator.base_url()).unwrap());
    (ApiKey::new(emulator.management_key()).unwrap(), config)
}

/// The connection breaks once the key is made; it is looked for after 2 s.
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
async fn a_key_whose_answer_was_lost_is_deleted_and_made_again_by_the_async_client() {
    let emulator = Emulator::start().unwrap();
    let (key, config) = settings(&emulator);
    a_lost_key_is_replaced(&emulator, &client_with(key, config).unwrap()).await;
}

#[tokio::test]
async fn a_key_whose_answer_was_lost_is_deleted_and_made_again_by_the_blocking_client() {
    let emulator = Emulator::start().unwrap();
    let (key, config) = settings(&emulator);
    a_lost_key_is_replaced(&emulator, &blocking::client_with(key, config).unwrap()).await;
}

/// The one answer that tells: an inference key asks for what a management key may.
#[tokio::test]
async fn an_inference_key_is_told_to_be_the_wrong_kind() {
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
