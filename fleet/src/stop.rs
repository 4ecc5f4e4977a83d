//! Stops a pass: no request is sent any more, and those on their way get a moment.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Either, Shared, select};

/// Completes when a pass has to stop.
pub(crate) type Stop = Shared<BoxFuture<'static, ()>>;

/// Whether the future has completed.
pub(crate) fn is_over(stop: &Stop) -> bool {
    stop.clone().now_or_never().is_some()
}

/// The work's output, unless the other future completes first.
pub(crate) async fn unless<T>(
    stop: impl Future<Output = ()>,
    work: impl Future<Output = T>,
) -> Option<T> {
    match select(pin!(work), pin!(stop)).await {
        Either::Left((output, _)) => Some(output),
        Either::Right(_) => None,
    }
}

/// Counts the requests that are on their way, and lets none through once it is closed.
#[derive(Clone, Default)]
pub(crate) struct Gate(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    is_closed: bool,
    inside: usize,
    waiting: Vec<Waker>,
}

/// A request on its way.
pub(crate) struct Inside(Gate);

impl Gate {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// `None` if the gate is closed.
    pub(crate) fn enter(&self) -> Option<Inside> {
        let mut state = self.state();
        if state.is_closed {
            return None;
        }
        state.inside = state.inside.saturating_add(1);
        Some(Inside(self.clone()))
    }

    pub(crate) fn close(&self) {
        self.state().is_closed = true;
    }

    /// Completes once no request is on its way.
    pub(crate) async fn empty(&self) {
        poll_fn(|context| {
            let mut state = self.state();
            if state.inside == 0 {
                return Poll::Ready(());
            }
            state.waiting.push(context.waker().clone());
            Poll::Pending
        })
        .await;
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.inside = state.inside.saturating_sub(1);
        if state.inside == 0 {
            state.waiting.drain(..).for_each(Waker::wake);
        }
    }
}
