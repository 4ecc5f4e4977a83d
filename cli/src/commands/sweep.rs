//! `sweep`: deletes what lost creates and ended processes left behind.

use clap::{ArgGroup, Args};
use openrouter_keys_native::Key;
use openrouter_keys_native::workflow::{Sweep, Swept};

use crate::app::App;
use crate::change::ChangeArgs;
use crate::failure::{Exit, Failure, Result};
use crate::{keys, signal, text, units};

/// Delete keys that were left behind: by their marked names, or expired temporary keys
///
/// The names have a marker, as they appear in messages; a name that somebody chose is refused.
/// What is found is listed before it is deleted.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("what").args(["names", "temporary"]).required(true))]
#[command(after_help = EXAMPLES)]
pub(crate) struct Options {
    /// The whole name of each key, with its marker
    #[arg(value_name = "NAME")]
    names: Vec<String>,
    /// Delete every expired temporary key, no matter who created it
    #[arg(long)]
    temporary: bool,
    /// Sweep this workspace instead of the default one; may be given more than once
    #[arg(long, value_name = "ID")]
    workspace: Vec<String>,
    #[command(flatten)]
    change: ChangeArgs,
}

const EXAMPLES: &str = "\
Examples:
  openrouter-keys sweep --temporary
  openrouter-keys sweep 'ci #0f343b0931126a20f133d67c2b018a3b' --yes";

impl Options {
    fn sweep(&self) -> Sweep {
        let sweep =
            if self.temporary { Sweep::temporary() } else { Sweep::new(self.names.clone()) };
        sweep.workspaces(self.workspace.clone())
    }

    pub(crate) async fn run(self, app: &App) -> Result<Exit> {
        app.output.check(&keys::SHAPE)?;
        if !self.change.yes && !self.change.dry_run {
            self.change.confirm("delete", &self.found(app).await?).await?;
        }
        let swept = self
            .change
            .perform(app, async |client| {
                Ok(client.sweep(self.sweep()).cancel_on(signal::stopped()).await?)
            })
            .await?;
        match swept {
            Some(swept) => report(app, &swept),
            None => Ok(Exit::Done),
        }
    }

    /// The keys that would be deleted: those whose deletion a dry run did not send.
    async fn found(&self, app: &App) -> Result<Vec<Key>> {
        let (client, _) = app.dry_client()?;
        let swept = client.sweep(self.sweep()).cancel_on(signal::stopped()).await?;
        Ok(swept.failed.into_iter().map(|(key, _)| key).collect())
    }
}

fn report(app: &App, swept: &Swept) -> Result<Exit> {
    for name in &swept.absent {
        app.waiting.say(&format!("no key is named {}", text::visible(name)));
    }
    for key in &swept.endless {
        app.waiting.warn(&format!(
            "warning: the temporary key {} has no expiry and was left alone",
            text::visible(keys::name_of(key))
        ));
    }
    if swept.deleted.is_empty() && swept.failed.is_empty() {
        app.waiting.say("nothing to delete");
    }
    let now = units::now();
    let rows: Vec<_> = swept.deleted.iter().map(|key| keys::row(key, now)).collect();
    app.output.rows(&keys::SHAPE, &rows).map_err(|failure| {
        failure.although(&format!("{} deleted", units::counted_were(swept.deleted.len(), "key")))
    })?;
    for (key, error) in &swept.failed {
        app.waiting.warn(&format!("{}: {error}", text::visible(keys::name_of(key))));
    }
    if swept.failed.is_empty() {
        return Ok(Exit::Done);
    }
    Err(Failure::failed(format!(
        "{} deleted, and {} not; the reasons are above; run the same command again:",
        units::counted_were(swept.deleted.len(), "key"),
        units::counted_were(swept.failed.len(), "key")
    ))
    .next(text::this_command()))
}
