//! Measures how much memory an oversized response costs: `cargo run --release -p
//! openrouter-keys-lab --example memory_cap`, after `cargo xtask npm`; needs Linux,
//! `gzip` and `node`.
//!
//! It fails if a call of this library raises the peak memory of its process by more than
//! 8 MiB: in any native run, or in the median of the Node runs after a thousand pages.
//! Before that, Node's growth is that of `fetch`, which has its own rows. See
//! `docs/labs.md`.

#![allow(clippy::print_stdout, reason = "a program for people")]

mod meter;
mod server;

use std::error::Error;
use std::process::{Command, ExitCode};

use meter::Caller;
use server::{Flood, Server};

const RUNS: usize = 5;
const KIB_AT_MOST: u64 = 8 << 10;

/// The callers in Node: label, name in `bindings-js/bench/memory-cap.mjs`, and pages
/// read before the flood.
const NODE: [(&str, &str, usize); 5] = [
    ("npm package", "package", WARM),
    ("fetch alone, to 4 MiB", "fetch", WARM),
    ("npm package", "package", 1),
    ("fetch alone, to 4 MiB", "fetch", 1),
    ("@openrouter/sdk", "sdk", 1),
];
/// Pages of 100 keys after which the memory of a Node process stops growing.
const WARM: usize = 1000;

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [caller, url] = &arguments[..] {
        let named = Caller::ALL.into_iter().find(|known| known.name() == caller);
        let (growth, end) = meter::measure(named.ok_or("unknown caller")?, url)?;
        println!("{growth} {end}");
        return Ok(ExitCode::SUCCESS);
    }
    println!(
        "| response | client | pages before | sent by the server | median growth of the peak | largest | result |"
    );
    println!("| --- | --- | ---: | ---: | ---: | ---: | --- |");
    let mut is_kept = true;
    for flood in Flood::ALL {
        for caller in Caller::ALL {
            let is_ours = caller != Caller::Bare;
            // Bare reqwest and the SDK would read an endless response forever.
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

/// Prints a client's row and returns its median and largest growth in KiB.
fn row(
    flood: Flood,
    client: &str,
    pages: usize,
    command: &Command,
) -> Result<(u64, u64), Box<dyn Error>> {
    let mut runs = Vec::new();
    for _ in 0..RUNS {
        let server = Server::start(flood, pages)?;
        // The URL is the last argument, and arguments cannot be removed from a command.
        let mut command = again(command);
        let output = command.arg(&server.url).output()?;
        let text = String::from_utf8(output.stdout)?;
        let (growth, end) = text.trim_end().split_once(' ').ok_or_else(|| {
            format!("{client} printed no result: {}", String::from_utf8_lossy(&output.stderr))
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
