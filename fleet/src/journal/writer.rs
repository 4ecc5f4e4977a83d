//! A journal that this machine has claimed.
//!
//! ```text
//! append, append, append ──▶ queue ──▶ one object ──▶ durable: the next object takes what came meanwhile
//! ```

use std::fmt;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::lock::Mutex as AsyncMutex;
use openrouter_keys_core::error::BoxError;
use openrouter_keys_core::transport::Transport;
use serde_json::Value;

use super::batch::Batch;
use crate::objects::Numbered;

/// How often the journal is claimed before a request, if the claims themselves take too long.
const CLAIMS: usize = 3;

/// A journal that this machine has claimed; see [`Store::journal`](crate::Store::journal). It is a
/// log of numbered objects, each with some events and the name of the machine whose journal it is
/// from then on. Clones are the same claim.
///
/// After an append that failed, or whose future was dropped in the middle, nothing more is
/// appended: its object may still appear, and must not be contradicted. The next run continues.
#[derive(Clone)]
pub struct Journal(Arc<Inner>);

struct Inner {
    name: String,
    objects: Numbered,
    clock: Arc<dyn Transport>,
    /// A name that no other claim has.
    owner: String,
    lease: Duration,
    state: Mutex<State>,
    writer: AsyncMutex<Writer>,
}

/// A claim that is in the journal.
pub(super) struct Claim {
    pub(super) name: String,
    pub(super) objects: Numbered,
    pub(super) owner: String,
    pub(super) lease: Duration,
    pub(super) sequence: u64,
}

#[derive(Default)]
struct State {
    /// Events that no object has yet.
    queue: Vec<Value>,
    /// How many appends were queued so far.
    queued: u64,
    /// Until when the journal is this machine's, by its own clock.
    lease_end: Duration,
    /// Why nothing more is written.
    broken: Option<String>,
}

struct Writer {
    /// The number of the newest object.
    sequence: u64,
    /// How many appends were written so far.
    written: u64,
    /// Whether an object may have been written that is not counted.
    is_in_doubt: bool,
}

impl Journal {
    /// The journal of whoever has just created the object with this number.
    pub(super) fn claimed(claim: Claim, clock: Arc<dyn Transport>, began: Duration) -> Self {
        let Claim { name, objects, owner, lease, sequence } = claim;
        let lease_end = began.saturating_add(lease);
        let state = Mutex::new(State { lease_end, ..State::default() });
        let writer = AsyncMutex::new(Writer { sequence, written: 0, is_in_doubt: false });
        Self(Arc::new(Inner { name, objects, clock, owner, lease, state, writer }))
    }

    /// Appends events, each a JSON document, in the order of the calls. They are durable once the
    /// future is ready; appends that wait for another one are written together.
    ///
    /// # Errors
    ///
    /// The events may or may not be in the journal, and nothing more can be appended.
    pub fn append(
        &self,
        events: &[String],
    ) -> impl Future<Output = Result<(), BoxError>> + Send + use<> {
        let parsed: Result<Vec<Value>, _> =
            events.iter().map(|event| serde_json::from_str(event)).collect();
        let ticket = parsed.map(|events| self.0.enqueue(events));
        let journal = self.clone();
        async move { journal.0.written(ticket?).await }
    }

    /// Makes sure that the journal is this machine's for this long from now: claims it again if
    /// necessary.
    ///
    /// # Errors
    ///
    /// Another machine has continued the journal, or nothing more can be appended.
    pub async fn hold(&self, time: Duration) -> Result<(), BoxError> {
        for _ in 0..CLAIMS {
            {
                let state = self.0.state();
                if let Some(cause) = &state.broken {
                    return Err(cause.as_str().into());
                }
                if self.0.clock.now().saturating_add(time) < state.lease_end {
                    return Ok(());
                }
            }
            let ticket = self.0.enqueue(Vec::new());
            self.0.written(ticket).await?;
        }
        Err("each claim of the journal took longer than the lease leaves for a request".into())
    }

    /// Gives the journal up, so that the next run need not wait for the lease to end. Does nothing
    /// if an append has failed.
    pub async fn close(&self) -> Result<(), BoxError> {
        let mut writer = self.0.writer.lock().await;
        if self.0.check(&writer).is_err() {
            return Ok(());
        }
        self.0.write(&mut writer, "").await?;
        self.0.state().broken = Some("the journal is closed".to_owned());
        Ok(())
    }

    /// This claim's name in the journal.
    pub fn owner(&self) -> &str {
        &self.0.owner
    }
}

impl Inner {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn enqueue(&self, events: Vec<Value>) -> u64 {
        let mut state = self.state();
        state.queue.extend(events);
        state.queued = state.queued.saturating_add(1);
        state.queued
    }

    /// Returns once the append with this ticket is durable. Who waits longest writes for all.
    async fn written(&self, ticket: u64) -> Result<(), BoxError> {
        let mut writer = self.writer.lock().await;
        if writer.written >= ticket {
            return Ok(());
        }
        self.check(&writer)?;
        self.write(&mut writer, &self.owner).await
    }

    fn check(&self, writer: &Writer) -> Result<(), BoxError> {
        let mut state = self.state();
        if writer.is_in_doubt && state.broken.is_none() {
            state.broken = Some("an earlier write to the journal was interrupted".to_owned());
        }
        state.broken.as_deref().map_or(Ok(()), |cause| Err(cause.into()))
    }

    /// Writes what is queued as one object, from which on the journal is `owner`'s.
    async fn write(&self, writer: &mut Writer, owner: &str) -> Result<(), BoxError> {
        let (events, queued) = {
            let mut state = self.state();
            (std::mem::take(&mut state.queue), state.queued)
        };
        // The lease begins before it is granted.
        let began = self.clock.now();
        let sequence = writer.sequence.saturating_add(1);
        writer.is_in_doubt = true;
        let batch = Batch::new(sequence, owner, self.lease, events);
        let written = batch.create(&self.objects).await;
        let mut state = self.state();
        match written {
            Ok(true) => {
                (writer.sequence, writer.written) = (sequence, queued);
                writer.is_in_doubt = false;
                state.lease_end = began.saturating_add(self.lease);
                Ok(())
            }
            Ok(false) => Err(self.broken(&mut state, "another machine has continued it")),
            Err(cause) => Err(self.broken(&mut state, &cause.to_string())),
        }
    }

    fn broken(&self, state: &mut State, cause: &str) -> BoxError {
        let cause = format!("the journal {} cannot be written: {cause}", self.name);
        state.broken = Some(cause.clone());
        cause.into()
    }
}

impl fmt::Debug for Journal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { name, owner, .. } = &*self.0;
        f.debug_struct("Journal").field("name", name).field("owner", owner).finish_non_exhaustive()
    }
}
