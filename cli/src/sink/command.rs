//! Commands that take something on standard input, with almost nothing in their environment.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use openrouter_keys_native::Secret;
use serde_json::json;

use super::{Delivery, Stored};
use crate::failure::{Failure, Result};
use crate::text;

/// The environment that a command keeps: it holds no secret.
pub(crate) const KEPT: [&str; 3] = ["PATH", "HOME", "SystemRoot"];

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
        Some(program) if !is_there(program) => Err(Failure::usage(format!(
            "the program {} of {option} was not found; nothing was sent",
            text::visible(program)
        ))),
        _ => Ok(()),
    }
}

/// Whether the program is a file: by its path, or in a folder of `PATH`.
fn is_there(program: &str) -> bool {
    if program.contains(std::path::is_separator) {
        return Path::new(program).is_file();
    }
    let folders = std::env::var_os("PATH").unwrap_or_default();
    let file = format!("{program}{}", std::env::consts::EXE_SUFFIX);
    std::env::split_paths(&folders)
        .any(|folder| folder.join(program).is_file() || folder.join(&file).is_file())
}

/// Gives the command one line of JSON: `{"name", "hash", "token", "key"}`. Exit code 0 means
/// stored, 10 means not stored; after any other the secret may have been stored.
pub(super) fn store(words: &[String], secret: &Secret, about: &Delivery<'_>) -> Stored {
    let [program, arguments @ ..] = words else {
        return Stored::No(Failure::usage("the command is empty"));
    };
    let shown = text::visible(program);
    let kept = KEPT.into_iter().filter_map(|name| Some((name, std::env::var_os(name)?)));
    let started = Command::new(program)
        .args(arguments)
        .env_clear()
        .envs(kept)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::inherit())
        .spawn();
    let mut child = match started {
        Ok(child) => child,
        Err(error) => {
            let message = format!("the command {shown} cannot run: {error}");
            return Stored::No(Failure::failed(message));
        }
    };
    let line = zeroize::Zeroizing::new(format!(
        "{}\n",
        json!({"name": about.name, "hash": about.hash, "token": about.token, "key": secret.reveal()})
    ));
    if let Some(mut stdin) = child.stdin.take() {
        // A command that does not read its input says by its exit code what it did.
        let _ = stdin.write_all(line.as_bytes());
    }
    let unknown = |problem: &dyn std::fmt::Display| {
        let message =
            format!("the command {shown} failed ({problem}); it may have stored the secret");
        Stored::Unknown(Failure::failed(message))
    };
    match child.wait() {
        Ok(status) if status.success() => Stored::Yes,
        Ok(status) if status.code() == Some(10) => Stored::No(Failure::failed(format!(
            "the command {shown} did not store the secret (exit code 10)"
        ))),
        Ok(status) => unknown(&status),
        Err(error) => unknown(&error),
    }
}
