//! The project's own commands, run as `cargo xtask COMMAND`.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program that a person runs in a terminal"
)]

mod arguments;
mod bench;
mod command;
mod emulator;
mod failure;
mod fuzz;
mod imports;
mod instructions;
mod lints;
mod lock_file;
mod matrix;
mod npm;
mod report;
mod rust_version;
mod stems;
mod step;
mod steps;
mod test;
mod tool;
mod tree;
mod wasm_target;
mod workspace;

use std::process::ExitCode;

use arguments::{Arguments, USAGE};
use failure::Failure;
use workspace::Workspace;

fn main() -> ExitCode {
    match run() {
        Ok(code) => code,
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<ExitCode, Failure> {
    match Arguments::parse(std::env::args().skip(1))? {
        Arguments::Help => {
            println!("{USAGE}");
            Ok(ExitCode::SUCCESS)
        }
        Arguments::List => {
            for step in steps::ALL {
                println!("{:<20} {}", step.name, step.about);
            }
            Ok(ExitCode::SUCCESS)
        }
        Arguments::Npm => {
            npm::build(&Workspace::find()?)?;
            Ok(ExitCode::SUCCESS)
        }
        Arguments::Bench(wishes) => bench::run(&wishes),
        Arguments::Fuzz(wishes) => fuzz::run(&wishes),
        Arguments::Test(wishes) => test::run(&wishes),
    }
}
