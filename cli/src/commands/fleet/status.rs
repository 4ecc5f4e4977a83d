//! `fleet status` and `fleet log`: what the store says, without the API.

use clap::Args;
use openrouter_keys_fleet::{LogStatus, Store};
use openrouter_keys_native::error::BoxError;

use crate::app::App;
use crate::failure::{Exit, Failure, Result};
use crate::fleet::{LOG, STATUS, StoreArgs, log_row, status_row};
use crate::select::Named;
use crate::text;

/// List the rotations in the store: how far each is, and whose
///
/// It reads the store alone and needs no management key.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  openrouter-keys fleet status --store s3://ops/openrouter
  openrouter-keys fleet status --all --json name,step,written_at")]
pub(crate) struct Options {
    #[command(flatten)]
    store: StoreArgs,
    /// List completed rotations too
    #[arg(long)]
    all: bool,
}

impl Options {
    pub(crate) async fn run(self, app: &App) -> Result<Exit> {
        app.output.check(&STATUS)?;
        let logs = read(&self.store.open_existing()?, self.all).await?;
        if logs.is_empty() && app.output.is_for_people() {
            app.waiting.say("no open rotations");
        }
        let rows: Vec<_> = logs.iter().map(status_row).collect();
        app.output.rows(&STATUS, &rows)?;
        let damaged = logs.iter().filter(|log| log.newest.is_err()).count();
        if damaged > 0 {
            return Err(Failure::failed(format!(
                "{damaged} of {} logs cannot be read; their rotations are not continued, and \
                 nothing is changed; restore the objects",
                logs.len()
            )));
        }
        Ok(Exit::Done)
    }
}

/// Show every entry of one rotation's log: its audit trail
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  openrouter-keys fleet log ada --store s3://ops/openrouter")]
pub(crate) struct Log {
    /// The key's name, or the old or new key's hash, or the beginning of it
    #[arg(value_name = "KEY", value_parser = Named::parse)]
    key: Named,
    #[command(flatten)]
    store: StoreArgs,
}

impl Log {
    pub(crate) async fn run(self, app: &App) -> Result<Exit> {
        app.output.check(&LOG)?;
        let store = self.store.open_existing()?;
        let logs = read(&store, true).await?;
        let found: Vec<_> = logs.iter().filter(|log| is_named(log, &self.key)).collect();
        if found.is_empty() {
            let message = format!(
                "the store has no rotation of \"{}\"; list them:",
                text::visible(self.key.as_str())
            );
            let next = self.store.command("fleet status --all");
            return Err(Failure::new(Exit::NotFound, message).next(next));
        }
        let mut rows = Vec::new();
        for log in found {
            let entries = store.log(&log.old).entries().await;
            let entries = entries.map_err(|error| unreadable(&error))?;
            rows.extend(entries.iter().map(log_row));
        }
        app.output.rows(&LOG, &rows)?;
        Ok(Exit::Done)
    }
}

/// Whether the rotation is of this key.
pub(crate) fn is_named(log: &LogStatus, named: &Named) -> bool {
    let state = log.newest.as_ref().ok().map(|entry| &entry.rotation);
    let new = state.and_then(|state| state.new.as_ref());
    let name = state.and_then(|state| state.name.as_deref());
    let hashes = [Some(&log.old), new];
    name == Some(named.as_str())
        || hashes
            .into_iter()
            .flatten()
            .any(|hash| named.is_start_of(hash.as_str()) || named.as_str() == hash.as_str())
}

/// The logs' states.
pub(crate) async fn read(store: &Store, all: bool) -> Result<Vec<LogStatus>> {
    store.status(all).await.map_err(|error| unreadable(&error))
}

fn unreadable(error: &BoxError) -> Failure {
    Failure::failed(format!("the store cannot be read: {error}; nothing was changed"))
}
