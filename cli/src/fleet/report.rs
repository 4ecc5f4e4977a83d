//! The results of a pass, and the state of the logs.

use openrouter_keys_fleet::{LogStatus, Outcome, Planned, Report, Row};
use openrouter_keys_native::workflow::{Rotation, RotationEntry};
use openrouter_keys_native::{KeyHash, Timestamp};

use super::StoreArgs;
use super::progress::name_of;
use crate::app::App;
use crate::commands::warn_of;
use crate::failure::{Exit, Failure, Result, message_of};
use crate::output::{self, Cell, Object, Shape, Tone};
use crate::{rotations, units};

pub(crate) const SHAPE: Shape = Shape {
    columns: &["NAME", "RESULT", "NEW HASH", "STORED IN", "OLD SPENT", "NEW LIMIT"],
    fields: &[
        "name",
        "result",
        "old_hash",
        "new_hash",
        "step",
        "stored_in",
        "old_usage",
        "new_limit",
        "waits_until",
        "owner",
        "unconfirmed",
        "problem",
    ],
};

pub(crate) const PLAN: Shape =
    Shape { columns: &["NAME", "OLD HASH", "WOULD"], fields: &["name", "old_hash", "would"] };

pub(crate) const STATUS: Shape = Shape {
    columns: &["NAME", "OLD HASH", "STEP", "SINCE", "OWNER", "WRITTEN", "SINK"],
    fields: &[
        "name",
        "old_hash",
        "new_hash",
        "step",
        "since",
        "owner",
        "lease_ms",
        "written_at",
        "sink",
        "unconfirmed",
        "problem",
    ],
};

pub(crate) const LOG: Shape = Shape {
    columns: &["ENTRY", "STEP", "SINCE", "OWNER", "NEW HASH"],
    fields: &[
        "entry", "name", "old_hash", "new_hash", "step", "since", "owner", "lease_ms", "sink",
    ],
};

/// Writes a row for each rotation. The exit code is the first failure's, or says that a rotation is
/// open.
pub(super) fn write(
    app: &App,
    report: Report,
    is_signalled: bool,
    store: &StoreArgs,
) -> Result<Exit> {
    let rows: Vec<_> = report.rows.iter().map(row).collect();
    app.output.rows(&SHAPE, &rows)?;
    for name in &report.swept {
        let name = crate::text::visible(name);
        app.waiting.say(&format!("deleted the key {name}, whose secret was lost"));
    }
    if let Some(cause) = &report.not_swept {
        let what = "warning: keys whose secrets were lost could not be looked for";
        app.waiting.warn(&format!("{what}: {cause}; a later pass tries again"));
    }
    for row in &report.rows {
        if let Outcome::Done { unconfirmed, .. } = &row.outcome {
            let old = row.entry.as_ref().and_then(|entry| entry.rotation.old_key.as_deref());
            warn_of(app, unconfirmed, old.and_then(|old| old.workspace_id.as_deref()));
        }
    }
    let count = report.rows.len();
    let is_done = |row: &&Row| matches!(row.outcome, Outcome::Done { .. });
    let done = report.rows.iter().filter(is_done).count();
    app.waiting.say(&format!(
        "{done} of {} done; {} sent in {}",
        units::counted(count, "rotation"),
        units::counted(usize::try_from(report.requests).unwrap_or(usize::MAX), "request"),
        units::roughly(report.took.as_secs())
    ));
    let is_open = report.is_open();
    let resume = store.command("fleet resume");
    let mut failures: Vec<_> = report.rows.into_iter().filter_map(failure).collect();
    if !failures.is_empty() {
        let failed = failures.len();
        let (name, failure) = failures.swap_remove(0);
        let failure = failure.about(&name);
        if failed == 1 {
            return Err(failure.next(resume));
        }
        let first = failure.in_one_line();
        let message = format!("{failed} of {count} rotations failed; the first: {first}");
        return Err(Failure::new(failure.exit, message).next(store.command("fleet status")));
    }
    if !is_open {
        return Ok(Exit::Done);
    }
    let next = crate::suggest::for_this_account(resume);
    app.waiting.say(&format!(
        "keys whose rotation is open keep working; the next pass continues, or run:\n\n  {next}"
    ));
    Ok(if is_signalled { Exit::Cancelled } else { Exit::StillInUse })
}

/// The name and the failure of a rotation that failed.
fn failure(row: Row) -> Option<(String, Failure)> {
    let name = name_of(&row);
    let failure = match row.outcome {
        Outcome::Failed(error) => Failure::from(error),
        Outcome::Unreachable(cause) => Failure::failed(cause.to_string()),
        _ => return None,
    };
    Some((name, failure))
}

fn row(row: &Row) -> output::Row {
    let (mut owner, mut until, mut problem) = (None, None, None);
    let (result, tone) = match &row.outcome {
        Outcome::Done { .. } => ("done", Tone::Good),
        Outcome::StillInUse => ("still in use", Tone::Warning),
        Outcome::Waiting { left } => {
            let seconds = i64::try_from(left.as_secs()).unwrap_or(i64::MAX);
            let at = Timestamp::from_unix(units::now().saturating_add(seconds), 0);
            until = at.ok().map(|at| at.as_str().to_owned());
            ("waiting", Tone::Warning)
        }
        Outcome::Busy { owner: other } => {
            owner = Some(other.as_str());
            ("busy", Tone::Warning)
        }
        Outcome::Stopped => ("stopped", Tone::Warning),
        Outcome::Gone => ("gone", Tone::Dim),
        Outcome::Failed(error) => {
            problem = Some(message_of(error));
            ("failed", Tone::Bad)
        }
        Outcome::Unreachable(cause) => {
            problem = Some(cause.to_string());
            ("failed", Tone::Bad)
        }
        _ => ("unknown", Tone::Dim),
    };
    let shown = match (result, &until) {
        ("waiting", Some(until)) => format!("waiting until {until}"),
        _ => result.to_owned(),
    };
    let state = row.entry.as_ref().map(|entry| &entry.rotation);
    let new = state.and_then(|state| state.new.as_ref()).map(KeyHash::as_str);
    let sink = row.entry.as_ref().map(|entry| entry.sink.as_str());
    let is_done = matches!(row.outcome, Outcome::Done { .. });
    let old = state.and_then(|state| state.old_key.as_deref()).filter(|_| is_done);
    let spent = old.and_then(|old| old.usage.copied());
    let limit =
        old.and_then(|old| state.and_then(|state| state.carried).or_else(|| old.limit.copied()));
    let name = row.name.as_deref().unwrap_or_default();
    let unconfirmed = state.map(|state| state.unconfirmed.clone()).unwrap_or_default();
    let cells = vec![
        Cell::text(name),
        Cell::new(shown, result).tone(tone),
        hash(new),
        Cell::text(sink.unwrap_or_default()),
        amount(spent),
        amount(limit),
    ];
    let object = Object::default()
        .with("name", name)
        .with("result", result.replace(' ', "_"))
        .with("old_hash", row.old.as_str())
        .with("new_hash", new)
        .with("step", state.map(|state| state.step.as_str()))
        .with("stored_in", sink)
        .with("old_usage", spent)
        .with("new_limit", limit)
        .with("waits_until", until)
        .with("owner", owner)
        .with("unconfirmed", unconfirmed)
        .with("problem", problem);
    output::Row { cells, object }
}

pub(super) fn plan_row(planned: &Planned) -> output::Row {
    let would = if planned.is_open { "continue" } else { "begin" };
    let name = planned.name.as_deref().unwrap_or_default();
    let old = planned.old.as_str();
    output::Row {
        cells: vec![Cell::text(name), hash(Some(old)), Cell::text(would)],
        object: Object::default().with("name", name).with("old_hash", old).with("would", would),
    }
}

/// The state of one log.
pub(crate) fn status_row(log: &LogStatus) -> output::Row {
    let entry = log.newest.as_ref().ok();
    let state = entry.map(|entry| &entry.rotation);
    let problem = log.newest.as_ref().err().map(ToString::to_string);
    let name = state.and_then(|state| state.name.as_deref()).unwrap_or_default();
    let step = match &problem {
        Some(_) => Cell::text("damaged").tone(Tone::Bad),
        None => Cell::text(state.map_or("", rotations::step_in_words)),
    };
    let owner = entry.map(|entry| entry.owner.as_str()).filter(|owner| !owner.is_empty());
    let written = log.written.as_ref();
    let cells = vec![
        Cell::text(name),
        hash(Some(log.old.as_str())),
        step,
        since(state),
        Cell::text(owner.unwrap_or_default()),
        Cell::new(
            written.map(|at| units::relative(at, units::now())).unwrap_or_default(),
            written.map_or("", Timestamp::as_str),
        ),
        Cell::text(entry.map_or("", |entry| entry.sink.as_str())),
    ];
    let object = of_entry(entry)
        .with("old_hash", log.old.as_str())
        .with("written_at", written.map(Timestamp::as_str))
        .with("unconfirmed", state.map(|state| state.unconfirmed.clone()).unwrap_or_default())
        .with("problem", problem);
    output::Row { cells, object }
}

/// One entry of a log.
pub(crate) fn log_row(entry: &RotationEntry) -> output::Row {
    let state = &entry.rotation;
    let owner = if entry.owner.is_empty() { "given up" } else { entry.owner.as_str() };
    let cells = vec![
        Cell::text(&entry.sequence.to_string()).number(),
        Cell::text(rotations::step_in_words(state)),
        since(Some(state)),
        Cell::text(owner),
        hash(state.new.as_ref().map(KeyHash::as_str)),
    ];
    let object =
        of_entry(Some(entry)).with("entry", entry.sequence).with("old_hash", state.old.as_str());
    output::Row { cells, object }
}

/// The fields that the state of a log and its entries share.
fn of_entry(entry: Option<&RotationEntry>) -> Object {
    let state = entry.map(|entry| &entry.rotation);
    Object::default()
        .with("name", state.and_then(|state| state.name.as_deref()))
        .with("new_hash", state.and_then(|state| state.new.as_ref()).map(KeyHash::as_str))
        .with("step", state.map(|state| state.step.as_str()))
        .with("since", state.and_then(|state| state.since))
        .with("owner", entry.map(|entry| entry.owner.as_str()))
        .with("lease_ms", entry.map(|entry| entry.lease_ms))
        .with("sink", entry.map(|entry| entry.sink.as_str()))
}

fn since(state: Option<&Rotation>) -> Cell {
    let since = state.and_then(|state| state.since);
    let passed = since.map(|since| {
        let seconds = u64::try_from(units::now().saturating_sub(since)).unwrap_or_default();
        format!("{} ago", units::roughly(seconds))
    });
    Cell::new(passed.unwrap_or_default(), since.map(|at| at.to_string()).unwrap_or_default())
}

fn hash(hash: Option<&str>) -> Cell {
    let hash = hash.unwrap_or_default();
    Cell::new(hash.chars().take(12).collect::<String>(), hash)
}

fn amount(amount: Option<f64>) -> Cell {
    match amount {
        Some(amount) => Cell::new(units::dollars(amount), amount.to_string()).number(),
        None => Cell::default().number(),
    }
}
