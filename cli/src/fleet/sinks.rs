//! The sinks of rotations on many machines: the fleet's own, and the keyring of this one.

use async_trait::async_trait;
use openrouter_keys_fleet::Sinks;
use openrouter_keys_fleet::sink::{Target, Targets};
use openrouter_keys_native::KeyHash;
use openrouter_keys_native::error::BoxError;
use openrouter_keys_native::types::Secret;
use openrouter_keys_native::workflow::{Delivery, PutError, SecretSink};

use crate::failure::Failure;
use crate::sink::{self, Stored};

const KEYRING: &str = "keyring:";

/// A sink as the user writes it, which means the same in every folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sink {
    text: String,
    is_per_key: bool,
}

impl Sink {
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let text = match text.strip_prefix("file:").filter(|path| !path.is_empty()) {
            Some(path) => {
                let path = std::path::absolute(path).map_err(|error| error.to_string())?;
                format!("file:{}", path.display())
            }
            None => text.to_owned(),
        };
        if text.starts_with(KEYRING) {
            sink::Sink::parse(&text)?;
            let is_per_key = text.contains("{name}");
            return Ok(Self { text, is_per_key });
        }
        let target = Target::parse(&text).map_err(|error| error.to_string())?;
        Ok(Self { text, is_per_key: target.is_per_key() })
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// Refuses a sink in which the secret of one key would take the place of another's.
    pub(crate) fn require_per_key(&self) -> Result<(), Failure> {
        if self.is_per_key {
            return Ok(());
        }
        Err(Failure::usage(format!(
            "the secrets of all keys would go to {}; nothing was sent; write {{name}} in the sink",
            crate::text::visible(&self.text)
        )))
    }
}

/// Opens the sinks that logs name.
pub(super) struct Opened;

impl Sinks for Opened {
    fn open(&self, text: &str, old: &KeyHash) -> Result<Box<dyn SecretSink>, BoxError> {
        match text.strip_prefix(KEYRING) {
            Some(entry) => Ok(Box::new(Keyring(sink::Sink::Keyring(entry.to_owned())))),
            None => Targets.open(text, old),
        }
    }
}

/// The keyring, which has no fence: no other machine can write to it.
struct Keyring(sink::Sink);

#[async_trait]
impl SecretSink for Keyring {
    async fn check(&mut self, key: &Delivery) -> Result<(), BoxError> {
        let place = self.0.place(&key.name).map_err(refused)?;
        place.check(key).map_err(refused)
    }

    async fn put(&mut self, secret: &Secret, key: &Delivery) -> Result<(), PutError> {
        let place =
            self.0.place(&key.name).map_err(|failure| PutError::NotStored(refused(failure)))?;
        match place.store(secret, key) {
            Stored::Yes => Ok(()),
            Stored::No(failure) => Err(PutError::NotStored(refused(failure))),
            Stored::Unknown(failure) => Err(PutError::Unknown(refused(failure))),
        }
    }

    async fn was_put(&mut self, key: &Delivery) -> Result<Option<bool>, BoxError> {
        let place = self.0.place(&key.name).map_err(refused)?;
        place.holds(key).map_err(refused)
    }
}

fn refused(failure: Failure) -> BoxError {
    failure.message.into()
}
