//! The traits of transports, which carry requests: the only part that differs between
//! platforms.

use std::sync::atomic::{AtomicBool, AtomicU16, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response, StatusCode};

use super::error::{Interrupted, TimeoutPhase, TransportError, TransportErrorKind};
use super::race::race;
use crate::config::Settings;

/// Carries requests, sleeps, and owns the clocks and the entropy that the core
/// does without.
///
/// A transport sends a request **once**: it follows no redirect, sends nothing
/// again, decompresses nothing, and judges only how far a failed request may
/// have got ([`Delivery`](crate::error::Delivery)). See the crate's documentation for one in
/// ten lines.
#[cfg_attr(all(target_family = "wasm", target_os = "unknown"), async_trait(?Send))]
#[cfg_attr(not(all(target_family = "wasm", target_os = "unknown")), async_trait)]
pub trait Transport: MaybeSendSync {
    /// Sends a request once and returns the response with its whole body.
    ///
    /// The driver ends it after [`SendContext::timeout`] by dropping the future; the
    /// transport keeps the other limits of the exchange. When it is dropped in the
    /// middle of a body, a good transport leaves what it has read with
    /// [`SendContext::keep_partial`].
    async fn send(
        &self,
        request: Request<Bytes>,
        context: &SendContext,
    ) -> Result<Response<Bytes>, TransportError>;

    /// Returns after the given time.
    async fn sleep(&self, duration: Duration);

    /// The time since any fixed moment, by a clock that never goes back.
    fn now(&self) -> Duration;

    /// Random bits, for jitter. They need not be fit for cryptography.
    fn entropy(&self) -> u64;

    /// The time of day, so that errors can say when a lost create was sent.
    fn wall_clock(&self) -> Option<SystemTime> {
        None
    }
}

/// [`Transport`] for threads that may block.
///
/// Nobody can end a blocking call from outside: the transport keeps
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

    /// The time since any fixed moment, by a clock that never goes back.
    fn now(&self) -> Duration;

    /// Random bits, for jitter. They need not be fit for cryptography.
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

    /// `Send` where there are threads, and nothing on `wasm32-unknown-unknown`,
    /// whose objects belong to one thread.
    pub trait MaybeSend: Send {}
    impl<T: Send + ?Sized> MaybeSend for T {}

    /// `Send + Sync` where there are threads, and nothing on
    /// `wasm32-unknown-unknown`.
    pub trait MaybeSendSync: Send + Sync {}
    impl<T: Send + Sync + ?Sized> MaybeSendSync for T {}

    /// A boxed future that is `Send` where there are threads.
    pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;
}

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
mod threads {
    use std::future::Future;
    use std::pin::Pin;

    /// `Send` where there are threads, and nothing on `wasm32-unknown-unknown`,
    /// whose objects belong to one thread.
    pub trait MaybeSend {}
    impl<T: ?Sized> MaybeSend for T {}

    /// `Send + Sync` where there are threads, and nothing on
    /// `wasm32-unknown-unknown`.
    pub trait MaybeSendSync {}
    impl<T: ?Sized> MaybeSendSync for T {}

    /// A boxed future that is `Send` where there are threads.
    pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;
}

pub use threads::{BoxFuture, MaybeSend, MaybeSendSync};

/// The limits of one exchange of request and response, and what the transport records about it.
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

    /// How long the exchange may take, from the request to the end of the body.
    pub fn timeout(&self) -> Duration {
        self.limits.timeout
    }

    /// How long the pause between two pieces of the body may be.
    pub fn idle_timeout(&self) -> Duration {
        self.limits.idle_timeout
    }

    /// How many bytes the body of a response with this status may have.
    pub fn max_body(&self, status: StatusCode) -> usize {
        if status.is_success() { self.limits.max_success_body } else { self.limits.max_error_body }
    }

    /// Whether the request should go out on a connection that did not sit idle:
    /// the server may have closed an idle one, and whether it still read the
    /// request is then unknowable.
    pub fn wants_fresh_connection(&self) -> bool {
        self.limits.fresh_connection
    }

    /// Records the status as soon as the head of the response arrives, so that an error about
    /// the body has it.
    pub fn saw_status(&self, status: StatusCode) {
        self.seen.store(status.as_u16(), Ordering::Relaxed);
    }

    /// The status that was noted.
    pub fn seen_status(&self) -> Option<StatusCode> {
        StatusCode::from_u16(self.seen.load(Ordering::Relaxed)).ok()
    }

    /// Notes that nothing of the request was sent, and that nothing will be.
    ///
    /// For a transport whose future is dropped while it is still connecting, because time ran
    /// out or the call was cancelled: a create then definitely created nothing. If in doubt, do
    /// not call it.
    pub fn saw_nothing_sent(&self) {
        self.unsent.store(true, Ordering::Relaxed);
    }

    /// Whether definitely nothing of the request was sent.
    pub fn nothing_sent(&self) -> bool {
        self.unsent.load(Ordering::Relaxed)
    }

    /// Whether part of a response with this status is worth keeping when the rest is
    /// lost: the secret of a created key, or the explanation of an error.
    ///
    /// Its body is then read up to [`max_body`](Self::max_body) even if it is
    /// announced to be larger.
    pub fn keeps_partial(&self, status: StatusCode) -> bool {
        !status.is_success() || self.limits.fresh_connection
    }

    /// Keeps what has arrived of a response: its head, and its body so far.
    ///
    /// For a transport whose future is dropped before the end of the body, because
    /// the time is up or the call is cancelled. What has arrived then decides as if
    /// the connection had broken: a whole secret is returned.
    pub fn keep_partial(&self, response: Response<Bytes>) {
        let status = response.status();
        self.saw_status(status);
        if self.keeps_partial(status) {
            *self.partial() = Some(Interrupted::new(response));
        }
    }

    pub(crate) fn take_partial(&self) -> Option<Response<Bytes>> {
        self.partial().take().map(Interrupted::into_response)
    }

    fn partial(&self) -> MutexGuard<'_, Option<Interrupted>> {
        self.partial.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Refuses an exchange for which no time is left.
    pub(crate) fn check_in_time(&self) -> Result<(), TransportError> {
        if self.timeout().is_zero() {
            return Err(TransportError::not_sent(TransportErrorKind::Timeout(TimeoutPhase::Call)));
        }
        Ok(())
    }

    /// The error of an exchange that took longer than [`timeout`](Self::timeout), with the part
    /// of the response that was [kept](Self::keep_partial).
    pub fn timed_out(&self) -> TransportError {
        let phase =
            if self.limits.is_last_of_call { TimeoutPhase::Call } else { TimeoutPhase::Attempt };
        if self.nothing_sent() {
            return TransportError::not_sent(TransportErrorKind::Timeout(phase));
        }
        let error = TransportError::ambiguous(TransportErrorKind::Timeout(phase))
            .with_status(self.seen_status());
        match self.take_partial() {
            Some(response) => error.with_response(response),
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
/// The async client sends everything through it; a [`BlockingTransport`] over
/// an async one does the same.
pub async fn send_within<T: Transport + ?Sized>(
    transport: &T,
    request: Request<Bytes>,
    context: &SendContext,
) -> Result<Response<Bytes>, TransportError> {
    sent_within(transport, || request, context).await
}

/// The same, building the request only when it is sent: otherwise the future would store it for
/// as long as it lives.
pub(crate) async fn sent_within<T: Transport + ?Sized>(
    transport: &T,
    request: impl FnOnce() -> Request<Bytes>,
    context: &SendContext,
) -> Result<Response<Bytes>, TransportError> {
    context.check_in_time()?;
    let sending = transport.send(request(), context);
    let timer = transport.sleep(context.timeout());
    let outcome = race(sending, timer).await;
    // The transport's future is gone by now, and has left what it had read.
    outcome.unwrap_or_else(|| Err(context.timed_out()))
}
