//! `completions`: a script for the shell.

use clap::{Args, CommandFactory as _};
use clap_complete::Shell;

use crate::Cli;
use crate::app::App;
use crate::failure::{Exit, Result};

/// Print a completion script for a shell
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  openrouter-keys completions bash > ~/.local/share/bash-completion/completions/openrouter-keys
  openrouter-keys completions zsh > ~/.zfunc/_openrouter-keys
  openrouter-keys completions fish > ~/.config/fish/completions/openrouter-keys.fish
  openrouter-keys completions powershell >> $PROFILE")]
pub(crate) struct Options {
    /// bash, zsh, fish, powershell or elvish
    #[arg(value_enum, value_name = "SHELL", hide_possible_values = true)]
    shell: Shell,
}

impl Options {
    pub(crate) fn run(self, app: &App) -> Result<Exit> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "openrouter-keys", &mut script);
        app.output.text(&String::from_utf8_lossy(&script))?;
        Ok(Exit::Done)
    }
}
