//! `delete`: one or several keys, for good.

use clap::Args;
use openrouter_keys_native::Key;

use super::update::of_key;
use crate::app::App;
use crate::change::ChangeArgs;
use crate::failure::{Exit, Failure, Result};
use crate::select::Named;
use crate::{keys, signal, text};

/// Delete keys for good
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  openrouter-keys delete ada
  openrouter-keys delete 0e6f44a4 --yes
  openrouter-keys delete ada --dry-run")]
pub(crate) struct Options {
    /// Each key's name, its hash, or the beginning of its hash
    #[arg(value_name = "KEY", value_parser = Named::parse, required = true)]
    keys: Vec<Named>,
    #[command(flatten)]
    change: ChangeArgs,
}

impl Options {
    pub(crate) async fn run(self, app: &App) -> Result<Exit> {
        self.change
            .perform(app, async |client| {
                let mut found = Vec::with_capacity(self.keys.len());
                for named in &self.keys {
                    let key = named.find(&client).await?;
                    if !found.iter().any(|other: &Key| other.hash == key.hash) {
                        found.push(key);
                    }
                }
                self.change.confirm("delete", &found).await?;
                for (number, key) in found.iter().enumerate() {
                    let hash = key.require_hash().map_err(openrouter_keys_native::Error::from)?;
                    let deleted = client.delete(hash.clone()).cancel_on(signal::stopped()).await;
                    // A dry run fails each request on purpose.
                    if self.change.dry_run {
                        continue;
                    }
                    deleted.map_err(|error| partly(of_key(error, hash), number, found.len()))?;
                    app.waiting.say(&format!("deleted \"{}\"", text::visible(keys::name_of(key))));
                }
                Ok(())
            })
            .await?;
        Ok(Exit::Done)
    }
}

/// Says how many of several keys were deleted before one failed.
fn partly(failure: Failure, deleted: usize, all: usize) -> Failure {
    if all == 1 {
        return failure;
    }
    let message = format!("{} ({deleted} of {all} keys were deleted)", failure.message);
    Failure { message, ..failure }
}
