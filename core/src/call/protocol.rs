//! The protocol between a machine and its driver, the same for calls and workflows.

use std::convert::Infallible;
use std::fmt;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{Request, Response};

use super::error::Error;
use super::seed::Seed;
use super::trace::Span;
use crate::transport::{Arrived, BoxError, Outgoing, SendContext, TransportError};
use crate::types::ApiKey;

/// A call or a workflow as a state machine without I/O.
///
/// ```text
///   Event::Begin ─▶ resume ─┬─▶ Action::Authenticate ─▶ Event::Key ──────┐
///                      ▲    ├─▶ Action::Send ─────────▶ Event::Response ─┤
///                      │    ├─▶ Action::Sleep ────────▶ Event::Slept ────┤
///                      │    ├─▶ Action::Ask ──────────▶ Event::Answer ───┤
///                      │    └─▶ Action::Done                             │
///                      └─────────────────────────────────────────────────┘
/// ```
///
/// Time, entropy, keys and responses come in as arguments, so a driver is a loop around
/// [`resume`](Self::resume). See the [module](crate::machine) for two.
pub trait Machine {
    /// The value it returns.
    type Output;
    /// The questions it asks its caller. A call asks none.
    type Question;

    /// Takes the result of the last action, `elapsed` after the beginning, and returns the
    /// next action.
    fn resume(&mut self, event: Event, elapsed: Duration) -> Action<Self::Output, Self::Question>;

    /// Builds the request of an [`Action::Send`], to be sent once. It is built only here, so
    /// that a waiting driver need not store it. At any other time it is empty and has no host.
    fn request(&mut self) -> Request<Bytes>;
}

/// The next step, which the driver carries out.
#[derive(Debug)]
#[must_use = "a machine continues only when its action is carried out"]
pub enum Action<T, Q = Infallible> {
    /// Provide the API key for the next request, within this time.
    Authenticate(Duration),
    /// Send [`Machine::request`] once, within these limits.
    Send(SendContext),
    /// Wait.
    Sleep(Duration),
    /// Ask the caller.
    Ask(Q),
    /// The machine has ended.
    Done(Result<T, Error>),
}

/// The result of a machine's last action, which resumes it.
///
/// An event that does not match the action never makes a machine resend a request: one that
/// was in flight counts as lost.
///
/// `R` is the response; the clients use a type of their own.
pub enum Event<R = Response<Bytes>> {
    /// The first event.
    Begin(Seed),
    /// The key, or the reason there is none.
    Key(Result<ApiKey, BoxError>),
    /// The transport's result.
    Response(Result<R, TransportError>),
    /// The pause is over.
    Slept,
    /// The caller's answer.
    Answer(Result<bool, BoxError>),
    /// The caller cancelled during this action; with the context of the request, if one was
    /// in flight. Any part of the response that has arrived still counts.
    Cancelled(Option<SendContext>),
}

impl Event {
    /// The same event with a response as the core keeps it.
    pub(crate) fn received(self) -> Event<Arrived> {
        match self {
            Self::Begin(seed) => Event::Begin(seed),
            Self::Key(key) => Event::Key(key),
            Self::Response(outcome) => Event::Response(outcome.map(Arrived::from)),
            Self::Slept => Event::Slept,
            Self::Answer(answer) => Event::Answer(answer),
            Self::Cancelled(context) => Event::Cancelled(context),
        }
    }
}

/// A response may contain a secret.
impl<R> fmt::Debug for Event<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Begin(_) => "Begin",
            Self::Key(_) => "Key",
            Self::Response(_) => "Response",
            Self::Slept => "Slept",
            Self::Answer(_) => "Answer",
            Self::Cancelled(_) => "Cancelled",
        })
    }
}

/// The further methods of a machine that the clients need.
pub(crate) trait Driven: Machine {
    /// [`Machine::resume`] for the clients.
    fn step(
        &mut self,
        event: Event<Arrived>,
        elapsed: Duration,
    ) -> Action<Self::Output, Self::Question>;

    /// [`Machine::request`] for the clients; `None` if there is nothing to send.
    fn outgoing(&mut self) -> Option<Outgoing>;

    /// Draws the machine's seed; reads the clock only if needed.
    fn seed(&self, draw: impl Fn() -> u64, clock: impl FnOnce() -> Option<SystemTime>) -> Seed;

    /// Reads the clock if this event needs the time and the seed had none.
    fn note_time(
        &mut self,
        event: &Event<Arrived>,
        elapsed: Duration,
        clock: impl FnOnce() -> Option<SystemTime>,
    );

    /// Called when the driver is dropped while a request is in flight.
    fn dropped(&mut self, nothing_sent: bool);

    /// The span of the call whose action is being carried out, unless already entered.
    fn span(&self) -> Span;
}
