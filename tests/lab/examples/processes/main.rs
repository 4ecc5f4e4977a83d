//! Rotates keys from several processes that are killed and stopped at random moments, and prints
//! the table in `docs/fleet-operations.md`. It fails if something happened that must not.
//!
//! `cargo build -p openrouter-keys`, then `cargo run -p openrouter-keys-lab --example processes`.
//! `bao` and `moto_server` must be in the path: `cargo xtask test --step services` installs them
//! below `target/tools/python/bin`.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a program for people, which ends where it cannot continue"
)]

mod gate;
mod judge;
mod probe;
mod runners;
mod servers;

use std::path::Path;
use std::time::Duration;

use futures_util::future::join_all;
use openrouter_keys_tests::chance::Chance;

use crate::gate::Gate;
use crate::judge::judge;
use crate::probe::Probe;
use crate::runners::{Runners, Settings};
use crate::servers::{Emulator, Place, Vault};

/// The lease of a rotation. A stopped process may sleep through it.
pub(crate) const LEASE: Duration = Duration::from_secs(4);
pub(crate) const TIMEOUT: Duration = Duration::from_secs(2);

const RUNNERS: usize = 4;
const KEYS: usize = 200;
const TROUBLES: u32 = 100;

#[tokio::main]
async fn main() {
    // Cargo builds the program into the folder above the examples.
    let example = std::env::current_exe().unwrap();
    let program = example.parent().and_then(Path::parent).unwrap().join("openrouter-keys");
    let stories = [(1, Place::Folder, false), (2, Place::Folder, true), (3, Place::S3, false)];
    let stories = stories.map(|(seed, place, is_sharded)| play(&program, seed, place, is_sharded));
    let played = join_all(stories).await;
    println!(
        "| store | keys for | keys | killed | stopped | passes | throttled | takeovers \
         | requests per rotation | probes | outages | trespasses | wrong names | orphans \
         | secrets in logs |"
    );
    println!("| --- | --- |{}", " ---: |".repeat(13));
    for story in &played {
        println!("{}", story.row);
    }
    let problems: Vec<&String> = played.iter().flat_map(|story| &story.problems).collect();
    for problem in &problems {
        println!("{problem}");
    }
    assert!(problems.is_empty(), "{} things happened that must not", problems.len());
}

/// A story that was played.
struct Played {
    /// Its row of the table.
    row: String,
    /// What happened that must not.
    problems: Vec<String>,
}

async fn play(program: &Path, seed: u64, place: Place, is_sharded: bool) -> Played {
    let home = tempfile::tempdir().unwrap();
    let emulator = Emulator::start(program, home.path(), KEYS).await;
    let vault = Vault::start().await;
    for (name, secret) in &emulator.secrets {
        vault.write(name, secret).await;
    }
    let store = servers::Store::start(place, home.path()).await;
    let gate = Gate::open(&emulator, Chance::new(seed)).await;
    let probe = Probe::start(&emulator, &vault);
    let settings = Settings {
        program: program.to_owned(),
        home: home.path().to_owned(),
        gate: gate.address.clone(),
        vault: vault.address.clone(),
        store: store.url.clone(),
        environment: store.environment.clone(),
        shards: if is_sharded { RUNNERS } else { 1 },
    };
    let runners = Runners::start(RUNNERS, &settings);
    runners.trouble(TROUBLES, Chance::new(seed ^ 0xff)).await;
    let ran = runners.finish().await;
    let probed = probe.stop().await;
    let verdict = judge(&emulator, &vault, &gate, &store, &ran).await;
    let tenths = gate.requests() * 10 / KEYS;
    let row = format!(
        "| {} | {} | {KEYS} | {} | {} | {} | {} | {} | {}.{} | {} | {} | {} | {} | {} | {} |",
        place.name(),
        if is_sharded { "one process each" } else { "all processes" },
        ran.killed,
        ran.stopped,
        ran.passes,
        ran.throttled,
        verdict.takeovers,
        tenths / 10,
        tenths % 10,
        probed.probes,
        probed.problems.len(),
        verdict.trespasses,
        verdict.wrong,
        verdict.orphans,
        verdict.leaks,
    );
    let problems = probed.problems.into_iter().chain(verdict.problems).chain(ran.problems);
    Played { row, problems: problems.collect() }
}
