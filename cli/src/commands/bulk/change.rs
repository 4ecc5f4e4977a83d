//! `bulk update`, `bulk disable`, `bulk enable` and `bulk delete`.

use std::sync::Arc;

use clap::{ArgGroup, Args};
use futures_util::StreamExt as _;
use openrouter_keys_native::{Client, Error, Key, KeyHash, Update};

use super::outcome::{self, Outcome, State, finish};
use crate::app::App;
use crate::bulk::pace::{Pace, Stop};
use crate::bulk::which::Which;
use crate::change::ChangeArgs;
use crate::commands::update::Changes;
use crate::failure::{Exit, Failure, Result};
use crate::{keys, text};

/// What the commands have in common.
#[derive(Debug, Args)]
pub(crate) struct Common {
    #[command(flatten)]
    which: Which,
    /// How many requests to send at the same time
    #[arg(long, short, value_name = "COUNT", default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=64))]
    jobs: u16,
    #[command(flatten)]
    change: ChangeArgs,
}

/// Change settings of many keys
///
/// The keys are listed before anything is changed. What is not named stays as it is.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("changes").multiple(true).required(true).args(["limit", "no_limit", "reset", "no_reset", "include_byok", "to_workspace"]))]
#[command(after_help = "\
Examples:
  openrouter-keys bulk update --limit 20 --name 'class-*'
  openrouter-keys bulk update --limit 5 --from students.csv --yes")]
pub(crate) struct UpdateMany {
    #[command(flatten)]
    changes: Changes,
    #[command(flatten)]
    common: Common,
}

/// Disable many keys
///
/// The keys are listed before anything is changed.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  openrouter-keys bulk disable --idle 90d
  openrouter-keys bulk disable --from leaked.csv --yes")]
pub(crate) struct DisableMany {
    #[command(flatten)]
    common: Common,
}

/// Enable many keys
///
/// The keys are listed before anything is changed.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  openrouter-keys bulk enable --disabled --name 'class-*'")]
pub(crate) struct EnableMany {
    #[command(flatten)]
    common: Common,
}

/// Delete many keys for good
///
/// The keys are listed before anything is deleted.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  openrouter-keys bulk delete --expired
  openrouter-keys bulk delete --name 'class-2026-*' --dry-run")]
pub(crate) struct DeleteMany {
    #[command(flatten)]
    common: Common,
}

impl UpdateMany {
    pub(crate) async fn run(self, app: &App) -> Result<Exit> {
        let Self { changes, common } = self;
        common.run(app, ("update", "updated"), &Change::Update(&|update| changes.of(update))).await
    }
}

impl DisableMany {
    pub(crate) async fn run(self, app: &App) -> Result<Exit> {
        let change = Change::Update(&|update| update.disabled(true));
        self.common.run(app, ("disable", "disabled"), &change).await
    }
}

impl EnableMany {
    pub(crate) async fn run(self, app: &App) -> Result<Exit> {
        let change = Change::Update(&|update| update.disabled(false));
        self.common.run(app, ("enable", "enabled"), &change).await
    }
}

impl DeleteMany {
    pub(crate) async fn run(self, app: &App) -> Result<Exit> {
        self.common.run(app, ("delete", "deleted"), &Change::Delete).await
    }
}

enum Change<'a> {
    Update(&'a dyn Fn(Update) -> Update),
    Delete,
}

impl Common {
    async fn run(
        self,
        app: &App,
        (verb, done): (&'static str, &'static str),
        change: &Change<'_>,
    ) -> Result<Exit> {
        app.output.check(&outcome::SHAPE)?;
        let named = self.which.named(app)?;
        let outcomes = self
            .change
            .perform(app, async |client| {
                let found = self.which.find(&client, &named).await?;
                self.change.confirm(verb, &found).await?;
                if found.is_empty() {
                    app.waiting.say("no keys match; nothing was changed");
                }
                let stop = Stop::on_signals();
                Ok((self.all(app, &client, found, change, &stop).await, stop))
            })
            .await?;
        match outcomes {
            Some((outcomes, stop)) if !outcomes.is_empty() => {
                finish(app, done, &outcomes, stop.is_asked(), true, Some(text::this_command()))
            }
            _ => Ok(Exit::Done),
        }
    }

    async fn all(
        &self,
        app: &App,
        client: &Client,
        keys: Vec<Key>,
        change: &Change<'_>,
        stop: &Stop,
    ) -> Vec<Outcome> {
        let pace = Pace::new(app, stop.clone(), "changing keys", keys.len());
        let mut outcomes = Vec::with_capacity(keys.len());
        let mut done = futures_util::stream::iter(keys)
            .map(|key| one(client, key, change, Arc::clone(&pace)))
            .buffered(usize::from(self.jobs));
        while let Some(outcome) = done.next().await {
            // A dry run fails each request on purpose.
            if !self.change.dry_run {
                pace.count(outcome.state == State::Done);
                if let Some(error) = &outcome.error {
                    app.waiting.warn(&format!("{}: {error}", text::visible(&outcome.name)));
                }
            }
            outcomes.push(outcome);
        }
        app.waiting.clear();
        outcomes
    }
}

async fn one(client: &Client, key: Key, change: &Change<'_>, pace: Arc<Pace<'_>>) -> Outcome {
    let name = keys::name_of(&key).to_owned();
    let (hash, result) = match key.require_hash() {
        Ok(hash) => (Some(hash.as_str().to_owned()), send(client, hash, change, &pace).await),
        Err(error) => (None, Err(Failure::from(Error::from(error)))),
    };
    let (state, error) = match result {
        Ok(state) => (state, None),
        Err(failure) => (State::Failed(failure.exit), Some(failure.in_one_line())),
    };
    Outcome { name, hash, state, error }
}

async fn send(
    client: &Client,
    hash: &KeyHash,
    change: &Change<'_>,
    pace: &Pace<'_>,
) -> Result<State> {
    let send = async |cancel| match change {
        Change::Update(update) => {
            let update = update(Update::new(hash.as_str()));
            client.update(update).cancel_on(cancel).await.map(|_| ())
        }
        Change::Delete => client.delete(hash.clone()).cancel_on(cancel).await.map(|_| ()),
    };
    Ok(pace.send(false, send).await?.map_or(State::NotBegun, |()| State::Done))
}
