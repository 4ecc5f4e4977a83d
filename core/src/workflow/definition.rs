//! Jobs of several operations: what people do with the API, made safe.
//!
//! A workflow is a [`Machine`](crate::machine::Machine) without I/O, as a single call is,
//! with the same protocol: it sends an operation by running the machine of that call inside
//! itself, so that its driver sees requests, pauses and questions only.
//!
//! ```text
//!   driver ──Event──▶ WorkflowMachine::resume ──▶ the workflow's code
//!     ▲                                             │ context.send(operation)
//!     │                                             ▼
//!     └──Action─── mailbox ◀───────────────── CallMachine::resume
//! ```
//!
//! Retries are those of each call: a workflow has none of its own.
//!
//! Inside, a workflow is written as an `async` block that awaits nothing but its
//! [`Context`](super::context::Context), so that its steps read from top to bottom.

use super::machine::WorkflowMachine;
use crate::config::{CallOptions, Config};
use crate::transport::MaybeSend;

/// A job of several operations, as data.
///
/// ```
/// use std::time::Duration;
/// use openrouter_keys_core::machine::{Action, Event, Machine, Seed};
/// use openrouter_keys_core::workflow::{Sweep, Workflow};
/// use openrouter_keys_core::{ApiKey, CallOptions, Config};
///
/// let name = "ci #0123456789abcdef0123456789abcdef";
/// let mut sweep = Sweep::new([name]).begin(&Config::new(), &CallOptions::new());
///
/// let action = sweep.resume(Event::Begin(Seed::default()), Duration::ZERO);
/// assert!(matches!(action, Action::Authenticate(_)));
/// let key = ApiKey::new("sk-or-v1-0123456789abcdef")?;
/// let action = sweep.resume(Event::Key(Ok(key)), Duration::ZERO);
/// assert!(matches!(action, Action::Send(_)));
/// // It lists the keys first.
/// assert_eq!(sweep.request().uri().path(), "/api/v1/keys");
/// # Ok::<(), openrouter_keys_core::error::BuildError>(())
/// ```
#[must_use = "a workflow does nothing until it is run"]
pub trait Workflow {
    /// What it comes to.
    type Output: MaybeSend + 'static;

    /// The workflow's name in errors and traces.
    fn name(&self) -> &'static str;

    /// Checks the arguments, and makes the machine whose calls have these settings.
    fn begin(self, config: &Config, options: &CallOptions) -> WorkflowMachine<Self::Output>;
}
