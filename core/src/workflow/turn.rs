//! The machine of a workflow, seen from its driver.

use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use super::Opening;
use super::desk::{Desk, Slot, Wish, lock};
use crate::error::{BoxError, Error, ErrorKind};
use crate::operation::{AnyOperation, AnyOutput};
use crate::response::Response;
use crate::secret::ApiKey;
use crate::transport::{BoxFuture, MaybeSend};

/// What a workflow wants next.
#[derive(Debug)]
#[must_use = "a workflow goes on only if its wish is met"]
pub enum Turn<T, Q = Infallible> {
    /// An operation is to be sent.
    Send(Sending<T, Q>),
    /// Time is to pass.
    Pause(Pausing<T, Q>),
    /// The caller is asked.
    Ask(Asking<T, Q>),
    /// The workflow has ended.
    Done(Result<T, Error>),
}

/// An operation that a workflow wants to be sent.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Order {
    /// The operation.
    pub operation: AnyOperation,
    /// The key to sign it with in place of the client's.
    pub key: Option<ApiKey>,
    /// How long the call may take at most with all its attempts; `None` leaves
    /// that to the client.
    pub at_most: Option<Duration>,
}

/// Waits for what became of an operation.
#[must_use = "the workflow waits for the outcome"]
pub struct Sending<T, Q = Infallible> {
    order: Box<Order>,
    next: Sent<T, Q>,
}

/// The other half of a [`Sending`].
#[must_use = "the workflow waits for the outcome"]
pub struct Sent<T, Q = Infallible>(Machine<T, Q>);

/// Waits for the end of a pause.
#[must_use = "the workflow waits for the pause to end"]
pub struct Pausing<T, Q = Infallible> {
    time: Duration,
    machine: Machine<T, Q>,
}

/// Waits for the caller's answer.
#[must_use = "the workflow waits for the answer"]
pub struct Asking<T, Q> {
    question: Q,
    next: Asked<T, Q>,
}

/// The other half of an [`Asking`].
#[must_use = "the workflow waits for the answer"]
pub struct Asked<T, Q>(Machine<T, Q>);

impl<T, Q> Sending<T, Q> {
    /// What to send, and what takes the outcome.
    pub fn into_parts(self) -> (Order, Sent<T, Q>) {
        (*self.order, self.next)
    }
}

impl<T, Q> Sent<T, Q> {
    /// Takes the call's outcome, `elapsed` after the workflow's beginning.
    pub fn outcome(
        self,
        outcome: Result<Response<AnyOutput>, Error>,
        elapsed: Duration,
    ) -> Turn<T, Q> {
        lock(&self.0.slot).sent = Some(outcome);
        self.0.go_on(elapsed)
    }
}

impl<T, Q> Pausing<T, Q> {
    /// How long to wait.
    pub fn time(&self) -> Duration {
        self.time
    }

    /// The pause is over, `elapsed` after the workflow's beginning.
    pub fn over(self, elapsed: Duration) -> Turn<T, Q> {
        lock(&self.machine.slot).paused = Some(Ok(()));
        self.machine.go_on(elapsed)
    }

    /// The caller calls the workflow off in the middle of the pause.
    pub fn cancelled(self, elapsed: Duration) -> Turn<T, Q> {
        let error = Error::unsent(self.machine.name, ErrorKind::Cancelled);
        lock(&self.machine.slot).paused = Some(Err(error));
        self.machine.go_on(elapsed)
    }
}

impl<T, Q> Asking<T, Q> {
    /// What to ask, and what takes the answer.
    pub fn into_parts(self) -> (Q, Asked<T, Q>) {
        (self.question, self.next)
    }
}

impl<T, Q> Asked<T, Q> {
    /// Takes the caller's answer, `elapsed` after the workflow's beginning.
    pub fn answered(self, answer: Result<bool, BoxError>, elapsed: Duration) -> Turn<T, Q> {
        lock(&self.0.slot).asked = Some(answer);
        self.0.go_on(elapsed)
    }
}

/// A workflow under way: its code, which waits, and where the two sides meet.
struct Machine<T, Q> {
    name: &'static str,
    code: BoxFuture<'static, Result<T, Error>>,
    slot: Arc<Mutex<Slot<Q>>>,
}

/// Begins a workflow whose code is this.
pub(super) fn begin<T, Q, F>(
    name: &'static str,
    opening: Opening,
    code: impl FnOnce(Desk<Q>) -> F,
) -> Turn<T, Q>
where
    Q: MaybeSend,
    F: Future<Output = Result<T, Error>> + MaybeSend + 'static,
{
    let slot = Arc::new(Mutex::new(Slot::default()));
    let code = Box::pin(code(Desk::new(name, opening, Arc::clone(&slot))));
    Machine { name, code, slot }.go_on(Duration::ZERO)
}

impl<T, Q> Machine<T, Q> {
    fn go_on(mut self, elapsed: Duration) -> Turn<T, Q> {
        lock(&self.slot).elapsed = elapsed;
        let mut context = Context::from_waker(Waker::noop());
        if let Poll::Ready(result) = self.code.as_mut().poll(&mut context) {
            return Turn::Done(result);
        }
        let wish = lock(&self.slot).wish.take();
        match wish {
            Some(Wish::Send(order)) => Turn::Send(Sending { order, next: Sent(self) }),
            Some(Wish::Pause(time)) => Turn::Pause(Pausing { time, machine: self }),
            Some(Wish::Ask(question)) => Turn::Ask(Asking { question, next: Asked(self) }),
            // The code of a workflow awaits nothing but the desk.
            None => Turn::Done(Err(Error::unsent(self.name, ErrorKind::Cancelled))),
        }
    }
}

impl<T, Q> fmt::Debug for Sending<T, Q> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Sending").field(&self.order).finish()
    }
}

impl<T, Q> fmt::Debug for Sent<T, Q> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Sent").field(&self.0.name).finish()
    }
}

impl<T, Q> fmt::Debug for Pausing<T, Q> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Pausing").field(&self.time).finish()
    }
}

/// A question may hold a secret.
impl<T, Q> fmt::Debug for Asking<T, Q> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Asking").field(&self.next.0.name).finish()
    }
}

impl<T, Q> fmt::Debug for Asked<T, Q> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Asked").field(&self.0.name).finish()
    }
}
