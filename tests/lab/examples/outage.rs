//! Simulates 10,000 clients through an outage of their server and prints the tables in
//! `docs/outages.md`.
//!
//! `cargo run --release --example outage -p openrouter-keys-lab`; with
//! `-- --check docs/outages.md` it checks that the page has these tables.

#![allow(clippy::print_stdout, reason = "a program for people")]

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{env, fs, thread};

use openrouter_keys_core::error::BoxError;
use openrouter_keys_lab::outage::{Figures, Rule, SECTIONS, Section, simulate, table};

const SEED: u64 = 1;

fn main() -> Result<(), BoxError> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => print!("{}", table(figures()?)),
        ["--check", page] => {
            let text = fs::read_to_string(page)?;
            if !text.contains(table(figures()?).trim()) {
                return Err(
                    format!("the tables in {page} differ from those of this program").into()
                );
            }
            println!("{page} has the tables of this program");
        }
        _ => return Err("expected no arguments, or --check and a page".into()),
    }
    Ok(())
}

/// Every rule in every scenario, on as many threads as the machine has.
fn figures() -> Result<Vec<(&'static Section, Rule, Figures)>, BoxError> {
    let runs: Vec<_> =
        SECTIONS.iter().flat_map(|section| Rule::ALL.map(|rule| (section, rule))).collect();
    let taken = AtomicUsize::new(0);
    let done = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                while let Some(&(section, rule)) = runs.get(taken.fetch_add(1, Ordering::Relaxed)) {
                    let figures = simulate(&section.scenario, rule, SEED);
                    if let Ok(mut done) = done.lock() {
                        done.push((section, rule, figures));
                    }
                }
            });
        }
    });
    let done = done.into_inner().map_err(|_| "a run panicked")?;
    let place = |section: &Section, rule: Rule| {
        runs.iter().position(|(s, r)| s.title == section.title && *r == rule)
    };
    let mut rows = done
        .into_iter()
        .map(|(section, rule, figures)| Ok((section, rule, figures?)))
        .collect::<Result<Vec<_>, BoxError>>()?;
    rows.sort_by_key(|(section, rule, _)| place(section, *rule));
    Ok(rows)
}
