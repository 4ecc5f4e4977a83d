//! `doctor`: what could keep this program from working, and what to do about it.

mod local;
mod server;

use clap::Args;

use crate::app::App;
use crate::failure::{Exit, Result};
use crate::output::{Cell, Object, Row, Shape, Tone};
use crate::text;

/// Check the settings, the management key and the way to the server
///
/// Nothing is changed. The exit code is 1 if there is a problem.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  openrouter-keys doctor
  openrouter-keys doctor --profile work --json")]
pub(crate) struct Options {}

pub(in crate::commands) const SHAPE: Shape = Shape {
    columns: &["CHECK", "RESULT", "DETAIL", "WHAT TO DO"],
    fields: &["check", "result", "detail", "advice"],
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Level {
    Ok,
    Warning,
    Problem,
}

#[derive(Debug)]
struct Line {
    check: &'static str,
    level: Level,
    detail: String,
    advice: String,
}

/// What was found so far.
#[derive(Debug, Default)]
struct Findings(Vec<Line>);

impl Findings {
    fn ok(&mut self, check: &'static str, detail: impl Into<String>) {
        self.add(check, Level::Ok, detail, "");
    }

    fn warning(
        &mut self,
        check: &'static str,
        detail: impl Into<String>,
        advice: impl Into<String>,
    ) {
        self.add(check, Level::Warning, detail, advice);
    }

    fn problem(
        &mut self,
        check: &'static str,
        detail: impl Into<String>,
        advice: impl Into<String>,
    ) {
        self.add(check, Level::Problem, detail, advice);
    }

    fn add(
        &mut self,
        check: &'static str,
        level: Level,
        detail: impl Into<String>,
        advice: impl Into<String>,
    ) {
        // A wrong configuration is quoted, and may have a secret in it.
        let detail = text::without_keys(detail.into().trim_end_matches(':'));
        self.0.push(Line { check, level, detail, advice: advice.into() });
    }
}

impl Options {
    pub(crate) async fn run(self, app: &App) -> Result<Exit> {
        app.output.check(&SHAPE)?;
        let mut findings = Findings::default();
        let account = local::check(app, &mut findings);
        if let Some(account) = account {
            server::check(app, account, &mut findings).await;
        }
        let rows: Vec<_> = findings.0.iter().map(row).collect();
        app.output.rows(&SHAPE, &rows)?;
        let has_problem = findings.0.iter().any(|line| line.level == Level::Problem);
        Ok(if has_problem { Exit::Failed } else { Exit::Done })
    }
}

fn row(line: &Line) -> Row {
    let (result, tone) = match line.level {
        Level::Ok => ("ok", Tone::Good),
        Level::Warning => ("warning", Tone::Warning),
        Level::Problem => ("problem", Tone::Bad),
    };
    Row {
        cells: vec![
            Cell::text(line.check),
            Cell::text(result).tone(tone),
            Cell::text(&line.detail),
            Cell::text(&line.advice),
        ],
        object: Object::default()
            .with("check", line.check)
            .with("result", result)
            .with("detail", line.detail.as_str())
            .with("advice", line.advice.as_str()),
    }
}
