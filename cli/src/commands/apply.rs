//! `apply`: makes the keys as a TOML file says, and goes on where an earlier run was interrupted.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use clap::Args;
use fs4::TryLockError;
use futures_util::{StreamExt as _, stream};
use openrouter_keys_native::{Client, Key, KeyHash, Update};

use super::plan;
use crate::app::App;
use crate::change::ChangeArgs;
use crate::failure::{Exit, Failure, Result};
use crate::output::{Cell, Row, Shape, Tone};
use crate::rotations::Target;
use crate::sink::{Delivery, Sink, Stored};
use crate::wanted::{Action, Journal, Step, Wanted, WantedFile, compare};
use crate::{keys, signal, text, units};

/// Longer than a listing lags behind a create.
const SETTLE: i64 = 5;

/// Make the keys as a TOML file says
///
/// Creates and changes keys, and deletes only those that the file lists in its section delete. What
/// was interrupted, even by a crash, goes on when the command is run again: a key whose secret was
/// not stored is deleted and created again.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  openrouter-keys apply
  openrouter-keys apply team.toml --secret-to 'file:keys/{name}.key' --yes
  openrouter-keys plan --help          shows what the file looks like")]
pub(crate) struct Options {
    /// The file of wanted keys
    #[arg(value_name = "FILE", default_value = "keys.toml")]
    file: PathBuf,
    /// Where the secret of a new key goes if its entry names no sink
    #[arg(long, value_name = "SINK", value_parser = Sink::parse)]
    secret_to: Option<Sink>,
    /// Change so many keys at once
    #[arg(long, value_name = "COUNT", default_value_t = 8)]
    at_once: u8,
    #[command(flatten)]
    change: ChangeArgs,
}

pub(super) const SHAPE: Shape = Shape {
    columns: &["NAME", "ACTION", "RESULT", "CHANGES", "STORED IN"],
    fields: &["name", "hash", "action", "changes", "result", "stored_in", "problem"],
};

/// What one step came to.
struct Outcome {
    step: Step,
    /// Where the secret of a created key is.
    result: Result<Option<String>>,
}

struct Work<'a> {
    options: &'a Options,
    app: &'a App,
    client: &'a Client,
    journal: &'a Journal,
    is_cancelled: AtomicBool,
}

impl Options {
    pub(crate) async fn run(self, app: &App) -> Result<Exit> {
        app.output.check(&SHAPE)?;
        let (file, open) = plan::read(&self.file)?;
        if self.change.dry_run {
            let work = async |client| self.dry_run(&client, &file).await;
            return self.change.perform(app, work).await.map(|_| Exit::Done);
        }
        match fs4::FileExt::try_lock(&open) {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(Failure::failed(
                    "another process is applying this file; nothing was sent",
                ));
            }
            Err(TryLockError::Error(error)) => return Err(error.into()),
        }
        let journal = Journal::open(&self.file, app.account()?)?;
        let client = app.client()?;
        let is_cancelled = AtomicBool::new(false);
        let work = Work { options: &self, app, client: &client, journal: &journal, is_cancelled };
        work.settle().await;
        let mut existing = plan::existing(&client, &file).await?;
        for wanted in &file.keys {
            work.finish_interrupted(wanted, &mut existing).await?;
        }
        let steps = compare(&file, &existing)?;
        self.check_sinks(&steps)?;
        self.confirm(app, &steps)?;
        let outcomes = work.apply(steps).await;
        report(app, outcomes)
    }

    /// The sink of a new key; a path counts from the folder of the file that names it.
    fn target(&self, wanted: &Wanted) -> Result<Target> {
        let sink = match wanted.sink().map_err(Failure::usage)? {
            Some(Sink::File(path)) => {
                let folder = self.file.parent().map(PathBuf::from).unwrap_or_default();
                Some(Sink::File(folder.join(path).display().to_string()))
            }
            other => other.or_else(|| self.secret_to.clone()),
        };
        let sink = sink.ok_or_else(|| {
            Failure::usage(format!(
                "\"{}\" would be created, and its secret is shown only once; nothing was changed; \
                 add secret_to to its entry, or pass --secret-to",
                text::visible(&wanted.name)
            ))
        })?;
        Target::new(&sink, &wanted.name)
    }

    /// Refuses sinks that cannot take a secret before anything is changed.
    fn check_sinks(&self, steps: &[Step]) -> Result<()> {
        let mut targets: Vec<Target> = Vec::new();
        for step in steps {
            let Action::Create(wanted) = &step.action else { continue };
            let target = self.target(wanted)?;
            if targets.contains(&target) && !matches!(target, Target::Command(_)) {
                return Err(Failure::usage(format!(
                    "several keys would be stored in {}; nothing was changed; write {{name}} in \
                     the sink",
                    target.place()
                )));
            }
            target.check(None)?;
            targets.push(target);
        }
        Ok(())
    }

    fn confirm(&self, app: &App, steps: &[Step]) -> Result<()> {
        let count = |name: &str| steps.iter().filter(|step| step.action.as_str() == name).count();
        for step in steps.iter().filter(|step| !matches!(step.action, Action::Nothing)) {
            let changes = plan::changes(&step.action);
            let line =
                format!("{:8} {}  {changes}", step.action.as_str(), text::visible(&step.name));
            app.waiting.say(line.trim_end());
        }
        let (create, update, delete) = (count("create"), count("update"), count("delete"));
        if create + update + delete == 0 {
            return Ok(());
        }
        self.change
            .confirm_text(&format!("create {create}, update {update} and delete {delete} keys"))
    }

    async fn dry_run(&self, client: &Client, file: &WantedFile) -> Result<()> {
        let existing = plan::existing(client, file).await?;
        for step in compare(file, &existing)? {
            // Recorded and not sent.
            match step.action {
                Action::Create(wanted) => {
                    self.target(&wanted)?;
                    let create = wanted.create().map_err(Failure::usage)?;
                    drop(client.create(create).await);
                }
                Action::Update(update, _) => drop(client.update(update).await),
                Action::Delete(hash) => drop(client.delete(hash).await),
                Action::Nothing | Action::Problem(_) => {}
            }
        }
        Ok(())
    }
}

impl Work<'_> {
    /// Waits until a listing has whatever an interrupted run created.
    async fn settle(&self) {
        let Some(since) = self.journal.newest() else { return };
        let left = SETTLE.saturating_sub(units::now().saturating_sub(since)).clamp(0, SETTLE);
        if left > 0 {
            self.app.waiting.say(&format!(
                "an earlier run was interrupted; waiting {left} s for what it created"
            ));
            tokio::time::sleep(Duration::from_secs(left.unsigned_abs())).await;
        }
    }

    /// Deletes a key that an interrupted run created without storing its secret.
    async fn finish_interrupted(&self, wanted: &Wanted, existing: &mut Vec<Key>) -> Result<()> {
        let workspace = wanted.workspace.as_deref();
        if self.journal.since(&wanted.name, workspace).is_none() {
            return Ok(());
        }
        let target = self.options.target(wanted)?;
        let now = units::now();
        let is_it = |key: &Key| {
            keys::name_of(key) == wanted.name
                && keys::State::of(key, now) != keys::State::Expired
                && workspace.is_none_or(|id| key.workspace_id.as_deref() == Some(id))
        };
        let mut is_stored = false;
        for key in existing.iter().filter(|key| is_it(key)) {
            let is_held = match key.label.as_deref() {
                Some(label) => target.holds_label(label)?,
                None => None,
            };
            if is_held == Some(true) {
                is_stored = true;
                continue;
            }
            let is_unused = key.usage.copied().is_none_or(|usage| usage <= 0.0)
                && key.last_used_at.get().is_none();
            if !is_unused {
                return Err(Failure::failed(format!(
                    "\"{}\" was created by an interrupted run, {} does not have its secret, and \
                     somebody uses it; nothing was changed; rotate it:",
                    text::visible(&wanted.name),
                    target.place()
                ))
                .next(format!("openrouter-keys rotate {}", text::quoted_for_shell(&wanted.name))));
            }
            let hash = key.require_hash().map_err(openrouter_keys_native::Error::from)?;
            self.client.delete(hash.clone()).cancel_on(signal::stopped()).await?;
            self.app.waiting.say(&format!(
                "deleted \"{}\", which an interrupted run created without storing its secret",
                text::visible(&wanted.name)
            ));
        }
        if is_stored {
            return self.journal.end(&wanted.name, workspace);
        }
        existing.retain(|key| !is_it(key));
        Ok(())
    }

    /// Creates and updates first; deletes only if all of that succeeded.
    async fn apply(&self, steps: Vec<Step>) -> Vec<Outcome> {
        let (deletes, others): (Vec<_>, Vec<_>) =
            steps.into_iter().partition(|step| matches!(step.action, Action::Delete(_)));
        let at_once = usize::from(self.options.at_once.max(1));
        let work = others.into_iter().map(|step| self.one(step));
        let mut outcomes: Vec<_> = stream::iter(work).buffered(at_once).collect().await;
        if outcomes.iter().any(|outcome: &Outcome| outcome.result.is_err()) {
            outcomes.extend(deletes.into_iter().map(|step| Outcome {
                step,
                result: Err(Failure::failed("not deleted, because something before it failed")),
            }));
            return outcomes;
        }
        let work = deletes.into_iter().map(|step| self.one(step));
        outcomes.extend(stream::iter(work).buffered(at_once).collect::<Vec<_>>().await);
        outcomes
    }

    async fn one(&self, step: Step) -> Outcome {
        if self.is_cancelled.load(Ordering::Relaxed) {
            let result = Err(Failure::new(Exit::Cancelled, "not begun: cancelled by a signal"));
            return Outcome { step, result };
        }
        let result = match &step.action {
            Action::Nothing => Ok(None),
            Action::Create(wanted) => self.create(wanted).await.map(Some),
            Action::Update(update, _) => {
                let updated = self.client.update(update.clone()).cancel_on(signal::stopped()).await;
                updated.map(|_| None).map_err(Failure::from)
            }
            Action::Delete(hash) => {
                let deleted = self.client.delete(hash.clone()).cancel_on(signal::stopped()).await;
                deleted.map(|_| None).map_err(Failure::from)
            }
            Action::Problem(problem) => Err(Failure::failed(problem.clone())),
        };
        if result.as_ref().is_err_and(|failure| failure.exit == Exit::Cancelled) {
            self.is_cancelled.store(true, Ordering::Relaxed);
        }
        Outcome { step, result }
    }

    async fn create(&self, wanted: &Wanted) -> Result<String> {
        let (name, workspace) = (wanted.name.as_str(), wanted.workspace.as_deref());
        let target = self.options.target(wanted)?;
        let create = wanted.create().map_err(Failure::usage)?;
        self.journal.begin(name, workspace)?;
        let created = match self.client.create(create).cancel_on(signal::stopped()).await {
            Ok(created) => created,
            Err(error) => {
                let is_lost = error.may_have_been_created();
                if !is_lost {
                    self.journal.end(name, workspace)?;
                }
                let failure = Failure::from(error);
                return Err(if is_lost { failure.next(self.again()) } else { failure });
            }
        };
        let hash = created.data.get().and_then(|key| key.hash.get());
        let shown = hash.map(KeyHash::as_str);
        let about = Delivery { name, hash: shown, token: shown.unwrap_or(name) };
        match target.store(created.key(), &about) {
            Stored::Yes => self.journal.end(name, workspace)?,
            // The next run finds the key in the journal, deletes it and creates it again.
            Stored::No(failure) | Stored::Unknown(failure) => {
                let message = format!(
                    "the key was created, and its secret may not be stored: {}; to delete it and create \
                     it again, run:",
                    failure.message
                );
                return Err(Failure::failed(message).next(self.again()));
            }
        }
        if let (Some(true), Some(hash)) = (wanted.disabled, hash) {
            let update = Update::new(hash.as_str()).disabled(true);
            self.client.update(update).cancel_on(signal::stopped()).await?;
        }
        Ok(target.place())
    }

    fn again(&self) -> String {
        let file = text::quoted_for_shell(&self.options.file.display().to_string());
        format!("openrouter-keys apply {file}")
    }
}

/// Writes a row for each key that was to change.
fn report(app: &App, outcomes: Vec<Outcome>) -> Result<Exit> {
    let is_shown = |outcome: &&Outcome| !matches!(outcome.step.action, Action::Nothing);
    let rows: Vec<_> = outcomes.iter().filter(is_shown).map(row).collect();
    if rows.is_empty() && app.output.is_for_people() {
        app.waiting.say("nothing to change");
    }
    app.output.rows(&SHAPE, &rows)?;
    let count = rows.len();
    let mut failures: Vec<_> = outcomes
        .into_iter()
        .filter_map(|outcome| Some(outcome.result.err()?.about(&outcome.step.name)))
        .collect();
    // A key that may exist matters most.
    failures.sort_by_key(|failure| failure.exit != Exit::MayHaveCreated);
    let failed = failures.len();
    match failures.into_iter().next() {
        None => Ok(Exit::Done),
        Some(first) if failed == 1 => Err(first),
        Some(first) => {
            let message =
                format!("{failed} of {count} changes failed; the first: {}", first.message);
            Err(Failure { message, ..first })
        }
    }
}

fn row(outcome: &Outcome) -> Row {
    let Outcome { step, result } = outcome;
    let (said, tone, place, problem) = match result {
        Ok(place) => ("done", Tone::Good, place.as_deref(), None),
        Err(failure) => ("failed", Tone::Bad, None, Some(failure.message.as_str())),
    };
    let cells = vec![
        Cell::text(&step.name),
        Cell::text(step.action.as_str()).tone(plan::tone(&step.action)),
        Cell::text(said).tone(tone),
        Cell::text(&plan::changes(&step.action)),
        Cell::text(place.unwrap_or_default()),
    ];
    let object =
        plan::object(step).with("result", said).with("stored_in", place).with("problem", problem);
    Row { cells, object }
}
