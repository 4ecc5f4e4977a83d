//! The result of a pass.

use std::fmt;
use std::time::Duration;

use openrouter_keys_core::error::BoxError;
use openrouter_keys_core::internal::mask;
use openrouter_keys_core::{Error, KeyHash};

/// The result of a pass, with a row for each rotation that it worked on.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Report {
    /// By the old keys' hashes, in ascending order.
    pub rows: Vec<Row>,
    /// How many requests were sent to the API.
    pub requests: u64,
    /// How long the pass took.
    pub took: Duration,
}

/// One rotation.
#[derive(Debug)]
#[non_exhaustive]
pub struct Row {
    /// The old key's hash.
    pub old: KeyHash,
    /// How far it got.
    pub outcome: Outcome,
}

/// How far a rotation got.
#[non_exhaustive]
pub enum Outcome {
    /// The old key is deleted, and the new one has its name.
    Done {
        /// The new key's hash.
        new: KeyHash,
        /// Names under which a key that nobody has may still appear: sweep them later.
        unconfirmed: Vec<String>,
    },
    /// The new key was handed over; the old one is still used. A later pass continues.
    StillInUse,
    /// This account does not have the old key, and nothing was created. The log stays open, in case
    /// it is the wrong account.
    Gone,
    /// Another machine works on it.
    Busy {
        /// The machine's name.
        owner: String,
    },
    /// It failed; a later pass continues. The error says what may have been created.
    Failed(Error),
    /// The store or the sink failed; a later pass continues.
    Unreachable(BoxError),
}

impl Report {
    /// Whether another pass is needed.
    pub fn is_open(&self) -> bool {
        let is_over = |row: &Row| matches!(row.outcome, Outcome::Done { .. } | Outcome::Gone);
        !self.rows.iter().all(is_over)
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Done { new, .. } => write!(f, "rotated; the key is now {new}"),
            Self::StillInUse => f.write_str("both keys work, because the old one is still used"),
            Self::Gone => {
                f.write_str("this account does not have the old key; nothing was created")
            }
            Self::Busy { owner } => write!(f, "another machine works on it: {owner}"),
            Self::Failed(error) => error.fmt(f),
            Self::Unreachable(cause) => write!(f, "the store or the sink failed: {cause}"),
        }
    }
}

/// The same in words, without anything that looks like a key: people paste keys as names.
impl fmt::Debug for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = self.to_string();
        if let Self::Done { unconfirmed, .. } = self {
            text = format!("{text}; unconfirmed {unconfirmed:?}");
        }
        f.write_str(&mask(&text, &[]))
    }
}
