//! Plays 12,000 stories of machines that rotate the same keys, and prints the table in
//! `docs/fleet-operations.md`.
//!
//! `cargo run --release -p openrouter-keys-lab --example rotations`

#![allow(clippy::print_stdout, reason = "a program for people")]

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use openrouter_keys_core::error::BoxError;
use openrouter_keys_lab::rotations::{Scenario, Tally, Trouble, play};

const STORIES: u64 = 12_000;
const ROWS: [&str; 3] = ["killed", "asleep for 10 s to 15 min", "cut off for 10 s to 15 min"];

fn main() -> Result<(), BoxError> {
    let next = AtomicU64::new(0);
    let sums = Mutex::new([Tally::default(), Tally::default(), Tally::default()]);
    let threads = thread::available_parallelism()?.get();
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= STORIES {
                        break;
                    }
                    let scenario = Scenario::of_chance(seed);
                    let tally = play(&scenario);
                    if tally.faults() > 0 {
                        println!("{scenario:?}: {tally:?}");
                    }
                    let row = match scenario.trouble {
                        Trouble::Kill => 0,
                        Trouble::Sleep(_) => 1,
                        Trouble::Cut(_) => 2,
                    };
                    if let Ok(mut sums) = sums.lock() {
                        if let Some(sum) = sums.get_mut(row) {
                            sum.add(&tally);
                        }
                    }
                }
            });
        }
    });
    let sums = sums.into_inner().map_err(|_| "a story panicked")?;
    println!(
        "| machines are | schedules | rotations | so often | requests per rotation | outages | \
         trespasses | wrong names | orphans, not reported | reported | unfinished | secrets in logs |"
    );
    println!("| --- |{}", " ---: |".repeat(11));
    let mut faults = 0;
    for (row, sum) in ROWS.iter().zip(&sums) {
        let tenths = sum.requests * 10 / sum.rotations.max(1);
        println!(
            "| {row} | {} | {} | {} | {}.{} | {} | {} | {} | {} | {} | {} | {} |",
            sum.schedules,
            sum.rotations,
            sum.troubles,
            tenths / 10,
            tenths % 10,
            sum.outages,
            sum.trespasses,
            sum.wrong,
            sum.orphans,
            sum.named_orphans,
            sum.unfinished,
            sum.leaks,
        );
        faults += sum.faults();
    }
    if faults > 0 { Err(format!("{faults} things that must not happen").into()) } else { Ok(()) }
}
