//! `openrouter-keys`: OpenRouter's API keys from the command line.

mod app;
mod args;
mod bulk;
mod change;
mod child;
mod commands;
#[cfg(test)]
mod deploy_files;
mod failure;
mod fleet;
#[cfg(test)]
mod help_page;
mod key_names;
mod keyring;
mod keys;
mod new_key;
mod output;
mod private_file;
mod rotations;
mod secret_input;
mod select;
mod settings;
mod shared_journal;
mod signal;
mod sink;
mod suggest;
mod text;
mod transport;
mod units;
mod waiting;
mod wanted;

use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::{CommandFactory as _, Parser};
use clap_complete::CompleteEnv;

use crate::app::App;
use crate::args::Global;
use crate::commands::Command;
use crate::failure::{Exit, Failure, Result};

/// Manage OpenRouter API keys
///
/// Keys can be named by their name, their hash, or the beginning of their hash.
#[derive(Debug, Parser)]
#[command(name = "openrouter-keys", version, propagate_version = true, after_help = AFTER_HELP)]
#[command(subcommand_required = true, arg_required_else_help = true, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    global: Global,
}

const AFTER_HELP: &str = "\
Examples:
  openrouter-keys list
  openrouter-keys create ada --limit 25 --reset monthly --secret-to file:ada.key
  openrouter-keys disable ada

The management key is read from OPENROUTER_MANAGEMENT_KEY, --key-file, --key-command, or the
configured profile.";

fn main() -> ExitCode {
    hide_memory();
    // A completion script asks for completions: they are printed, and the program ends.
    CompleteEnv::with_factory(|| key_names::completed(Cli::command()))
        .var(commands::COMPLETIONS_VARIABLE)
        .complete();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        // Help and the version are among what clap calls errors.
        Err(error) => {
            let is_help = !error.use_stderr();
            let exit = if is_help { Exit::Done } else { Exit::Usage };
            // A reader that has gone, such as `head`, is not a failure.
            return match print(&error) {
                Err(error) if is_help && error.kind() != io::ErrorKind::BrokenPipe => {
                    let _ = writeln!(io::stderr(), "error: the help cannot be written: {error}");
                    ExitCode::from(Exit::Failed.code())
                }
                _ => ExitCode::from(exit.code()),
            };
        }
    };
    match run(cli) {
        Ok(exit) => ExitCode::from(exit.code()),
        Err(failure) => {
            let _ = io::stderr().write_all(failure.shown().as_bytes());
            ExitCode::from(failure.exit.code())
        }
    }
}

/// Keeps the keys in memory out of core dumps, and from other programs of the same user. Commands
/// that this program starts are not affected.
fn hide_memory() {
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
}

/// Help, or what is wrong with the command line, which may repeat a secret that was pasted into it.
fn print(error: &clap::Error) -> io::Result<()> {
    let text = error.render().to_string();
    let printable = text::printable(&text);
    if printable == text { error.print() } else { io::stderr().write_all(printable.as_bytes()) }
}

fn run(cli: Cli) -> Result<Exit> {
    suggest::remember(&cli.global.account);
    let app = App::new(cli.global)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(Failure::from)?;
    let done = runtime.block_on(cli.command.run(&app));
    app.waiting.clear();
    done
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_definition_is_valid() {
        super::Cli::command().debug_assert();
    }
}
