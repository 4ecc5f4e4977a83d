//! Measures the cost of openrouter-keys and of other clients in one run, and writes a report.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program that a person runs in a terminal"
)]

mod arguments;
mod chart;
mod clients;
mod contestant;
mod emulator;
mod failure;
mod files;
mod first_byte;
mod gate;
mod goals;
mod machine;
mod number;
mod plain;
mod process;
mod program;
mod protocol;
mod race;
mod report;
mod run;
mod sections;
mod server;
mod statistics;
mod table;
mod turns;
mod versions;

use std::process::ExitCode;

use crate::arguments::{Arguments, USAGE};
use crate::failure::Failure;

/// The main function of both programs; one of them has a counting allocator.
pub fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Failure> {
    match Arguments::parse(std::env::args().skip(1))? {
        Arguments::Help => {
            println!("{USAGE}");
            for section in sections::ALL {
                println!("  {:<11} {}", section.name, section.about);
            }
            Ok(())
        }
        Arguments::Serve => server::serve(),
        Arguments::Contestant(name) => contestant::play(&name),
        Arguments::Run(options) => run::run(&options),
    }
}
