//! The emulator as a program: what its own binary and other command lines share.

mod options;
mod stop;

use std::io::{self, Write};

use serde_json::json;

pub use options::{FAULTS, Options};

use crate::{Emulator, SeededKey};
use stop::Stop;

/// Starts an emulator, prints its URL and keys (with `is_json` as one line of JSON), and serves
/// until a signal stops the program. Must be called within a Tokio runtime.
///
/// # Errors
///
/// The emulator cannot start, for example with [`io::ErrorKind::InvalidInput`] because of an
/// option, or standard output is closed.
pub async fn run(options: Options, is_json: bool) -> io::Result<()> {
    let port = options.port();
    let stop = Stop::new()?;
    let emulator = options.builder().start().map_err(|error| explained(error, port))?;
    say(&if is_json { as_json(&emulator) } else { as_text(&emulator) })?;
    stop.asked().await;
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
