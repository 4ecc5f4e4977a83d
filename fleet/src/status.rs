//! How far the rotations in a store are, without a request to the API.

use futures_util::{StreamExt as _, stream};
use openrouter_keys_core::error::BoxError;
use openrouter_keys_core::workflow::RotationEntry;
use openrouter_keys_core::{KeyHash, Timestamp};

use crate::store::Store;

/// How many logs are read at once.
const AT_ONCE: usize = 32;

/// One rotation's log.
#[derive(Debug)]
#[non_exhaustive]
pub struct LogStatus {
    /// The old key's hash.
    pub old: KeyHash,
    /// Whether the rotation needs nothing more.
    pub is_done: bool,
    /// When the log was last written, by the store's clock.
    pub written: Option<Timestamp>,
    /// The newest entry, or why it cannot be read.
    pub newest: Result<RotationEntry, BoxError>,
}

impl Store {
    /// Every open rotation, and the completed ones too if `done`, with the newest entry of its log:
    /// one listing and one read for each. A damaged log does not hide the others.
    pub async fn status(&self, done: bool) -> Result<Vec<LogStatus>, BoxError> {
        let logs = self.scan().await?;
        let wanted = logs.into_iter().filter(|(_, log)| done || !log.is_done);
        let read = wanted.map(|(old, found)| async move {
            let newest = match self.log(&old).read(found.newest).await {
                Ok(Some(entry)) => Ok(entry),
                Ok(None) => Err("the log has no entry".into()),
                Err(error) => Err(error),
            };
            let written = found.written.and_then(|at| Timestamp::from_unix(at, 0).ok());
            LogStatus { old, is_done: found.is_done, written, newest }
        });
        Ok(stream::iter(read).buffered(AT_ONCE).collect().await)
    }
}
