//! What a flood of a response costs in memory: `cargo run --release -p
//! openrouter-keys-lab --example memory_cap`, after `cargo xtask npm`; on
//! Linux, with `gzip` and `node`.
//!
//! It fails if a call of this library raises the peak of its process by more
//! than 8 MiB: natively in any run after a single page, in Node in the median
//! after a thousand. What Node takes at first is `fetch`'s own, which has rows to
//! compare with. See `docs/labs.md`.

#![allow(clippy::print_stdout, reason = "a program for people")]

mod meter;
mod server;

use std::error::Error;
use std::process::{Command, ExitCode};

use meter::Caller;
use server::{Flood, Server};

const RUNS: usize = 5;
const KIB_AT_MOST: u64 = 8 << 10;

/// In Node, see `bindings-js/bench/memory-cap.mjs`: who calls, its name there,
/// and how many pages it has read before.
const NODE: [(&str, &str, usize); 5] = [
    ("npm package", "package", WARM),
    ("fetch alone, to 4 MiB", "fetch", WARM),
    ("npm package", "package", 1),
    ("fetch alone, to 4 MiB", "fetch", 1),
    ("@openrouter/sdk", "sdk", 1),
];
/// Pages of 100 keys after which a process of Node has the memory that it will
/// go on with.
const WARM: usize = 1000;

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [caller, url] = &arguments[..] {
        let named = Caller::ALL.into_iter().find(|known| known.name() == caller);
        let (growth, end) = meter::measure(named.ok_or("nobody has this name")?, url)?;
        println!("{growth} {end}");
        return Ok(ExitCode::SUCCESS);
    }
    println!(
        "| response | client | pages before | sent by the server | peak grew by, median | at most | end |"
    );
    println!("| --- | --- | ---: | ---: | ---: | ---: | --- |");
    let mut is_kept = true;
    for flood in Flood::ALL {
        for caller in Caller::ALL {
            let is_ours = caller != Caller::Bare;
            // The others would read the endless one for ever.
            if is_ours || flood != Flood::Endless {
                let mut command = Command::new(std::env::current_exe()?);
                let (_, worst) = row(flood, caller.name(), 1, command.arg(caller.name()))?;
                is_kept &= !is_ours || worst <= KIB_AT_MOST;
            }
        }
        for (name, argument, pages) in NODE {
            if argument != "sdk" || flood != Flood::Endless {
                let script =
                    openrouter_keys_tests::folder().join("../../bindings-js/bench/memory-cap.mjs");
                let mut command = Command::new("node");
                command.arg("--expose-gc").arg(script).args([argument, &pages.to_string()]);
                let (median, _) = row(flood, name, pages, &command)?;
                let is_judged = argument == "package" && pages == WARM;
                is_kept &= !is_judged || median <= KIB_AT_MOST;
            }
        }
    }
    Ok(if is_kept { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Prints the row of a client and returns by how much it grew: the median and
/// the most.
fn row(
    flood: Flood,
    client: &str,
    pages: usize,
    command: &Command,
) -> Result<(u64, u64), Box<dyn Error>> {
    let mut runs = Vec::new();
    for _ in 0..RUNS {
        let server = Server::start(flood, pages)?;
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
        "| {} | {client} | {pages} | {} | {} | {} | {end} |",
        flood.name(),
        mib(*sent / 1024),
        mib(*median),
        mib(*worst)
    );
    Ok((*median, *worst))
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
