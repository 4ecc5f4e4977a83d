//! The machine of a workflow, seen from its driver.

use std::fmt;
use std::future::Future;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use super::context::Desk;
use super::mailbox::{Order, Slot, Wish, lock};
use super::opening::Opening;
use super::rotate::rotation_handler::Question;
use crate::call::{Error, ErrorKind, Response};
use crate::operation::AnyOutput;
use crate::transport::{BoxError, BoxFuture, MaybeSend};

/// What a workflow wants next.
#[derive(Debug)]
#[must_use = "a workflow goes on only if its wish is met"]
pub enum Turn<T> {
    /// An operation is to be sent.
    Send(Sending<T>),
    /// Time is to pass.
    Pause(Pausing<T>),
    /// The caller is asked.
    Ask(Asking<T>),
    /// The workflow has ended.
    Done(Result<T, Error>),
}

/// Waits for what became of an operation.
#[must_use = "the workflow waits for the outcome"]
pub struct Sending<T> {
    order: Box<Order>,
    next: Sent<T>,
}

/// The other half of a [`Sending`].
#[must_use = "the workflow waits for the outcome"]
pub struct Sent<T>(Machine<T>);

/// Waits for the end of a pause.
#[must_use = "the workflow waits for the pause to end"]
pub struct Pausing<T> {
    time: Duration,
    machine: Machine<T>,
}

/// Waits for the caller's answer.
#[must_use = "the workflow waits for the answer"]
pub struct Asking<T> {
    question: Question,
    next: Asked<T>,
}

/// The other half of an [`Asking`].
#[must_use = "the workflow waits for the answer"]
pub struct Asked<T>(Machine<T>);

impl<T> Sending<T> {
    /// What to send, and what takes the outcome.
    pub fn into_parts(self) -> (Order, Sent<T>) {
        (*self.order, self.next)
    }
}

impl<T> Sent<T> {
    /// Takes the call's outcome, `elapsed` after the workflow's beginning.
    pub fn outcome(
        self,
        outcome: Result<Response<AnyOutput>, Error>,
        elapsed: Duration,
    ) -> Turn<T> {
        lock(&self.0.slot).sent = Some(outcome);
        self.0.go_on(elapsed)
    }
}

impl<T> Pausing<T> {
    /// How long to wait.
    pub fn time(&self) -> Duration {
        self.time
    }

    /// The pause is over, `elapsed` after the workflow's beginning.
    pub fn over(self, elapsed: Duration) -> Turn<T> {
        lock(&self.machine.slot).paused = Some(Ok(()));
        self.machine.go_on(elapsed)
    }

    /// The caller calls the workflow off in the middle of the pause.
    pub fn cancelled(self, elapsed: Duration) -> Turn<T> {
        let error = Error::unsent(self.machine.name, ErrorKind::Cancelled);
        lock(&self.machine.slot).paused = Some(Err(error));
        self.machine.go_on(elapsed)
    }
}

impl<T> Asking<T> {
    /// What to ask, and what takes the answer.
    pub fn into_parts(self) -> (Question, Asked<T>) {
        (self.question, self.next)
    }
}

impl<T> Asked<T> {
    /// Takes the caller's answer, `elapsed` after the workflow's beginning.
    pub fn answered(self, answer: Result<bool, BoxError>, elapsed: Duration) -> Turn<T> {
        lock(&self.0.slot).asked = Some(answer);
        self.0.go_on(elapsed)
    }
}

/// A workflow under way: its code, which waits, and where the two sides meet.
struct Machine<T> {
    name: &'static str,
    code: BoxFuture<'static, Result<T, Error>>,
    slot: Arc<Mutex<Slot>>,
}

/// Begins a workflow whose code is this.
pub(super) fn begin<T, F>(
    name: &'static str,
    opening: Opening,
    code: impl FnOnce(Desk) -> F,
) -> Turn<T>
where
    F: Future<Output = Result<T, Error>> + MaybeSend + 'static,
{
    let slot = Arc::new(Mutex::new(Slot::default()));
    let code = Box::pin(code(Desk::new(name, opening, Arc::clone(&slot))));
    Machine { name, code, slot }.go_on(Duration::ZERO)
}

impl<T: 'static> Turn<T> {
    /// The same workflow, that makes something else of its output.
    pub fn map<U>(self, make: impl FnOnce(T) -> U + MaybeSend + 'static) -> Turn<U> {
        match self {
            Self::Send(Sending { order, next: Sent(machine) }) => {
                Turn::Send(Sending { order, next: Sent(machine.map(make)) })
            }
            Self::Pause(Pausing { time, machine }) => {
                Turn::Pause(Pausing { time, machine: machine.map(make) })
            }
            Self::Ask(Asking { question, next: Asked(machine) }) => {
                Turn::Ask(Asking { question, next: Asked(machine.map(make)) })
            }
            Self::Done(result) => Turn::Done(result.map(make)),
        }
    }
}

impl<T: 'static> Machine<T> {
    fn map<U>(self, make: impl FnOnce(T) -> U + MaybeSend + 'static) -> Machine<U> {
        let Self { name, code, slot } = self;
        Machine { name, code: Box::pin(async { code.await.map(make) }), slot }
    }
}

impl<T> Machine<T> {
    fn go_on(mut self, elapsed: Duration) -> Turn<T> {
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

impl<T> fmt::Debug for Sending<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Sending").field(&self.order).finish()
    }
}

impl<T> fmt::Debug for Sent<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Sent").field(&self.0.name).finish()
    }
}

impl<T> fmt::Debug for Pausing<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Pausing").field(&self.time).finish()
    }
}

/// A question may hold a secret.
impl<T> fmt::Debug for Asking<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Asking").field(&self.next.0.name).finish()
    }
}

impl<T> fmt::Debug for Asked<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Asked").field(&self.0.name).finish()
    }
}
