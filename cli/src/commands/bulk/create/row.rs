//! One row of `bulk create`, from its create to the end.

use openrouter_keys_native::Update;
use openrouter_keys_native::workflow::Reconciled;

use super::run::{Run, Task};
use crate::bulk::journal::Event;
use crate::bulk::pace::Pace;
use crate::commands::bulk::outcome::{Outcome, State};
use crate::failure::{Failure, Result};
use crate::sink::{self, Ready};

pub(super) struct Work<'a> {
    pub(super) run: &'a Run<'a>,
    pub(super) pace: &'a Pace<'a>,
}

/// A key that exists, and what its create may have left behind.
#[derive(Default)]
struct Row {
    hash: Option<String>,
    unconfirmed: Vec<String>,
}

impl Work<'_> {
    /// Returns the outcome, and under which names of the workspace a key may still appear.
    pub(super) async fn perform(&self, task: Task) -> (Outcome, Option<String>, Vec<String>) {
        let (name, workspace) = (task.row.name.clone(), task.row.workspace.clone());
        let mut row = Row { hash: task.entry.hash.clone(), ..Row::default() };
        let (state, error) = match self.steps(task, &mut row).await {
            Ok(state) => (state, None),
            Err(failure) => (State::Failed(failure.exit), Some(failure.in_one_line())),
        };
        (Outcome { name, hash: row.hash, state, error }, workspace, row.unconfirmed)
    }

    async fn steps(&self, task: Task, row: &mut Row) -> Result<State> {
        let name = task.row.name;
        self.run.journal.check().await?;
        if let Some(create) = task.create {
            // A sink that cannot take the secret must be noticed first.
            let ready = self.run.sink.prepare(&name)?;
            let send = async |cancel| {
                self.run.client.create_reconciled(create.clone()).cancel_on(cancel).await
            };
            let Some(reconciled) = self.pace.send(false, send).await? else {
                return Ok(State::NotBegun);
            };
            row.unconfirmed.clone_from(&reconciled.unconfirmed);
            let key = reconciled.created.data.get();
            row.hash = key.and_then(|key| key.hash.get()).map(|hash| hash.as_str().to_owned());
            let created = Event::Created {
                name: name.clone(),
                hash: row.hash.clone(),
                marked: reconciled.name.clone(),
            };
            self.run.journal.write(&[created]).await?;
            deliver(&name, row.hash.clone(), reconciled, ready).await?;
            self.run.journal.write(&[Event::Stored { name: name.clone() }]).await?;
        } else if self.run.stop.is_asked() {
            return Ok(State::NotBegun);
        }
        let hash = row.hash.as_deref().ok_or_else(|| {
            Failure::failed(
                "the key was created and its secret stored, but the response had no hash, so it \
                 keeps the marker in its name",
            )
        })?;
        let rename = async |cancel| {
            self.run.client.update(Update::new(hash).name(&name)).cancel_on(cancel).await
        };
        self.pace.send(true, rename).await.map_err(|failure| Failure {
            message: format!(
                "the key was created and its secret stored, but the marker in its name was not \
                 removed: {}",
                failure.message
            ),
            ..failure
        })?;
        self.run.journal.write(&[Event::Done { name }]).await?;
        Ok(State::Done)
    }
}

/// Stores the secret without keeping other rows from their requests.
async fn deliver(
    name: &str,
    hash: Option<String>,
    reconciled: Reconciled,
    ready: Ready,
) -> Result<()> {
    let key = name.to_owned();
    let stored = tokio::task::spawn_blocking(move || {
        let label = reconciled.created.data.get().and_then(|key| key.label.as_deref());
        let about = sink::delivery(&key, hash.as_deref(), label);
        ready.deliver_one_of_many(reconciled.created.key(), &about)
    });
    stored.await.map_err(|error| Failure::failed(error.to_string()))?.map_err(|failure| Failure {
        message: format!(
            "the key was created, but its secret was not stored: {}; the next run deletes the \
             key and creates it again",
            failure.message
        ),
        ..failure
    })
}
