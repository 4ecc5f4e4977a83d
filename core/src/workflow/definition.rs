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
//! replies to its turns ([`Desk`](super::context::Desk)), so that its steps read from top to bottom.

use super::machine::Turn;
use super::opening::Opening;
use crate::transport::MaybeSend;

/// A job of several operations, as data.
///
/// ```
/// use openrouter_keys_core::machine::{Opening, Turn};
/// use openrouter_keys_core::operation::Operation;
/// use openrouter_keys_core::workflow::{Sweep, Workflow};
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
