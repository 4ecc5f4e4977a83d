//! The requests of `bulk create`, once the rows are checked.

use std::collections::{BTreeMap, HashMap, HashSet};

use futures_util::StreamExt as _;
use openrouter_keys_native::workflow::{CreateReconciled, Sweep};
use openrouter_keys_native::{Client, NativeTransport};

use super::row::Work;
use crate::app::App;
use crate::bulk::journal::{Entry, Event, Journal, Stage};
use crate::bulk::pace::{Pace, Stop};
use crate::bulk::rows::Row;
use crate::commands::bulk::outcome::{Outcome, State};
use crate::commands::create::warn_of;
use crate::failure::{Exit, Result};
use crate::sink::Sink;
use crate::{text, transport};

/// A row that is not done.
pub(super) struct Task {
    pub(super) row: Row,
    pub(super) entry: Entry,
    /// How its key is created, unless it was before.
    pub(super) create: Option<CreateReconciled>,
}

/// By workspace, names under which keys may exist.
pub(super) type Names = BTreeMap<Option<String>, Vec<String>>;

pub(super) struct Run<'a> {
    pub(super) app: &'a App,
    pub(super) client: Client,
    pub(super) journal: Journal,
    pub(super) sink: Sink,
    pub(super) stop: Stop,
}

impl Run<'_> {
    /// Deletes the keys whose secrets earlier runs lost. Returns the names of unfinished rows
    /// that were not found: a create may have been on its way when its run was killed.
    pub(super) async fn sweep(
        &self,
        tasks: &mut Vec<Task>,
        outcomes: &mut Vec<Outcome>,
    ) -> Result<Names> {
        let (mut missing, failed) = self.sweep_names(self.lost(tasks)).await?;
        let unfinished: HashSet<_> = tasks.iter().flat_map(|task| task.entry.lost()).collect();
        for names in missing.values_mut() {
            names.retain(|name| unfinished.contains(name));
        }
        missing.retain(|_, names| !names.is_empty());
        tasks.retain(|Task { row, entry, .. }| {
            let error = entry.names.iter().find_map(|name| failed.get(name));
            if let Some(error) = error {
                let error = format!("the key of an earlier run was not deleted: {error}");
                self.app.waiting.warn(&format!("{}: {error}", text::visible(&row.name)));
                outcomes.push(Outcome {
                    name: row.name.clone(),
                    hash: None,
                    state: State::Failed(Exit::Failed),
                    error: Some(error),
                });
            }
            error.is_none()
        });
        Ok(missing)
    }

    /// The names of keys that may exist without their secrets: of the rows, of rows that are
    /// done, and of rows that were removed from the file before their key was created.
    fn lost(&self, tasks: &[Task]) -> Names {
        let here: HashSet<_> = tasks.iter().map(|task| task.row.name.as_str()).collect();
        let others = self.journal.entries().filter(|(name, entry)| {
            matches!(entry.stage, Stage::Creating | Stage::Done) && !here.contains(name.as_str())
        });
        let entries = tasks.iter().map(|task| &task.entry).chain(others.map(|(_, entry)| entry));
        let mut names = Names::new();
        for entry in entries {
            names.entry(entry.workspace.clone()).or_default().extend(entry.lost().cloned());
        }
        names.retain(|_, names| !names.is_empty());
        names
    }

    /// Deletes keys with these names. Returns the names that were not found, and what failed.
    async fn sweep_names(&self, names: Names) -> Result<(Names, HashMap<String, String>)> {
        let (mut missing, mut failed) = (Names::new(), HashMap::new());
        for (workspace, names) in names {
            let sweep = Sweep::new(names).workspaces(workspace.clone());
            let swept = self.client.sweep(sweep).cancel_on(self.stop.clone().asked()).await?;
            for key in &swept.deleted {
                self.app.waiting.say(&format!(
                    "deleted the key {}, whose secret was lost",
                    text::visible(key.name.as_deref().unwrap_or_default())
                ));
            }
            for (key, error) in swept.failed {
                failed.insert(key.name.into_option().unwrap_or_default(), error.to_string());
            }
            missing.insert(workspace, swept.absent);
        }
        Ok((missing, failed))
    }

    /// Looks once more for keys that appeared late.
    pub(super) async fn sweep_again(&self, missing: Names) {
        if missing.is_empty() || self.stop.is_asked() {
            return;
        }
        if let Err(failure) = self.sweep_names(missing).await {
            self.app.waiting.warn(&format!("warning: {}", failure.message));
        }
    }

    /// Creates the keys, this many at the same time.
    pub(super) async fn create(
        &self,
        mut tasks: Vec<Task>,
        jobs: usize,
        missing: &mut Names,
        outcomes: &mut Vec<Outcome>,
    ) -> Result<()> {
        self.name(&mut tasks).await?;
        let pace = Pace::new(self.app, self.stop.clone(), "creating keys", tasks.len());
        let work = Work { run: self, pace: &pace };
        let mut done =
            futures_util::stream::iter(tasks).map(|task| work.perform(task)).buffer_unordered(jobs);
        while let Some((outcome, workspace, unconfirmed)) = done.next().await {
            pace.count(outcome.state == State::Done);
            if let Some(error) = &outcome.error {
                self.app.waiting.warn(&format!("{}: {error}", text::visible(&outcome.name)));
            }
            warn_of(self.app, &unconfirmed, workspace.as_deref());
            if !unconfirmed.is_empty() {
                missing.entry(workspace).or_default().extend(unconfirmed);
            }
            outcomes.push(outcome);
        }
        self.app.waiting.clear();
        Ok(())
    }

    /// Gives every key its names and writes them to the journal, before any key is created.
    async fn name(&self, tasks: &mut [Task]) -> Result<()> {
        let random = NativeTransport::new()?;
        let mut events = Vec::new();
        for task in tasks.iter_mut().filter(|task| task.entry.stage < Stage::Stored) {
            let create = transport::seeded(task.row.create.clone(), &random);
            let Row { name, workspace, settings, .. } = task.row.clone();
            events.push(Event::Creating { name, names: create.names(), workspace, settings });
            task.create = Some(create);
        }
        if events.is_empty() { Ok(()) } else { self.journal.write(&events).await }
    }
}
