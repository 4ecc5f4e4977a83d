//! A log whose newest entry the pass knows, and reports.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use openrouter_keys_core::error::BoxError;
use openrouter_keys_core::workflow::{RotationEntry, RotationStore};

use crate::log::Log;
use crate::work::{Event, Observer};

#[derive(Clone)]
pub(crate) struct Watched {
    log: Log,
    newest: Arc<Mutex<Option<RotationEntry>>>,
    observer: Observer,
}

impl Watched {
    pub(crate) fn new(log: Log, observer: Observer) -> Self {
        Self { log, newest: Arc::default(), observer }
    }

    /// The newest entry that was read or written.
    pub(crate) fn newest(&self) -> Option<RotationEntry> {
        self.newest.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn keep(&self, entry: &RotationEntry) {
        *self.newest.lock().unwrap_or_else(PoisonError::into_inner) = Some(entry.clone());
    }

    /// Records that the rotation needs nothing more.
    pub(crate) async fn finish(&self, has_unconfirmed: bool) -> Result<(), BoxError> {
        self.log.finish_with(has_unconfirmed).await
    }
}

#[async_trait]
impl RotationStore for Watched {
    async fn load(&mut self) -> Result<Option<RotationEntry>, BoxError> {
        let newest = self.log.load().await?;
        if let Some(entry) = &newest {
            self.keep(entry);
        }
        Ok(newest)
    }

    async fn append(&mut self, entry: &RotationEntry) -> Result<bool, BoxError> {
        let is_appended = self.log.append(entry).await?;
        if is_appended {
            self.keep(entry);
            (self.observer)(Event::Saved(entry));
        }
        Ok(is_appended)
    }
}
