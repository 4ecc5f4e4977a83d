//! Where a created secret goes. Nothing else prints or stores one.

pub(crate) mod command;
mod fleet;
mod place;

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::PathBuf;

use clap::Args;
use openrouter_keys_core::internal::unmarked;
use openrouter_keys_fleet::sink::Target;
use openrouter_keys_native::workflow::Delivery;
use openrouter_keys_native::{Key, Secret};

pub(crate) use place::{Place, Ready};

use crate::failure::{Failure, Result};
use crate::{keyring, text};

/// The options of a command that creates a key.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Where the secret goes")]
pub(crate) struct SinkArgs {
    #[arg(
        long,
        value_name = "SINK",
        value_parser = Sink::parse,
        help = "Store the created secret: file:PATH, command:COMMAND, keyring:NAME, \
                vault:MOUNT/PATH or aws:NAME",
        long_help = "Store the created secret: file:PATH, command:COMMAND, keyring:NAME, \
                     vault:MOUNT/PATH or aws:NAME. The command receives one line of JSON on \
                     standard input, with name, hash, token and key; it exits with 0 if the secret \
                     is stored, and with 10 if it is not"
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

/// A sink as the user writes it. `{name}` in a path or an entry stands for the key's name: see
/// [`Sink::place`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Sink {
    /// A new file with mode 0600.
    File(String),
    Keyring(String),
    /// A sink of the fleet: a command, Vault or AWS.
    Fleet(Target),
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
            Some(("keyring", name)) => target(name).map(Self::Keyring),
            Some(("command" | "ask-command" | "vault" | "aws", _)) => {
                Target::parse(text).map(Self::Fleet).map_err(|error| error.to_string())
            }
            _ => Err(format!(
                "\"{text}\" is not a sink; write file:PATH, command:COMMAND, keyring:NAME, \
                 vault:MOUNT/PATH or aws:NAME"
            )),
        }
    }

    /// The sink as it is written on the command line.
    pub(crate) fn describe(&self) -> String {
        match self {
            Self::File(path) => format!("file:{path}"),
            Self::Keyring(name) => format!("keyring:{name}"),
            Self::Fleet(target) => target.to_string(),
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

    /// Where the secret of the key with this name goes.
    pub(crate) fn place(&self, name: &str) -> Result<Place> {
        let name = unmarked(name);
        Ok(match self {
            Self::File(path) => Place::File(path_for(path, name)?),
            Self::Keyring(entry) => Place::Keyring(entry_for(entry, name)?),
            Self::Fleet(target) => {
                let shown = match target.program() {
                    Some(program) => format!("command {program}"),
                    None => target
                        .for_key(name)
                        .map_err(|error| Failure::usage(format!("{error}; nothing was sent")))?,
                };
                Place::Fleet(target.clone(), shown)
            }
            Self::Reveal => Place::Reveal,
        })
    }

    /// Makes the place of a new key ready before the key is created: a place that cannot take
    /// the secret must be noticed first.
    pub(crate) fn prepare(&self, name: &str) -> Result<Ready> {
        self.place(name)?.prepare(name)
    }
}

/// Refuses places in which one secret would take the place of another.
pub(crate) fn refuse_shared<'a>(
    places: impl IntoIterator<Item = (&'a str, &'a Place)>,
) -> Result<()> {
    let mut taken: BTreeMap<String, &str> = BTreeMap::new();
    for (name, place) in places {
        // A command gets the name, and standard output has it beside the secret.
        let is_shared = match place {
            Place::Fleet(target, _) => target.program().is_none(),
            Place::Reveal => false,
            Place::File(_) | Place::Keyring(_) => true,
        };
        if !is_shared {
            continue;
        }
        let shown = place.in_words();
        // Some file systems do not distinguish letters by their case.
        if let Some(other) = taken.insert(shown.to_lowercase(), name) {
            return Err(Failure::usage(format!(
                "the secrets of \"{}\" and \"{}\" would both go to {shown}; nothing was changed; \
                 write {{name}} in the sink, or rename one of the keys",
                text::visible(other),
                text::visible(name),
            )));
        }
    }
    Ok(())
}

/// The file for the key of this name.
fn path_for(path: &str, name: &str) -> Result<PathBuf> {
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

/// A name as a file's name: what a path would read is replaced.
fn file_name(name: &str) -> String {
    let kept: String = name
        .chars()
        .map(|char| if char.is_alphanumeric() || "-_. ".contains(char) { char } else { '_' })
        .collect();
    kept.trim_start_matches('.').to_owned()
}

/// The keyring entry for the key of this name.
fn entry_for(entry: &str, name: &str) -> Result<String> {
    let entry = entry.replace("{name}", name);
    if entry.starts_with(keyring::MANAGEMENT) {
        return Err(Failure::usage(format!(
            "the keyring entry {} is for management keys; nothing was sent; choose another",
            text::visible(&entry)
        )));
    }
    Ok(entry)
}

/// A new key that replaces none.
pub(crate) fn delivery(name: &str, hash: Option<&str>, label: Option<&str>) -> Delivery {
    let mut key = Delivery::new(name);
    hash.unwrap_or_default().clone_into(&mut key.hash);
    key.label = label.map(str::to_owned);
    key
}

/// A key, not created yet, that replaces this one.
pub(crate) fn replacing(old: &Key) -> Delivery {
    let mut key = Delivery::new(unmarked(old.name.as_deref().unwrap_or_default()));
    key.replaces = old.hash.get().map(ToString::to_string).unwrap_or_default();
    key.old_label = old.label.clone().into_option();
    key
}

/// Whether a sink took a secret.
#[derive(Debug)]
pub(crate) enum Stored {
    Yes,
    No(Failure),
    Unknown(Failure),
}

/// Prints the secret alone on a line.
fn print(secret: &Secret) -> Result<()> {
    let mut stdout = std::io::stdout().lock();
    writeln!(stdout, "{}", secret.reveal())?;
    Ok(stdout.flush()?)
}
