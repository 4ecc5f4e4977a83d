//! A call as a machine: one attempt after another.

use std::convert::Infallible;
use std::fmt;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::Request;

use super::attempt::{Attempt, Step};
use super::error::{Error, ErrorKind};
use super::protocol::{Action, Driven, Event, Machine};
use super::response::Response;
use super::seed::Seed;
use super::trace;
use super::trace::Span;
use crate::config::{CallOptions, Config};
use crate::operation::{Idempotency, Operation};
use crate::transport::{Arrived, Outgoing, SendContext};

/// One call: its [`Attempt`]s and the pauses between them.
pub struct CallMachine<O> {
    attempt: Option<Attempt<O>>,
    /// The error, if the arguments were refused.
    refused: Option<Error>,
}

impl<O: Operation> CallMachine<O> {
    /// Checks the arguments and the settings. If they are refused, the call ends at once.
    pub fn new(config: &Config, options: &CallOptions, operation: O) -> Self {
        match Attempt::first(config, options, operation, Seed::default()) {
            Ok(attempt) => Self { attempt: Some(attempt), refused: None },
            Err(error) => Self { attempt: None, refused: Some(error) },
        }
    }

    fn over<T>(&mut self) -> Action<T> {
        // An ended machine has nothing more to report.
        let error = || Error::unsent("call", ErrorKind::Cancelled);
        Action::Done(Err(self.refused.take().unwrap_or_else(error)))
    }
}

impl<O: Operation> Machine for CallMachine<O> {
    type Output = Response<O::Output>;
    type Question = Infallible;

    fn resume(&mut self, event: Event, elapsed: Duration) -> Action<Response<O::Output>> {
        self.step(event.received(), elapsed)
    }

    fn request(&mut self) -> Request<Bytes> {
        self.outgoing().map(Outgoing::into_http).unwrap_or_default()
    }
}

impl<O: Operation> CallMachine<O> {
    /// Handles the events that consume the attempt.
    fn end(&mut self, event: Event<Arrived>, elapsed: Duration) -> Action<Response<O::Output>> {
        let Some(attempt) = self.attempt.take() else { return self.over() };
        match event {
            Event::Response(outcome) => match attempt.received(outcome, elapsed) {
                Step::Done(result) => Action::Done(result),
                Step::Retry { after, next } => {
                    self.attempt = Some(next);
                    Action::Sleep(after)
                }
            },
            Event::Key(Err(cause)) => Action::Done(Err(attempt.without_key(cause, elapsed))),
            Event::Cancelled(context) => Action::Done(attempt.cancelled(context.as_ref(), elapsed)),
            Event::Begin(_) | Event::Key(Ok(_)) | Event::Slept | Event::Answer(_) => self.over(),
        }
    }
}

impl<O: Operation> Driven for CallMachine<O> {
    fn step(&mut self, event: Event<Arrived>, elapsed: Duration) -> Action<Response<O::Output>> {
        let Some(attempt) = &mut self.attempt else { return self.over() };
        if attempt.is_sent() && !matches!(event, Event::Response(_) | Event::Cancelled(_)) {
            // The request must not be resent, and its outcome is unknown.
            return self.end(Event::Cancelled(Some(SendContext::default())), elapsed);
        }
        match event {
            Event::Begin(seed) => attempt.begin(seed),
            Event::Slept | Event::Answer(_) => {}
            Event::Key(Ok(key)) => {
                attempt.authenticate(key);
                return Action::Send(attempt.context(elapsed));
            }
            ended => return self.end(ended, elapsed),
        }
        Action::Authenticate(attempt.time_left(elapsed))
    }

    fn outgoing(&mut self) -> Option<Outgoing> {
        self.attempt.as_mut()?.authenticated_request()
    }

    /// Only a create always needs the clock; for others, see `note_time`.
    fn seed(&self, draw: impl Fn() -> u64, clock: impl FnOnce() -> Option<SystemTime>) -> Seed {
        let is_create = self
            .attempt
            .as_ref()
            .is_some_and(|attempt| attempt.idempotency() == Idempotency::NotIdempotent);
        Seed { entropy: draw().into(), now: is_create.then(clock).flatten() }
    }

    fn note_time(
        &mut self,
        event: &Event<Arrived>,
        elapsed: Duration,
        clock: impl FnOnce() -> Option<SystemTime>,
    ) {
        if let (Some(attempt), Event::Response(outcome)) = (&mut self.attempt, event) {
            attempt.note_time(outcome, elapsed, clock);
        }
    }

    fn dropped(&mut self, nothing_sent: bool) {
        if let Some(attempt) = self.attempt.as_ref().filter(|_| !nothing_sent) {
            attempt.dropped();
        }
    }

    fn span(&self) -> Span {
        trace::no_span()
    }
}

impl<O> fmt::Debug for CallMachine<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("CallMachine").field(&self.attempt).finish()
    }
}
