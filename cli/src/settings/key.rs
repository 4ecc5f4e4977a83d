//! Where the management key comes from: never an argument.

use std::fs;
use std::io::{IsTerminal as _, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use openrouter_keys_native::{API_KEY_VARIABLES, ApiKey};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{Profile, variable};
use crate::args::Account;
use crate::failure::{Exit, Failure, Result};
use crate::text;

/// A source that a profile names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Source {
    /// An environment variable.
    Env(String),
    /// A file that only the user may read.
    File(PathBuf),
    /// A command that prints the key.
    Command(String),
    /// The system's keyring, under this name.
    Keyring(String),
}

/// The key, and in words where it was found.
pub(crate) struct Found {
    pub(crate) key: ApiKey,
    pub(crate) origin: String,
}

/// Finds the management key: the command line, then the environment, then the profile. A
/// profile that was named explicitly never uses the environment's key, which may be of another
/// account.
pub(crate) fn find(account: &Account, profile: &Profile, is_named: bool) -> Result<Found> {
    if let Some(found) = from_options(account) {
        return found;
    }
    if is_named {
        let source = profile.key.as_ref();
        return source.map_or_else(|| Err(without_key(account)), from_source);
    }
    let of_profile = || {
        let source = profile.key.as_ref()?;
        Some(super::check_server(account, profile).and_then(|()| from_source(source)))
    };
    from_environment().or_else(of_profile).unwrap_or_else(|| {
        Err(Failure::new(
            Exit::NotAuthorized,
            "no management key was found; nothing was sent; set OPENROUTER_MANAGEMENT_KEY, \
             pass --key-file or --key-command, or store one:",
        )
        .next("openrouter-keys auth login"))
    })
}

/// A profile that was named and says nothing about a key.
fn without_key(account: &Account) -> Failure {
    let (name, _) = super::profile_name(account);
    Failure::new(
        Exit::NotAuthorized,
        format!(
            "the profile \"{}\" has no management key, and the environment's is not used for a \
             named profile; nothing was sent; store one:",
            text::visible(&name)
        ),
    )
    .next("openrouter-keys auth login")
}

/// The key that the user enters to store it: from an option that names a source, the terminal
/// or standard input.
pub(crate) fn entered(account: &Account) -> Result<Found> {
    from_options(account).unwrap_or_else(from_stdin)
}

fn from_options(account: &Account) -> Option<Result<Found>> {
    match account {
        Account { key_file: Some(path), .. } if path.as_os_str() == "-" => Some(from_stdin()),
        Account { key_file: Some(path), .. } => Some(from_file(path)),
        Account { key_fd: Some(number), .. } => Some(from_file_descriptor(*number)),
        Account { key_command: Some(command), .. } => Some(from_command(command)),
        _ => None,
    }
}

fn from_environment() -> Option<Result<Found>> {
    API_KEY_VARIABLES
        .into_iter()
        .find_map(|name| Some(made(&variable(name)?, format!("environment variable {name}"))))
}

fn from_source(source: &Source) -> Result<Found> {
    match source {
        Source::Env(name) => match variable(name) {
            Some(value) => made(&value, format!("environment variable {name}")),
            None => Err(Failure::new(
                Exit::NotAuthorized,
                format!(
                    "the profile's environment variable {} is not set; nothing was sent; set it, or \
                     store a key:",
                    text::visible(name)
                ),
            )
            .next("openrouter-keys auth login")),
        },
        Source::File(path) => from_file(path),
        Source::Command(command) => from_command(command),
        Source::Keyring(name) => from_keyring(name),
    }
}

fn from_stdin() -> Result<Found> {
    if std::io::stdin().is_terminal() {
        let text = Zeroizing::new(rpassword::prompt_password("Management key: ")?);
        return made(&text, "terminal".to_owned());
    }
    let text = whole(std::io::stdin()).map_err(|error| {
        Failure::usage(format!("standard input cannot be read: {error}; nothing was sent"))
    })?;
    made(&text, "standard input".to_owned())
}

fn from_file(path: &Path) -> Result<Found> {
    let unreadable = |error: std::io::Error| {
        Failure::usage(format!("{} cannot be read: {error}; nothing was sent", path.display()))
    };
    let file = fs::File::open(path).map_err(unreadable)?;
    crate::private_file::require_private(path, &file)?;
    let text = whole(file).map_err(unreadable)?;
    made(&text, format!("file {}", path.display()))
}

#[cfg(unix)]
fn from_file_descriptor(number: u32) -> Result<Found> {
    let unreadable = |error: std::io::Error| {
        Failure::usage(format!(
            "file descriptor {number} cannot be read: {error}; nothing was sent"
        ))
    };
    let file = fs::File::open(format!("/dev/fd/{number}")).map_err(unreadable)?;
    // Commands that this program starts inherit the descriptor. A pipe is empty by then.
    if file.metadata().map_err(unreadable)?.is_file() {
        return Err(Failure::usage(format!(
            "file descriptor {number} is a file, which commands could read again; nothing was \
             sent; use --key-file, or write the key into a pipe"
        )));
    }
    let text = whole(file).map_err(unreadable)?;
    made(&text, format!("file descriptor {number}"))
}

#[cfg(not(unix))]
fn from_file_descriptor(_: u32) -> Result<Found> {
    Err(Failure::usage("--key-fd needs Unix; use --key-file or --key-command"))
}

fn from_command(command: &str) -> Result<Found> {
    let words = shlex::split(command).filter(|words| !words.is_empty()).ok_or_else(|| {
        Failure::usage("the key command is empty or has an open quote; nothing was sent")
    })?;
    let [program, arguments @ ..] = words.as_slice() else {
        return Err(Failure::usage("the key command is empty; nothing was sent"));
    };
    let shown = text::visible(program);
    let output = Command::new(program)
        .args(arguments)
        .stdin(Stdio::inherit())
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| {
            Failure::usage(format!("the key command {shown} cannot run: {error}; nothing was sent"))
        })?;
    let text = Zeroizing::new(output.stdout);
    if !output.status.success() {
        return Err(Failure::new(
            Exit::NotAuthorized,
            format!("the key command {shown} failed ({}); nothing was sent", output.status),
        ));
    }
    let text = std::str::from_utf8(&text).map_err(|_| {
        Failure::usage(format!("the key command {shown} printed invalid UTF-8; nothing was sent"))
    })?;
    made(text, format!("command {shown}"))
}

/// Reads a key to the end of what holds it, but no more than any key has.
fn whole(from: impl Read) -> std::io::Result<Zeroizing<String>> {
    /// In bytes.
    const LONGEST: u64 = 4096;
    let mut text = Zeroizing::new(String::new());
    from.take(LONGEST).read_to_string(&mut text)?;
    Ok(text)
}

fn from_keyring(name: &str) -> Result<Found> {
    let text = crate::keyring::read(name)?;
    made(&text, format!("keyring entry {name}"))
}

fn made(text: &str, origin: String) -> Result<Found> {
    let key = ApiKey::new(text.trim()).map_err(|error| {
        let problem = error.problem();
        Failure::usage(format!(
            "the management key from {origin} is not valid: {problem}; nothing was sent"
        ))
    })?;
    Ok(Found { key, origin })
}
