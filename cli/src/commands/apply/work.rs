//! The changes of an `apply`: what an interrupted run left, then what the file wants.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use openrouter_keys_native::workflow::Reconciled;
use openrouter_keys_native::{Client, Field, Key, KeyHash, NativeTransport, Update};

use super::Options;
use super::report::{Outcome, Result as StepResult};
use crate::app::App;
use crate::commands::create::warn_of;
use crate::failure::{Exit, Failure, Result};
use crate::sink::{self, Place, Sink, Stored};
use crate::wanted::{Action, Existing, Journal, Step, Wanted};
use crate::{keys, signal, text, transport, units};

/// Longer than a listing lags behind a create.
const SETTLE: i64 = 5;

pub(super) struct Work<'a> {
    options: &'a Options,
    app: &'a App,
    client: &'a Client,
    journal: &'a Journal,
    random: NativeTransport,
    is_cancelled: AtomicBool,
}

impl<'a> Work<'a> {
    pub(super) fn new(
        options: &'a Options,
        app: &'a App,
        client: &'a Client,
        journal: &'a Journal,
    ) -> Result<Self> {
        let random = NativeTransport::new()?;
        Ok(Self { options, app, client, journal, random, is_cancelled: AtomicBool::new(false) })
    }

    /// Waits until a listing has whatever an interrupted run created.
    pub(super) async fn settle(&self) {
        let Some(since) = self.journal.newest() else { return };
        let left = SETTLE.saturating_sub(units::now().saturating_sub(since)).clamp(0, SETTLE);
        if left > 0 {
            self.app.waiting.say(&format!(
                "an earlier run was interrupted; waiting {left} s for what it created"
            ));
            tokio::time::sleep(Duration::from_secs(left.unsigned_abs())).await;
        }
    }

    /// Takes keys from `existing` that an interrupted run created, and that appeared only after the
    /// next run had looked for them.
    pub(super) fn late(&self, existing: &mut Vec<Existing>) -> Result<Vec<Step>> {
        let is_late = |existing: &mut Existing| {
            let (name, workspace) = (keys::name_of(&existing.key), existing.workspace.as_deref());
            self.journal.is_late(name, workspace) && !is_used(&existing.key)
        };
        let steps = existing.extract_if(.., is_late).map(|Existing { workspace, key }| {
            let hash = key.require_hash().map_err(openrouter_keys_native::Error::from)?.clone();
            let (name, action) = (keys::name_of(&key).to_owned(), Action::Discard(hash));
            Ok(Step { name, workspace, key: Some(key), action })
        });
        steps.collect()
    }

    /// What to do with keys that an interrupted run created for this entry, recognised by their
    /// marked names. A key whose secret is stored is from now on among `existing` under its name.
    pub(super) async fn interrupted(
        &self,
        wanted: &Wanted,
        existing: &mut Vec<Existing>,
    ) -> Result<Vec<Step>> {
        let (name, workspace) = (wanted.name.as_str(), wanted.workspace.as_deref());
        let Some(creating) = self.journal.open_create(name, workspace) else {
            return Ok(Vec::new());
        };
        let place = Sink::of(&creating.sink)?.place(name)?;
        let is_ours = |existing: &Existing| {
            creating.names.iter().any(|marked| existing.is(marked, workspace))
        };
        let (ours, others): (Vec<_>, Vec<_>) =
            std::mem::take(existing).into_iter().partition(is_ours);
        *existing = others;
        let mut steps = Vec::new();
        let mut missing = creating.names;
        for Existing { workspace, mut key } in ours {
            missing.retain(|name| name != keys::name_of(&key));
            let hash = key.require_hash().map_err(openrouter_keys_native::Error::from)?.clone();
            let action = if creating.is_stored || is_stored(&place, &key)? {
                Action::Rename(Update::new(hash.as_str()).name(name))
            } else {
                Action::Discard(hash)
            };
            let is_kept = matches!(action, Action::Rename(_));
            steps.push(Step {
                name: name.to_owned(),
                workspace: workspace.clone(),
                key: Some(key.clone()),
                action,
            });
            if is_kept {
                missing.clear();
                key.name = Field::Value(name.to_owned());
                existing.push(Existing { workspace, key });
            }
        }
        if !creating.is_stored {
            self.journal.expect(&missing, workspace).await?;
        }
        if steps.is_empty() {
            self.journal.end(name, workspace).await?;
        }
        Ok(steps)
    }

    /// Finishes what an interrupted run left, then creates and updates, and deletes in the end:
    /// each only if all before it succeeded.
    pub(super) async fn apply(&self, steps: Vec<Step>) -> Vec<Outcome> {
        let is_left = |step: &Step| matches!(step.action, Action::Discard(_) | Action::Rename(_));
        let (left, steps): (Vec<_>, Vec<_>) = steps.into_iter().partition(is_left);
        let (deletes, others): (Vec<_>, Vec<_>) =
            steps.into_iter().partition(|step| matches!(step.action, Action::Delete(_)));
        let at_once = usize::from(self.options.at_once.max(1));
        let mut outcomes: Vec<Outcome> = Vec::new();
        for (is_first, steps) in [(true, left), (false, others), (false, deletes)] {
            if outcomes.iter().any(Outcome::is_failure) {
                let not_begun = |step| Outcome { step, place: None, result: StepResult::NotBegun };
                outcomes.extend(steps.into_iter().map(not_begun));
                continue;
            }
            let work = steps.into_iter().map(|step| self.one(step));
            outcomes.extend(stream::iter(work).buffered(at_once).collect::<Vec<_>>().await);
            if is_first {
                self.end(&mut outcomes).await;
            }
        }
        outcomes
    }

    /// What an interrupted run left is finished, unless something of it failed.
    async fn end(&self, outcomes: &mut [Outcome]) {
        if outcomes.iter().any(Outcome::is_failure) {
            return;
        }
        for Outcome { step, result, .. } in outcomes {
            if let Action::Discard(_) | Action::Rename(_) = step.action
                && let Err(failure) = self.journal.end(&step.name, step.workspace.as_deref()).await
            {
                *result = StepResult::Failed(failure);
            }
        }
    }

    async fn one(&self, step: Step) -> Outcome {
        if self.is_cancelled.load(Ordering::Relaxed) {
            return Outcome { step, place: None, result: StepResult::NotBegun };
        }
        if let Err(failure) = self.journal.check().await {
            return Outcome { step, place: None, result: StepResult::Failed(failure) };
        }
        let mut place = None;
        let done = match &step.action {
            Action::Nothing => Ok(()),
            Action::Create(wanted) => self.create(wanted, &mut place).await,
            Action::Update(update, _) | Action::Rename(update) => self.update(update.clone()).await,
            Action::Delete(hash) => self.delete(hash).await,
            Action::Discard(hash) => match self.delete(hash).await {
                Ok(()) => self.forget(&step).await,
                refused => refused,
            },
            Action::Problem(problem) => Err(Failure::failed(problem.clone())),
        };
        if done.as_ref().is_err_and(|failure| failure.exit == Exit::Cancelled) {
            self.is_cancelled.store(true, Ordering::Relaxed);
        }
        let result = done.map_or_else(StepResult::Failed, |()| StepResult::Done);
        Outcome { step, place, result }
    }

    async fn update(&self, update: Update) -> Result<()> {
        self.client.update(update).cancel_on(signal::stopped()).await?;
        Ok(())
    }

    async fn delete(&self, hash: &KeyHash) -> Result<()> {
        self.client.delete(hash.clone()).cancel_on(signal::stopped()).await?;
        Ok(())
    }

    /// A key that was late is late no more.
    async fn forget(&self, step: &Step) -> Result<()> {
        let name = step.key.as_ref().map(keys::name_of).unwrap_or_default();
        self.journal.deleted(name, step.workspace.as_deref()).await
    }

    /// Creates the key under a marked name, stores its secret, and gives it its name.
    async fn create(&self, wanted: &Wanted, stored_in: &mut Option<String>) -> Result<()> {
        let (name, workspace) = (wanted.name.as_str(), wanted.workspace.as_deref());
        let place = self.options.place(wanted)?;
        let create = wanted.create().map_err(Failure::usage)?;
        let create = transport::seeded(create, &self.random);
        let sink = place.describe(&self.options.sink(wanted)?);
        self.journal.begin(name, workspace, sink, create.names()).await?;
        let run = self.client.create_reconciled(create).cancel_on(signal::stopped());
        let Reconciled { created, name: marked, unconfirmed, .. } = match run.await {
            Ok(reconciled) => reconciled,
            Err(error) if error.may_have_been_created() => {
                return Err(Failure::from(error).next(text::this_command()));
            }
            Err(error) => {
                self.journal.end(name, workspace).await?;
                return Err(error.into());
            }
        };
        self.journal.expect(&unconfirmed, workspace).await?;
        warn_of(self.app, &unconfirmed, workspace);
        let hash = created.data.get().and_then(|key| key.hash.get());
        let shown = hash.map(KeyHash::as_str);
        let label = created.data.get().and_then(|key| key.label.as_deref());
        let about = sink::delivery(name, shown, label);
        match place.store(created.key(), &about) {
            Stored::Yes => self.journal.stored(name, workspace).await?,
            // The next run finds the key by its marked name, deletes it and creates it again.
            Stored::No(failure) | Stored::Unknown(failure) => {
                let message = format!(
                    "the key was created, and its secret may not be stored: {}; to delete it and \
                     create it again, run:",
                    failure.message
                );
                return Err(Failure::failed(message).next(text::this_command()));
            }
        }
        *stored_in = Some(place.in_words());
        let Some(hash) = hash else {
            return Err(Failure::failed(format!(
                "the key was created and its secret stored, but the response had no hash, so it \
                 is still named \"{}\"; to give it its name, run:",
                text::visible(&marked)
            ))
            .next(text::this_command()));
        };
        let mut update = Update::new(hash.as_str()).name(name);
        if wanted.disabled == Some(true) {
            update = update.disabled(true);
        }
        self.update(update).await.map_err(|failure| {
            let message = format!(
                "the key was created and its secret stored, but it is still named \"{}\": {}; to \
                 finish it, run:",
                text::visible(&marked),
                failure.message
            );
            Failure { message, ..failure }.next(text::this_command())
        })?;
        self.journal.end(name, workspace).await
    }
}

/// Whether the secret of this key of an interrupted run is stored: the place has it, or somebody
/// uses the key already.
fn is_stored(place: &Place, key: &Key) -> Result<bool> {
    let hash = key.hash.get().map(KeyHash::as_str);
    let about = sink::delivery(keys::name_of(key), hash, key.label.as_deref());
    Ok(place.holds(&about)? == Some(true) || is_used(key))
}

fn is_used(key: &Key) -> bool {
    key.usage.copied().is_some_and(|usage| usage > 0.0) || key.last_used_at.get().is_some()
}
