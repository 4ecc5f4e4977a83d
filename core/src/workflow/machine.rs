//! A workflow as a machine.

use std::fmt;
use std::future::Future;
use std::sync::{Arc, Mutex};
use std::task::{Context as TaskContext, Poll, Waker};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::Request;

use super::context::Context;
use super::mailbox::{Mailbox, lock};
use super::rotate::rotation_handler::RotationEvent;
use crate::call::trace::Span;
use crate::call::{Action, Driven, Error, ErrorKind, Event, Machine, Seed};
use crate::config::{CallOptions, Config};
use crate::transport::{Arrived, BoxFuture, MaybeSend, Outgoing};

/// A running workflow: its code, and the mailbox between the code and its driver.
#[must_use = "a workflow does nothing until it is driven"]
pub struct WorkflowMachine<T> {
    name: &'static str,
    /// `None` at the end.
    code: Option<BoxFuture<'static, Result<T, Error>>>,
    mailbox: Arc<Mutex<Mailbox>>,
}

impl<T: MaybeSend + 'static> WorkflowMachine<T> {
    /// A workflow with this code.
    pub(super) fn new<F>(
        name: &'static str,
        config: &Config,
        options: &CallOptions,
        code: impl FnOnce(Context) -> F,
    ) -> Self
    where
        F: Future<Output = Result<T, Error>> + MaybeSend + 'static,
    {
        let mailbox = Arc::new(Mutex::new(Mailbox::default()));
        let context = Context::new(name, config.clone(), options.clone(), Arc::clone(&mailbox));
        Self { name, code: Some(Box::pin(code(context))), mailbox }
    }

    /// A workflow that ends at once with this error.
    pub(super) fn refused(name: &'static str, kind: ErrorKind) -> Self {
        let error = Error::unsent(name, kind);
        Self { name, code: Some(Box::pin(async { Err(error) })), mailbox: Arc::default() }
    }

    /// Converts the workflow's output.
    pub fn map<U>(self, make: impl FnOnce(T) -> U + MaybeSend + 'static) -> WorkflowMachine<U> {
        let Self { name, code, mailbox } = self;
        let mapped = |code: BoxFuture<'static, Result<T, Error>>| -> BoxFuture<'static, _> {
            Box::pin(async { code.await.map(make) })
        };
        WorkflowMachine { name, code: code.map(mapped), mailbox }
    }
}

impl<T> Machine for WorkflowMachine<T> {
    type Output = T;
    type Question = RotationEvent;

    fn resume(&mut self, event: Event, elapsed: Duration) -> Action<T, RotationEvent> {
        self.step(event.received(), elapsed)
    }

    fn request(&mut self) -> Request<Bytes> {
        self.outgoing().map(Outgoing::into_http).unwrap_or_default()
    }
}

impl<T> Driven for WorkflowMachine<T> {
    fn step(&mut self, event: Event<Arrived>, elapsed: Duration) -> Action<T, RotationEvent> {
        {
            let mut mailbox = lock(&self.mailbox);
            mailbox.elapsed = elapsed;
            // A request that was never taken was never sent.
            let is_unsent = mailbox.request.take().is_some();
            match event {
                Event::Begin(seed) => (mailbox.seed, mailbox.entropy) = (seed, seed.folded()),
                Event::Cancelled(_) if is_unsent => mailbox.event = Some(Event::Cancelled(None)),
                event => mailbox.event = Some(event),
            }
        }
        let mut context = TaskContext::from_waker(Waker::noop());
        let code = self.code.as_mut();
        if let Some(Poll::Ready(result)) = code.map(|code| code.as_mut().poll(&mut context)) {
            // A finished future must not be polled again.
            self.code = None;
            return Action::Done(result);
        }
        match lock(&self.mailbox).action.take() {
            Some(Action::Authenticate(within)) => Action::Authenticate(within),
            Some(Action::Send(context)) => Action::Send(context),
            Some(Action::Sleep(time)) => Action::Sleep(time),
            Some(Action::Ask(question)) => Action::Ask(question),
            Some(Action::Done(Ok(never))) => match never {},
            Some(Action::Done(Err(error))) => Action::Done(Err(error)),
            // Not reached: a workflow's code awaits only its context.
            None => Action::Done(Err(Error::unsent(self.name, ErrorKind::Cancelled))),
        }
    }

    fn outgoing(&mut self) -> Option<Outgoing> {
        lock(&self.mailbox).request.take().map(|request| *request)
    }

    fn seed(&self, draw: impl Fn() -> u64, clock: impl FnOnce() -> Option<SystemTime>) -> Seed {
        Seed::unique([draw(), draw()], clock())
    }

    /// Not needed: a workflow reads the clock at its beginning.
    fn note_time(
        &mut self,
        _: &Event<Arrived>,
        _: Duration,
        _: impl FnOnce() -> Option<SystemTime>,
    ) {
    }

    fn dropped(&mut self, nothing_sent: bool) {
        let mut mailbox = lock(&self.mailbox);
        mailbox.dropped = Some(nothing_sent || mailbox.request.is_some());
    }

    fn span(&self) -> Span {
        lock(&self.mailbox).span.clone()
    }
}

/// The code may hold a secret.
impl<T> fmt::Debug for WorkflowMachine<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("WorkflowMachine").field(&self.name).finish()
    }
}
