//! `temporary`: a key that expires by itself.

use std::time::Duration;

use clap::Args;
use openrouter_keys_native::workflow::Temporary;

use super::create::{Spending, deliver, warn_of};
use crate::app::App;
use crate::change::ChangeArgs;
use crate::failure::{Exit, Result};
use crate::sink::SinkArgs;
use crate::{keys, select, signal, units};

/// Create a key that expires automatically
///
/// A marker is added to the name, by which `sweep --temporary` finds the key after it has
/// expired. To give a command a key that is deleted when the command ends, use `run`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Options {
    /// The name of the key, before its marker
    #[arg(value_name = "NAME", value_parser = select::new_name)]
    name: String,
    #[command(flatten)]
    spending: Spending,
    /// How long the key works, such as 30m or 8h
    #[arg(long = "for", value_name = "TIME", value_parser = units::duration)]
    lifetime: Duration,
    #[command(flatten)]
    sink: SinkArgs,
    #[command(flatten)]
    change: ChangeArgs,
}

const EXAMPLES: &str = "\
Examples:
  openrouter-keys temporary workshop --limit 2 --for 8h --secret-to file:workshop.key
  openrouter-keys temporary ci --limit 1 --for 30m --secret-to 'command:./store-secret'
  openrouter-keys sweep --temporary";

impl Options {
    pub(crate) async fn run(self, app: &App) -> Result<Exit> {
        app.output.check(&keys::SHAPE)?;
        let sink = self.sink.require()?;
        let ready = sink.prepare(&self.name)?;
        let temporary = Temporary::new(self.spending.create(&self.name, None), self.lifetime);
        let key = self
            .change
            .perform(app, async |client| {
                let key = client.temporary(temporary).cancel_on(signal::stopped()).await?;
                Ok(key.into_info())
            })
            .await?;
        if let Some(key) = key {
            warn_of(app, &key.unconfirmed, self.spending.workspace.as_deref());
            deliver(app, &key.name, &key.created, ready)?;
        }
        Ok(Exit::Done)
    }
}
