//! This crate's own Tokio runtime: one thread that keeps connections and timers.

use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};

use openrouter_keys_core::error::{TransportError, TransportErrorKind};
use tokio::runtime::{Builder, EnterGuard, Runtime};

use crate::surroundings::Home;

/// Started by the first request; until then, the process may fork.
#[derive(Debug, Default)]
pub(crate) struct Background {
    runtime: OnceLock<Runtime>,
    home: Home,
}

impl Background {
    /// The context in which sockets and timers are created.
    pub(crate) fn enter(&self) -> Result<EnterGuard<'_>, TransportError> {
        self.home.check()?;
        if let Some(runtime) = self.runtime.get() {
            return Ok(runtime.enter());
        }
        let setup = TransportError::not_sent(TransportErrorKind::Setup);
        let started = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("openrouter-keys")
            .enable_all()
            .build();
        match started.map(|runtime| self.runtime.set(runtime)) {
            // Another thread started one first.
            Ok(Err(spare)) => spare.shutdown_background(),
            Ok(Ok(())) => {}
            Err(error) => {
                let problem = format!("the background thread could not be started: {error}");
                return Err(setup.with_source(problem));
            }
        }
        self.runtime.get().map(Runtime::enter).ok_or(setup)
    }
}

/// An ordinary drop of a runtime waits for its thread, which panics in async code.
impl Drop for Background {
    fn drop(&mut self) {
        match self.runtime.take() {
            // Locks held by the parent's threads at the fork are never released.
            Some(runtime) if self.home.is_left() => std::mem::forget(runtime),
            Some(runtime) => runtime.shutdown_background(),
            None => {}
        }
    }
}

/// A future that is polled, and dropped, in the background's context.
pub(crate) struct Within<F> {
    background: Arc<Background>,
    work: Option<Pin<Box<F>>>,
}

impl<F> Within<F> {
    pub(crate) fn new(background: &Arc<Background>, work: F) -> Self {
        Self { background: Arc::clone(background), work: Some(Box::pin(work)) }
    }
}

impl<T, F: Future<Output = Result<T, TransportError>>> Future for Within<F> {
    type Output = Result<T, TransportError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let Self { background, work } = &mut *self;
        let _entered = background.enter()?;
        work.as_mut().map_or(Poll::Pending, |work| work.as_mut().poll(context))
    }
}

impl<F> Drop for Within<F> {
    fn drop(&mut self) {
        match self.background.enter() {
            Ok(_entered) => self.work = None,
            Err(_) => std::mem::forget(self.work.take()),
        }
    }
}
