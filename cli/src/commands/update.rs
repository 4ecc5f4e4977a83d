//! `update`, `enable`, `disable`: only what is named changes.

use clap::{ArgGroup, Args};
use openrouter_keys_native::{Effect, Error, KeyHash, Limit, LimitReset, Update};

use crate::app::App;
use crate::change::ChangeArgs;
use crate::failure::{Exit, Failure, Result};
use crate::select::Named;
use crate::{keys, select, signal, suggest, text, units};

/// Change settings of a key
///
/// What is not named stays as it is.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("changes").multiple(true).required(true).args(["rename", "limit", "no_limit", "reset", "no_reset", "include_byok", "to_workspace"]))]
#[command(after_help = "\
Examples:
  openrouter-keys update ada --limit 50
  openrouter-keys update ada --name 'Ada Lovelace' --no-reset")]
pub(crate) struct Options {
    /// The key's name, its hash, or the beginning of its hash
    #[arg(value_name = "KEY", value_parser = Named::parse)]
    key: Named,
    /// Rename the key
    #[arg(long = "name", value_name = "NAME", value_parser = select::new_name)]
    rename: Option<String>,
    #[command(flatten)]
    changes: Changes,
    #[command(flatten)]
    change: ChangeArgs,
}

/// Settings that an update can change.
#[derive(Clone, Debug, Args)]
pub(crate) struct Changes {
    /// Limit in US dollars
    #[arg(long, value_name = "USD", value_parser = units::limit, allow_hyphen_values = true, conflicts_with = "no_limit")]
    pub(crate) limit: Option<Limit>,
    /// Remove the limit
    #[arg(long)]
    pub(crate) no_limit: bool,
    /// Reset the limit daily, weekly or monthly
    #[arg(long, value_name = "INTERVAL", value_parser = units::reset, conflicts_with = "no_reset")]
    pub(crate) reset: Option<LimitReset>,
    /// Never reset the limit
    #[arg(long)]
    pub(crate) no_reset: bool,
    /// Whether usage of your own provider keys counts towards the limit
    #[arg(long, value_name = "BOOL")]
    pub(crate) include_byok: Option<bool>,
    /// Move the key to this workspace
    #[arg(long, value_name = "ID")]
    pub(crate) to_workspace: Option<String>,
}

impl Changes {
    /// The update with what was named.
    pub(crate) fn of(&self, mut update: Update) -> Update {
        if let Some(limit) = self.limit {
            update = update.limit(limit);
        }
        if self.no_limit {
            update = update.limit(Limit::unlimited());
        }
        if let Some(reset) = &self.reset {
            update = update.limit_reset(reset.clone());
        }
        if self.no_reset {
            update = update.no_limit_reset();
        }
        if let Some(include) = self.include_byok {
            update = update.include_byok_in_limit(include);
        }
        if let Some(workspace) = &self.to_workspace {
            update = update.workspace_id(workspace);
        }
        update
    }
}

impl Options {
    pub(crate) async fn run(self, app: &App) -> Result<Exit> {
        let change = |update: Update| {
            let update = self.changes.of(update);
            match &self.rename {
                Some(name) => update.name(name),
                None => update,
            }
        };
        send(app, &self.key, &self.change, change).await
    }
}

/// Enable a key
#[derive(Debug, Args)]
pub(crate) struct Enable {
    /// The key's name, its hash, or the beginning of its hash
    #[arg(value_name = "KEY", value_parser = Named::parse)]
    key: Named,
    #[command(flatten)]
    change: ChangeArgs,
}

impl Enable {
    pub(crate) async fn run(self, app: &App) -> Result<Exit> {
        send(app, &self.key, &self.change, |update| update.disabled(false)).await
    }
}

/// Disable a key: it stops working, and can be enabled again
#[derive(Debug, Args)]
pub(crate) struct Disable {
    /// The key's name, its hash, or the beginning of its hash
    #[arg(value_name = "KEY", value_parser = Named::parse)]
    key: Named,
    #[command(flatten)]
    change: ChangeArgs,
}

impl Disable {
    pub(crate) async fn run(self, app: &App) -> Result<Exit> {
        send(app, &self.key, &self.change, |update| update.disabled(true)).await
    }
}

async fn send(
    app: &App,
    key: &Named,
    args: &ChangeArgs,
    change: impl Fn(Update) -> Update,
) -> Result<Exit> {
    app.output.check(&keys::SHAPE)?;
    let changed = args
        .perform(app, async |client| {
            let hash = key.find_hash(&client).await?;
            let update = change(Update::new(hash.as_str()));
            let updated = client.update(update).cancel_on(signal::stopped()).await;
            updated.map_err(|error| of_key(error, &hash))
        })
        .await?;
    if let Some(key) = changed {
        let shown = app.output.one(&keys::SHAPE, &keys::row(&key, units::now()));
        shown.map_err(|failure| failure.although("the key was changed"))?;
    }
    Ok(Exit::Done)
}

/// The failure, and how to see what became of the key if that is unknown.
pub(super) fn of_key(error: Error, hash: &KeyHash) -> Failure {
    let is_unknown = matches!(error.effect(), Effect::MayHaveChanged);
    let failure = Failure::from(error);
    if is_unknown {
        failure.next(suggest::command(&format!("get {}", text::quoted_for_shell(hash))))
    } else {
        failure
    }
}
