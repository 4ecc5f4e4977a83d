//! Makes a journal this machine's, once it is nobody else's.

use std::sync::Arc;
use std::time::Duration;

use openrouter_keys_core::error::BoxError;
use openrouter_keys_core::transport::Transport;

use super::batch::Batch;
use super::writer::{Claim, Journal};
use crate::objects::Numbered;

const LEASE: Duration = Duration::from_secs(180);
const TIMEOUT: Duration = Duration::from_secs(60);

type OnWait = Box<dyn Fn(&str, Duration) + Send + Sync>;

/// How a journal is opened; see [`Store::journal`](crate::Store::journal).
#[must_use]
pub struct OpenJournal {
    name: String,
    objects: Numbered,
    owner: String,
    lease: Duration,
    timeout: Duration,
    on_wait: OnWait,
}

impl OpenJournal {
    pub(crate) fn new(name: &str, objects: Numbered) -> Self {
        let (name, owner, on_wait) = (name.to_owned(), String::new(), Box::new(|_: &str, _| {}));
        Self { name, objects, owner, lease: LEASE, timeout: TIMEOUT, on_wait }
    }

    /// The name of this machine in the journal. Something random is added for each claim.
    pub fn owner(mut self, name: impl Into<String>) -> Self {
        self.owner = name.into();
        self
    }

    /// The timeout of a request, one minute by default. Another machine that finds a claim waits
    /// for the lease and for this long. The lease is three times as long, and at least 3 minutes.
    pub fn timeout(mut self, time: Duration) -> Self {
        (self.timeout, self.lease) = (time, LEASE.max(time.saturating_mul(3)));
        self
    }

    /// Is called with the owner before waiting this long for a claim that a machine may have left
    /// when it died.
    pub fn on_wait(mut self, call: impl Fn(&str, Duration) + Send + Sync + 'static) -> Self {
        self.on_wait = Box::new(call);
        self
    }

    /// All events, oldest first, without a claim.
    ///
    /// # Errors
    ///
    /// The store cannot be read, or what it has is not a journal.
    pub async fn read(&self) -> Result<Vec<String>, BoxError> {
        Ok(events(&Batch::all(&self.objects).await?))
    }

    /// Claims the journal and returns all events so far, oldest first. `clock` sends nothing.
    ///
    /// # Errors
    ///
    /// Another machine is using the journal, the store cannot be used, or what it has is not a
    /// journal.
    pub async fn open(self, clock: Arc<dyn Transport>) -> Result<(Journal, Vec<String>), BoxError> {
        if self.name.is_empty() {
            return Err("it has no name".into());
        }
        let mut batches = Batch::all(&self.objects).await?;
        if let Some(newest) = batches.last().filter(|newest| !newest.owner.is_empty()) {
            let wait = Duration::from_millis(newest.lease_ms).saturating_add(self.timeout);
            (self.on_wait)(&newest.owner, wait);
            clock.sleep(wait).await;
            let known = batches.len();
            for number in self.objects.numbers().await?.into_iter().skip(known) {
                batches.push(Batch::read(&self.objects, number).await?);
            }
            let newest = batches.last().filter(|_| batches.len() > known);
            if let Some(newest) = newest.filter(|newest| !newest.owner.is_empty()) {
                return Err(busy(&newest.owner));
            }
        }
        let owner = format!("{} {:016x}", self.owner, clock.entropy()).trim_start().to_owned();
        let sequence = u64::try_from(batches.len())?.saturating_add(1);
        let began = clock.now();
        if !Batch::new(sequence, &owner, self.lease, Vec::new()).create(&self.objects).await? {
            return Err(busy(&Batch::read(&self.objects, sequence).await?.owner));
        }
        let Self { name, objects, lease, .. } = self;
        let claim = Claim { name, objects, owner, lease, sequence };
        let journal = Journal::claimed(claim, clock, began);
        Ok((journal, events(&batches)))
    }
}

fn busy(owner: &str) -> BoxError {
    format!("another machine is using it ({owner}); wait until it has ended").into()
}

fn events(batches: &[Batch]) -> Vec<String> {
    batches.iter().flat_map(|batch| &batch.events).map(ToString::to_string).collect()
}
