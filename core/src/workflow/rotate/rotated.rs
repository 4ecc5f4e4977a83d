//! The result of a rotation.

use std::fmt;
use std::time::Duration;

use super::rotation::Rotation;
use crate::redact::Masked;
use crate::types::{Key, KeyHash};

/// The result of [`Rotate`](crate::workflow::Rotate).
#[derive(Clone)]
#[non_exhaustive]
pub enum Rotated {
    /// The old key is deleted, and the new one has its name.
    Done {
        /// The new key's hash.
        new: KeyHash,
        /// The old key as it was last read, disabled and about to be deleted, because no listing
        /// has its spend any more. `None` if somebody else deleted it before it was read.
        old: Option<Box<Key>>,
        /// The new key's limit, if that is the remainder of the old one's. With 0, the key works
        /// once its limit is raised.
        carried: Option<f64>,
        /// Names under which a key may still appear: pass them to
        /// [`Sweep`](crate::workflow::Sweep) later.
        unconfirmed: Vec<String>,
    },
    /// Both keys exist: the old one was used after the grace period, or somebody enabled it again.
    /// [Resume](crate::workflow::Rotate::resume) later.
    StillInUse {
        /// The old key.
        old: Box<Key>,
        /// The state, as it was saved.
        state: Box<Rotation>,
    },
    /// The new key was handed over, and the next pause is longer than
    /// [`Rotate::longest_pause`](crate::workflow::Rotate::longest_pause).
    /// [Resume](crate::workflow::Rotate::resume) when it is over.
    Waiting {
        /// How long the pause still takes.
        left: Duration,
        /// The state, as it was saved.
        state: Box<Rotation>,
    },
}

impl fmt::Debug for Rotated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Done { new, old, carried, unconfirmed } => f
                .debug_struct("Done")
                .field("new", new)
                .field("old", old)
                .field("carried", carried)
                .field("unconfirmed", &Masked(unconfirmed))
                .finish(),
            Self::StillInUse { old, state } => {
                f.debug_struct("StillInUse").field("old", old).field("state", state).finish()
            }
            Self::Waiting { left, state } => {
                f.debug_struct("Waiting").field("left", left).field("state", state).finish()
            }
        }
    }
}
