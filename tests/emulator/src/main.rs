//! The emulator as a program: start it, point a client at it, stop it with Ctrl-C.

mod options;
mod stop;

use std::io::{self, Write};
use std::process::ExitCode;

use clap::{CommandFactory, Parser};
use openrouter_keys_emulator::{Emulator, SeededKey};
use options::Options;
use serde_json::json;
use stop::Stop;

/// The conventional exit code for wrong usage.
const BAD_OPTION: u8 = 2;

fn main() -> ExitCode {
    let done = match Options::try_parse() {
        Ok(options) => serve(options),
        // clap reports help and version as errors too.
        Err(text) if !text.use_stderr() => say(&text.to_string()),
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

fn serve(options: Options) -> io::Result<()> {
    let (port, is_json) = (options.port, options.json);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let stop = {
        let _context = runtime.enter();
        Stop::new()?
    };
    let emulator = options.builder().start().map_err(|error| explained(error, port))?;
    say(&if is_json { as_json(&emulator) } else { as_text(&emulator) })?;
    runtime.block_on(stop.asked());
    // The state file already has every change, and dropping the emulator joins its thread.
    drop(emulator);
    Ok(())
}

fn as_json(emulator: &Emulator) -> String {
    let line = json!({
        "url": emulator.base_url(),
        "control_url": emulator.control_url(),
        "management_key": emulator.management_key(),
        "ordinary_key": emulator.ordinary_key(),
        "keys": emulator.seeded_keys(),
    });
    format!("{line}\n")
}

fn as_text(emulator: &Emulator) -> String {
    let (url, control_url) = (emulator.base_url(), emulator.control_url());
    let management_key = emulator.management_key();
    let ordinary_key = emulator.ordinary_key().unwrap_or_default();
    let seeded: String = emulator.seeded_keys().iter().map(seeded_line).collect();
    format!(
        "URL             {url}\n\
         management key  {management_key}\n\
         ordinary key    {ordinary_key}\n\
         {seeded}\n\
         Try it:      curl {url}/keys -H 'Authorization: Bearer {management_key}'\n\
         Break it:    add -H 'x-emulator-fault: status=503,retry-after=2' to one request, or\n\
         \x20            curl {control_url}/faults -d 'method=POST,reset-after-commit'\n\
         What it saw: curl {control_url}/requests\n\
         \n\
         Ctrl-C stops it.\n"
    )
}

fn seeded_line(seeded: &SeededKey) -> String {
    format!("seeded key      {} {:?}\n", seeded.key, seeded.name)
}

fn explained(error: io::Error, port: u16) -> io::Error {
    if error.kind() == io::ErrorKind::AddrInUse {
        let message = format!("port {port} is taken; use --port 0 for any free one");
        return io::Error::new(error.kind(), message);
    }
    error
}

fn say(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    stdout.flush()
}

/// Prints the problem first, then the usage.
fn complain_about_options(mistake: &str) -> ExitCode {
    complain(mistake);
    if !mistake.contains("Usage:") {
        let usage = Options::command().render_usage();
        complain(&format!("\n{usage}\n\nFor more information, try '--help'.\n"));
    }
    ExitCode::from(BAD_OPTION)
}

fn complain(text: &str) {
    // If standard error is closed, the exit code still reports the failure.
    let _ = io::stderr().write_all(text.as_bytes());
}
