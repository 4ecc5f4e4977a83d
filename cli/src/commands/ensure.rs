//! `ensure`: a key with this name and these settings, created only if there is none.

use std::future::IntoFuture as _;

use clap::{ArgGroup, Args};
use openrouter_keys_native::workflow::{Ensure, Ensured, OnDuplicate};
use openrouter_keys_native::{Error, ErrorKind};

use super::create::{End, Spending, deliver};
use crate::app::App;
use crate::change::ChangeArgs;
use crate::failure::{Exit, Failure, Result};
use crate::select::{self, Filters};
use crate::sink::{Ready, Sink, SinkArgs};
use crate::{keys, signal, suggest, text, units};

/// Create a key unless one with this name exists, and give it these settings
///
/// An existing key is changed only where it differs. Its expiry and external user cannot be
/// changed. A disabled key counts and stays disabled; an expired one does not count.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("whether it works").args(["disabled", "enabled"]))]
#[command(after_help = EXAMPLES)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
pub(crate) struct Options {
    /// The name of the key
    #[arg(value_name = "NAME", value_parser = select::new_name)]
    name: String,
    #[command(flatten)]
    spending: Spending,
    #[command(flatten)]
    end: End,
    /// Never reset the limit of an existing key
    #[arg(long, conflicts_with = "reset")]
    no_reset: bool,
    /// Disable an existing key
    #[arg(long)]
    disabled: bool,
    /// Enable an existing key
    #[arg(long)]
    enabled: bool,
    /// If several keys have the name, take the newest
    #[arg(long)]
    newest: bool,
    #[command(flatten)]
    sink: SinkArgs,
    #[command(flatten)]
    change: ChangeArgs,
}

const EXAMPLES: &str = "\
Examples:
  openrouter-keys ensure billing --limit 50 --reset monthly --secret-to file:billing.key
  openrouter-keys ensure billing --limit 80 --secret-to file:billing.key --dry-run";

/// What a new key waits for.
const SETTLING: &str = "making sure that nobody else created this key at the same time";

impl Options {
    fn ensure(&self) -> Ensure {
        let mut ensure = Ensure::new(self.spending.create(&self.name, self.end.expires.clone()));
        if self.no_reset {
            ensure = ensure.no_limit_reset();
        }
        if self.disabled || self.enabled {
            ensure = ensure.disabled(self.disabled);
        }
        if self.newest {
            ensure = ensure.on_duplicate(OnDuplicate::Newest);
        }
        ensure
    }

    pub(crate) async fn run(self, app: &App) -> Result<Exit> {
        app.output.check(&keys::SHAPE)?;
        let sink = self.sink.require()?;
        let ready = self.prepare(app, &sink).await?;
        let ensured = self
            .change
            .perform(app, async |client| {
                let run = client.ensure(self.ensure()).cancel_on(signal::stopped());
                let ensured = app.waiting.during(SETTLING, run.into_future()).await;
                ensured.map_err(|error| self.refused(error))
            })
            .await?;
        match ensured {
            Some(Ensured::Created { created, unsettled }) => {
                if let Some(error) = unsettled {
                    app.waiting.warn(&format!("warning: {error}"));
                }
                let ready = match ready {
                    Some(ready) => ready,
                    // The key was deleted after it was looked up.
                    None => sink.prepare(&self.name)?,
                };
                deliver(app, &self.name, &created, ready)?;
            }
            Some(Ensured::Existing { key, changed }) => {
                let name = text::visible(&self.name);
                // A script that reads a secret must not read a row instead.
                if sink == Sink::Reveal {
                    return Err(Failure::failed(format!(
                        "\"{name}\" exists, and its secret cannot be shown again; changed: {}",
                        if changed.is_empty() { "nothing".to_owned() } else { changed.join(", ") }
                    )));
                }
                app.waiting.say(&match changed.as_slice() {
                    [] => format!("\"{name}\" exists; nothing had to be changed"),
                    changed => format!("\"{name}\" exists; changed: {}", changed.join(", ")),
                });
                let shown = app.output.one(&keys::SHAPE, &keys::row(&key, units::now()));
                shown.map_err(|failure| failure.although("the key has these settings"))?;
            }
            _ => {}
        }
        Ok(Exit::Done)
    }

    /// The failure, and how to choose if several keys have the name.
    fn refused(&self, error: Error) -> Failure {
        let is_ambiguous = matches!(error.kind(), ErrorKind::SeveralKeys { .. });
        let mut failure = Failure::from(error);
        if is_ambiguous {
            failure.message.push_str("; --newest takes the newest; list them:");
            failure.next = Some(suggest::find(&self.name, self.spending.workspace.as_deref()));
        }
        failure
    }

    /// Makes the sink ready. A file of an earlier run is in the way only if the key is to be
    /// created.
    async fn prepare(&self, app: &App, sink: &Sink) -> Result<Option<Ready>> {
        let refused = match sink.prepare(&self.name) {
            Ok(ready) => return Ok(Some(ready)),
            Err(refused) => refused,
        };
        let filters = Filters {
            workspace: self.spending.workspace.iter().cloned().collect(),
            ..Filters::default()
        };
        let now = units::now();
        let is_wanted = |key: &openrouter_keys_native::Key| {
            key.name.as_deref() == Some(&self.name) && !keys::is_expired(key, now)
        };
        if select::matching(&app.client()?, &filters).await?.iter().any(is_wanted) {
            return Ok(None);
        }
        let name = text::visible(&self.name);
        let message = format!("there is no key \"{name}\", and {}", refused.message);
        Err(Failure { message, ..refused })
    }
}
