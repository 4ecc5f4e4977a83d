//! Sinks as text.

use std::fmt;

use openrouter_keys_core::KeyHash;
use openrouter_keys_core::error::BoxError;
use openrouter_keys_core::workflow::SecretSink;

use super::command::{self, Command, Protocol};
use super::fence::Fenced;
use super::file::SecretFile;
use super::name::{NAME, with_name};
use crate::sinks::Sinks;

/// A sink as text:
///
/// | text | where the secret goes |
/// | --- | --- |
/// | `file:PATH` | a file with mode 0600 |
/// | `command:COMMAND` | standard input of a command, as JSON |
/// | `ask-command:COMMAND` | the same; the command also says whether it has a secret |
/// | `vault:MOUNT/PATH#FIELD` | `HashiCorp` Vault or `OpenBao`, secrets engine KV version 2; with the feature `vault` |
/// | `aws:NAME#FIELD` | AWS Secrets Manager; with the feature `aws` |
///
/// `{name}` in a path or a name stands for the key's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    kind: Kind,
    /// As it was written.
    text: String,
    is_attended: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    File(String),
    Command(Vec<String>, Protocol),
    #[cfg(feature = "vault")]
    Vault(super::vault::Address),
    #[cfg(feature = "aws")]
    Aws(super::aws::Address),
}

impl Target {
    /// Reads a sink. Fails if it is not one, or if it needs a feature that this program was built
    /// without.
    pub fn parse(text: &str) -> Result<Self, BoxError> {
        let (scheme, place) = text.split_once(':').unwrap_or((text, ""));
        if place.is_empty() {
            return Err(format!(
                "\"{text}\" is not a sink; write file:PATH, command:COMMAND, vault:MOUNT/PATH or \
                 aws:NAME"
            )
            .into());
        }
        let words = || {
            let words = shlex::split(place).filter(|words| !words.is_empty());
            words.ok_or_else(|| format!("the command of \"{text}\" is empty or has an open quote"))
        };
        let kind = match scheme {
            "file" => Kind::File(place.to_owned()),
            "command" => Kind::Command(words()?, Protocol::Store),
            "ask-command" => Kind::Command(words()?, Protocol::StoreAndAsk),
            #[cfg(feature = "vault")]
            "vault" => Kind::Vault(super::vault::Address::parse(place)?),
            #[cfg(feature = "aws")]
            "aws" => Kind::Aws(super::aws::Address::parse(place)?),
            #[cfg(not(feature = "vault"))]
            "vault" => return Err(needs_feature(scheme)),
            #[cfg(not(feature = "aws"))]
            "aws" => return Err(needs_feature(scheme)),
            _ => {
                let message = format!(
                    "\"{text}\" is not a sink; write file:PATH, command:COMMAND, vault:MOUNT/PATH \
                     or aws:NAME"
                );
                return Err(message.into());
            }
        };
        Ok(Self { kind, text: text.to_owned(), is_attended: false })
    }

    /// Lets a command take as long as it likes, for people who have to type something. By default
    /// it is killed after 2 minutes.
    #[must_use]
    pub fn attended(mut self) -> Self {
        self.is_attended = true;
        self
    }

    /// Opens the sink. Addresses and credentials are read from the environment; nothing is sent
    /// yet.
    pub fn open(&self) -> Result<Box<dyn SecretSink>, BoxError> {
        self.open_with(&|name| std::env::var(name).ok())
    }

    /// Opens the sink, with these values instead of the environment's.
    pub fn open_with(
        &self,
        variables: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Box<dyn SecretSink>, BoxError> {
        #[cfg(any(feature = "vault", feature = "aws"))]
        let settings = super::http::Settings(variables);
        #[cfg(not(any(feature = "vault", feature = "aws")))]
        let _ = variables;
        Ok(match &self.kind {
            Kind::File(path) => Box::new(Fenced(SecretFile::new(path))),
            Kind::Command(words, protocol) => {
                let limit = (!self.is_attended).then_some(command::LIMIT);
                Box::new(Command::new(words.clone(), *protocol, limit))
            }
            #[cfg(feature = "vault")]
            Kind::Vault(address) => {
                Box::new(Fenced(super::vault::Vault::open(address.clone(), settings)?))
            }
            #[cfg(feature = "aws")]
            Kind::Aws(address) => {
                Box::new(Fenced(super::aws::Aws::open(address.clone(), settings)?))
            }
        })
    }

    /// The sink as text, with this key's name in it. Two keys with the same text have one place.
    pub fn for_key(&self, name: &str) -> Result<String, BoxError> {
        with_name(&self.text, name)
    }

    /// The program, if the sink is a command.
    pub fn program(&self) -> Option<&str> {
        let Kind::Command(words, _) = &self.kind else { return None };
        words.first().map(String::as_str)
    }

    /// Whether each key has a place of its own there: otherwise two keys' secrets would go to the
    /// same one.
    pub fn is_per_key(&self) -> bool {
        matches!(self.kind, Kind::Command(..)) || self.text.contains(NAME)
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::str::FromStr for Target {
    type Err = BoxError;

    fn from_str(text: &str) -> Result<Self, BoxError> {
        Self::parse(text)
    }
}

/// Opens the [`Target`]s that the logs of rotations name.
#[derive(Clone, Copy, Debug, Default)]
pub struct Targets;

impl Sinks for Targets {
    fn open(&self, sink: &str, _: &KeyHash) -> Result<Box<dyn SecretSink>, BoxError> {
        Target::parse(sink)?.open()
    }
}

#[cfg(not(all(feature = "vault", feature = "aws")))]
fn needs_feature(name: &str) -> BoxError {
    format!("this program was built without the feature {name}, which the sink needs").into()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::Target;

    #[test]
    fn what_is_not_a_sink_is_refused() {
        for text in ["", "file", "file:", "command:", "command:sh -c 'open", "ftp:a", "ada.key"] {
            Target::parse(text).unwrap_err();
        }
        for text in ["file:/run/{name}.key", "command:sh -c 'exit 0'", "ask-command:store"] {
            let target = Target::parse(text).unwrap();
            assert_eq!(target.to_string(), text);
            target.open().unwrap();
        }
    }
}
