//! Where the code of a workflow and its driver meet.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::rotate::rotation_handler::Question;
use crate::call::{Error, Response};
use crate::operation::{AnyOperation, AnyOutput};
use crate::transport::BoxError;
use crate::types::ApiKey;

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

/// Where code and driver meet. At most one wish is open, and its reply comes
/// into the field of its kind.
pub(super) struct Slot {
    pub(super) wish: Option<Wish>,
    pub(super) sent: Option<Result<Response<AnyOutput>, Error>>,
    pub(super) paused: Option<Result<(), Error>>,
    pub(super) asked: Option<Result<bool, BoxError>>,
    pub(super) elapsed: Duration,
}

impl Default for Slot {
    fn default() -> Self {
        Self { wish: None, sent: None, paused: None, asked: None, elapsed: Duration::ZERO }
    }
}

pub(super) enum Wish {
    Send(Box<Order>),
    Pause(Duration),
    Ask(Question),
}

/// Nothing panics while it holds the lock.
pub(super) fn lock(slot: &Mutex<Slot>) -> MutexGuard<'_, Slot> {
    slot.lock().unwrap_or_else(PoisonError::into_inner)
}
