//! A transport that sends at most so many requests a minute.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use openrouter_keys_core::error::{TransportError, TransportErrorKind};
use openrouter_keys_core::transport::{SendContext, Transport};

use crate::stop::Gate;
use crate::unsent;

const MINUTE: Duration = Duration::from_secs(60);

/// Sends requests evenly spaced, and counts them, until its gate is closed. Clones share the
/// budget.
#[derive(Clone)]
pub(crate) struct Budgeted {
    inner: Arc<Inner>,
    gate: Gate,
}

struct Inner {
    transport: Box<dyn Transport>,
    pace: Mutex<Pace>,
    sent: AtomicU64,
}

#[derive(Default)]
struct Pace {
    /// The time between two requests.
    interval: Duration,
    /// When the next request may be sent.
    next: Duration,
}

impl Budgeted {
    /// Without a limit.
    pub(crate) fn new(transport: impl Transport + 'static) -> Self {
        let transport = Box::new(transport);
        let inner = Inner { transport, pace: Mutex::default(), sent: AtomicU64::new(0) };
        Self { inner: Arc::new(inner), gate: Gate::default() }
    }

    /// The same budget with a gate of its own.
    pub(crate) fn behind(&self, gate: Gate) -> Self {
        Self { inner: Arc::clone(&self.inner), gate }
    }

    /// Sends at most so many requests a minute from now on.
    pub(crate) fn limit(&self, per_minute: u32) {
        self.pace().interval = MINUTE / per_minute.max(1);
    }

    fn pace(&self) -> MutexGuard<'_, Pace> {
        self.inner.pace.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many requests were sent so far.
    pub(crate) fn sent(&self) -> u64 {
        self.inner.sent.load(Ordering::Relaxed)
    }

    /// Takes the next turn, and returns how long it is until then.
    fn wait(&self) -> Duration {
        let now = self.now();
        let mut pace = self.pace();
        let turn = now.max(pace.next);
        pace.next = turn.saturating_add(pace.interval);
        turn.saturating_sub(now)
    }
}

#[async_trait]
impl Transport for Budgeted {
    async fn send(
        &self,
        request: Request<Bytes>,
        context: &SendContext,
    ) -> Result<Response<Bytes>, TransportError> {
        let wait = self.wait();
        if !wait.is_zero() {
            unsent::wait(self, context, self.sleep(wait)).await?;
        }
        let Some(_inside) = self.gate.enter() else {
            let refused = TransportError::not_sent(TransportErrorKind::Other).lasting();
            return Err(refused.with_source("the pass was stopped"));
        };
        self.inner.sent.fetch_add(1, Ordering::Relaxed);
        self.inner.transport.send(request, context).await
    }

    async fn sleep(&self, duration: Duration) {
        self.inner.transport.sleep(duration).await;
    }

    fn now(&self) -> Duration {
        self.inner.transport.now()
    }

    fn entropy(&self) -> u64 {
        self.inner.transport.entropy()
    }

    fn wall_clock(&self) -> Option<SystemTime> {
        self.inner.transport.wall_clock()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use std::time::Duration;

    use openrouter_keys_core::test_util::{FakeTransport, Reply};
    use openrouter_keys_core::transport::{SendContext, Transport as _};

    use super::Budgeted;

    #[tokio::test]
    async fn requests_are_sent_evenly_spaced_and_counted() {
        let fake = FakeTransport::always(Reply::current());
        let budgeted = Budgeted::new(fake.clone());
        let send = || async {
            let sent = budgeted.send(http::Request::default(), &SendContext::default()).await;
            sent.unwrap();
            fake.clock().now()
        };
        let first = send().await;
        assert_eq!(send().await, first);
        budgeted.limit(20);
        let apart = [send().await, send().await, send().await].map(|at| at.saturating_sub(first));
        assert_eq!(apart, [0, 3, 6].map(Duration::from_secs));
        assert_eq!(budgeted.sent(), 5);
    }

    #[tokio::test]
    async fn a_request_whose_turn_comes_too_late_is_not_sent() {
        let fake = FakeTransport::always(Reply::current());
        let budgeted = Budgeted::new(fake.clone());
        budgeted.limit(1);
        let context = SendContext::default();
        budgeted.send(http::Request::default(), &context).await.unwrap();
        let turn = budgeted.send(http::Request::default(), &context).await;
        assert!(context.timeout() <= Duration::from_secs(60));
        assert!(turn.is_err() && context.nothing_sent());
        assert_eq!((fake.requests().len(), budgeted.sent()), (1, 1));
    }
}
