//! The entropy and the time that a machine begins with.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::SystemTime;

/// The entropy and the time that a machine begins with.
#[derive(Clone, Copy, Debug, Default)]
pub struct Seed {
    /// Random bits, for the jitter of pauses and for the markers in key names.
    pub entropy: u128,
    /// The time of day, if known. A create's error uses it to say when the request was sent,
    /// and a `Retry-After` that is a date may need it.
    pub now: Option<SystemTime>,
}

impl Seed {
    /// Builds a seed from two draws of entropy.
    ///
    /// Workflows with the same marker would mistake each other's keys for their own, and a
    /// transport's entropy may be poor. So seeds differ within a process, and between
    /// processes unless their clocks agree exactly.
    pub(crate) fn unique(draws: [u64; 2], now: Option<SystemTime>) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = u64::from(NUMBER.fetch_add(1, Ordering::Relaxed));
        let time = now.and_then(|now| now.duration_since(SystemTime::UNIX_EPOCH).ok());
        let seconds = time.map_or(0, |time| time.as_secs());
        let nanos = time.map_or(0, |time| u64::from(time.subsec_nanos()));
        let [high, low] = draws;
        let (high, low) = (high ^ seconds.rotate_left(32) ^ nanos, low ^ number);
        Self { entropy: u128::from(high).rotate_left(64) | u128::from(low), now }
    }

    /// Both halves of the entropy, combined.
    #[inline]
    pub(crate) fn folded(&self) -> u64 {
        let half = |bits: u128| u64::try_from(bits & u128::from(u64::MAX)).unwrap_or_default();
        half(self.entropy) ^ half(self.entropy.rotate_right(64))
    }
}
