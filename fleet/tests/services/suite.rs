//! What every sink with a fence promises.

use std::future::Future;

use openrouter_keys_core::types::Secret;
use openrouter_keys_core::workflow::{Delivery, PutError, SecretSink};

use crate::gate::{Gate, Then};

/// A place on a server.
pub(crate) trait Service {
    /// A sink that reaches the server at this address.
    fn sink(&self, address: &str) -> Box<dyn SecretSink>;
    /// The server's own address.
    fn address(&self) -> &str;
    /// The text of the request that replaces the secret.
    fn write(&self) -> &'static str;
    /// The secret of the key with this name.
    fn secret(&self, name: &str) -> impl Future<Output = String>;

    fn own(&self) -> Box<dyn SecretSink> {
        self.sink(self.address())
    }
}

/// A delivery of a key by its name and two hashes.
pub(crate) fn delivery(name: &str, hash: &str, replaces: &str, fence: u64) -> Delivery {
    let mut key = Delivery::new(name);
    // As long as the API's.
    let whole = |hash: &str| if hash.is_empty() { String::new() } else { hash.repeat(32) };
    (key.hash, key.replaces) = (whole(hash), whole(replaces));
    key.fence = fence;
    key
}

pub(crate) fn secret(hash: &str) -> Secret {
    Secret::new(format!("sk-or-v1-{}", hash.repeat(32)))
}

/// A client for the tests' own calls, which need no proxy.
pub(crate) fn client() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().build().unwrap()
}

pub(crate) fn is_unknown(put: &Result<(), PutError>) -> bool {
    matches!(put, Err(PutError::Unknown(_)))
}

pub(crate) fn is_not_stored(put: &Result<(), PutError>) -> bool {
    matches!(put, Err(PutError::NotStored(_)))
}

/// Everything, one after another: starting a server takes longer than all of it.
pub(crate) async fn run(service: &impl Service) {
    a_secret_is_replaced_by_the_next_one_and_by_no_other(service).await;
    of_two_machines_the_one_with_the_higher_fence_stays(service).await;
    a_machine_that_slept_before_its_write_is_refused(service).await;
    a_lost_response_is_unknown_and_the_question_settles_it(service).await;
    a_new_keys_place_must_be_free(service).await;
}

async fn a_secret_is_replaced_by_the_next_one_and_by_no_other(service: &impl Service) {
    let mut sink = service.own();
    for (hash, replaces) in [("aa", "00"), ("bb", "aa"), ("cc", "bb")] {
        let key = delivery("ada", hash, replaces, 4);
        sink.check(&delivery("ada", "", replaces, 3)).await.unwrap();
        assert_eq!(sink.was_put(&key).await.unwrap(), Some(false));
        sink.put(&secret(hash), &key).await.unwrap();
        sink.put(&secret(hash), &key).await.unwrap();
        assert_eq!(sink.was_put(&key).await.unwrap(), Some(true));
        assert_eq!(service.secret("ada").await, secret(hash).reveal());
    }
    let foreign = sink.put(&secret("dd"), &delivery("ada", "dd", "ff", 9)).await;
    assert!(is_not_stored(&foreign), "{foreign:?}");
    sink.check(&delivery("ada", "", "ff", 9)).await.unwrap_err();
    assert_eq!(service.secret("ada").await, secret("cc").reveal());
}

async fn of_two_machines_the_one_with_the_higher_fence_stays(service: &impl Service) {
    for round in 0..5 {
        let name = format!("grace {round}");
        let put = async |hash: &str, fence| {
            let mut sink = service.own();
            sink.put(&secret(hash), &delivery(&name, hash, "aa", fence)).await
        };
        let mut first = service.own();
        first.put(&secret("aa"), &delivery(&name, "aa", "00", 1)).await.unwrap();
        let (late, newer) = tokio::join!(put("bb", 3), put("cc", 5));
        newer.unwrap();
        assert!(late.is_ok() || is_unknown(&late), "{late:?}");
        let stored = service.secret(&name.replace(' ', "_")).await;
        assert_eq!(stored, secret("cc").reveal());
        assert!(is_unknown(&put("bb", 3).await));
    }
}

async fn a_machine_that_slept_before_its_write_is_refused(service: &impl Service) {
    let mut sink = service.own();
    sink.put(&secret("aa"), &delivery("alan", "aa", "00", 2)).await.unwrap();
    let gate = Gate::before(service.address(), service.write(), Then::Passes).await;
    let (mut asleep, key) = (service.sink(&gate.address), delivery("alan", "bb", "aa", 3));
    let (put, ()) = tokio::join!(async { asleep.put(&secret("bb"), &key).await }, async {
        gate.held().await;
        // Another machine takes the rotation over.
        let newer = delivery("alan", "bb", "aa", 5);
        assert_eq!(sink.was_put(&newer).await.unwrap(), Some(false));
        gate.open();
    });
    assert!(is_unknown(&put), "{put:?}");
    assert_eq!(service.secret("alan").await, secret("aa").reveal());
    asleep.was_put(&key).await.unwrap_err();
    sink.put(&secret("cc"), &delivery("alan", "cc", "aa", 5)).await.unwrap();
    assert_eq!(service.secret("alan").await, secret("cc").reveal());
}

async fn a_lost_response_is_unknown_and_the_question_settles_it(service: &impl Service) {
    let mut sink = service.own();
    sink.put(&secret("aa"), &delivery("emmy", "aa", "00", 2)).await.unwrap();
    let gate = Gate::before(service.address(), service.write(), Then::LosesResponse).await;
    let key = delivery("emmy", "bb", "aa", 3);
    let put = service.sink(&gate.address).put(&secret("bb"), &key).await;
    assert!(is_unknown(&put), "{put:?}");
    assert_eq!(sink.was_put(&key).await.unwrap(), Some(true));
    assert_eq!(service.secret("emmy").await, secret("bb").reveal());
}

async fn a_new_keys_place_must_be_free(service: &impl Service) {
    let mut sink = service.own();
    let (new, created) = (delivery("kurt", "", "", 0), delivery("kurt", "aa", "", 0));
    sink.check(&new).await.unwrap();
    sink.put(&secret("aa"), &created).await.unwrap();
    sink.put(&secret("aa"), &created).await.unwrap();
    assert_eq!(sink.was_put(&created).await.unwrap(), Some(true));
    sink.check(&new).await.unwrap_err();
    let other = sink.put(&secret("bb"), &delivery("kurt", "bb", "", 0)).await;
    assert!(is_not_stored(&other), "{other:?}");
    // The next rotation replaces it.
    sink.put(&secret("bb"), &delivery("kurt", "bb", "aa", 1)).await.unwrap();
}
