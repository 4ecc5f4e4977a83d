//! Stores and sinks that block, for the blocking client.

use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use async_trait::async_trait;

use super::rotation::Rotation;
use super::rotation_handler::{BlockingRotationHandler, RotationHandler};
use super::stored::{Delivery, PutError, RotationEntry, RotationStore, SecretSink, StoredRotation};
use crate::operation::Created;
use crate::transport::{BoxError, MaybeSend};
use crate::types::Secret;

/// [`RotationStore`] for the blocking client.
pub trait BlockingRotationStore: MaybeSend {
    /// The newest entry; see [`RotationStore::load`].
    fn load(&mut self) -> Result<Option<RotationEntry>, BoxError>;

    /// Appends the entry unless the log has one with its number; see [`RotationStore::append`].
    fn append(&mut self, entry: &RotationEntry) -> Result<bool, BoxError>;
}

/// [`SecretSink`] for the blocking client.
pub trait BlockingSecretSink: MaybeSend {
    /// Fails if [`put`](Self::put) could not store a secret; see [`SecretSink::check`].
    fn check(&mut self, _key: &Delivery) -> Result<(), BoxError> {
        Ok(())
    }

    /// Stores the secret; see [`SecretSink::put`].
    fn put(&mut self, secret: &Secret, key: &Delivery) -> Result<(), PutError>;

    /// Whether the secret of this key was stored; see [`SecretSink::was_put`].
    fn was_put(&mut self, key: &Delivery) -> Result<Option<bool>, BoxError>;
}

/// A blocking store or sink as an async one.
#[derive(Clone, Copy, Debug, Default)]
pub struct Blocking<T>(pub T);

#[cfg_attr(all(target_family = "wasm", target_os = "unknown"), async_trait(?Send))]
#[cfg_attr(not(all(target_family = "wasm", target_os = "unknown")), async_trait)]
impl<S: BlockingRotationStore> RotationStore for Blocking<S> {
    async fn load(&mut self) -> Result<Option<RotationEntry>, BoxError> {
        self.0.load()
    }

    async fn append(&mut self, entry: &RotationEntry) -> Result<bool, BoxError> {
        self.0.append(entry)
    }
}

#[cfg_attr(all(target_family = "wasm", target_os = "unknown"), async_trait(?Send))]
#[cfg_attr(not(all(target_family = "wasm", target_os = "unknown")), async_trait)]
impl<K: BlockingSecretSink> SecretSink for Blocking<K> {
    async fn check(&mut self, key: &Delivery) -> Result<(), BoxError> {
        self.0.check(key)
    }

    async fn put(&mut self, secret: &Secret, key: &Delivery) -> Result<(), PutError> {
        self.0.put(secret, key)
    }

    async fn was_put(&mut self, key: &Delivery) -> Result<Option<bool>, BoxError> {
        self.0.was_put(key)
    }
}

impl<S, K> StoredRotation<Blocking<S>, Blocking<K>>
where
    S: BlockingRotationStore,
    K: BlockingSecretSink,
{
    /// [`claim`](Self::claim) for a blocking store.
    pub fn claim_blocking(
        store: S,
        sink: K,
        newest: RotationEntry,
        owner: impl Into<String>,
        lease: Duration,
    ) -> Result<Option<Self>, BoxError> {
        run(Self::claim(Blocking(store), Blocking(sink), newest, owner, lease))
    }
}

impl<S, K> BlockingRotationHandler for StoredRotation<Blocking<S>, Blocking<K>>
where
    S: BlockingRotationStore + Send,
    K: BlockingSecretSink + Send,
{
    fn save(&mut self, state: &Rotation) -> Result<(), BoxError> {
        run(RotationHandler::save(self, state))
    }

    fn hand_over(&mut self, new: &Created) -> Result<(), BoxError> {
        run(RotationHandler::hand_over(self, new))
    }

    fn was_handed_over(&mut self, state: &Rotation) -> Result<bool, BoxError> {
        run(RotationHandler::was_handed_over(self, state))
    }

    fn claim(&mut self, lease: Duration) -> Result<(), BoxError> {
        run(RotationHandler::claim(self, lease))
    }
}

/// Runs a future that awaits only blocking code, which is ready when it is polled.
fn run<T>(work: impl Future<Output = Result<T, BoxError>>) -> Result<T, BoxError> {
    match pin!(work).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(done) => done,
        Poll::Pending => Err("a blocking store or sink did not block".into()),
    }
}
