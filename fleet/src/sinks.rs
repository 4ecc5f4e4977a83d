//! Opens the sinks that the logs of rotations name.

use openrouter_keys_core::KeyHash;
use openrouter_keys_core::error::BoxError;
use openrouter_keys_core::workflow::SecretSink;

/// Opens the sinks of rotations.
pub trait Sinks: Send + Sync {
    /// The sink that a rotation's log names, for the secret of the key with this hash.
    fn open(&self, sink: &str, old: &KeyHash) -> Result<Box<dyn SecretSink>, BoxError>;
}

impl<F> Sinks for F
where
    F: Fn(&str, &KeyHash) -> Result<Box<dyn SecretSink>, BoxError> + Send + Sync,
{
    fn open(&self, sink: &str, old: &KeyHash) -> Result<Box<dyn SecretSink>, BoxError> {
        self(sink, old)
    }
}
