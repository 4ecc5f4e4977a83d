//! `fleet run` and `fleet resume`: one pass, which never asks.

use std::time::Duration;

use clap::Args;
use openrouter_keys_fleet::{Rule, Work};
use openrouter_keys_native::Timestamp;

use crate::app::App;
use crate::commands::rotate::Settings;
use crate::failure::{Exit, Failure, Result};
use crate::fleet::{self, PassArgs, SHAPE, Sink, StoreArgs};
use crate::select::Filters;
use crate::units;

/// Make one pass: continue open rotations, and begin those of keys that are due
///
/// It never asks. A rotation whose old key is in use, whose pause takes longer, or that another
/// machine works on, stays open for a later pass; the exit code is then 8. After SIGTERM, rotations
/// end where they stand, and the exit code is 130.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  openrouter-keys fleet run --store /srv/rotations --older-than 30d --secret-to 'file:/srv/keys/{name}'
  openrouter-keys fleet run --store s3://ops/openrouter --shard 1/4 --older-than 30d \\
    --secret-to 'vault:secret/openrouter/{name}' --grace 1h --requests-per-minute 60")]
pub(crate) struct Options {
    #[command(flatten)]
    store: StoreArgs,
    #[arg(
        long,
        value_name = "SINK",
        value_parser = Sink::parse,
        help = "Store the secrets of new keys: file:PATH, command:COMMAND, ask-command:COMMAND, \
                vault:MOUNT/PATH, aws:NAME or keyring:NAME, with {name} for the key's name",
    )]
    secret_to: Sink,
    #[command(flatten)]
    due: Due,
    #[command(flatten)]
    settings: Settings,
    /// Begin at most so many rotations
    #[arg(long, value_name = "COUNT")]
    at_most: Option<usize>,
    #[command(flatten)]
    pass: PassArgs,
    /// List the keys that a pass would work on, and change nothing
    #[arg(long)]
    dry_run: bool,
}

/// Which keys are due; those that pass all filters.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Keys that are due")]
struct Due {
    /// Keys created longer ago than this, such as 30d
    #[arg(long, value_name = "TIME", value_parser = units::duration, conflicts_with = "created_before")]
    older_than: Option<Duration>,
    /// Keys created before this moment: rotates each of them once, in as many passes as it takes
    #[arg(long, value_name = "WHEN", value_parser = moment)]
    created_before: Option<Timestamp>,
    /// Only keys whose name is this; * stands for any characters
    #[arg(long, value_name = "PATTERN")]
    name: Option<String>,
    /// Only keys of this workspace; may be given more than once
    #[arg(long, value_name = "ID")]
    workspace: Vec<String>,
    /// Only keys for this end user
    #[arg(long, value_name = "USER")]
    external_user: Option<String>,
}

/// An instant that has passed: RFC 3339, or a date (its beginning, in UTC).
fn moment(text: &str) -> Result<Timestamp, String> {
    let whole = if text.len() == 10 { format!("{text}T00:00:00Z") } else { text.to_owned() };
    let moment = Timestamp::parse(&whole).map_err(|_| {
        format!("\"{text}\" is not a time; write it like 2027-01-31T12:00:00Z or 2027-01-31")
    })?;
    if moment.unix_seconds() > units::now() {
        return Err(format!(
            "\"{text}\" is still to come; until then, each pass would rotate new keys again"
        ));
    }
    Ok(moment)
}

impl Due {
    fn rule(&self) -> Result<Rule> {
        let rule = match (&self.created_before, self.older_than) {
            (Some(moment), _) => Rule::created_before(moment.clone()),
            (None, Some(age)) => Rule::older_than(age),
            (None, None) => {
                return Err(Failure::usage(
                    "nothing says which keys are due, and a pass without an age would rotate the \
                     keys that the last one has created; nothing was sent; pass --older-than such \
                     as 30d, or --created-before",
                ));
            }
        };
        let (name, external_user) = (self.name.clone(), self.external_user.clone());
        let filters = Filters { name, external_user, ..Filters::default() };
        let rule = rule.only(move |key| filters.matches(key, units::now()));
        Ok(if self.workspace.is_empty() {
            rule
        } else {
            rule.workspaces(self.workspace.iter().cloned())
        })
    }
}

impl Options {
    pub(crate) async fn run(self, app: &App) -> Result<Exit> {
        app.output.check(if self.dry_run { &fleet::PLAN } else { &SHAPE })?;
        self.secret_to.require_per_key()?;
        let settings = self.settings;
        let mut work = Work::matching(self.due.rule()?)
            .into_sink(self.secret_to.as_str())
            .settings(move |rotation| settings.set(rotation));
        if let Some(rotations) = self.at_most {
            work = work.at_most(rotations);
        }
        let machine = self.pass.fleet(app, self.store.open()?).await?;
        let work = self.pass.set(work);
        if self.dry_run {
            return fleet::plan(app, &machine, &work).await;
        }
        fleet::run(app, &machine, work, &self.store).await
    }
}

/// Make one pass that only continues open rotations
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  openrouter-keys fleet resume --store s3://ops/openrouter")]
pub(crate) struct Resume {
    #[command(flatten)]
    store: StoreArgs,
    #[command(flatten)]
    pass: PassArgs,
    /// List the rotations that a pass would continue, and change nothing
    #[arg(long)]
    dry_run: bool,
}

impl Resume {
    pub(crate) async fn run(self, app: &App) -> Result<Exit> {
        app.output.check(if self.dry_run { &fleet::PLAN } else { &SHAPE })?;
        let machine = self.pass.fleet(app, self.store.open_existing()?).await?;
        let work = self.pass.set(Work::open());
        if self.dry_run {
            return fleet::plan(app, &machine, &work).await;
        }
        fleet::run(app, &machine, work, &self.store).await
    }
}
