//! The retry quota that all calls of a client share.
//!
//! Retries help against rare failures and make frequent ones worse. Each retry takes tokens,
//! and success returns them: if a server is down, a client soon sends each request only once.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use super::retry_policy::Trouble;

const CAPACITY: u32 = 500;
const TRANSIENT: u32 = 14;
const THROTTLED: u32 = 5;
const REWARD: u32 = 1;

/// A token bucket without a clock.
#[derive(Clone, Debug)]
pub(crate) struct RetryQuota(Arc<AtomicU32>);

impl Default for RetryQuota {
    fn default() -> Self {
        Self(Arc::new(AtomicU32::new(CAPACITY)))
    }
}

impl RetryQuota {
    /// Takes the tokens of one retry; `None` if there are not enough left.
    pub(crate) fn take(&self, trouble: Trouble) -> Option<u32> {
        let price = match trouble {
            Trouble::Transient => TRANSIENT,
            Trouble::Throttled => THROTTLED,
        };
        self.0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |tokens| tokens.checked_sub(price))
            .ok()
            .map(|_| price)
    }

    /// Returns what a successful call's last retry took, or a little if there was none.
    pub(crate) fn refund(&self, taken: Option<u32>) {
        let back = taken.unwrap_or(REWARD);
        // The update always applies; there is nothing to handle.
        let _ = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |tokens| {
            Some(tokens.saturating_add(back).min(CAPACITY))
        });
    }
}

#[cfg(test)]
mod tests {
    use super::super::retry_policy::Trouble;
    use super::RetryQuota;

    #[test]
    fn a_dead_server_gets_35_retries_and_no_more() {
        let quota = RetryQuota::default();
        let granted = (0..1000).filter(|_| quota.take(Trouble::Transient).is_some()).count();
        assert_eq!(granted, 35);
    }

    #[test]
    fn a_success_returns_what_the_retry_took_up_to_the_capacity() {
        let quota = RetryQuota::default();
        for _ in 0..1000 {
            let taken = quota.take(Trouble::Throttled);
            assert!(taken.is_some());
            quota.refund(taken);
            quota.refund(None);
        }
        assert_eq!((0..1000).filter(|_| quota.take(Trouble::Throttled).is_some()).count(), 100);
    }

    #[test]
    fn repeated_successes_earn_another_retry() {
        let quota = RetryQuota::default();
        while quota.take(Trouble::Transient).is_some() {}
        // 500 is 35 × 14 + 10: 4 successes earn the missing 4.
        for _ in 0..3 {
            quota.refund(None);
            assert_eq!(quota.take(Trouble::Transient), None);
        }
        quota.refund(None);
        assert!(quota.take(Trouble::Transient).is_some());
    }
}
