//! Commands that take something on standard input, with almost nothing in their environment.

pub(crate) use openrouter_keys_fleet::sink::COMMAND_ENVIRONMENT as KEPT;
use openrouter_keys_fleet::sink::is_program;

use crate::failure::{Failure, Result};
use crate::text;

/// The words of the command of this option, as a shell splits them.
pub(crate) fn words(command: &str, option: &str) -> Result<Vec<String>> {
    shlex::split(command).filter(|words| !words.is_empty()).ok_or_else(|| {
        Failure::usage(format!(
            "the command of {option} is empty or has an open quote; nothing was sent"
        ))
    })
}

/// Refuses a program that is not there, before anything is sent.
pub(crate) fn require_program(words: &[String], option: &str) -> Result<()> {
    match words.first() {
        Some(program) if !is_program(program) => Err(Failure::usage(format!(
            "the program {} of {option} was not found; nothing was sent",
            text::visible(program)
        ))),
        _ => Ok(()),
    }
}
