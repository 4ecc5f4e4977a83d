//! What a call needs from the world when it begins: chance and the time.

use std::time::SystemTime;

use crate::operation::{Operation, Replay};

/// What a call needs from the world at its beginning.
#[derive(Clone, Copy, Debug, Default)]
pub struct Start {
    /// Random bits, for jitter.
    pub entropy: u64,
    /// The time of day, if it is known. A create's error says when the request was
    /// sent, and a `Retry-After` that is a date may need it.
    pub wall_clock: Option<SystemTime>,
}

impl Start {
    /// The start of this operation. Only a create always needs the clock; for others,
    /// see [`Attempt::note_time`](super::Attempt::note_time).
    pub(crate) fn of(
        operation: &impl Operation,
        entropy: u64,
        wall_clock: impl FnOnce() -> Option<SystemTime>,
    ) -> Self {
        let is_told = operation.replay() == Replay::Duplicates;
        Self { entropy, wall_clock: is_told.then(wall_clock).flatten() }
    }
}
