//! A rotation handler made of two parts: a store of states, which other machines share, and a
//! sink, which holds the secrets.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::rotation::{Rotation, RotationStep};
use super::rotation_handler::{RotationHandler, Stop};
use crate::operation::Created;
use crate::redact::Masked;
use crate::transport::{BoxError, MaybeSend};
use crate::types::Secret;

/// One entry of a rotation's log: a state, and the program whose rotation it is. It contains no
/// secret.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct RotationEntry {
    /// The entry's number; the first is 1.
    pub sequence: u64,
    /// The program that wrote it, by a name that no other run has; empty if nobody continues the
    /// rotation now.
    pub owner: String,
    /// How long the rotation is the owner's from this entry on, in milliseconds.
    pub lease_ms: u64,
    /// Where the secret goes, as the programs that share the log write it. It may change until a key
    /// is about to be created.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub sink: String,
    /// The rotation's state.
    pub rotation: Rotation,
}

impl RotationEntry {
    /// The state that a log without entries stands for. It has no number and no owner yet.
    pub fn before(rotation: Rotation, sink: impl Into<String>) -> Self {
        Self { sequence: 0, owner: String::new(), lease_ms: 0, sink: sink.into(), rotation }
    }

    /// The entry with which the owner gives the rotation up, so that others need not wait.
    #[must_use]
    pub fn released(&self) -> Self {
        let sequence = self.sequence.saturating_add(1);
        Self { sequence, ..Self::before(self.rotation.clone(), self.sink.as_str()) }
    }

    /// How long another program must see this entry as the newest before it may continue the
    /// rotation: the lease and the timeout of one call, which may still be on its way. Zero if
    /// nobody continues the rotation.
    ///
    /// It is measured by one clock from the moment the entry was read, so clocks need not agree.
    pub fn takeover_after(&self, timeout: Duration) -> Duration {
        match self.owner.as_str() {
            "" => Duration::ZERO,
            _ => Duration::from_millis(self.lease_ms).saturating_add(timeout),
        }
    }
}

/// The log of one rotation, which several machines share. Entries are appended and never changed,
/// so the log is the lock, the journal and the audit trail in one.
#[cfg_attr(all(target_family = "wasm", target_os = "unknown"), async_trait(?Send))]
#[cfg_attr(not(all(target_family = "wasm", target_os = "unknown")), async_trait)]
pub trait RotationStore: MaybeSend {
    /// The newest entry.
    async fn load(&mut self) -> Result<Option<RotationEntry>, BoxError>;

    /// Appends the entry, where it outlives the program, unless the log has one with this number:
    /// then it returns `false`. Of two programs that append the same number, one gets `true`.
    ///
    /// After an error, the entry may or may not be in the log.
    async fn append(&mut self, entry: &RotationEntry) -> Result<bool, BoxError>;
}

/// A new key, without its secret, and the key that it replaces.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Delivery {
    /// The name that the key has in the end: the old key's.
    pub name: String,
    /// The key's hash; empty until the key is created. No other secret has it, so a second `put`
    /// with the same hash is a repetition.
    pub hash: String,
    /// The masked key.
    pub label: Option<String>,
    /// The old key's hash. It identifies the rotation; empty if the key replaces none.
    pub replaces: String,
    /// The masked old key.
    pub old_label: Option<String>,
    /// A fencing token: the number of the log entry under which the program calls the sink. A
    /// program that has taken the rotation over has a higher one. Each rotation counts from 1, so
    /// only tokens with the same [`replaces`](Self::replaces) can be compared.
    pub fence: u64,
}

impl Delivery {
    /// A key with this name that is not created yet and replaces none: set what is known of it.
    pub fn new(name: impl Into<String>) -> Self {
        let (hash, replaces) = (String::new(), String::new());
        Self { name: name.into(), hash, label: None, replaces, old_label: None, fence: 0 }
    }

    /// The new key of this entry's state.
    pub fn of(entry: &RotationEntry) -> Self {
        let state = &entry.rotation;
        Self {
            name: state.name.clone().unwrap_or_default(),
            hash: state.new.as_ref().map(ToString::to_string).unwrap_or_default(),
            label: state.new_label.clone(),
            replaces: state.old.to_string(),
            old_label: state.old_key.as_ref().and_then(|old| old.label.get().cloned()),
            fence: entry.sequence,
        }
    }

    /// Whether this secret is the key's, judging by its label.
    pub fn is_secret(&self, secret: &str) -> bool {
        self.label.as_deref().is_some_and(|label| Secret::new(secret).has_label(label))
    }
}

/// Masks what looks like a key, because people paste keys as names.
impl fmt::Debug for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, hash, label, replaces, old_label, fence } = self;
        f.debug_struct("Delivery")
            .field("name", &Masked(name))
            .field("hash", hash)
            .field("label", label)
            .field("replaces", replaces)
            .field("old_label", old_label)
            .field("fence", fence)
            .finish()
    }
}

/// Why a sink did not confirm that it stored a secret. Any error is [`Unknown`](Self::Unknown)
/// unless it is wrapped in [`NotStored`](Self::NotStored).
#[derive(Debug)]
#[non_exhaustive]
pub enum PutError {
    /// Nobody uses the secret: the key is deleted.
    NotStored(BoxError),
    /// The secret may be stored: the rotation ends where it stands, and its next run asks the sink.
    Unknown(BoxError),
}

impl<E: Into<BoxError>> From<E> for PutError {
    fn from(cause: E) -> Self {
        Self::Unknown(cause.into())
    }
}

/// Where the secrets of new keys are stored, such as a vault that services read.
///
/// A machine may sleep in the middle of `put` and wake after another has taken the rotation over
/// and deleted its key. A sink keeps it out if it stores [`Delivery::hash`], [`Delivery::replaces`]
/// and the highest [`Delivery::fence`] that it was called with, in the same conditional write as the
/// secret. It then refuses a call for the same rotation with a lower fence, and a call for a
/// rotation that replaces another key than the one it has. A sink that cannot must be fast: it
/// relies on the lease.
#[cfg_attr(all(target_family = "wasm", target_os = "unknown"), async_trait(?Send))]
#[cfg_attr(not(all(target_family = "wasm", target_os = "unknown")), async_trait)]
pub trait SecretSink: MaybeSend {
    /// Fails if [`put`](Self::put) could not store a secret, as far as that shows before the key
    /// exists: then none is created.
    async fn check(&mut self, _key: &Delivery) -> Result<(), BoxError> {
        Ok(())
    }

    /// Stores the secret in place of the old one. Storing the same key twice must do no harm.
    async fn put(&mut self, secret: &Secret, key: &Delivery) -> Result<(), PutError>;

    /// Whether the secret of this key was stored; `None` if the sink cannot be asked. From then on,
    /// a sink with a fence refuses calls with a lower one.
    async fn was_put(&mut self, key: &Delivery) -> Result<Option<bool>, BoxError>;
}

/// A [`RotationHandler`] for a [`RotationStore`] and a [`SecretSink`]. Use it with
/// [`Rotate::lease`](crate::workflow::Rotate::lease) and the same lease.
///
/// ```
/// # use openrouter_keys_core::error::BoxError;
/// # use openrouter_keys_core::workflow::{RotationEntry, RotationStore, SecretSink};
/// use std::time::Duration;
/// use openrouter_keys_core::workflow::{Rotate, Rotation, StoredRotation};
///
/// const LEASE: Duration = Duration::from_secs(300);
///
/// # async fn f(client: openrouter_keys_core::Client, mut store: impl RotationStore + 'static, sink: impl SecretSink + 'static)
/// # -> Result<(), BoxError> {
/// let new = Rotation::new("f01d52606dc8f0a8".parse()?);
/// let newest = store.load().await?.unwrap_or_else(|| RotationEntry::before(new, "vault"));
/// if newest.owner.is_empty() {
///     let claimed = StoredRotation::claim(store, sink, newest, "machine 1, claim 5f0c", LEASE).await?;
///     if let Some(stored) = claimed {
///         let rotate = Rotate::resume(stored.rotation().clone()).lease(LEASE);
///         client.rotate(rotate, stored).await?;
///     }
/// }
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct StoredRotation<S, K> {
    store: S,
    sink: K,
    /// The newest entry, which this program wrote.
    entry: RotationEntry,
}

impl<S: RotationStore, K: SecretSink> StoredRotation<S, K> {
    /// Makes the rotation `owner`'s by appending to the log, with the state of its newest entry.
    /// `None` if another program was faster. No other claim may have the same owner, not even one
    /// of this program: add something random to its name.
    ///
    /// Call it only once [`RotationEntry::takeover_after`] has passed since `newest` was read.
    pub async fn claim(
        store: S,
        sink: K,
        newest: RotationEntry,
        owner: impl Into<String>,
        lease: Duration,
    ) -> Result<Option<Self>, BoxError> {
        let lease_ms = u64::try_from(lease.as_millis()).unwrap_or(u64::MAX);
        let rotation = newest.rotation.clone();
        let entry = RotationEntry { owner: owner.into(), lease_ms, ..newest };
        let mut stored = Self { store, sink, entry };
        Ok(stored.write(rotation).await?.is_none().then_some(stored))
    }

    /// The state to resume from.
    pub fn rotation(&self) -> &Rotation {
        &self.entry.rotation
    }

    /// The owner's name.
    pub fn owner(&self) -> &str {
        &self.entry.owner
    }

    /// Appends an entry of this owner. After a failure, nothing more is changed: an entry whose
    /// outcome is unknown may still appear, and must not be contradicted.
    async fn append(&mut self, rotation: Rotation) -> Result<(), BoxError> {
        match self.write(rotation).await {
            Ok(None) => Ok(()),
            Ok(Some(other)) => {
                Err(Stop::new(format!("another program has continued it: {other}")).into())
            }
            Err(cause) => Err(Stop::new(cause).into()),
        }
    }

    /// Appends an entry of this owner; returns who has its number, if another program does.
    ///
    /// An entry that is in the log counts as appended, whatever the store said. It is recognised by
    /// number and owner, because no other claim has this owner, and no number is tried twice.
    async fn write(&mut self, rotation: Rotation) -> Result<Option<String>, BoxError> {
        let sequence = self.entry.sequence.saturating_add(1);
        let entry = RotationEntry { sequence, rotation, ..self.entry.clone() };
        let appended = self.store.append(&entry).await;
        if !matches!(appended, Ok(true)) {
            match (self.store.load().await?, appended) {
                (Some(newest), _) if newest.sequence >= sequence => {
                    if (newest.sequence, &newest.owner) != (sequence, &entry.owner) {
                        return Ok(Some(newest.owner));
                    }
                }
                (_, Err(cause)) => return Err(cause),
                _ => return Err("the store refused an entry that it does not have".into()),
            }
        }
        self.entry = entry;
        Ok(None)
    }
}

#[cfg_attr(all(target_family = "wasm", target_os = "unknown"), async_trait(?Send))]
#[cfg_attr(not(all(target_family = "wasm", target_os = "unknown")), async_trait)]
impl<S: RotationStore, K: SecretSink> RotationHandler for StoredRotation<S, K> {
    async fn save(&mut self, state: &Rotation) -> Result<(), BoxError> {
        if state.step == RotationStep::Creating {
            let entry = RotationEntry { rotation: state.clone(), ..self.entry.clone() };
            self.sink.check(&Delivery::of(&entry)).await?;
        }
        self.append(state.clone()).await
    }

    async fn hand_over(&mut self, new: &Created) -> Result<(), BoxError> {
        let key = Delivery::of(&self.entry);
        let cause = match self.sink.put(new.key(), &key).await {
            Ok(()) => return Ok(()),
            Err(PutError::NotStored(cause)) => return Err(cause),
            Err(PutError::Unknown(cause)) => cause,
        };
        // A sink that has it not may still get it: only a later run believes that.
        match self.sink.was_put(&key).await {
            Ok(Some(true)) => Ok(()),
            _ => Err(Stop::new(cause).into()),
        }
    }

    async fn was_handed_over(&mut self, _: &Rotation) -> Result<bool, BoxError> {
        let was_put = self.sink.was_put(&Delivery::of(&self.entry)).await?;
        was_put.ok_or_else(|| Stop::new("the sink cannot say whether it has the new key").into())
    }

    async fn claim(&mut self, _lease: Duration) -> Result<(), BoxError> {
        self.append(self.entry.rotation.clone()).await
    }
}

#[cfg_attr(all(target_family = "wasm", target_os = "unknown"), async_trait(?Send))]
#[cfg_attr(not(all(target_family = "wasm", target_os = "unknown")), async_trait)]
impl<S: RotationStore + ?Sized> RotationStore for Box<S> {
    async fn load(&mut self) -> Result<Option<RotationEntry>, BoxError> {
        (**self).load().await
    }

    async fn append(&mut self, entry: &RotationEntry) -> Result<bool, BoxError> {
        (**self).append(entry).await
    }
}

#[cfg_attr(all(target_family = "wasm", target_os = "unknown"), async_trait(?Send))]
#[cfg_attr(not(all(target_family = "wasm", target_os = "unknown")), async_trait)]
impl<K: SecretSink + ?Sized> SecretSink for Box<K> {
    async fn check(&mut self, key: &Delivery) -> Result<(), BoxError> {
        (**self).check(key).await
    }

    async fn put(&mut self, secret: &Secret, key: &Delivery) -> Result<(), PutError> {
        (**self).put(secret, key).await
    }

    async fn was_put(&mut self, key: &Delivery) -> Result<Option<bool>, BoxError> {
        (**self).was_put(key).await
    }
}
