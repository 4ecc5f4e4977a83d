//! A transport that sends at most so many requests a minute.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use openrouter_keys_core::error::TransportError;
use openrouter_keys_core::transport::{SendContext, Transport};

const MINUTE: Duration = Duration::from_secs(60);

/// Sends requests evenly spaced, and counts them. Clones share the budget.
#[derive(Clone)]
pub(crate) struct Budgeted(Arc<Inner>);

struct Inner {
    transport: Box<dyn Transport>,
    /// The time between two requests.
    interval: Duration,
    /// When the next request may be sent.
    next: Mutex<Duration>,
    sent: AtomicU64,
}

impl Budgeted {
    pub(crate) fn new(transport: impl Transport + 'static, per_minute: Option<u32>) -> Self {
        let interval = per_minute.map_or(Duration::ZERO, |requests| MINUTE / requests.max(1));
        let transport = Box::new(transport);
        let (next, sent) = (Mutex::default(), AtomicU64::new(0));
        Self(Arc::new(Inner { transport, interval, next, sent }))
    }

    /// How many requests were sent so far.
    pub(crate) fn sent(&self) -> u64 {
        self.0.sent.load(Ordering::Relaxed)
    }

    /// Takes the next place, and returns how long it is until then.
    fn wait(&self) -> Duration {
        let now = self.now();
        let mut next = self.0.next.lock().unwrap_or_else(PoisonError::into_inner);
        let place = now.max(*next);
        *next = place.saturating_add(self.0.interval);
        place.saturating_sub(now)
    }
}

/// Says that nothing was sent, if the request is dropped while it waits for its place.
struct Waiting<'a>(Option<&'a SendContext>);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if let Some(context) = self.0 {
            context.saw_nothing_sent();
        }
    }
}

#[async_trait]
impl Transport for Budgeted {
    async fn send(
        &self,
        request: Request<Bytes>,
        context: &SendContext,
    ) -> Result<Response<Bytes>, TransportError> {
        let (began, wait) = (self.now(), self.wait());
        if !wait.is_zero() {
            let mut waiting = Waiting(Some(context));
            self.sleep(wait).await;
            // A process that was stopped meanwhile must not send what is no longer its to send.
            if self.now().saturating_sub(began) >= context.timeout() {
                drop(waiting);
                return Err(context.timed_out());
            }
            waiting.0 = None;
        }
        self.0.sent.fetch_add(1, Ordering::Relaxed);
        self.0.transport.send(request, context).await
    }

    async fn sleep(&self, duration: Duration) {
        self.0.transport.sleep(duration).await;
    }

    fn now(&self) -> Duration {
        self.0.transport.now()
    }

    fn entropy(&self) -> u64 {
        self.0.transport.entropy()
    }

    fn wall_clock(&self) -> Option<SystemTime> {
        self.0.transport.wall_clock()
    }
}
