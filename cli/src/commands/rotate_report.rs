//! What `rotate` reports: the result for each key, and the open rotations.

use async_trait::async_trait;
use openrouter_keys_native::KeyHash;
use openrouter_keys_native::error::BoxError;
use openrouter_keys_native::operation::Created;
use openrouter_keys_native::workflow::{Rotated, Rotation, RotationHandler};

use super::create::warn_of;
use crate::app::App;
use crate::failure::{Exit, Failure, Result};
use crate::output::{Cell, Object, Row, Shape, Tone};
use crate::rotations::{self, Done, Folder};
use crate::{suggest, units};

pub(super) const SHAPE: Shape = Shape {
    columns: &["NAME", "RESULT", "NEW HASH", "STORED IN", "OLD SPENT", "NEW LIMIT"],
    fields: &[
        "name",
        "result",
        "old_hash",
        "new_hash",
        "stored_in",
        "old_usage",
        "new_limit",
        "unconfirmed",
        "problem",
    ],
};

pub(super) const STATUS: Shape = Shape {
    columns: &["NAME", "OLD HASH", "STEP", "SINCE", "SINK", "RUNNING"],
    fields: &["name", "old_hash", "new_hash", "step", "since", "leaked", "sink", "running", "file"],
};

/// How the rotation of one key ended; no result if another process had finished it.
pub(super) struct Outcome {
    pub(super) name: String,
    pub(super) old: Option<KeyHash>,
    pub(super) result: Result<Option<Done>>,
}

/// Writes a row for each key. The exit code is the first failure's, or says that a key is still
/// in use.
pub(super) fn write(
    app: &App,
    folder: &Folder,
    outcomes: Vec<Outcome>,
    is_revealed: bool,
) -> Result<Exit> {
    let rows: Vec<_> = outcomes.iter().map(row).collect();
    // The secret alone, so that a script can read it.
    if !is_revealed {
        app.output.rows(&SHAPE, &rows)?;
    }
    let count = outcomes.len();
    let is_in_use = outcomes.iter().any(Outcome::is_still_in_use);
    for outcome in &outcomes {
        warn_of(app, outcome.unconfirmed(), outcome.workspace());
    }
    let failed =
        outcomes.into_iter().filter_map(|outcome| Some((outcome.name, outcome.result.err()?)));
    let mut failures: Vec<_> = failed.collect();
    let failed = failures.len();
    if !failures.is_empty() {
        let (name, failure) = failures.swap_remove(0);
        if failed == 1 {
            return Err(failure.about(&name));
        }
        return Err(Failure::new(
            failure.exit,
            format!(
                "{failed} of {count} rotations failed; the first: {}",
                failure.about(&name).in_one_line()
            ),
        )
        .next(folder.command("rotate --status")));
    }
    if is_in_use {
        let next = suggest::for_this_account(folder.command("rotate"));
        app.waiting.say(&format!(
            "old keys that are still in use keep working; to go on later, run:\n\n  {next}"
        ));
        return Ok(Exit::StillInUse);
    }
    Ok(Exit::Done)
}

impl Outcome {
    fn is_still_in_use(&self) -> bool {
        matches!(&self.result, Ok(Some(Done { rotated: Rotated::StillInUse { .. }, .. })))
    }

    fn workspace(&self) -> Option<&str> {
        match &self.result {
            Ok(Some(Done { rotated: Rotated::Done { old: Some(old), .. }, .. })) => {
                old.workspace_id.as_deref()
            }
            _ => None,
        }
    }

    fn unconfirmed(&self) -> &[String] {
        match &self.result {
            Ok(Some(Done { rotated: Rotated::Done { unconfirmed, .. }, .. })) => unconfirmed,
            _ => &[],
        }
    }
}

fn row(outcome: &Outcome) -> Row {
    let (mut new, mut place, mut spent, mut limit, mut problem) = (None, None, None, None, None);
    let (result, tone) = match &outcome.result {
        Ok(None) => ("done elsewhere", Tone::Dim),
        Ok(Some(done)) => {
            place = Some(done.place.as_str());
            match &done.rotated {
                Rotated::Done { new: hash, old, carried, .. } => {
                    new = Some(hash.as_str());
                    spent = old.as_ref().and_then(|old| old.usage.copied());
                    limit = carried.or_else(|| old.as_ref().and_then(|old| old.limit.copied()));
                    ("done", Tone::Good)
                }
                Rotated::StillInUse { old, state } => {
                    new = state.new.as_ref().map(KeyHash::as_str);
                    spent = old.usage.copied();
                    ("still in use", Tone::Warning)
                }
                _ => ("unknown", Tone::Dim),
            }
        }
        Err(failure) => {
            problem = Some(failure.in_one_line());
            ("failed", Tone::Bad)
        }
    };
    let amount = |amount: Option<f64>| match amount {
        Some(amount) => Cell::new(units::dollars(amount), amount.to_string()).number(),
        None => Cell::default().number(),
    };
    let cells = vec![
        Cell::text(&outcome.name),
        Cell::text(result).tone(tone),
        Cell::new(
            new.unwrap_or_default().chars().take(12).collect::<String>(),
            new.unwrap_or_default(),
        ),
        Cell::text(place.unwrap_or_default()),
        amount(spent),
        amount(limit),
    ];
    let object = Object::default()
        .with("name", outcome.name.as_str())
        .with("result", result.replace(' ', "_"))
        .with("old_hash", outcome.old.as_ref().map(KeyHash::as_str))
        .with("new_hash", new)
        .with("stored_in", place)
        .with("old_usage", spent)
        .with("new_limit", limit)
        .with("unconfirmed", outcome.unconfirmed().to_vec())
        .with("problem", problem);
    Row { cells, object }
}

/// Lists the open rotations of this account. Nothing is sent.
pub(super) fn status(app: &App, folder: &Folder) -> Result<Exit> {
    app.output.check(&STATUS)?;
    let mut rows = Vec::new();
    for saved in folder.open(app)? {
        let state = &saved.rotation;
        let is_running = folder.try_lock(&state.old)?.is_none();
        let old = state.old.as_str();
        let since = state.since.map(|since| {
            units::roughly(u64::try_from(units::now().saturating_sub(since)).unwrap_or_default())
        });
        let cells = vec![
            Cell::text(&saved.name),
            Cell::new(old.chars().take(12).collect::<String>(), old),
            Cell::text(rotations::step_in_words(state)),
            Cell::new(
                since.map(|since| format!("{since} ago")).unwrap_or_default(),
                state.since.map(|since| since.to_string()).unwrap_or_default(),
            ),
            Cell::text(&saved.sink),
            Cell::text(if is_running { "yes" } else { "no" }),
        ];
        let object = Object::default()
            .with("name", saved.name.as_str())
            .with("old_hash", old)
            .with("new_hash", state.new.as_ref().map(KeyHash::as_str))
            .with("step", state.step.as_str())
            .with("since", state.since)
            .with("leaked", state.leaked)
            .with("sink", saved.sink.as_str())
            .with("running", is_running)
            .with("file", folder.file(&state.old).display().to_string());
        rows.push(Row { cells, object });
    }
    if rows.is_empty() && app.output.is_for_people() {
        app.waiting.say("no open rotations");
    }
    app.output.rows(&STATUS, &rows)?;
    Ok(Exit::Done)
}

/// The handler of a dry run: saves nothing and stores nothing.
pub(super) struct Unsaved;

#[async_trait]
impl RotationHandler for Unsaved {
    async fn save(&mut self, _: &Rotation) -> Result<(), BoxError> {
        Ok(())
    }

    async fn hand_over(&mut self, _: &Created) -> Result<(), BoxError> {
        Err("dry run".into())
    }

    async fn was_handed_over(&mut self, _: &Rotation) -> Result<bool, BoxError> {
        Ok(false)
    }
}
