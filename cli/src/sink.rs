//! Where a created secret goes. Nothing else prints or stores one.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use clap::Args;
use openrouter_keys_native::Secret;
use serde_json::json;

use crate::failure::{Failure, Result};
use crate::private_file::Prepared;
use crate::{keyring, text};

/// The options of a command that creates a key.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Where the secret goes")]
pub(crate) struct SinkArgs {
    #[arg(
        long,
        value_name = "SINK",
        value_parser = Sink::parse,
        help = "Store the created secret: file:PATH, command:COMMAND or keyring:NAME",
        long_help = "Store the created secret: file:PATH, command:COMMAND or keyring:NAME. The \
                     command receives one line of JSON on standard input, with name, hash, token \
                     and key; it exits with 0 if the secret is stored, and with 10 if it is not"
    )]
    pub(crate) secret_to: Option<Sink>,
    /// Print the created secret on standard output
    #[arg(long, conflicts_with = "secret_to")]
    pub(crate) reveal: bool,
}

impl SinkArgs {
    /// The sink; without one a key is not created, as its secret is shown only once.
    pub(crate) fn require(&self) -> Result<Sink> {
        match &self.secret_to {
            Some(sink) => Ok(sink.clone()),
            None if self.reveal => Ok(Sink::Reveal),
            None => Err(Failure::usage(
                "the secret of a key is shown only once, so say where it goes: \
                 --secret-to file:PATH, --secret-to command:COMMAND, --secret-to keyring:NAME, \
                 or --reveal to print it; nothing was sent",
            )),
        }
    }
}

/// Where a secret goes. `{name}` in a path or a name stands for the key's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Sink {
    /// A new file with mode 0600.
    File(String),
    /// A command that gets JSON on standard input; see [`deliver_to_command`].
    Command(String),
    Keyring(String),
    /// Standard output.
    Reveal,
}

impl Sink {
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let target = |target: &str| match target {
            "" => Err(format!("\"{text}\" has no target")),
            target => Ok(target.to_owned()),
        };
        match text.split_once(':') {
            Some(("file", path)) => target(path).map(Self::File),
            Some(("command", command)) => target(command).map(Self::Command),
            Some(("keyring", name)) => target(name).map(Self::Keyring),
            _ => Err(format!(
                "\"{text}\" is not a sink; write file:PATH, command:COMMAND or keyring:NAME"
            )),
        }
    }

    /// The sink as it is written on the command line.
    pub(crate) fn describe(&self) -> String {
        match self {
            Self::File(path) => format!("file:{path}"),
            Self::Command(command) => format!("command:{command}"),
            Self::Keyring(name) => format!("keyring:{name}"),
            Self::Reveal => "standard output".to_owned(),
        }
    }

    /// The sink that was described so.
    pub(crate) fn of(description: &str) -> Result<Self> {
        if description == Self::Reveal.describe() {
            return Ok(Self::Reveal);
        }
        Self::parse(description).map_err(Failure::failed)
    }

    /// The file or keyring entry that would get the secret of the key with this name.
    pub(crate) fn target(&self, name: &str) -> Result<Option<String>> {
        Ok(match self {
            Self::File(path) => Some(path_for(path, name)?.display().to_string()),
            Self::Keyring(entry) => Some(entry_for(entry, name)?),
            Self::Command(_) | Self::Reveal => None,
        })
    }

    /// Makes the sink ready before a key is created: a sink that cannot take the secret must
    /// be noticed first.
    pub(crate) fn prepare(&self, name: &str) -> Result<Ready> {
        Ok(match self {
            Self::File(path) => {
                let path = path_for(path, name)?;
                Ready::File(Prepared::new(&path)?, path)
            }
            Self::Command(command) => Ready::Command(words(command)?),
            Self::Keyring(entry) => {
                let entry = entry_for(entry, name)?;
                if keyring::find(&entry)?.is_some() {
                    return Err(Failure::usage(format!(
                        "the keyring has an entry {entry} already; nothing was sent; choose \
                         another, it will not be overwritten"
                    )));
                }
                Ready::Keyring(entry)
            }
            Self::Reveal => {
                check_stdout()?;
                Ready::Reveal
            }
        })
    }
}

/// Refuses a standard output that keeps nothing. One that is closed is the null device by now.
#[cfg(unix)]
fn check_stdout() -> Result<()> {
    use std::os::fd::AsFd as _;
    use std::os::unix::fs::MetadataExt as _;
    let device = |file: std::fs::File| file.metadata().map(|metadata| metadata.rdev());
    let stdout = std::io::stdout().as_fd().try_clone_to_owned().map(std::fs::File::from);
    let (stdout, null) =
        (stdout.and_then(device), std::fs::File::open("/dev/null").and_then(device));
    match (stdout, null) {
        (Ok(stdout), Ok(null)) if stdout != null => Ok(()),
        (Ok(_), Err(_)) => Ok(()),
        _ => Err(Failure::usage(
            "standard output is closed or /dev/null, so the secret would be lost; nothing was \
             sent; let something read it, or store it with --secret-to file:PATH",
        )),
    }
}

#[cfg(not(unix))]
fn check_stdout() -> Result<()> {
    Ok(())
}

/// The file for the key of this name.
pub(crate) fn path_for(path: &str, name: &str) -> Result<PathBuf> {
    if !path.contains("{name}") {
        return Ok(PathBuf::from(path));
    }
    let file = file_name(name);
    if file.trim().is_empty() {
        return Err(Failure::usage(format!(
            "the name \"{}\" has nothing that could be the name of a file; nothing was sent",
            text::visible(name)
        )));
    }
    Ok(PathBuf::from(path.replace("{name}", &file)))
}

/// The keyring entry for the key of this name.
pub(crate) fn entry_for(entry: &str, name: &str) -> Result<String> {
    let entry = entry.replace("{name}", name);
    if entry.starts_with(keyring::MANAGEMENT) {
        return Err(Failure::usage(format!(
            "the keyring entry {} is for management keys; nothing was sent; choose another",
            text::visible(&entry)
        )));
    }
    Ok(entry)
}

/// The words of a command, as a shell splits them.
pub(crate) fn words(command: &str) -> Result<Vec<String>> {
    let words = shlex::split(command).filter(|words| !words.is_empty());
    let words = words.ok_or_else(|| {
        Failure::usage("the command of --secret-to is empty or has an open quote; nothing was sent")
    })?;
    match words.first() {
        Some(program) if !is_there(program) => Err(Failure::usage(format!(
            "there is no program {} for --secret-to; nothing was sent",
            text::visible(program)
        ))),
        _ => Ok(words),
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

/// A name as a file's name: what a path would read is replaced.
fn file_name(name: &str) -> String {
    let kept: String = name
        .chars()
        .map(|char| if char.is_alphanumeric() || "-_. ".contains(char) { char } else { '_' })
        .collect();
    kept.trim_start_matches('.').to_owned()
}

/// A sink that is ready to take one secret.
pub(crate) enum Ready {
    File(Prepared, PathBuf),
    Command(Vec<String>),
    Keyring(String),
    Reveal,
}

/// What a command receives about the key whose secret it stores.
pub(crate) struct Delivery<'a> {
    pub(crate) name: &'a str,
    pub(crate) hash: Option<&'a str>,
    /// The same for the same secret, so that a receiver can recognise a repetition.
    pub(crate) token: &'a str,
}

impl Ready {
    /// Delivers the secret; returns in words where it is.
    pub(crate) fn deliver(self, secret: &Secret, about: &Delivery<'_>) -> Result<String> {
        match self {
            Self::File(file, path) => {
                let mut content = zeroize::Zeroizing::new(secret.reveal().as_bytes().to_vec());
                content.push(b'\n');
                file.finish(&content).map_err(|error| {
                    Failure::failed(format!("{} cannot be written: {error}", path.display()))
                })?;
                Ok(format!("file {}", text::visible(&path.display().to_string())))
            }
            Self::Command(words) => {
                deliver_to_command(&words, secret, about)?;
                Ok(format!("command {}", text::visible(words.first().map_or("", String::as_str))))
            }
            Self::Keyring(entry) => {
                keyring::write(&entry, secret.reveal())?;
                Ok(format!("keyring entry {}", text::visible(&entry)))
            }
            Self::Reveal => {
                print(secret)?;
                Ok("standard output".to_owned())
            }
        }
    }

    /// Delivers the secret of one of many keys: on standard output, name and hash are beside it.
    pub(crate) fn deliver_one_of_many(self, secret: &Secret, about: &Delivery<'_>) -> Result<()> {
        if !matches!(self, Self::Reveal) {
            return self.deliver(secret, about).map(|_| ());
        }
        let (name, hash) = (text::visible(about.name), about.hash.unwrap_or_default());
        let mut stdout = std::io::stdout().lock();
        writeln!(stdout, "{name}\t{hash}\t{}", secret.reveal())?;
        Ok(stdout.flush()?)
    }
}

/// Prints the secret alone on a line.
pub(crate) fn print(secret: &Secret) -> Result<()> {
    let mut stdout = std::io::stdout().lock();
    writeln!(stdout, "{}", secret.reveal())?;
    Ok(stdout.flush()?)
}

/// Whether a sink took a secret.
#[derive(Debug)]
pub(crate) enum Stored {
    Yes,
    No(Failure),
    Unknown(Failure),
}

fn deliver_to_command(words: &[String], secret: &Secret, about: &Delivery<'_>) -> Result<()> {
    match run(words, secret, about) {
        Stored::Yes => Ok(()),
        Stored::No(failure) | Stored::Unknown(failure) => Err(failure),
    }
}

/// Runs the command with an empty environment but for `PATH` and `HOME`, and gives it one line
/// of JSON: `{"name", "hash", "token", "key"}`. Exit code 0 means stored, 10 means not stored;
/// after any other the secret may have been stored.
pub(crate) fn run(words: &[String], secret: &Secret, about: &Delivery<'_>) -> Stored {
    let [program, arguments @ ..] = words else {
        return Stored::No(Failure::usage("the command is empty"));
    };
    let kept = ["PATH", "HOME", "SystemRoot"]
        .into_iter()
        .filter_map(|name| Some((name, std::env::var_os(name)?)));
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
            let message = format!("the command {program} cannot run: {error}");
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
            format!("the command {program} failed ({problem}); it may have stored the secret");
        Stored::Unknown(Failure::failed(message))
    };
    match child.wait() {
        Ok(status) if status.success() => Stored::Yes,
        Ok(status) if status.code() == Some(10) => Stored::No(Failure::failed(format!(
            "the command {program} did not store the secret (exit code 10)"
        ))),
        Ok(status) => unknown(&status),
        Err(error) => unknown(&error),
    }
}
