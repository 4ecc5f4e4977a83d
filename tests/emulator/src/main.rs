//! The emulator as a program: start it, point any client at it, stop it with Ctrl-C.

mod options;

use std::env;
use std::io::{self, Write};
use std::process::ExitCode;

use options::{Options, Run};

/// The caller's mistake, as most programs count it.
const BAD_OPTION: u8 = 2;

fn main() -> ExitCode {
    match Options::parse(env::args_os().skip(1)) {
        Ok(Run::Help) => finish(say(options::HELP)),
        Ok(Run::Serve(options)) => finish(serve(options)),
        Err(message) => {
            complain(&format!("{message} (--help shows the options)"));
            ExitCode::from(BAD_OPTION)
        }
    }
}

fn serve(options: Options) -> io::Result<()> {
    let (keys, port) = (options.keys, options.port);
    let emulator = options.builder().start().map_err(|error| explained(&error, port))?;
    emulator.seed_keys(keys);
    let (ordinary_key, _) = emulator.create_ordinary_key("ordinary key");
    let url = emulator.base_url();
    let management_key = emulator.management_key();
    say(&format!(
        "URL             {url}\n\
         management key  {management_key}\n\
         ordinary key    {ordinary_key}\n\
         \n\
         Try it:      curl {url}/keys -H 'Authorization: Bearer {management_key}'\n\
         Break it:    add -H 'x-emulator-fault: status=503,retry-after=2' to one request, or\n\
         \x20            curl http://{address}/_emulator/faults -d 'method=POST,reset-after-commit'\n\
         What it saw: curl http://{address}/_emulator/requests\n\
         \n\
         Ctrl-C stops it.\n",
        address = emulator.address(),
    ))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(tokio::signal::ctrl_c())
}

fn explained(error: &io::Error, port: u16) -> io::Error {
    let message = match error.kind() {
        io::ErrorKind::AddrInUse => format!("port {port} is taken; --port 0 finds a free one"),
        _ => format!("cannot start: {error}"),
    };
    io::Error::new(error.kind(), message)
}

fn finish(outcome: io::Result<()>) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&error.to_string());
            ExitCode::FAILURE
        }
    }
}

fn say(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    stdout.flush()
}

fn complain(message: &str) {
    // With nobody left to hear it, the exit code still tells.
    let _ = writeln!(io::stderr(), "openrouter-keys-emulator: {message}");
}
