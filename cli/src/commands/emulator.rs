//! `emulator`: a server for tests, on this machine.

use std::io;

use clap::Args;
use openrouter_keys_emulator::program;

use crate::app::App;
use crate::failure::{Exit, Failure, Result};

/// Run a server on this machine that behaves like OpenRouter's key-management API
///
/// It needs no account and sends nothing to OpenRouter. With --json it prints its URL and keys as
/// one line of JSON. Ctrl-C stops it.
#[derive(Debug, Args)]
#[command(after_help = after_help())]
// The options of the program are a group of this name already.
#[group(skip)]
pub(crate) struct Options {
    #[command(flatten)]
    program: program::Options,
}

fn after_help() -> String {
    format!(
        "\
Examples:
  openrouter-keys emulator
  openrouter-keys emulator --port 8080 --state keys.json
  openrouter-keys emulator --json --seed seeds.json

{}",
        program::FAULTS
    )
}

impl Options {
    pub(crate) async fn run(self, app: &App) -> Result<Exit> {
        let is_json = app.global.format.json.is_some();
        match program::run(self.program, is_json).await {
            Ok(()) => Ok(Exit::Done),
            Err(error) => Err(refused(&error)),
        }
    }
}

/// Why an emulator did not start.
pub(super) fn refused(error: &io::Error) -> Failure {
    let exit = if error.kind() == io::ErrorKind::InvalidInput { Exit::Usage } else { Exit::Failed };
    Failure::new(exit, error.to_string())
}
