//! The trait of workflows.
//!
//! A workflow is a [`Machine`](crate::machine::Machine) without I/O, like a single call, with the
//! same protocol: it sends an operation by running that call's machine inside itself, so its
//! driver sees only requests, pauses and questions.
//!
//! ```text
//!   driver ──Event──▶ WorkflowMachine::resume ──▶ the workflow's code
//!     ▲                                             │ context.send(operation)
//!     │                                             ▼
//!     └──Action─── mailbox ◀───────────────── CallMachine::resume
//! ```
//!
//! Each call has its usual retries; a workflow adds none. Its code is an `async` block that awaits
//! only its [`Context`](super::context::Context), so its steps read from top to bottom.

use super::machine::WorkflowMachine;
use crate::config::{CallOptions, Config};
use crate::transport::MaybeSend;

/// A multi-request workflow, as data.
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
    /// The workflow's result.
    type Output: MaybeSend + 'static;

    /// The workflow's name in errors and traces.
    fn name(&self) -> &'static str;

    /// Checks the arguments and returns the machine, whose calls use these settings.
    fn begin(self, config: &Config, options: &CallOptions) -> WorkflowMachine<Self::Output>;
}
