//! When a failed attempt is retried, and after which pause.

use std::time::Duration;

use http::StatusCode;

use crate::types::{BuildError, BuildErrorKind};

/// How a client retries failed attempts.
///
/// The defaults: 3 attempts; full jitter over a backoff that begins at 50 ms
/// after a transient failure and at 1 s after a 429, doubles, and stops growing
/// at 20 s; a `Retry-After` is obeyed up to 60 s.
///
/// No setting resends a create whose first request may have been processed.
///
/// ```
/// use std::time::Duration;
/// use openrouter_keys_core::config::Jitter;
/// use openrouter_keys_core::RetryPolicy;
///
/// let patient = RetryPolicy::default()
///     .max_attempts(8)
///     .initial_interval(Duration::from_millis(500))
///     .max_interval(Duration::from_secs(60))
///     .exponent(1.5)
///     .max_elapsed_time(Duration::from_secs(600))
///     .jitter(Jitter::Full)
///     .connection_errors(true)
///     .statuses([408, 429, 500, 502, 503, 504]);
/// let never = RetryPolicy::none();
/// # let _ = (patient, never);
/// ```
#[derive(Clone, Debug, PartialEq)]
#[must_use = "a policy does nothing until a client or a call uses it"]
pub struct RetryPolicy {
    pub(crate) max_attempts: u32,
    initial_interval: Duration,
    throttled_interval: Duration,
    max_interval: Duration,
    exponent: f64,
    pub(crate) max_elapsed_time: Option<Duration>,
    jitter: Jitter,
    pub(crate) connection_errors: bool,
    statuses: Vec<u16>,
    pub(crate) max_retry_after: Duration,
    pub(crate) strict: bool,
}

/// How much of a pause is random.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Jitter {
    /// The pause is the backoff.
    None,
    /// The pause is anything from zero to the backoff, so that clients that failed together do
    /// not all return together.
    Full,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            max_attempts: 3,
            initial_interval: Duration::from_millis(50),
            throttled_interval: Duration::from_secs(1),
            max_interval: Duration::from_secs(20),
            exponent: 2.0,
            max_elapsed_time: None,
            jitter: Jitter::Full,
            connection_errors: true,
            statuses: [408, 425, 429, 500, 502, 503, 504].into_iter().chain(520..=530).collect(),
            max_retry_after: Duration::from_secs(60),
            strict: false,
        }
    }
}

impl RetryPolicy {
    /// Makes one attempt and never retries.
    pub fn none() -> Self {
        Self::default().max_attempts(1)
    }

    /// Sets how many requests a call may send, 1 or more.
    pub fn max_attempts(mut self, attempts: u32) -> Self {
        self.max_attempts = attempts;
        self
    }

    /// Sets the backoff before the second attempt, after a transient failure.
    pub fn initial_interval(mut self, pause: Duration) -> Self {
        self.initial_interval = pause;
        self
    }

    /// Sets the backoff before the second attempt, after a 429.
    pub fn throttled_interval(mut self, pause: Duration) -> Self {
        self.throttled_interval = pause;
        self
    }

    /// Sets where the backoff stops growing.
    pub fn max_interval(mut self, pause: Duration) -> Self {
        self.max_interval = pause;
        self
    }

    /// Sets the factor by which the backoff grows from one attempt to the next, 1 or more.
    pub fn exponent(mut self, exponent: f64) -> Self {
        self.exponent = exponent;
        self
    }

    /// Starts no attempt later than this after the call started. The call's timeout applies as
    /// well.
    pub fn max_elapsed_time(mut self, time: Duration) -> Self {
        self.max_elapsed_time = Some(time);
        self
    }

    /// Sets how much of a pause is random.
    pub fn jitter(mut self, jitter: Jitter) -> Self {
        self.jitter = jitter;
        self
    }

    /// Sets whether failures below HTTP are retried.
    pub fn connection_errors(mut self, retry: bool) -> Self {
        self.connection_errors = retry;
        self
    }

    /// Sets the statuses that are retried, instead of 408, 425, 429, 500, 502, 503, 504 and 520
    /// to 530. A create is resent only after 425, 429 and a 503 with `Retry-After`, and only if
    /// they are among them.
    pub fn statuses(mut self, statuses: impl IntoIterator<Item = u16>) -> Self {
        self.statuses = statuses.into_iter().collect();
        self
    }

    /// Sets the longest `Retry-After` that is obeyed; a longer one ends the call.
    pub fn max_retry_after(mut self, pause: Duration) -> Self {
        self.max_retry_after = pause;
        self
    }

    /// Sets whether a create is not resent even after a 503 with `Retry-After`.
    pub fn strict(mut self, strict: bool) -> Self {
        self.strict = strict;
        self
    }

    pub(crate) fn check(&self) -> Result<(), BuildError> {
        let refused = |problem| Err(BuildError::new(BuildErrorKind::RetryPolicy, problem));
        if self.max_attempts == 0 {
            return refused("the retry policy allows no attempt; allow at least 1");
        }
        if !(self.exponent.is_finite() && self.exponent >= 1.0) {
            return refused("the retry policy's exponent is not a finite number of 1 or more");
        }
        Ok(())
    }

    pub(crate) fn has_status(&self, status: StatusCode) -> bool {
        self.statuses.contains(&status.as_u16())
    }

    /// The pause after attempt number `attempt` (from 1): the backoff, shortened by jitter, and
    /// never less than the server's `Retry-After`.
    pub(crate) fn pause(
        &self,
        trouble: Trouble,
        attempt: u32,
        retry_after: Option<Duration>,
        entropy: u64,
    ) -> Duration {
        let pause = match self.jitter {
            Jitter::None => self.backoff(trouble, attempt),
            Jitter::Full => self.backoff(trouble, attempt).mul_f64(fraction(entropy)),
        };
        match retry_after {
            // Added on top, or all clients would return in the same second.
            Some(asked) if self.jitter == Jitter::Full => asked.saturating_add(pause),
            Some(asked) => asked.max(pause),
            None => pause,
        }
    }

    fn backoff(&self, trouble: Trouble, attempt: u32) -> Duration {
        let base = match trouble {
            Trouble::Transient => self.initial_interval,
            Trouble::Throttled => self.throttled_interval,
        };
        let doublings = i32::try_from(attempt.saturating_sub(1)).unwrap_or(i32::MAX);
        if base.is_zero() {
            return base;
        }
        // Out of range means beyond the longest pause.
        Duration::try_from_secs_f64(base.as_secs_f64() * self.exponent.powi(doublings))
            .map_or(self.max_interval, |grown| grown.min(self.max_interval))
    }
}

/// The kind of a failure that may be temporary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// Something broke.
    Transient,
    /// The server asked for fewer requests.
    Throttled,
}

/// The next number of a sequence seeded by the transport's entropy (`SplitMix64`).
pub(crate) fn next_entropy(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut mixed = *state;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

/// From 0 up to but not including 1.
fn fraction(entropy: u64) -> f64 {
    let high = u32::try_from(entropy >> 32).unwrap_or_default();
    f64::from(high) / (f64::from(u32::MAX) + 1.0)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::{Jitter, RetryPolicy, Trouble, fraction, next_entropy};

    #[test]
    fn a_pause_of_zero_stays_zero_however_often_it_is_doubled() {
        let policy = RetryPolicy::default()
            .jitter(Jitter::None)
            .initial_interval(Duration::ZERO)
            .exponent(1e300);
        for attempt in [1, 2, 3, u32::MAX] {
            assert_eq!(policy.pause(Trouble::Transient, attempt, None, 0), Duration::ZERO);
        }
    }

    #[test]
    fn without_jitter_the_backoff_doubles_up_to_its_cap() {
        let policy = RetryPolicy::default().jitter(Jitter::None);
        let pauses: Vec<u128> =
            (1..=11).map(|n| policy.pause(Trouble::Transient, n, None, 0).as_millis()).collect();
        assert_eq!(pauses, [50, 100, 200, 400, 800, 1600, 3200, 6400, 12800, 20000, 20000]);
        assert_eq!(policy.pause(Trouble::Throttled, 1, None, 0), Duration::from_secs(1));
        assert_eq!(policy.pause(Trouble::Throttled, u32::MAX, None, 0), Duration::from_secs(20));
    }

    #[test]
    fn each_setting_changes_only_its_own_part_of_the_policy() {
        let policy = RetryPolicy::none()
            .jitter(Jitter::None)
            .initial_interval(Duration::from_millis(3))
            .throttled_interval(Duration::from_millis(5))
            .max_interval(Duration::from_millis(7))
            .max_retry_after(Duration::from_secs(9));
        let pause = |trouble, attempt| policy.pause(trouble, attempt, None, 0).as_millis();
        let transient = [1, 2, 3].map(|attempt| pause(Trouble::Transient, attempt));
        let throttled = [1, 2].map(|attempt| pause(Trouble::Throttled, attempt));
        assert_eq!((transient, throttled), ([3, 6, 7], [5, 7]));
        assert_eq!((policy.max_attempts, policy.max_retry_after), (1, Duration::from_secs(9)));
    }

    #[test]
    fn jitter_is_added_to_the_servers_wait_and_a_plain_backoff_is_not() {
        let half = 1 << 63;
        for (jitter, asked, expected) in [
            (Jitter::Full, 10_000, 10_500),
            (Jitter::Full, 200, 700),
            (Jitter::None, 10_000, 10_000),
            (Jitter::None, 200, 1000),
        ] {
            let asked = Some(Duration::from_millis(asked));
            let policy = RetryPolicy::default().jitter(jitter);
            let pause = policy.pause(Trouble::Throttled, 1, asked, half);
            assert_eq!(pause, Duration::from_millis(expected), "{jitter:?} {asked:?}");
        }
    }

    #[test]
    fn draws_are_those_that_splitmix64_is_published_with() {
        let mut state = 1_234_567;
        let draws = [(); 5].map(|()| next_entropy(&mut state));
        assert_eq!(
            draws,
            [
                6_457_827_717_110_365_317,
                3_203_168_211_198_807_973,
                9_817_491_932_198_370_423,
                4_593_380_528_125_082_431,
                16_408_922_859_458_223_821,
            ]
        );
    }

    #[test]
    fn no_draw_gives_the_whole_backoff() {
        assert!(fraction(u64::MAX) < 1.0, "{}", fraction(u64::MAX));
        assert!(fraction(0) <= 0.0, "{}", fraction(0));
    }

    #[test]
    fn a_meaningless_policy_is_refused() {
        assert!(RetryPolicy::default().max_attempts(0).check().is_err());
        for exponent in [f64::NAN, f64::INFINITY, 0.5, -2.0] {
            assert!(RetryPolicy::default().exponent(exponent).check().is_err());
        }
        assert!(RetryPolicy::none().check().is_ok());
    }

    proptest! {
        #[test]
        fn a_pause_is_within_the_backoff_and_never_undercuts_the_server(
            attempt in 1_u32..100,
            asked in proptest::option::of(0_u64..1_000_000),
            entropy in any::<u64>(),
            throttled in any::<bool>(),
            base in 0_u64..100_000,
            exponent in 1.0_f64..1e6,
        ) {
            let policy = RetryPolicy::default()
                .initial_interval(Duration::from_millis(base))
                .throttled_interval(Duration::from_millis(base))
                .exponent(exponent);
            let trouble = if throttled { Trouble::Throttled } else { Trouble::Transient };
            let asked = asked.map(Duration::from_millis);
            let pause = policy.pause(trouble, attempt, asked, entropy);
            let longest = policy.clone().jitter(Jitter::None).pause(trouble, attempt, None, 0);
            prop_assert!(longest <= Duration::from_secs(20));
            prop_assert!(pause >= asked.unwrap_or_default());
            prop_assert!(pause <= asked.unwrap_or_default() + longest);
        }

        #[test]
        fn full_jitter_spreads_over_the_whole_backoff(seed in any::<u64>()) {
            let policy = RetryPolicy::default();
            let mut state = seed;
            let mut fifths = [0_u32; 5];
            for _ in 0..1000 {
                let pause = policy.pause(Trouble::Throttled, 1, None, next_entropy(&mut state));
                fifths[usize::try_from(pause.as_millis() / 200).unwrap().min(4)] += 1;
            }
            prop_assert!(fifths.iter().all(|&n| (120..=280).contains(&n)), "{fifths:?}");
        }
    }
}
