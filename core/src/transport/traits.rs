//! The traits of transports, which send requests: the only part that differs between platforms.

use std::sync::atomic::{AtomicBool, AtomicU16, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response, StatusCode};

use super::arrived::Arrived;
use super::error::{Interrupted, TimeoutPhase, TransportError, TransportErrorKind};
use super::race::race;
use crate::config::Settings;

/// Sends requests, sleeps, and provides the clocks and the entropy that the core lacks.
///
/// A transport sends a request **once**: it follows no redirects, resends nothing, decompresses
/// nothing, and judges only whether a failed request can have reached the server
/// ([`Delivery`](crate::error::Delivery)). See the crate's documentation for one in ten lines.
#[cfg_attr(all(target_family = "wasm", target_os = "unknown"), async_trait(?Send))]
#[cfg_attr(not(all(target_family = "wasm", target_os = "unknown")), async_trait)]
pub trait Transport: MaybeSendSync {
    /// Sends a request once and returns the response with its whole body.
    ///
    /// The driver ends it after [`SendContext::timeout`] by dropping the future; the transport
    /// enforces the other limits. When it is dropped in the middle of a body, a good transport
    /// passes what it has read to [`SendContext::keep_partial`].
    async fn send(
        &self,
        request: Request<Bytes>,
        context: &SendContext,
    ) -> Result<Response<Bytes>, TransportError>;

    /// Returns after the given time.
    async fn sleep(&self, duration: Duration);

    /// The time since some fixed moment, by a clock that never goes back.
    fn now(&self) -> Duration;

    /// Random bits, for jitter. They need not be cryptographically secure.
    fn entropy(&self) -> u64;

    /// The time of day, so that errors can say when a lost create was sent.
    fn wall_clock(&self) -> Option<SystemTime> {
        None
    }
}

/// [`Transport`] for threads that may block.
///
/// A blocking call cannot be stopped from outside: the transport enforces
/// [`SendContext::timeout`] itself.
pub trait BlockingTransport: Send + Sync {
    /// Sends a request once and returns the response with its whole body.
    fn send(
        &self,
        request: Request<Bytes>,
        context: &SendContext,
    ) -> Result<Response<Bytes>, TransportError>;

    /// Returns after the given time.
    fn sleep(&self, duration: Duration);

    /// The time since some fixed moment, by a clock that never goes back.
    fn now(&self) -> Duration;

    /// Random bits, for jitter. They need not be cryptographically secure.
    fn entropy(&self) -> u64;

    /// The time of day, so that errors can say when a lost create was sent.
    fn wall_clock(&self) -> Option<SystemTime> {
        None
    }
}

#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
mod threads {
    use std::future::Future;
    use std::pin::Pin;

    /// `Send` on platforms with threads; no bound on `wasm32-unknown-unknown`, whose objects
    /// belong to one thread.
    pub trait MaybeSend: Send {}
    impl<T: Send + ?Sized> MaybeSend for T {}

    /// `Send + Sync` on platforms with threads; no bound on `wasm32-unknown-unknown`.
    pub trait MaybeSendSync: Send + Sync {}
    impl<T: Send + Sync + ?Sized> MaybeSendSync for T {}

    /// A boxed future that is `Send` on platforms with threads.
    pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;
}

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
mod threads {
    use std::future::Future;
    use std::pin::Pin;

    /// `Send` on platforms with threads; no bound on `wasm32-unknown-unknown`, whose objects
    /// belong to one thread.
    pub trait MaybeSend {}
    impl<T: ?Sized> MaybeSend for T {}

    /// `Send + Sync` on platforms with threads; no bound on `wasm32-unknown-unknown`.
    pub trait MaybeSendSync {}
    impl<T: ?Sized> MaybeSendSync for T {}

    /// A boxed future that is `Send` on platforms with threads.
    pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;
}

pub use threads::{BoxFuture, MaybeSend, MaybeSendSync};

/// The limits of one request and its response, and what the transport records about them.
#[derive(Debug)]
pub struct SendContext {
    limits: Limits,
    /// 0 until the head of the response arrives.
    seen: AtomicU16,
    unsent: AtomicBool,
    partial: Mutex<Option<Interrupted>>,
}

#[derive(Clone, Debug)]
pub(crate) struct Limits {
    pub(crate) timeout: Duration,
    pub(crate) idle_timeout: Duration,
    pub(crate) max_success_body: usize,
    pub(crate) max_error_body: usize,
    pub(crate) fresh_connection: bool,
    pub(crate) is_last_of_call: bool,
}

impl Limits {
    /// The limits of one attempt, for a client with these settings.
    pub(crate) fn of(config: &Settings) -> Self {
        Self {
            timeout: config.attempt_timeout,
            idle_timeout: config.idle_timeout,
            max_success_body: config.max_success_body,
            max_error_body: config.max_error_body,
            fresh_connection: false,
            is_last_of_call: false,
        }
    }
}

/// The limits of a client with the default settings, for tests of transports.
impl Default for SendContext {
    fn default() -> Self {
        Self::new(Limits::of(&Settings::default()))
    }
}

impl SendContext {
    pub(crate) fn new(limits: Limits) -> Self {
        let unsent = AtomicBool::new(false);
        Self { limits, seen: AtomicU16::new(0), unsent, partial: Mutex::new(None) }
    }

    /// The time limit, from the request to the end of the response's body.
    pub fn timeout(&self) -> Duration {
        self.limits.timeout
    }

    /// The longest pause allowed between two pieces of the body.
    pub fn idle_timeout(&self) -> Duration {
        self.limits.idle_timeout
    }

    /// The maximum size, in bytes, of the body of a response with this status.
    pub fn max_body(&self, status: StatusCode) -> usize {
        if status.is_success() { self.limits.max_success_body } else { self.limits.max_error_body }
    }

    /// Whether the request should use a connection that has not been idle: the server may have
    /// closed an idle one, and there is no way to know whether it still read the request.
    pub fn wants_fresh_connection(&self) -> bool {
        self.limits.fresh_connection
    }

    /// Records the status as soon as the head of the response arrives, so that an error about
    /// the body has it.
    pub fn saw_status(&self, status: StatusCode) {
        self.seen.store(status.as_u16(), Ordering::Relaxed);
    }

    /// The recorded status.
    pub fn seen_status(&self) -> Option<StatusCode> {
        StatusCode::from_u16(self.seen.load(Ordering::Relaxed)).ok()
    }

    /// Records that nothing of the request was sent, and that nothing will be.
    ///
    /// For a transport whose future is dropped while it is still connecting, because time ran
    /// out or the call was cancelled: a create then definitely created nothing. If in doubt, do
    /// not call it.
    pub fn saw_nothing_sent(&self) {
        self.unsent.store(true, Ordering::Relaxed);
    }

    /// Whether the request was definitely not sent, not even in part.
    pub fn nothing_sent(&self) -> bool {
        self.unsent.load(Ordering::Relaxed)
    }

    /// Whether part of a response with this status is worth keeping if the rest is lost: the
    /// secret of a created key, or the explanation of an error.
    ///
    /// If so, read its body up to [`max_body`](Self::max_body) even if a larger one is
    /// announced.
    pub fn keeps_partial(&self, status: StatusCode) -> bool {
        !status.is_success() || self.limits.fresh_connection
    }

    /// Keeps the part of a response that has arrived: its head, and its body so far.
    ///
    /// For a transport whose future is dropped before the end of the body, because time ran out
    /// or the call was cancelled. The part is then treated as if the connection had broken: a
    /// complete secret is returned.
    pub fn keep_partial(&self, response: Response<Bytes>) {
        self.keep_arrived(response.into());
    }

    /// Like [`keep_partial`](Self::keep_partial).
    #[doc(hidden)]
    pub fn keep_arrived(&self, response: Arrived) {
        let status = response.status;
        self.saw_status(status);
        if self.keeps_partial(status) {
            *self.partial() = Some(Interrupted::new(response));
        }
    }

    pub(crate) fn take_partial(&self) -> Option<Arrived> {
        self.partial().take().map(Interrupted::into_response)
    }

    fn partial(&self) -> MutexGuard<'_, Option<Interrupted>> {
        self.partial.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns an error if no time is left.
    pub(crate) fn check_in_time(&self) -> Result<(), TransportError> {
        if self.timeout().is_zero() {
            return Err(TransportError::not_sent(TransportErrorKind::Timeout(TimeoutPhase::Call)));
        }
        Ok(())
    }

    /// The error of a request that took longer than [`timeout`](Self::timeout), with the part of
    /// the response that was [kept](Self::keep_partial).
    pub fn timed_out(&self) -> TransportError {
        let phase =
            if self.limits.is_last_of_call { TimeoutPhase::Call } else { TimeoutPhase::Attempt };
        if self.nothing_sent() {
            return TransportError::not_sent(TransportErrorKind::Timeout(phase));
        }
        let error = TransportError::ambiguous(TransportErrorKind::Timeout(phase))
            .with_status(self.seen_status());
        match self.take_partial() {
            Some(response) => error.with_arrived(response),
            None => error,
        }
    }

    /// The error of a body that is longer than [`max_body`](Self::max_body).
    pub fn body_too_large(&self, status: StatusCode) -> TransportError {
        TransportError::ambiguous(TransportErrorKind::BodyTooLarge(self.max_body(status)))
            .with_status(Some(status))
    }
}

/// Sends a request and ends it after [`SendContext::timeout`].
///
/// A [`BlockingTransport`] over an async one sends everything through it, as the async client
/// does.
pub async fn send_within<T: Transport + ?Sized>(
    transport: &T,
    request: Request<Bytes>,
    context: &SendContext,
) -> Result<Response<Bytes>, TransportError> {
    context.check_in_time()?;
    let sending = transport.send(request, context);
    let outcome = race(sending, transport.sleep(context.timeout())).await;
    // The transport's future has been dropped by now, and has kept what it had read.
    outcome.unwrap_or_else(|| Err(context.timed_out()))
}
