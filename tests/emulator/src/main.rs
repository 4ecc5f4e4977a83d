//! The emulator as a program: start it, point a client at it, stop it with Ctrl-C.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::{CommandFactory, Parser};
use openrouter_keys_emulator::program::{self, FAULTS, Options};

/// The conventional exit code for wrong usage.
const BAD_OPTION: u8 = 2;

/// A server on this machine that behaves like OpenRouter's key-management API.
#[derive(Debug, Parser)]
#[command(version, help_template = TEMPLATE, after_help = FAULTS)]
struct Cli {
    #[command(flatten)]
    options: Options,

    /// Print URL and keys as one line of JSON on standard output
    #[arg(long)]
    json: bool,
}

const TEMPLATE: &str = "\
{about}

Examples:
  openrouter-keys-emulator                                 any free port, printed with its keys
  openrouter-keys-emulator --port 8080 --state keys.json   the same keys after a restart
  openrouter-keys-emulator --json --seed seeds.json        for a script that starts it
  openrouter-keys-emulator --host 0.0.0.0 --allow-remote --allow-host emulator --port 8080
                                                           in a container

{usage-heading} {usage}

{all-args}{after-help}";

fn main() -> ExitCode {
    let done = match Cli::try_parse() {
        Ok(cli) => serve(cli),
        // clap reports help and version as errors too.
        Err(text) if !text.use_stderr() => io::stdout().write_all(text.to_string().as_bytes()),
        Err(mistake) => return complain_about_options(&mistake.to_string()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => {
            complain_about_options(&format!("error: {error}\n"))
        }
        Err(error) => {
            complain(&format!("error: {error}\n"));
            ExitCode::FAILURE
        }
    }
}

fn serve(cli: Cli) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(program::run(cli.options, cli.json))
}

/// Prints the problem first, then the usage.
fn complain_about_options(mistake: &str) -> ExitCode {
    complain(mistake);
    if !mistake.contains("Usage:") {
        let usage = Cli::command().render_usage();
        complain(&format!("\n{usage}\n\nFor more information, try '--help'.\n"));
    }
    ExitCode::from(BAD_OPTION)
}

fn complain(text: &str) {
    // If standard error is closed, the exit code still reports the failure.
    let _ = io::stderr().write_all(text.as_bytes());
}
