//! `completions`: a script for the shell, which asks this program for every completion.

use clap::Args;
use clap_complete::env::Shells;

use crate::app::App;
use crate::failure::{Exit, Failure, Result};
use crate::text;

/// The variable by which the script asks for completions.
pub(crate) const VARIABLE: &str = "OPENROUTER_KEYS_COMPLETE";

/// Print a completion script for a shell
///
/// Names of keys are completed too. They are kept for five minutes, without secrets.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  openrouter-keys completions bash > ~/.local/share/bash-completion/completions/openrouter-keys
  openrouter-keys completions zsh > ~/.zfunc/_openrouter-keys
  openrouter-keys completions fish > ~/.config/fish/completions/openrouter-keys.fish
  openrouter-keys completions powershell >> $PROFILE")]
pub(crate) struct Options {
    /// bash, zsh, fish, powershell or elvish
    #[arg(value_name = "SHELL")]
    shell: String,
}

impl Options {
    pub(crate) fn run(self, app: &App) -> Result<Exit> {
        const NAME: &str = "openrouter-keys";
        let shells = Shells::builtins();
        let Some(shell) = shells.completer(&self.shell) else {
            let known: Vec<_> = shells.names().collect();
            return Err(Failure::usage(format!(
                "\"{}\" is not a known shell; these are: {}",
                text::visible(&self.shell),
                known.join(", ")
            )));
        };
        let mut script = Vec::new();
        shell.write_registration(VARIABLE, NAME, NAME, NAME, &mut script)?;
        app.output.text(&String::from_utf8_lossy(&script))?;
        Ok(Exit::Done)
    }
}
