//! `apply`: makes the keys as a TOML file says, and goes on where an earlier run was interrupted.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use clap::Args;
use fs4::TryLockError;
use futures_util::{StreamExt as _, stream};
use openrouter_keys_native::{Client, KeyHash, Update};

use super::plan;
use crate::app::App;
use crate::change::ChangeArgs;
use crate::failure::{Exit, Failure, Result};
use crate::output::{Cell, Row, Shape, Tone};
use crate::rotations::Target;
use crate::sink::{Delivery, Sink, Stored};
use crate::wanted::{Action, Existing, Journal, Step, Wanted, WantedFile, compare};
use crate::{keys, signal, text, units};

/// Longer than a listing lags behind a create.
const SETTLE: i64 = 5;

/// Bring the keys in line with a TOML file
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
    /// How many keys to change at the same time
    #[arg(long, value_name = "COUNT", default_value_t = 8)]
    at_once: u8,
    #[command(flatten)]
    change: ChangeArgs,
}

pub(super) const SHAPE: Shape = Shape {
    columns: &["NAME", "ACTION", "RESULT", "CHANGES", "STORED IN"],
    fields: &["name", "hash", "action", "changes", "result", "stored_in", "problem"],
};

/// The result of one step.
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
        let client = app.client()?;
        let journal = Journal::open(&self.file, &app.owned_account(&client).await?)?;
        let is_cancelled = AtomicBool::new(false);
        let work = Work { options: &self, app, client: &client, journal: &journal, is_cancelled };
        work.settle().await;
        let mut existing = plan::existing(&client, &file).await?;
        let mut steps = Vec::new();
        for wanted in &file.keys {
            steps.extend(work.interrupted(wanted, &mut existing)?);
        }
        steps.extend(compare(&file, &existing)?);
        self.check_sinks(&steps)?;
        self.confirm(app, &steps).await?;
        let outcomes = work.apply(steps).await;
        report(app, outcomes)
    }

    fn target(&self, wanted: &Wanted) -> Result<Target> {
        Target::new(&self.sink(wanted)?, &wanted.name)
    }

    /// The sink of a new key; a path counts from the folder of the file that names it.
    fn sink(&self, wanted: &Wanted) -> Result<Sink> {
        let sink = match wanted.sink().map_err(Failure::usage)? {
            Some(Sink::File(path)) => {
                let folder = self.file.parent().map(PathBuf::from).unwrap_or_default();
                Some(Sink::File(folder.join(path).display().to_string()))
            }
            other => other.or_else(|| self.secret_to.clone()),
        };
        sink.ok_or_else(|| {
            Failure::usage(format!(
                "\"{}\" would be created, and its secret is shown only once; nothing was changed; \
                 add secret_to to its entry, or pass --secret-to",
                text::visible(&wanted.name)
            ))
        })
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

    async fn confirm(&self, app: &App, steps: &[Step]) -> Result<()> {
        let count = |name: &str| steps.iter().filter(|step| step.action.as_str() == name).count();
        for step in steps.iter().filter(|step| !matches!(step.action, Action::Nothing)) {
            let changes = plan::changes(&step.action);
            let line =
                format!("{:8} {}  {changes}", step.action.as_str(), text::visible(&step.name));
            app.waiting.say(line.trim_end());
        }
        let (create, update) = (count("create"), count("update"));
        let delete = count("delete") + count("discard");
        if create + update + delete == 0 {
            return Ok(());
        }
        self.change
            .confirm_text(&format!("create {create}, update {update} and delete {delete} keys"))
            .await
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
                Action::Delete(hash) | Action::Discard(hash) => drop(client.delete(hash).await),
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

    /// Takes keys from `existing` that an interrupted run created without storing their secrets:
    /// they are to be deleted before this one is created.
    fn interrupted(&self, wanted: &Wanted, existing: &mut Vec<Existing>) -> Result<Vec<Step>> {
        let (name, workspace) = (wanted.name.as_str(), wanted.workspace.as_deref());
        let Some(creating) = self.journal.open_create(name, workspace) else {
            return Ok(Vec::new());
        };
        let target = Target::new(&Sink::of(&creating.sink)?, name)?;
        let now = units::now();
        // There was no such key when the create was begun.
        let may_be = |existing: &Existing| {
            existing.is(name, workspace) && !keys::is_expired(&existing.key, now)
        };
        let mut steps = Vec::new();
        for Existing { key, .. } in existing.iter().filter(|existing| may_be(existing)) {
            let is_held = match key.label.as_deref() {
                Some(label) => target.holds_label(label)?,
                None => None,
            };
            if is_held == Some(true) {
                self.journal.end(name, workspace)?;
                return Ok(Vec::new());
            }
            let is_unused = key.usage.copied().is_some_and(|usage| usage <= 0.0)
                && key.last_used_at.get().is_none();
            if !is_unused {
                return Err(Failure::failed(format!(
                    "\"{}\" was created by an interrupted run, {} does not have its secret, and \
                     somebody uses it; nothing was changed; rotate it:",
                    text::visible(name),
                    target.place()
                ))
                .next(format!("openrouter-keys rotate {}", text::quoted_for_shell(name))));
            }
            let hash = key.require_hash().map_err(openrouter_keys_native::Error::from)?;
            let action = Action::Discard(hash.clone());
            steps.push(Step { name: name.to_owned(), key: Some(key.clone()), action });
        }
        existing.retain(|existing| !may_be(existing));
        Ok(steps)
    }

    /// Discards what an interrupted run left, then creates and updates, and deletes in the end:
    /// each only if all before it succeeded.
    async fn apply(&self, steps: Vec<Step>) -> Vec<Outcome> {
        let (discards, steps): (Vec<_>, Vec<_>) =
            steps.into_iter().partition(|step| matches!(step.action, Action::Discard(_)));
        let (deletes, others): (Vec<_>, Vec<_>) =
            steps.into_iter().partition(|step| matches!(step.action, Action::Delete(_)));
        let at_once = usize::from(self.options.at_once.max(1));
        let mut outcomes: Vec<Outcome> = Vec::new();
        for steps in [discards, others, deletes] {
            if outcomes.iter().any(|outcome| outcome.result.is_err()) {
                outcomes.extend(steps.into_iter().map(|step| Outcome {
                    step,
                    result: Err(Failure::failed("not begun, because something before it failed")),
                }));
                continue;
            }
            let work = steps.into_iter().map(|step| self.one(step));
            outcomes.extend(stream::iter(work).buffered(at_once).collect::<Vec<_>>().await);
        }
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
            Action::Delete(hash) | Action::Discard(hash) => {
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
        self.journal.begin(name, workspace, target.describe(&self.options.sink(wanted)?))?;
        let created = match self.client.create(create).cancel_on(signal::stopped()).await {
            Ok(created) => created,
            Err(error) => {
                let is_lost = error.may_have_been_created();
                if !is_lost {
                    self.journal.end(name, workspace)?;
                }
                let failure = Failure::from(error);
                return Err(if is_lost { failure.next(text::this_command()) } else { failure });
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
                return Err(Failure::failed(message).next(text::this_command()));
            }
        }
        if let (Some(true), Some(hash)) = (wanted.disabled, hash) {
            let update = Update::new(hash.as_str()).disabled(true);
            self.client.update(update).cancel_on(signal::stopped()).await?;
        }
        Ok(target.place())
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
