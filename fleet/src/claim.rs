//! Makes a rotation this machine's, once it is nobody else's.

use std::time::Duration;

use openrouter_keys_core::error::BoxError;
use openrouter_keys_core::transport::Transport;
use openrouter_keys_core::workflow::{RotationEntry, RotationStore, SecretSink, StoredRotation};

use crate::budget::Budgeted;
use crate::stop::{Stop, unless};
use crate::watched::Watched;

/// How a machine claims rotations.
#[derive(Clone, Debug)]
pub(crate) struct Terms {
    /// The machine's name.
    pub(crate) owner: String,
    pub(crate) lease: Duration,
    /// The timeout of a call.
    pub(crate) timeout: Duration,
    /// How long to wait for another machine's lease to end; until then by default.
    pub(crate) patience: Option<Duration>,
}

pub(crate) enum Claim<T> {
    Mine(T),
    /// Another machine has it, under this name.
    Theirs(String),
}

pub(crate) type Claimed = Claim<Box<StoredRotation<Watched, Box<dyn SecretSink>>>>;

impl Terms {
    /// The newest entry, once the rotation is nobody else's. Waits for a lease that may have been
    /// left by a machine that died; if the log grows meanwhile, that machine lives.
    pub(crate) async fn settled(
        &self,
        clock: &Budgeted,
        log: &mut Watched,
        newest: RotationEntry,
        stop: &Stop,
    ) -> Result<Claim<RotationEntry>, BoxError> {
        let wait = newest.takeover_after(self.timeout);
        if wait.is_zero() {
            return Ok(Claim::Mine(newest));
        }
        let patience = self.patience.unwrap_or(self.lease.saturating_add(self.timeout));
        if wait > patience || unless(stop.clone(), clock.sleep(wait)).await.is_none() {
            return Ok(Claim::Theirs(newest.owner));
        }
        Ok(match log.load().await?.filter(|now| now.sequence != newest.sequence) {
            // Unless the other one gave it up.
            Some(now) if !now.owner.is_empty() => Claim::Theirs(now.owner),
            now => Claim::Mine(now.unwrap_or(newest)),
        })
    }

    /// Claims the rotation, whose newest entry is given.
    pub(crate) async fn claim(
        &self,
        clock: &Budgeted,
        mut log: Watched,
        sink: Box<dyn SecretSink>,
        newest: RotationEntry,
    ) -> Result<Claimed, BoxError> {
        // Two passes of one machine are two owners.
        let owner = format!("{} {:016x}", self.owner, clock.entropy());
        let claimed = StoredRotation::claim(log.clone(), sink, newest, owner, self.lease);
        if let Some(stored) = claimed.await? {
            return Ok(Claim::Mine(Box::new(stored)));
        }
        let owner = log.load().await?.map(|entry| entry.owner);
        Ok(Claim::Theirs(owner.unwrap_or_default()))
    }
}

/// Ends this owner's lease, so that others need not wait. Returns whether it still had one.
pub(crate) async fn release(mut log: Watched, owner: &str) -> Result<bool, BoxError> {
    match log.load().await? {
        Some(newest) if newest.owner == owner => log.append(&newest.released()).await,
        _ => Ok(false),
    }
}
