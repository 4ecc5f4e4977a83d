//! `check_key`: whether the client's key is of the required kind.
//!
//! ```text
//!  GET /key ──┬─ it is of this kind, or the response does not say ──▶ done: its metadata
//!             └─ it is of the other ──▶ an error that says where to get one
//! ```

use super::context::Context;
use super::definition::Workflow;
use super::machine::WorkflowMachine;
use crate::call::{Error, ErrorKind};
use crate::config::{CallOptions, Config};
use crate::operation::GetCurrentKeyMetadata;
use crate::types::{CurrentKey, KeyKind};

/// Checks the kind of the client's key with one request, before the work begins.
///
/// With the wrong kind, the first real call would fail too, with
/// [`ApiError::key_kind`](crate::error::ApiError::key_kind) if the API's message names the kind.
///
/// Returns [`ErrorKind::WrongKeyKind`] if the key is of the other kind. An older response that
/// does not name the kind passes; [`CurrentKey::manages_keys`](crate::CurrentKey::manages_keys) is
/// then `None`.
///
/// ```no_run
/// # async fn f(client: openrouter_keys_core::Client) -> Result<(), openrouter_keys_core::Error> {
/// use openrouter_keys_core::types::KeyKind;
///
/// client.check_key(KeyKind::Management).await?;
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug)]
#[must_use = "a workflow does nothing until it is run"]
pub struct CheckKey {
    needed: KeyKind,
}

impl CheckKey {
    /// Checks for this kind.
    pub fn new(needed: KeyKind) -> Self {
        Self { needed }
    }
}

impl Workflow for CheckKey {
    type Output = CurrentKey;

    fn name(&self) -> &'static str {
        "check_key"
    }

    fn begin(self, config: &Config, options: &CallOptions) -> WorkflowMachine<CurrentKey> {
        let name = self.name();
        WorkflowMachine::new(name, config, options, |context| async move {
            check(&context, self.needed)
                .await
                .map_err(|error| error.of_workflow(context.name(), None))
        })
    }
}

async fn check(context: &Context, needed: KeyKind) -> Result<CurrentKey, Error> {
    let key = context.send(GetCurrentKeyMetadata).await?.output;
    let is = match key.manages_keys() {
        Some(true) => KeyKind::Management,
        Some(false) => KeyKind::Inference,
        None => needed,
    };
    if is == needed {
        return Ok(key);
    }
    Err(Error::unsent(context.name(), ErrorKind::WrongKeyKind { is, needed }))
}
