//! What a flood of an answer costs in memory: `cargo run --release -p
//! openrouter-keys-tests --example memory_cap`, after `cargo xtask npm`; on
//! Linux, with `gzip` and `node`.
//!
//! It fails if a call of this library raises the peak of its process by more
//! than 8 MiB. In Node the larger part is `fetch`'s own, which has a row of its
//! own to compare with. See `docs/labs.md`.

#![allow(clippy::print_stdout, reason = "a program for people")]

mod meter;
mod server;

use std::error::Error;
use std::path::Path;
use std::process::{Command, ExitCode};

use meter::Caller;
use server::{Flood, Server};

const RUNS: usize = 5;
const KIB_AT_MOST: u64 = 8 << 10;

/// In Node; see `bindings-js/bench/memory-cap.mjs`.
const NODE: [(&str, &str); 3] =
    [("npm package", "package"), ("fetch alone, to 4 MiB", "fetch"), ("@openrouter/sdk", "sdk")];

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [caller, url] = &arguments[..] {
        let named = Caller::ALL.into_iter().find(|known| known.name() == caller);
        let (growth, end) = meter::measure(named.ok_or("nobody has this name")?, url)?;
        println!("{growth} {end}");
        return Ok(ExitCode::SUCCESS);
    }
    println!("| answer | client | sent by the server | peak grew by, median | at most | end |");
    println!("| --- | --- | ---: | ---: | ---: | --- |");
    let mut is_kept = true;
    for flood in Flood::ALL {
        for caller in Caller::ALL {
            let is_ours = caller != Caller::Bare;
            // The others would read the endless one for ever.
            if is_ours || flood != Flood::Endless {
                let mut command = Command::new(std::env::current_exe()?);
                let worst = row(flood, caller.name(), command.arg(caller.name()))?;
                is_kept &= !is_ours || worst <= KIB_AT_MOST;
            }
        }
        for (name, argument) in NODE {
            if argument != "sdk" || flood != Flood::Endless {
                let script = Path::new(env!("CARGO_MANIFEST_DIR"))
                    .join("../bindings-js/bench/memory-cap.mjs");
                let mut command = Command::new("node");
                row(flood, name, command.arg("--expose-gc").arg(script).arg(argument))?;
            }
        }
    }
    Ok(if is_kept { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Prints the row of a client and returns the most that it grew.
fn row(flood: Flood, client: &str, command: &mut Command) -> Result<u64, Box<dyn Error>> {
    let mut runs = Vec::new();
    for _ in 0..RUNS {
        let server = Server::start(flood)?;
        // The URL is the last argument, and a command keeps its arguments.
        let mut command = again(command);
        let output = command.arg(&server.url).output()?;
        let text = String::from_utf8(output.stdout)?;
        let (growth, end) = text.trim_end().split_once(' ').ok_or_else(|| {
            format!("{client} says nothing: {}", String::from_utf8_lossy(&output.stderr))
        })?;
        runs.push((growth.parse::<u64>()?, server.sent(), end.to_owned()));
    }
    runs.sort_unstable();
    let (Some((worst, ..)), Some((median, sent, end))) = (runs.last(), runs.get(RUNS / 2)) else {
        return Err("no runs".into());
    };
    println!(
        "| {} | {client} | {} | {} | {} | {end} |",
        flood.name(),
        mib(*sent / 1024),
        mib(*median),
        mib(*worst)
    );
    Ok(*worst)
}

fn again(command: &Command) -> Command {
    let mut fresh = Command::new(command.get_program());
    fresh.args(command.get_args());
    fresh
}

fn mib(kib: u64) -> String {
    let hundredths = kib * 100 / 1024;
    format!("{}.{:02} MiB", hundredths / 100, hundredths % 100)
}
