//! `watch`: one rule for all keys; each finding is reported once a period.

mod deliver;
pub(crate) use deliver::WEBHOOK_VARIABLE;
mod rules;
mod state;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::time::Duration;

use clap::Args;
use openrouter_keys_native::workflow::Pages;
use openrouter_keys_native::{BaseUrl, Client, Key, List};

use self::deliver::Targets;
use self::rules::{Finding, Kind, Rules};
use self::state::State;
use crate::app::App;
use crate::failure::{Exit, Failure, Result};
use crate::output::{Cell, Object, Row, Shape, Tone};
use crate::settings::{self, Configuration};
use crate::{select, signal, units};

/// Report keys near their limit, idle, expiring, without a limit, or new
///
/// One rule for all keys. A finding about a limit is reported once in the limit's day, week or
/// month; one that persists, once a month. The first run records which keys exist; later runs
/// report new ones. If a delivery fails, its findings are reported again. The exit code is 3
/// if anything was reported.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Options {
    /// Check once (the default)
    #[arg(long)]
    once: bool,
    /// Check at this interval until stopped
    #[arg(long, value_name = "TIME", value_parser = interval, conflicts_with = "once")]
    every: Option<Duration>,
    #[command(flatten)]
    thresholds: Thresholds,
    #[command(flatten)]
    targets: deliver::TargetArgs,
    /// Record what was reported in this file instead of your state folder
    #[arg(long, value_name = "FILE", help_heading = "State")]
    state: Option<PathBuf>,
    /// Report every finding and record nothing; new keys are not detected
    #[arg(long, conflicts_with = "state", help_heading = "State")]
    no_state: bool,
}

#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Rule")]
struct Thresholds {
    /// Report a key that has used this share of its limit
    #[arg(long, value_name = "PERCENT", default_value = "80%", value_parser = select::percent)]
    used: f64,
    /// Report a key that was not used for this time
    #[arg(long, value_name = "TIME", default_value = "90d", value_parser = units::duration)]
    idle: Duration,
    /// Report a key that expires within this time
    #[arg(long, value_name = "TIME", default_value = "7d", value_parser = units::duration)]
    expiring: Duration,
    /// Do not report new keys with this name; * stands for any characters
    #[arg(long, value_name = "PATTERN")]
    expect: Vec<String>,
    /// Report only findings of this kind; may be given more than once
    #[arg(long, value_enum, value_name = "KIND", hide_possible_values = true)]
    only: Vec<Kind>,
    /// Do not report findings of this kind; may be given more than once
    #[arg(long, value_enum, value_name = "KIND")]
    ignore: Vec<Kind>,
    /// Watch this workspace instead of the default one; may be given more than once
    #[arg(long, value_name = "ID")]
    workspace: Vec<String>,
}

const EXAMPLES: &str = "\
Examples:
  openrouter-keys watch
  openrouter-keys watch --used 90% --ignore idle --expect 'ci-*'
  OPENROUTER_KEYS_WEBHOOK=https://hooks.slack.com/... openrouter-keys watch --every 5m --webhook
  openrouter-keys watch --command 'mail -s keys ops@example.org'";

pub(in crate::commands) const SHAPE: Shape = Shape {
    columns: &["FINDING", "KEY", "HASH", "MESSAGE"],
    fields: &[
        "kind",
        "name",
        "hash",
        "workspace_id",
        "external_user",
        "message",
        "limit",
        "limit_remaining",
        "at",
    ],
};

fn interval(text: &str) -> Result<Duration, String> {
    match units::duration(text)? {
        Duration::ZERO => Err("the interval must be 1s or more".to_owned()),
        time => Ok(time),
    }
}

impl Options {
    pub(crate) async fn run(self, app: &App) -> Result<Exit> {
        app.output.check(&SHAPE)?;
        let targets = self.targets.prepare()?;
        let mut memory = self.memory(app)?;
        let watch = Watch {
            app,
            client: app.client()?,
            workspaces: self.thresholds.workspace.clone(),
            rules: self.thresholds.rules(),
            targets,
        };
        let Some(every) = self.every else {
            let reported = watch.report(&watch.keys().await?, &mut memory).await?;
            return Ok(if reported { Exit::Findings } else { Exit::Done });
        };
        let mut stopped = pin!(signal::stopped());
        let mut has_reported = false;
        loop {
            let keys = tokio::select! {
                () = &mut stopped => break,
                keys = watch.keys() => keys,
            };
            // A signal must not come between a delivery and its record.
            let reported = match keys {
                Ok(keys) => watch.report(&keys, &mut memory).await,
                Err(failure) => Err(failure),
            };
            match reported {
                Ok(reported) => has_reported |= reported,
                Err(failure) if matches!(failure.exit, Exit::Usage | Exit::NotAuthorized) => {
                    return Err(failure);
                }
                Err(failure) => app.waiting.report(&failure),
            }
            tokio::select! {
                () = &mut stopped => break,
                () = tokio::time::sleep(every) => {}
            }
        }
        Ok(if has_reported { Exit::Findings } else { Exit::Done })
    }

    /// What was reported before.
    fn memory(&self, app: &App) -> Result<Memory> {
        if self.no_state {
            return Ok(Memory { file: None, scope: String::new(), state: None, _lock: None });
        }
        let account = &app.global.account;
        let (name, profile, is_named) = Configuration::read()?.profile(account)?;
        let url: BaseUrl = settings::base_url(account, &profile, is_named)?.unwrap_or_default();
        let mut workspaces = self.thresholds.workspace.clone();
        workspaces.sort();
        let scope = [vec![url.to_string()], workspaces].concat().join(" ");
        let file = match &self.state {
            Some(file) => file.clone(),
            None => settings::state_folder()?.join(state::file_name(&name, &scope)),
        };
        let lock = state::lock(&file)?;
        let state = State::read(&file, &scope)?;
        Ok(Memory { file: Some(file), scope, state, _lock: Some(lock) })
    }
}

impl Thresholds {
    fn rules(&self) -> Rules {
        Rules {
            used: self.used,
            idle: self.idle,
            expiring: self.expiring,
            only: self.only.clone(),
            ignored: self.ignore.clone(),
            expected: self.expect.clone(),
        }
    }
}

/// The state and its file.
struct Memory {
    file: Option<PathBuf>,
    scope: String,
    /// `None` before the first run.
    state: Option<State>,
    _lock: Option<File>,
}

impl Memory {
    fn file(&self) -> Option<&Path> {
        self.file.as_deref()
    }
}

struct Watch<'a> {
    app: &'a App,
    client: Client,
    workspaces: Vec<String>,
    rules: Rules,
    targets: Targets,
}

impl Watch<'_> {
    /// Reports what is new about these keys; returns whether there was anything.
    async fn report(&self, keys: &[Key], memory: &mut Memory) -> Result<bool> {
        let now = units::now();
        let known = memory.state.as_ref().map(State::known);
        let found: Vec<_> = keys.iter().flat_map(|key| self.rules.check(key, now, known)).collect();
        let was_reported = |finding: &Finding| {
            memory.state.as_ref().is_some_and(|state| state.was_reported(finding))
        };
        let mut fresh: Vec<_> = found.iter().filter(|finding| !was_reported(finding)).collect();
        fresh.sort_by_key(|finding| finding.kind);
        let format = &self.app.global.format;
        let is_json = format.json.is_some() || format.jq.is_some();
        if !fresh.is_empty() || is_json {
            let rows: Vec<_> = fresh.iter().map(|finding| row(finding)).collect();
            self.app.output.rows(&SHAPE, &rows)?;
        }
        if !fresh.is_empty() {
            self.targets.deliver(&self.app.waiting, &fresh).await?;
        }
        if memory.state.is_none() && memory.file.is_some() {
            self.app.waiting.say(&format!(
                "first run: {} recorded; later runs report new ones",
                units::counted(keys.len(), "key")
            ));
        }
        if let Some(file) = memory.file().map(Path::to_owned) {
            // A run that does not report new keys leaves them to one that does.
            let is_recorded = memory.state.is_none() || self.rules.reports(Kind::New);
            let state = memory.state.get_or_insert_with(|| State::new(&memory.scope));
            let keys = if is_recorded { keys } else { &[] };
            let hashes = keys.iter().filter_map(|key| Some(key.hash.get()?.as_str().to_owned()));
            state.remember(hashes, &found, now);
            state.write(&file)?;
        }
        Ok(!fresh.is_empty())
    }

    async fn keys(&self) -> Result<Vec<Key>> {
        let list = List::new().include_disabled(true).include_expired(true);
        let mut pages = Pages::new(list).prefetch(8);
        if !self.workspaces.is_empty() {
            pages = pages.workspaces(self.workspaces.clone());
        }
        Ok(self.client.list_all(pages).collect_all().await?)
    }
}

fn row(finding: &Finding) -> Row {
    let tone = match finding.kind {
        Kind::UsedUp | Kind::NoLimit | Kind::New => Tone::Bad,
        Kind::Used | Kind::Pace | Kind::Expiring => Tone::Warning,
        Kind::Idle => Tone::Dim,
    };
    let hash = finding.hash.as_deref().unwrap_or_default();
    Row {
        cells: vec![
            Cell::text(finding.kind.as_str()).tone(tone),
            Cell::cut(&finding.name, 40),
            Cell::new(hash.chars().take(12).collect::<String>(), hash).tone(Tone::Dim),
            Cell::text(&finding.message),
        ],
        object: Object::of(finding, SHAPE.fields),
    }
}

/// A failed delivery: nothing is recorded, so that the findings are reported again.
fn undelivered(message: &str, findings: usize) -> Failure {
    Failure::failed(format!(
        "{message}; {} will be reported again next time",
        units::counted(findings, "finding")
    ))
}
