//! What a workflow needs from the world when it begins: chance and the time.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::SystemTime;

/// What a workflow needs from the world at its beginning.
#[derive(Clone, Copy, Debug, Default)]
pub struct Opening {
    /// Random bits, for the markers of names.
    pub entropy: u128,
    /// The time of day, if it is known.
    pub wall_clock: Option<SystemTime>,
}

impl Opening {
    /// An opening of two draws of entropy.
    ///
    /// Calls with the same marker would take each other's keys for their own, and
    /// a transport's entropy may be poor: no two calls of a process begin alike,
    /// nor do two of different processes, unless their clocks say the same.
    pub(crate) fn drawn(draws: [u64; 2], wall_clock: Option<SystemTime>) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = u64::from(NUMBER.fetch_add(1, Ordering::Relaxed));
        let time = wall_clock.and_then(|now| now.duration_since(SystemTime::UNIX_EPOCH).ok());
        let seconds = time.map_or(0, |time| time.as_secs());
        let nanos = time.map_or(0, |time| u64::from(time.subsec_nanos()));
        let [high, low] = draws;
        let (high, low) = (high ^ seconds.rotate_left(32) ^ nanos, low ^ number);
        Self { entropy: u128::from(high).rotate_left(64) | u128::from(low), wall_clock }
    }
}
