//! What a machine and its driver say to each other: one protocol for calls and
//! workflows.

use std::convert::Infallible;
use std::fmt;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{Request, Response};

use super::error::Error;
use super::seed::Seed;
use super::trace::Span;
use crate::transport::{BoxError, SendContext, TransportError};
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
/// Time, chance, keys and responses come in as arguments, so a driver is a loop around
/// [`resume`](Self::resume). See the [module](crate::machine) for two.
pub trait Machine {
    /// What it comes to.
    type Output;
    /// What it asks its caller. A call asks nothing.
    type Question;

    /// Takes what came of the last action, `elapsed` after the beginning, and returns
    /// what to do next.
    fn resume(&mut self, event: Event, elapsed: Duration) -> Action<Self::Output, Self::Question>;

    /// The request of an [`Action::Send`], to be sent once. It is built here and not
    /// before: a driver that waits need not keep it. At any other time it is empty, and
    /// names no server.
    fn request(&mut self) -> Request<Bytes>;
}

/// What a machine wants done next.
#[derive(Debug)]
#[must_use = "a machine goes on only when its action is done"]
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

/// What resumes a machine: what came of its last action.
///
/// An event that does not match the action never makes a machine send a request again:
/// one that was under way counts as lost.
pub enum Event {
    /// The first event of all.
    Begin(Seed),
    /// The key, or the reason why there is none.
    Key(Result<ApiKey, BoxError>),
    /// What the transport returned.
    Response(Result<Response<Bytes>, TransportError>),
    /// The time has passed.
    Slept,
    /// The caller's answer.
    Answer(Result<bool, BoxError>),
    /// The caller cancelled during this action; with the exchange, if a request was
    /// under way. What has arrived of the response still counts.
    Cancelled(Option<SendContext>),
}

/// A response may hold a secret.
impl fmt::Debug for Event {
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

/// What the clients need of a machine besides.
pub(crate) trait Driven: Machine {
    /// The seed that the machine wants; the clock is read only if it has to be.
    fn seed(&self, draw: impl Fn() -> u64, clock: impl FnOnce() -> Option<SystemTime>) -> Seed;

    /// Reads the clock, if this event needs it and the machine began without.
    fn note_time(
        &mut self,
        event: &Event,
        elapsed: Duration,
        clock: impl FnOnce() -> Option<SystemTime>,
    );

    /// The driver is dropped while a request is on its way.
    fn dropped(&mut self, nothing_sent: bool);

    /// The span of the call whose action is under way, unless the driver is in it already.
    fn span(&self) -> Span;
}
