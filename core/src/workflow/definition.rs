//! Jobs of several operations: what people do with the API, made safe.
//!
//! A workflow is a machine without I/O, as a single call is. Where a call asks
//! for one request after another, a workflow asks for one [`Turn`] after
//! another: an operation to send, a pause to wait, a question to its caller.
//!
//! ```text
//!   Workflow::begin(opening)
//!            │
//!            ▼
//!   ┌───▶ Turn::Send ──── the client sends the operation ── Sent::outcome ───┐
//!   ├───▶ Turn::Pause ─── the client waits ─────────────── Pausing::over ───┤
//!   ├───▶ Turn::Ask ───── the caller's KeyHolder answers ─ Asked::answered ─┤
//!   │        │                                                              │
//!   └────────┼──────────────────────────────────────────────────────────────┘
//!            ▼
//!   Turn::Done(result)
//! ```
//!
//! The clients' `run` is the loop around it, async and blocking. Retries are
//! those of each call: a workflow has none of its own.
//!
//! Inside, a workflow is written as an `async` block that awaits nothing but the
//! replies to its turns ([`Desk`]), so that its steps read from top to bottom.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::SystemTime;

use super::machine::Turn;

use super::context::Desk;

use crate::transport::MaybeSend;

/// What a workflow needs from the world at its beginning.
#[derive(Clone, Copy, Debug, Default)]
pub struct Opening {
    /// Random bits, for the markers of names.
    pub entropy: u128,
    /// The time of day, if it is known.
    pub wall_clock: Option<SystemTime>,
}

impl Opening {
    /// An opening of two draws of entropy.
    ///
    /// Calls with the same marker would take each other's keys for their own, and
    /// a transport's entropy may be poor: no two calls of a process begin alike,
    /// nor do two of different processes, unless their clocks say the same.
    pub(crate) fn drawn(draws: [u64; 2], wall_clock: Option<SystemTime>) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = u64::from(NUMBER.fetch_add(1, Ordering::Relaxed));
        let time = wall_clock.and_then(|now| now.duration_since(SystemTime::UNIX_EPOCH).ok());
        let seconds = time.map_or(0, |time| time.as_secs());
        let nanos = time.map_or(0, |time| u64::from(time.subsec_nanos()));
        let [high, low] = draws;
        let (high, low) = (high ^ seconds.rotate_left(32) ^ nanos, low ^ number);
        Self { entropy: u128::from(high).rotate_left(64) | u128::from(low), wall_clock }
    }
}

/// A job of several operations, as data.
///
/// ```
/// use openrouter_keys_core::{Opening, Operation, Sweep, Turn, Workflow};
///
/// let name = "ci #0123456789abcdef0123456789abcdef";
/// let turn = Sweep::new([name]).begin(Opening::default());
///
/// let Turn::Send(sending) = turn else { panic!("it lists the keys first") };
/// let (order, reply) = sending.into_parts();
/// assert_eq!(order.operation.name(), "list");
/// # let _ = reply;
/// ```
#[must_use = "a workflow does nothing until it is run"]
pub trait Workflow {
    /// What it comes to.
    type Output: MaybeSend + 'static;

    /// The workflow's name in errors and traces.
    fn name(&self) -> &'static str;

    /// Checks the arguments and takes the first turn.
    fn begin(self, opening: Opening) -> Turn<Self::Output>;
}
