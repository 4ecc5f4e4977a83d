//! A rate limit: a bucket of tokens that fills at the rate and holds those of one second.

use std::time::Instant;

pub(super) struct Bucket {
    rate: f64,
    tokens: f64,
    /// When `tokens` was right.
    at: Instant,
}

impl Bucket {
    pub(super) fn full(rate: u32, now: Instant) -> Self {
        Self { rate: rate.into(), tokens: rate.into(), at: now }
    }

    /// Takes a token, or returns the seconds after which there is one.
    pub(super) fn take(&mut self, now: Instant) -> Result<(), u32> {
        let elapsed = now.saturating_duration_since(self.at).as_secs_f64();
        self.tokens = (self.tokens + elapsed * self.rate).min(self.rate);
        self.at = now;
        if self.tokens < 1.0 {
            // A whole second: the header has no fractions.
            return Err(1);
        }
        self.tokens -= 1.0;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn no_more_than_the_rate_is_let_through() {
        let begun = Instant::now();
        let mut bucket = Bucket::full(10, begun);
        let mut taken = |at: Duration| {
            let now = begun.checked_add(at).unwrap();
            std::iter::from_fn(|| bucket.take(now).ok()).count()
        };
        assert_eq!(taken(Duration::ZERO), 10);
        assert_eq!(taken(Duration::ZERO), 0);
        assert_eq!(taken(Duration::from_millis(500)), 5);
        // It holds the tokens of one second, however long nobody came.
        assert_eq!(taken(Duration::from_secs(9)), 10);
    }
}
