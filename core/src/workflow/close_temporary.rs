//! `close_temporary`: deletes a temporary key, and whatever its create left behind.
//!
//! ```text
//!            ┌─ the hash is known ──▶ delete it ──▶ look once for unconfirmed names, if any ──▶ done
//!  close ────┤
//!            └─ it is not ──▶ look for the name now and after 2, 4, 8 s ──▶ delete what is found ──▶ done
//! ```

use std::fmt;

use super::context::Context;
use super::create_reconciled::LOOKS;
use super::definition::Workflow;
use super::machine::WorkflowMachine;
use super::marker::check_temporary;
use super::pages::Pages;
use super::sweep::{Found, delete_hash, delete_named};
use crate::call::{Error, ErrorKind, MayHaveCreated};
use crate::config::{CallOptions, Config};
use crate::operation::{List, Orphan};
use crate::redact::Masked;
use crate::types::{BuildError, KeyHash};

/// Deletes a temporary key: by its hash or, if its create's response had none, by its marked name.
///
/// [`TemporaryKey::close`](crate::client::TemporaryKey::close) runs it. Run it yourself to close a
/// key that another process created. Closing a key that is already gone succeeds, and so does
/// closing one without a hash that is in none of four listings within 14 s.
///
/// An error's [`may_have_created`](crate::Error::may_have_created) has what may be left: the name,
/// and the hash if it is known. Running it again is safe, and a key that is left stops working
/// when it expires.
///
/// ```no_run
/// # async fn f(client: openrouter_keys_core::Client, name: String) -> Result<(), openrouter_keys_core::Error> {
/// use openrouter_keys_core::workflow::CloseTemporary;
///
/// client.run(CloseTemporary::named(name)).await?;
/// # Ok(()) }
/// ```
#[derive(Clone)]
#[must_use = "a workflow does nothing until it is run"]
pub struct CloseTemporary {
    name: String,
    hash: Option<KeyHash>,
    workspace_id: Option<String>,
    unconfirmed: Vec<String>,
    max_requests: Option<u64>,
}

impl fmt::Debug for CloseTemporary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CloseTemporary")
            .field("name", &Masked(&self.name))
            .field("hash", &self.hash)
            .field("unconfirmed", &Masked(&self.unconfirmed))
            .finish_non_exhaustive()
    }
}

impl CloseTemporary {
    /// Closes the key with this marked name:
    /// [`TemporaryKeyInfo::name`](crate::workflow::TemporaryKeyInfo).
    ///
    /// A name without a temporary key's marker is refused when the workflow is run.
    pub fn named(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            hash: None,
            workspace_id: None,
            unconfirmed: Vec::new(),
            max_requests: None,
        }
    }

    /// The key's hash, which saves searching for the name.
    pub fn hash(mut self, hash: KeyHash) -> Self {
        self.hash = Some(hash);
        self
    }

    /// The workspace (a UUID) to search, instead of the default one.
    pub fn workspace_id(mut self, id: impl Into<String>) -> Self {
        self.workspace_id = Some(id.into());
        self
    }

    /// Names under which the create may have left more keys: any that are found are deleted.
    pub fn unconfirmed<T: Into<String>>(mut self, names: impl IntoIterator<Item = T>) -> Self {
        self.unconfirmed = names.into_iter().map(Into::into).collect();
        self
    }

    /// How many requests each of its listings may take: see
    /// [`Pages::max_requests`](crate::workflow::Pages::max_requests).
    pub fn max_requests(mut self, requests: u64) -> Self {
        self.max_requests = Some(requests);
        self
    }

    fn check(&self) -> Result<(), BuildError> {
        check_temporary(&self.name)?;
        self.unconfirmed.iter().try_for_each(|name| check_temporary(name))
    }

    /// The keys that an error may leave behind: the one with this name, and others.
    fn left(&self, name: &str, hash: Option<KeyHash>, others: Vec<String>) -> MayHaveCreated {
        let orphan = Orphan { name, workspace_id: self.workspace_id.as_deref() };
        MayHaveCreated { others, ..MayHaveCreated::known(Some(orphan), hash) }
    }

    fn everywhere(&self) -> Pages {
        Pages::new(match &self.workspace_id {
            Some(id) => List::everything().workspace_id(id.as_str()),
            None => List::everything(),
        })
    }
}

impl Workflow for CloseTemporary {
    type Output = ();

    fn name(&self) -> &'static str {
        "close_temporary"
    }

    fn begin(self, config: &Config, options: &CallOptions) -> WorkflowMachine<()> {
        let name = self.name();
        if let Err(refused) = self.check() {
            return WorkflowMachine::refused(name, ErrorKind::Build(refused));
        }
        WorkflowMachine::new(name, config, options, |context| async move {
            let context = context.listing_with(self.max_requests);
            close(&context, &self).await.map_err(|(error, left)| {
                let is_retryable = error.is_retryable();
                error.of_workflow(context.name(), Some(left)).repeatable(is_retryable)
            })
        })
    }
}

async fn close(context: &Context, closing: &CloseTemporary) -> Result<(), (Error, MayHaveCreated)> {
    let CloseTemporary { name, hash, unconfirmed, .. } = closing;
    let mut names = unconfirmed.clone();
    let mut pauses = LOOKS.iter();
    match hash {
        Some(hash) => {
            if let Err(error) = delete_hash(context, hash).await {
                return Err((error, closing.left(name, Some(hash.clone()), names)));
            }
        }
        None => names.insert(0, name.clone()),
    }
    while !names.is_empty() {
        for Found { key, deleted } in look(context, closing, &names).await? {
            let found = key.name.as_deref().unwrap_or_default();
            names.retain(|name| name != found);
            if let Err(error) = deleted {
                return Err((error, closing.left(found, key.hash.get().cloned(), names)));
            }
        }
        let is_missing = hash.is_none() && names.contains(name);
        let Some(pause) = pauses.next().filter(|_| is_missing) else {
            break;
        };
        if let Err(cancelled) = context.pause(*pause).await {
            return Err((cancelled, closing.left(name, None, others(&names))));
        }
    }
    Ok(())
}

async fn look(
    context: &Context,
    closing: &CloseTemporary,
    names: &[String],
) -> Result<Vec<Found>, (Error, MayHaveCreated)> {
    delete_named(context, closing.everywhere(), names).await.map_err(|error| {
        let first = names.first().map(String::as_str).unwrap_or_default();
        (error, closing.left(first, None, others(names)))
    })
}

/// All names but the first.
fn others(names: &[String]) -> Vec<String> {
    names.get(1..).unwrap_or_default().to_vec()
}
