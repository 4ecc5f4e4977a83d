//! The counts of a run, and the figures computed from them.

use std::time::Duration;

use super::scenario::{AFTER, DRAINED, OUTAGE, WARM_UP};

/// The length of time that each piece counts.
const PIECE: Duration = Duration::from_millis(100);

/// Pieces in a sliding second.
const SECOND: usize = 10;

/// A call that takes longer does not show that the server has recovered.
const PROMPT: Duration = Duration::from_secs(5);

/// The counts of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Figures {
    offered: f64,
    pieces: Vec<Piece>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Piece {
    /// Requests sent in it.
    requests: u32,
    /// Calls that began in it.
    calls: u32,
    /// Calls begun in it that succeeded eventually.
    succeeded: u32,
    /// Calls begun in it that succeeded within [`PROMPT`].
    prompt: u32,
}

impl Figures {
    pub(super) fn new(offered: f64) -> Self {
        let pieces = vec![Piece::default(); piece(WARM_UP + OUTAGE + AFTER)];
        Self { offered, pieces }
    }

    pub(super) fn begun(&mut self, now: Duration) {
        if let Some(piece) = self.pieces.get_mut(piece(now)) {
            piece.calls += 1;
        }
    }

    pub(super) fn sent(&mut self, now: Duration) {
        if let Some(piece) = self.pieces.get_mut(piece(now)) {
            piece.requests += 1;
        }
    }

    pub(super) fn succeeded(&mut self, begun: Duration, now: Duration) {
        if let Some(piece) = self.pieces.get_mut(piece(begun)) {
            piece.succeeded += 1;
            piece.prompt += u32::from(now.saturating_sub(begun) <= PROMPT);
        }
    }

    /// Requests sent for each call begun, over the whole outage.
    pub fn amplification(&self) -> f64 {
        amplification(self.between(WARM_UP, WARM_UP + OUTAGE))
    }

    /// The same from [`DRAINED`] on.
    pub fn amplification_once_drained(&self) -> f64 {
        amplification(self.between(WARM_UP + DRAINED, WARM_UP + OUTAGE))
    }

    /// The requests of the busiest second after the outage, relative to the calls begun in
    /// a second.
    pub fn peak(&self) -> f64 {
        let busiest = self.after().windows(SECOND).map(|second| sum(second, |p| p.requests)).max();
        f64::from(busiest.unwrap_or_default()) / self.offered
    }

    /// The time after the outage from which on, in every second, 99 of 100 calls succeed
    /// within 5 s. `None` if the run ends before.
    pub fn recovered_after(&self) -> Option<Duration> {
        let after = self.after();
        // The last calls of the run have no time left to succeed.
        let watched = after.get(..after.len().saturating_sub(piece(PROMPT)))?;
        let is_bad = |second: &[Piece]| {
            let calls = f64::from(sum(second, |p| p.calls));
            f64::from(sum(second, |p| p.prompt)) < 0.99 * calls
        };
        let seconds = watched.windows(SECOND);
        let count = seconds.len();
        let first_good = seconds.rev().position(is_bad).map_or(0, |good| count - good);
        (first_good < count).then(|| PIECE * u32::try_from(first_good).unwrap_or(u32::MAX))
    }

    /// The share of the calls begun during the outage that failed or were still waiting
    /// when the run ended.
    pub fn unserved(&self) -> f64 {
        let outage = self.between(WARM_UP, WARM_UP + OUTAGE);
        1.0 - f64::from(sum(outage, |p| p.succeeded)) / f64::from(sum(outage, |p| p.calls))
    }

    fn after(&self) -> &[Piece] {
        self.between(WARM_UP + OUTAGE, WARM_UP + OUTAGE + AFTER)
    }

    fn between(&self, from: Duration, to: Duration) -> &[Piece] {
        self.pieces.get(piece(from)..piece(to)).unwrap_or_default()
    }
}

fn amplification(pieces: &[Piece]) -> f64 {
    f64::from(sum(pieces, |p| p.requests)) / f64::from(sum(pieces, |p| p.calls))
}

fn sum(pieces: &[Piece], count: impl Fn(&Piece) -> u32) -> u32 {
    pieces.iter().map(count).sum()
}

/// The index of the piece that contains an instant.
fn piece(time: Duration) -> usize {
    usize::try_from(time.as_millis() / PIECE.as_millis()).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{AFTER, Figures, OUTAGE, PIECE, WARM_UP};

    /// Begins ten calls in each piece after the outage.
    fn figures(fate: impl Fn(&mut Figures, Duration, u32)) -> Figures {
        let mut figures = Figures::new(100.0);
        for number in 0..1200 {
            let now = WARM_UP + OUTAGE + PIECE * number;
            for _ in 0..10 {
                figures.begun(now);
                figures.sent(now);
                fate(&mut figures, now, number);
            }
        }
        figures
    }

    #[test]
    fn recovery_begins_after_the_last_bad_second() {
        let two_gaps = figures(|figures, now, number| {
            if number >= 20 && number != 50 {
                figures.succeeded(now, now);
            }
        });
        // The first good second begins with the piece after the gap.
        assert_eq!(two_gaps.recovered_after(), Some(PIECE * 51));
        let at_once = figures(|figures, now, _| figures.succeeded(now, now));
        assert_eq!(at_once.recovered_after(), Some(Duration::ZERO));
    }

    #[test]
    fn late_successes_do_not_count_as_recovery() {
        let late = figures(|figures, now, _| {
            figures.succeeded(now, now + Duration::from_secs(6));
        });
        assert_eq!(late.recovered_after(), None);
        assert!((late.peak() - 1.0).abs() < 1e-9);
        assert_eq!(AFTER, PIECE * 1200);
    }
}
