//! The log of one rotation.

use async_trait::async_trait;
use bytes::Bytes;
use openrouter_keys_core::error::BoxError;
use openrouter_keys_core::workflow::{RotationEntry, RotationStore};

use crate::objects::Numbered;

/// The mark of a log whose rotation needs nothing more.
pub(crate) const DONE: &str = "done";
/// The mark of a log with keys that may still appear and that nobody has.
pub(crate) const LATE: &str = "late";

/// The log of one rotation.
#[derive(Clone, Debug)]
pub struct Log(Numbered);

impl Log {
    pub(crate) fn new(objects: Numbered) -> Self {
        Self(objects)
    }

    /// Every entry, oldest first: the audit trail.
    pub async fn entries(&self) -> Result<Vec<RotationEntry>, BoxError> {
        let mut entries = Vec::new();
        for sequence in self.0.numbers().await? {
            entries.extend(self.read(sequence).await?);
        }
        Ok(entries)
    }

    /// Records that the rotation needs nothing more.
    pub async fn finish(&self) -> Result<(), BoxError> {
        self.finish_with(false).await
    }

    /// The same, and if so, that keys may still appear under the names in the newest entry.
    pub(crate) async fn finish_with(&self, has_unconfirmed: bool) -> Result<(), BoxError> {
        if has_unconfirmed {
            self.0.mark(LATE).await?;
        }
        self.0.mark(DONE).await
    }

    /// Records that no key can appear any more.
    pub(crate) async fn forget_late(&self) -> Result<(), BoxError> {
        self.0.unmark(LATE).await
    }

    pub(crate) async fn read(&self, sequence: u64) -> Result<Option<RotationEntry>, BoxError> {
        let Some(content) = self.0.read(sequence).await? else { return Ok(None) };
        let path = self.0.path(sequence);
        let entry: RotationEntry = serde_json::from_slice(&content)
            .map_err(|error| format!("{path} is not an entry of a rotation's log: {error}"))?;
        if entry.sequence != sequence {
            return Err(format!("{path} has the number {}", entry.sequence).into());
        }
        Ok(Some(entry))
    }
}

#[async_trait]
impl RotationStore for Log {
    async fn load(&mut self) -> Result<Option<RotationEntry>, BoxError> {
        match self.0.numbers().await?.last() {
            Some(newest) => self.read(*newest).await,
            None => Ok(None),
        }
    }

    /// Returns `true` if the log has this very entry already, as after a lost response.
    async fn append(&mut self, entry: &RotationEntry) -> Result<bool, BoxError> {
        self.0.create(entry.sequence, Bytes::from(serde_json::to_vec(entry)?)).await
    }
}
