//! Prints what becomes of a create under every schedule of three faults, by this
//! library's rule and by the official SDKs'.

#![allow(clippy::print_stdout, reason = "a program for people")]

use openrouter_keys_core::error::BuildError;
use openrouter_keys_lab::schedules;

fn main() -> Result<(), BuildError> {
    print!("{}", pollster::block_on(schedules::table())?);
    Ok(())
}
