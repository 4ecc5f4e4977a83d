#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use async_trait::async_trait;
use openrouter_keys_core::error::BoxError;
use openrouter_keys_core::types::Secret;
use openrouter_keys_core::workflow::{Delivery, PutError, SecretSink as _};
use proptest::prelude::*;

use super::super::test_delivery::test_delivery;
use super::{Fenced, Found, Mark, Place};

/// A place in memory, with a version that each write increments.
#[derive(Clone, Default)]
struct Model(Arc<Mutex<Content>>);

type Content = (Option<Secret>, Option<Mark>, u64);

/// One machine's view of it: it may sleep before it writes.
struct View {
    model: Model,
    sleeps: bool,
}

/// Returns once.
async fn sleep() {
    let mut slept = false;
    std::future::poll_fn(|_| {
        if std::mem::replace(&mut slept, true) { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

#[async_trait]
impl Place for View {
    type Version = u64;

    fn describe(&self, _: &Delivery) -> String {
        "the model".to_owned()
    }

    async fn read(&mut self, _: &Delivery) -> Result<Found<u64>, BoxError> {
        let (secret, mark, version) = self.model.0.lock().unwrap().clone();
        Ok(Found { secret, mark, version })
    }

    async fn write(
        &mut self,
        _: &Delivery,
        found: &Found<u64>,
        secret: &Secret,
        mark: Mark,
    ) -> Result<bool, PutError> {
        if std::mem::take(&mut self.sleeps) {
            sleep().await;
        }
        let mut place = self.model.0.lock().unwrap();
        if place.2 != found.version {
            return Ok(false);
        }
        *place = (Some(secret.clone()), Some(mark), found.version + 1);
        Ok(true)
    }
}

type Put = Pin<Box<dyn Future<Output = Result<(), PutError>>>>;

fn poll<T>(future: &mut Pin<Box<dyn Future<Output = T>>>) -> Option<T> {
    match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(result) => Some(result),
        Poll::Pending => None,
    }
}

impl Model {
    fn view(&self, sleeps: bool) -> Fenced<View> {
        Fenced(View { model: self.clone(), sleeps })
    }

    fn put(&self, key: &Key, sleeps: bool) -> Put {
        let (mut view, secret, key) = (self.view(sleeps), key.secret(), key.delivery());
        Box::pin(async move { view.put(&secret, &key).await })
    }

    fn was_put(&self, key: &Key) -> Option<bool> {
        let (mut view, key) = (self.view(false), key.delivery());
        let mut asked: Pin<Box<dyn Future<Output = Option<bool>>>> =
            Box::pin(async move { view.was_put(&key).await.unwrap() });
        poll(&mut asked).unwrap()
    }

    /// The key whose secret is there.
    fn holder(&self) -> u64 {
        let place = self.0.lock().unwrap();
        place.0.as_ref().unwrap().reveal().parse().unwrap()
    }
}

/// A key; later ones have higher numbers.
#[derive(Clone, Debug)]
struct Key {
    number: u64,
    replaces: u64,
    fence: u64,
}

impl Key {
    fn secret(&self) -> Secret {
        Secret::new(self.number.to_string())
    }

    fn delivery(&self) -> Delivery {
        let hash = |number: u64| format!("{number:016x}");
        test_delivery(&hash(self.number), &hash(self.replaces), self.fence)
    }
}

/// What a machine does that has just claimed the rotation.
#[derive(Clone, Debug)]
enum Claim {
    /// It asks whether the newest key was stored; if so, the rotation is done.
    Ask,
    /// It creates a key and stores it, then the rotation is done; if the number is odd, it is
    /// killed before it has noted that.
    Put(bool),
    /// It creates a key and falls asleep before it stores it.
    PutAsleep,
    /// A machine that slept wakes.
    Wake(usize),
}

fn claim() -> impl Strategy<Value = Claim> {
    prop_oneof![
        Just(Claim::Ask),
        any::<bool>().prop_map(Claim::Put),
        Just(Claim::PutAsleep),
        (0..4_usize).prop_map(Claim::Wake),
    ]
}

proptest! {
    /// Rotations of one name, one after another, whose fences count from 1 each.
    #[test]
    fn a_secret_is_never_replaced_by_an_older_one(claims in prop::collection::vec(claim(), 1..40)) {
        let model = Model::default();
        let first = Key { number: 1, replaces: 0, fence: 1 };
        poll(&mut model.put(&first, false)).unwrap().unwrap();
        // The key that the rotation replaces, the newest key, and the log's length.
        let (mut old, mut newest, mut fence) = (1, 1, 0);
        let (mut created, mut asleep) = (1, Vec::<(Key, Put)>::new());
        for claim in claims {
            let before = model.holder();
            if let Claim::Wake(index) = claim {
                if index < asleep.len() {
                    let (key, mut put) = asleep.remove(index);
                    let put = poll(&mut put).unwrap();
                    // It is kept out once another machine has claimed the rotation.
                    let is_newest = (key.number, key.replaces, key.fence) == (newest, old, fence);
                    prop_assert_eq!(put.is_ok(), is_newest, "{:?} {:?}", key, put);
                }
                prop_assert!(model.holder() >= before);
                continue;
            }
            fence += 1;
            // Whoever takes a rotation over asks for the key that may have been stored.
            if newest != old {
                let key = Key { number: newest, replaces: old, fence };
                let was_put = model.was_put(&key).unwrap();
                prop_assert_eq!(was_put, model.holder() == newest);
                if was_put {
                    (old, fence) = (newest, 0);
                    continue;
                }
            }
            let (Claim::Put(_) | Claim::PutAsleep) = claim else { continue };
            (created, fence) = (created + 1, fence + 1);
            newest = created;
            let key = Key { number: newest, replaces: old, fence };
            let mut put = model.put(&key, matches!(claim, Claim::PutAsleep));
            match poll(&mut put) {
                None => asleep.push((key, put)),
                Some(put) => {
                    put.unwrap();
                    prop_assert_eq!(model.holder(), newest);
                    // Repeated, by the same machine and by the next one.
                    poll(&mut model.put(&key, false)).unwrap().unwrap();
                    if let Claim::Put(true) = claim {
                        (old, fence) = (newest, 0);
                    }
                }
            }
            prop_assert!(model.holder() >= before);
        }
        // Whoever is still asleep changes nothing that is done.
        let before = model.holder();
        for (_, mut put) in asleep {
            let _ = poll(&mut put);
            prop_assert!(model.holder() >= before);
        }
    }
}

#[test]
fn another_keys_secret_is_not_replaced() {
    let model = Model::default();
    poll(&mut model.put(&Key { number: 7, replaces: 6, fence: 1 }, false)).unwrap().unwrap();
    let foreign = Key { number: 9, replaces: 8, fence: 5 };
    let put = poll(&mut model.put(&foreign, false)).unwrap();
    assert!(matches!(put, Err(PutError::NotStored(_))), "{put:?}");
    assert_eq!(model.was_put(&foreign), Some(false));
    // Nor one that somebody else has put there since.
    model.0.lock().unwrap().0 = Some(Secret::new("10"));
    let put = poll(&mut model.put(&Key { number: 8, replaces: 7, fence: 1 }, false)).unwrap();
    assert!(matches!(put, Err(PutError::NotStored(_))), "{put:?}");
    let repeated = Key { number: 8, replaces: 6, fence: 9 };
    assert!(poll(&mut model.put(&repeated, false)).unwrap().is_err());
}

#[test]
fn the_fence_of_the_next_rotation_survives_a_question_of_the_last_one() {
    let model = Model::default();
    let stored = Key { number: 2, replaces: 1, fence: 3 };
    poll(&mut model.put(&stored, false)).unwrap().unwrap();
    let next = Key { number: 3, replaces: 2, fence: 5 };
    assert_eq!(model.was_put(&next), Some(false));
    assert_eq!(model.was_put(&Key { fence: 9, ..stored.clone() }), Some(true));
    poll(&mut model.put(&Key { fence: 9, ..stored }, false)).unwrap().unwrap();
    let late = Key { number: 4, replaces: 2, fence: 4 };
    let put = poll(&mut model.put(&late, false)).unwrap();
    assert!(matches!(put, Err(PutError::Unknown(_))), "{put:?}");
}
