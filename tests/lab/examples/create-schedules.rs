//! Prints the table in `docs/create-schedules.md`.

#![allow(clippy::print_stdout, reason = "a program for people")]

use openrouter_keys_core::error::BuildError;
use openrouter_keys_lab::schedules;

fn main() -> Result<(), BuildError> {
    print!("{}", pollster::block_on(schedules::table())?);
    Ok(())
}
