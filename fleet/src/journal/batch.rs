//! One object of a journal.

use std::time::Duration;

use bytes::Bytes;
use futures_util::{StreamExt as _, TryStreamExt as _};
use openrouter_keys_core::error::BoxError;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::objects::Numbered;

/// How many objects are read at once.
const AT_ONCE: usize = 16;

/// Events, and whose the journal is from then on.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Batch {
    sequence: u64,
    /// Empty if nobody's.
    pub(super) owner: String,
    pub(super) lease_ms: u64,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) events: Vec<Value>,
}

impl Batch {
    pub(super) fn new(sequence: u64, owner: &str, lease: Duration, events: Vec<Value>) -> Self {
        let lease_ms = match owner {
            "" => 0,
            _ => u64::try_from(lease.as_millis()).unwrap_or(u64::MAX),
        };
        Self { sequence, owner: owner.to_owned(), lease_ms, events }
    }

    /// Creates the object; returns `false` if another one has its number. One that is there counts
    /// as created, whatever the store said: no other claim has this owner.
    pub(super) async fn create(&self, objects: &Numbered) -> Result<bool, BoxError> {
        let content = Bytes::from(serde_json::to_vec(self)?);
        match objects.create(self.sequence, content.clone()).await {
            Err(cause) => match objects.read(self.sequence).await {
                Ok(Some(found)) => Ok(found == content),
                _ => Err(cause),
            },
            created => created,
        }
    }

    /// All objects of the journal, in order.
    pub(super) async fn all(objects: &Numbered) -> Result<Vec<Self>, BoxError> {
        let numbers = objects.numbers().await?;
        if let Some((_, number)) = (1..).zip(&numbers).find(|(expected, found)| expected != *found)
        {
            let path = objects.path(number.saturating_sub(1));
            return Err(format!("the journal is damaged: {path} is missing").into());
        }
        let batches = futures_util::stream::iter(numbers);
        batches.map(|number| Self::read(objects, number)).buffered(AT_ONCE).try_collect().await
    }

    pub(super) async fn read(objects: &Numbered, number: u64) -> Result<Self, BoxError> {
        let path = objects.path(number);
        let content = objects.read(number).await?;
        let content = content.ok_or_else(|| format!("{path} is gone"))?;
        let batch: Self = serde_json::from_slice(&content)
            .map_err(|error| format!("{path} is not part of a journal: {error}"))?;
        if batch.sequence != number {
            return Err(format!("{path} has the number {}", batch.sequence).into());
        }
        Ok(batch)
    }
}
