//! `run`: a command with a temporary key, which is deleted when the command ends.

use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

use clap::Args;
use openrouter_keys_native::CallOptions;
use openrouter_keys_native::client::TemporaryKey;
use openrouter_keys_native::workflow::Temporary;

use super::create::{Spending, warn_of};
use crate::app::App;
use crate::change::ChangeArgs;
use crate::child::{self, Ended};
use crate::failure::{Exit, Failure, Result};
use crate::signal::Signals;
use crate::{select, signal, suggest, text, units};

/// How long the deletion may take.
const CLOSING: Duration = Duration::from_secs(30);

/// Run a command with a key that is deleted when the command ends
///
/// The command finds the key in its environment, and not the management key. SIGINT, SIGTERM
/// and SIGHUP are passed on to it. The exit code is the command's, or 128 plus the number of
/// the signal that ended it. If this program is killed, the key expires by itself, and
/// `sweep --temporary` deletes it.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Options {
    #[command(flatten)]
    spending: Spending,
    /// When the key expires if it is not deleted before, such as 30m or 8h
    #[arg(long = "for", value_name = "TIME", value_parser = units::duration)]
    lifetime: Duration,
    /// The environment variable in which the command finds the key
    #[arg(long, value_name = "VARIABLE", default_value = "OPENROUTER_API_KEY", value_parser = variable)]
    env: String,
    /// The name of the key, before its marker [default: the command's name]
    #[arg(long, value_name = "NAME", value_parser = select::new_name)]
    name: Option<String>,
    #[command(flatten)]
    change: ChangeArgs,
    /// The command and its arguments
    #[arg(last = true, required = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

const EXAMPLES: &str = "\
Examples:
  openrouter-keys run --limit 1 --for 1h -- npm test
  openrouter-keys run --limit 5 --for 8h --env LLM_API_KEY -- python agent.py --verbose";

fn variable(text: &str) -> Result<String, String> {
    if text.is_empty() || text.contains(['=', '\0']) {
        return Err(format!("\"{}\" is not the name of a variable", text::visible(text)));
    }
    Ok(text.to_owned())
}

impl Options {
    /// The key's name: the option, or the file name of the command.
    fn name(&self) -> String {
        let program = self.command.first().map(Path::new).and_then(Path::file_name);
        self.name.clone().unwrap_or_else(|| {
            program.map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
        })
    }

    pub(crate) async fn run(self, app: &App) -> Result<Exit> {
        if self.command.first().is_some_and(|program| program.is_empty()) {
            return Err(Failure::usage("the command is empty; nothing was sent"));
        }
        let temporary = Temporary::new(self.spending.create(&self.name(), None), self.lifetime);
        // Registered first, so that no signal is lost between the create and the command.
        let mut signals = Signals::listen();
        let key = self
            .change
            .perform(app, async |client| {
                Ok(client.temporary(temporary).cancel_on(signal::stopped()).await?)
            })
            .await?;
        let Some(key) = key else { return Ok(Exit::Done) };
        warn_of(app, &key.unconfirmed, self.spending.workspace.as_deref());
        app.waiting.clear();
        let mut key = Some(key);
        let ended = self.supervise(app, &mut key, &mut signals).await;
        if let Some(key) = key {
            self.close(app, key).await;
        }
        ended.map(Exit::Command)
    }

    /// Runs the command; takes the key to close it early if the command outlives a signal.
    async fn supervise(
        &self,
        app: &App,
        key: &mut Option<TemporaryKey>,
        signals: &mut Signals,
    ) -> Result<u8> {
        let Some(secret) = key.as_ref().map(|key| key.key().clone()) else {
            return Err(Failure::failed("there is no key"));
        };
        let mut child = child::spawn(&self.command, &self.env, &secret, &app.key_variables()?)?;
        loop {
            match child::wait(&mut child, signals).await? {
                Ended::Exited(code) => return Ok(code),
                // The command had time to end. Whoever sent the signal may soon kill us both.
                Ended::Lingers => {
                    if let Some(key) = key.take() {
                        self.close(app, key).await;
                    }
                }
            }
        }
    }

    /// Deletes the key. A failure changes nothing about how the command ended.
    async fn close(&self, app: &App, key: TemporaryKey) {
        let (name, end) = (key.name.clone(), key.expires_at.clone());
        if let Err(error) = key.close().options(CallOptions::new().timeout(CLOSING)).await {
            app.waiting.warn(&format!(
                "warning: the temporary key was not deleted: {error}; it expires at {end}; delete it with: {}",
                suggest::sweep([name.as_str()], self.spending.workspace.as_deref())
            ));
        }
        app.waiting.clear();
    }
}
