//! The result of a pass.

use std::fmt;
use std::time::Duration;

use openrouter_keys_core::error::BoxError;
use openrouter_keys_core::internal::mask;
use openrouter_keys_core::workflow::RotationEntry;
use openrouter_keys_core::{Error, KeyHash};

/// The result of a pass, with a row for each rotation that it worked on.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Report {
    /// By the old keys' hashes, in ascending order.
    pub rows: Vec<Row>,
    /// The names of keys that nobody had, which appeared after their rotation was done. They are
    /// deleted: every pass looks for them for 24 hours.
    pub swept: Vec<String>,
    /// Why such keys could not be looked for or deleted; a later pass tries again.
    pub not_swept: Option<BoxError>,
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
    /// The name that the old key had and the new one gets, if it is known.
    pub name: Option<String>,
    /// The log's newest entry, as far as this pass knows it.
    pub entry: Option<RotationEntry>,
    /// How far it got.
    pub outcome: Outcome,
}

/// A rotation that a pass would work on.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Planned {
    /// The old key's hash.
    pub old: KeyHash,
    /// The key's name, if it is known.
    pub name: Option<String>,
    /// Whether the rotation is open; otherwise it would begin.
    pub is_open: bool,
    /// Whether the pass was given this key, or its rule selects it.
    pub(crate) is_due: bool,
}

/// How far a rotation got.
#[non_exhaustive]
pub enum Outcome {
    /// The old key is deleted, and the new one has its name.
    Done {
        /// The new key's hash.
        new: KeyHash,
        /// Names under which a key that nobody has may still appear. Passes of the next 24 hours
        /// delete it; if there are none, sweep them later.
        unconfirmed: Vec<String>,
    },
    /// The new key was handed over; the old one is still used. A later pass continues.
    StillInUse,
    /// The new key was handed over, and the next pause is longer than
    /// [`Fleet::longest_pause`](crate::Fleet::longest_pause). A pass after that continues.
    Waiting {
        /// How long the pause still takes.
        left: Duration,
    },
    /// The pass was stopped; a later pass continues.
    Stopped,
    /// This account does not have the old key, and either no new one was created or that is not there
    /// any more. The log stays open, in case it is the wrong account, unless [`Fleet::account`](crate::Fleet::account) has ruled that out.
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
            Self::Waiting { left } => {
                write!(f, "both keys exist for a pause of {} more seconds", left.as_secs())
            }
            Self::Stopped => f.write_str("the pass was stopped; a later pass continues"),
            Self::Gone => {
                f.write_str("this account does not have its keys any more; nothing was changed")
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
