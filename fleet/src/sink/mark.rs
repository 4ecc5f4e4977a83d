//! The mark beside a secret: whose secret it is, and which machine wrote it last.

use openrouter_keys_core::types::Secret;
use openrouter_keys_core::workflow::Delivery;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// How many characters of a secret's digest are kept.
const DIGEST: usize = 32;

/// The mark beside a secret. It contains no secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Mark {
    #[serde(flatten)]
    pub(crate) held: Held,
    /// The old key's hash: it identifies the newest rotation that called the sink.
    pub(crate) replaces: String,
    /// The highest fence with which that rotation called the sink.
    pub(crate) fence: u64,
    /// What was there before, for a place that cannot write mark and secret at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) before: Option<Held>,
}

/// A secret and the key it belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Held {
    /// The key's hash, or the beginning of it.
    pub(crate) hash: String,
    /// The beginning of the secret's SHA-256: a secret that somebody else put there has another.
    pub(crate) digest: String,
}

impl Held {
    pub(crate) fn new(hash: impl Into<String>, secret: &Secret) -> Self {
        let digest = format!("{:x}", Sha256::digest(secret.reveal()));
        Self { hash: hash.into(), digest: digest.chars().take(DIGEST).collect() }
    }
}

impl Mark {
    pub(crate) fn new(held: Held, key: &Delivery) -> Self {
        Self { held, replaces: key.replaces.clone(), fence: key.fence, before: None }
    }

    /// The hash of the key that the secret belongs to, unless somebody else put it there.
    pub(crate) fn holder(&self, secret: &Secret) -> Option<&str> {
        let is_of = |held: &&Held| Held::new("", secret).digest == held.digest;
        let holder = Some(&self.held).into_iter().chain(&self.before).find(is_of);
        holder.map(|held| held.hash.as_str())
    }

    /// Whether the newest call was of the same rotation.
    pub(crate) fn is_of_rotation(&self, key: &Delivery) -> bool {
        is_hash(&self.replaces, &key.replaces)
    }
}

/// Whether a hash of a mark, or the beginning that was kept of it, is this one.
pub(crate) fn is_hash(kept: &str, hash: &str) -> bool {
    !kept.is_empty() && hash.starts_with(kept)
}
