//! How each of many keys ended, and their sum.

use std::fmt::Write as _;

use crate::app::App;
use crate::failure::{Exit, Failure, Result};
use crate::output::{Cell, Object, Row, Shape, Tone};
use crate::text;

pub(crate) const SHAPE: Shape = Shape {
    columns: &["NAME", "HASH", "STATE", "ERROR"],
    fields: &["name", "hash", "state", "error"],
};

/// How one key ended.
pub(crate) struct Outcome {
    pub(crate) name: String,
    pub(crate) hash: Option<String>,
    pub(crate) state: State,
    pub(crate) error: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Done,
    /// An earlier run did it.
    Before,
    /// Left out on request.
    Skipped,
    Failed(Exit),
    /// The run was stopped before.
    NotBegun,
}

impl State {
    fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Before => "done before",
            Self::Skipped => "skipped",
            Self::Failed(_) => "failed",
            Self::NotBegun => "not begun",
        }
    }

    fn tone(self) -> Tone {
        match self {
            Self::Done => Tone::Good,
            Self::Before | Self::Skipped => Tone::Dim,
            Self::Failed(_) => Tone::Bad,
            Self::NotBegun => Tone::Warning,
        }
    }
}

impl Outcome {
    /// Whether sending the same once more may succeed.
    pub(crate) fn is_open(&self) -> bool {
        match self.state {
            State::NotBegun => true,
            State::Failed(exit) => exit != Exit::NotFound,
            State::Done | State::Before | State::Skipped => false,
        }
    }

    fn row(&self) -> Row {
        let hash = self.hash.as_deref().unwrap_or_default();
        let error = self.error.as_deref().unwrap_or_default();
        let cells = vec![
            Cell::text(&self.name),
            Cell::new(hash.chars().take(12).collect::<String>(), hash).tone(Tone::Dim),
            Cell::text(self.state.as_str()).tone(self.state.tone()),
            // The message stands on standard error as a whole.
            Cell::new(text::cut(error, 40), error),
        ];
        let mut object = Object::default();
        object.push("name", self.name.clone());
        object.push("hash", self.hash.clone());
        object.push("state", self.state.as_str());
        object.push("error", self.error.clone());
        Row { cells, object }
    }
}

/// Shows the rows and the sum; fails if any row did, with the command that goes on.
pub(crate) fn finish(
    app: &App,
    verb: &str,
    outcomes: &[Outcome],
    is_stopped: bool,
    shows_rows: bool,
    again: Option<String>,
) -> Result<Exit> {
    let count = |is: fn(State) -> bool| outcomes.iter().filter(|row| is(row.state)).count();
    let failed = count(|state| matches!(state, State::Failed(_)));
    let waiting = count(|state| state == State::NotBegun);
    let mut sum = format!("{} {verb}", count(|state| state == State::Done));
    for (number, what) in [
        (count(|state| state == State::Before), "done before"),
        (count(|state| state == State::Skipped), "skipped"),
        (failed, "failed"),
        (waiting, "not begun"),
    ] {
        if number > 0 {
            let _ = write!(sum, ", {number} {what}");
        }
    }
    if shows_rows {
        let rows: Vec<_> = outcomes.iter().map(Outcome::row).collect();
        app.output.rows(&SHAPE, &rows).map_err(|failure| failure.although(&sum))?;
    }
    if failed == 0 && waiting == 0 {
        app.waiting.say(&sum);
        return Ok(Exit::Done);
    }
    let exit = if is_stopped { Exit::Cancelled } else { worst(outcomes) };
    Err(match again {
        Some(again) => Failure::new(exit, format!("{sum}; to go on, run:")).next(again),
        None => Failure::new(exit, format!("{sum}; the reasons are above")),
    })
}

/// The exit code of the failures: the one they share, or that of a key that may exist.
fn worst(outcomes: &[Outcome]) -> Exit {
    let mut exits = outcomes.iter().filter_map(|row| match row.state {
        State::Failed(exit) => Some(exit),
        _ => None,
    });
    let Some(first) = exits.next() else { return Exit::Failed };
    exits.fold(first, |worst, exit| match (worst, exit) {
        (Exit::MayHaveCreated, _) | (_, Exit::MayHaveCreated) => Exit::MayHaveCreated,
        (worst, exit) if worst == exit => worst,
        _ => Exit::Failed,
    })
}
