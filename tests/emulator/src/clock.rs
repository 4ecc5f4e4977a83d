//! The server's clock: the machine's, or one that only a test moves.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

/// The emulator's source of time. Clones share one clock.
///
/// It decides when keys expire and budgets reset and dates the responses, so a test can jump
/// to a second before midnight instead of waiting for it.
#[derive(Clone, Debug)]
pub struct Clock(Arc<Mutex<Face>>);

#[derive(Debug)]
struct Face {
    /// The initial instant of `standing_at`.
    initial: Option<Timestamp>,
    /// The instant at which the clock stands; `None` follows the machine.
    standing_at: Option<Timestamp>,
    ahead: SignedDuration,
}

impl Clock {
    /// Follows the machine's clock, plus any [`advance`](Self::advance).
    pub fn system() -> Self {
        Self::new(None)
    }

    /// Stands still at `instant` until it is advanced or set.
    ///
    /// ```
    /// # use openrouter_keys_emulator::Clock;
    /// let clock = Clock::standing_at("2026-03-31T23:59:59Z".parse()?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn standing_at(instant: Timestamp) -> Self {
        Self::new(Some(instant))
    }

    fn new(standing_at: Option<Timestamp>) -> Self {
        let ahead = SignedDuration::ZERO;
        Self(Arc::new(Mutex::new(Face { initial: standing_at, standing_at, ahead })))
    }

    /// The current instant, clamped to the ends of the calendar.
    pub fn now(&self) -> Timestamp {
        let face = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let base = face.standing_at.unwrap_or_else(Timestamp::now);
        base.saturating_add(face.ahead).unwrap_or(base)
    }

    /// Moves the clock forward.
    pub fn advance(&self, by: Duration) {
        let by = SignedDuration::try_from(by).unwrap_or(SignedDuration::MAX);
        let mut face = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        face.ahead = face.ahead.saturating_add(by);
    }

    /// Stops the clock at `instant`, in the future or the past.
    pub fn set(&self, instant: Timestamp) {
        let mut face = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        (face.standing_at, face.ahead) = (Some(instant), SignedDuration::ZERO);
    }

    /// The time after a [`reset`](Self::reset).
    pub(crate) fn at_first(&self) -> Timestamp {
        let face = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        face.initial.unwrap_or_else(Timestamp::now)
    }

    /// Undoes every [`advance`](Self::advance) and [`set`](Self::set).
    pub(crate) fn reset(&self) {
        let mut face = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        (face.standing_at, face.ahead) = (face.initial, SignedDuration::ZERO);
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::system()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_standing_clock_moves_only_on_request() {
        let clock = Clock::standing_at("2026-01-01T00:00:00Z".parse().unwrap());
        let shared = clock.clone();
        clock.advance(Duration::from_secs(61));
        assert_eq!(shared.now().to_string(), "2026-01-01T00:01:01Z");
        clock.set("2025-01-01T00:00:00Z".parse().unwrap());
        assert_eq!(shared.now().to_string(), "2025-01-01T00:00:00Z");
    }

    #[test]
    fn the_system_clock_can_run_ahead() {
        let clock = Clock::system();
        clock.advance(Duration::from_secs(86_400));
        let ahead = clock.now().duration_since(Timestamp::now());
        assert!(ahead > SignedDuration::from_hours(23));
    }

    #[test]
    fn no_advance_overflows() {
        let clock = Clock::system();
        clock.advance(Duration::MAX);
        clock.advance(Duration::MAX);
        let _ = clock.now();
    }
}
