//! What `apply` reports: a row for each key that was to change.

use crate::app::App;
use crate::commands::plan;
use crate::failure::{Exit, Failure, Result as CommandResult};
use crate::output::{Cell, Row, Shape, Tone};
use crate::wanted::{Action, Step};

pub(in crate::commands) const SHAPE: Shape = Shape {
    columns: &["NAME", "ACTION", "RESULT", "CHANGES", "STORED IN"],
    fields: &["name", "hash", "action", "changes", "result", "stored_in", "problem"],
};

/// How one step ended.
pub(super) struct Outcome {
    pub(super) step: Step,
    /// Where the secret of a created key is.
    pub(super) place: Option<String>,
    pub(super) result: Result,
}

pub(super) enum Result {
    Done,
    /// Something before it failed, or a signal came first.
    NotBegun,
    Failed(Failure),
}

impl Outcome {
    pub(super) fn is_failure(&self) -> bool {
        !matches!(self.result, Result::Done)
    }
}

/// Writes the rows. The exit code is the worst failure's.
pub(super) fn write(app: &App, outcomes: Vec<Outcome>) -> CommandResult<Exit> {
    let is_shown = |outcome: &&Outcome| !matches!(outcome.step.action, Action::Nothing);
    let rows: Vec<_> = outcomes.iter().filter(is_shown).map(row).collect();
    if rows.is_empty() && app.output.is_for_people() {
        app.waiting.say("nothing to change");
    }
    app.output.rows(&SHAPE, &rows)?;
    let count = rows.len();
    let not_begun =
        outcomes.iter().filter(|outcome| matches!(outcome.result, Result::NotBegun)).count();
    let mut failures: Vec<_> = outcomes
        .into_iter()
        .filter_map(|outcome| match outcome.result {
            Result::Failed(failure) => Some(failure.about(&outcome.step.name)),
            _ => None,
        })
        .collect();
    // A key that may exist matters most.
    failures.sort_by_key(|failure| failure.exit != Exit::MayHaveCreated);
    let failed = failures.len();
    let rest = match not_begun {
        0 => String::new(),
        1 => ", and 1 was not begun".to_owned(),
        not_begun => format!(", and {not_begun} were not begun"),
    };
    match failures.into_iter().next() {
        None => Ok(Exit::Done),
        Some(first) if failed == 1 && not_begun == 0 => Err(first),
        Some(first) => {
            let message =
                format!("{failed} of {count} changes failed{rest}; the first: {}", first.message);
            Err(Failure { message, ..first })
        }
    }
}

fn row(outcome: &Outcome) -> Row {
    let Outcome { step, place, result } = outcome;
    let (said, tone, problem) = match result {
        Result::Done => ("done", Tone::Good, None),
        Result::NotBegun => ("not begun", Tone::Dim, None),
        Result::Failed(failure) => ("failed", Tone::Bad, Some(failure.in_one_line())),
    };
    let cells = vec![
        Cell::text(&step.name),
        Cell::text(step.action.as_str()).tone(plan::tone(&step.action)),
        Cell::text(said).tone(tone),
        Cell::text(&plan::changes(&step.action)),
        Cell::text(place.as_deref().unwrap_or_default()),
    ];
    let object = plan::object(step)
        .with("result", said.replace(' ', "_"))
        .with("stored_in", place.as_deref())
        .with("problem", problem);
    Row { cells, object }
}
