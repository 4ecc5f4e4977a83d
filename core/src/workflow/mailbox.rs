//! The mailbox between a workflow's code and its driver.

use std::convert::Infallible;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::rotate::rotation_handler::RotationEvent;
use crate::call::trace::Span;
use crate::call::{Action, Error, Event, Seed, trace};
use crate::transport::{Arrived, Outgoing};

/// Holds at most one open action, and the event that replies to it.
pub(super) struct Mailbox {
    pub(super) seed: Seed,
    /// The calls draw their random bits from it.
    pub(super) entropy: u64,
    pub(super) elapsed: Duration,
    pub(super) action: Option<Action<Infallible, RotationEvent>>,
    /// The request of an action that sends one.
    pub(super) request: Option<Box<Outgoing>>,
    /// The span of the call that the action belongs to.
    pub(super) span: Span,
    pub(super) event: Option<Event<Arrived>>,
    /// Set if the driver was dropped mid-request: whether nothing of the request was sent.
    pub(super) dropped: Option<bool>,
    /// How long the workflow is this program's, if another may continue it.
    pub(super) lease: Option<Lease>,
    /// Why the caller ended the workflow where it stands.
    pub(super) stop: Option<Error>,
}

/// A claim on a workflow that another program may continue once it ends.
#[derive(Clone, Copy)]
pub(super) struct Lease {
    /// How long each claim lasts.
    pub(super) time: Duration,
    /// When the last one ends, counted from the workflow's beginning.
    pub(super) end: Duration,
}

impl Default for Mailbox {
    fn default() -> Self {
        Self {
            seed: Seed::default(),
            entropy: 0,
            elapsed: Duration::ZERO,
            action: None,
            request: None,
            span: trace::no_span(),
            event: None,
            dropped: None,
            lease: None,
            stop: None,
        }
    }
}

/// Nothing panics while it holds the lock.
pub(super) fn lock(mailbox: &Mutex<Mailbox>) -> MutexGuard<'_, Mailbox> {
    mailbox.lock().unwrap_or_else(PoisonError::into_inner)
}
