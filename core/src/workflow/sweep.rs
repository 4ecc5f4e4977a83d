//! `sweep`: deletes the keys that lost creates left behind, by their marked names, or expired
//! temporary keys.
//!
//! ```text
//!                                      ┌─ those with one of the names ──┐
//!  list every key of the workspaces ───┤                                ├─▶ delete ──▶ done: what was deleted
//!                                      └─ or the expired temporary ones ┘
//! ```

use std::fmt;

use super::context::{Context, Listed};
use super::definition::Workflow;
use super::machine::WorkflowMachine;
use super::marker::{Kind, check_marked};
use super::pages::Pages;
use crate::call::{Error, ErrorKind};
use crate::config::{CallOptions, Config};
use crate::operation::{Delete, List};
use crate::redact::Masked;
use crate::types::{BuildError, BuildErrorKind, Key, KeyHash, Timestamp};

/// Deletes keys by their markers, including disabled and expired ones: every key with exactly one
/// of the given names, or every expired temporary key.
///
/// Names without a marker are refused, so that no key that somebody named by hand can be deleted
/// by mistake. [`CreateReconciled`](crate::workflow::CreateReconciled) and
/// [`Temporary`](crate::workflow::Temporary) report names with markers.
///
/// ```no_run
/// # async fn f(client: openrouter_keys_core::Client) -> Result<(), openrouter_keys_core::Error> {
/// use openrouter_keys_core::workflow::Sweep;
///
/// let names = std::fs::read_to_string("to-sweep.txt").unwrap_or_default();
/// let swept = client.sweep(Sweep::new(names.lines())).await?;
/// println!("{} deleted, {} not", swept.deleted.len(), swept.failed.len());
///
/// // For processes that died:
/// client.sweep(Sweep::temporary()).await?;
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
#[must_use = "a workflow does nothing until it is run"]
pub struct Sweep {
    what: What,
    workspaces: Vec<String>,
    max_requests: Option<u64>,
}

#[derive(Clone)]
enum What {
    Named(Vec<String>),
    Temporary,
}

impl fmt::Debug for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Named(names) => f.debug_tuple("Named").field(&Masked(names)).finish(),
            Self::Temporary => f.write_str("Temporary"),
        }
    }
}

impl Sweep {
    /// Sweeps these names in the default workspace, including temporary keys that have not expired.
    pub fn new<T: Into<String>>(names: impl IntoIterator<Item = T>) -> Self {
        let what = What::Named(names.into_iter().map(Into::into).collect());
        Self { what, workspaces: Vec::new(), max_requests: None }
    }

    /// Sweeps the expired temporary keys of the default workspace, whoever created them.
    ///
    /// Such a key has the marker of a [`Temporary`](crate::workflow::Temporary) and an `expires_at`
    /// that is past by the server's clock or, if the response has no `Date`, by this machine's. One
    /// that has not expired is left alone, and so is one without an expiry: see [`Swept::endless`].
    pub fn temporary() -> Self {
        Self { what: What::Temporary, workspaces: Vec::new(), max_requests: None }
    }

    /// The workspaces (UUIDs) to sweep, instead of the default one.
    pub fn workspaces<T: Into<String>>(mut self, ids: impl IntoIterator<Item = T>) -> Self {
        self.workspaces = ids.into_iter().map(Into::into).collect();
        self
    }

    /// How many requests each of its listings may take: see
    /// [`Pages::max_requests`](crate::workflow::Pages::max_requests).
    pub fn max_requests(mut self, requests: u64) -> Self {
        self.max_requests = Some(requests);
        self
    }
}

/// The result of a sweep.
#[derive(Default)]
#[non_exhaustive]
pub struct Swept {
    /// The keys that were deleted.
    pub deleted: Vec<Key>,
    /// The keys that could not be deleted, each with the reason.
    pub failed: Vec<(Key, Error)>,
    /// The names under which no key was found.
    pub absent: Vec<String>,
    /// The keys that [`Sweep::temporary`] left alone although they have the marker: their
    /// `expires_at` is `null`, missing or not a valid time, so they may never expire.
    pub endless: Vec<Key>,
}

impl fmt::Debug for Swept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Swept")
            .field("deleted", &self.deleted)
            .field("failed", &self.failed)
            .field("absent", &Masked(&self.absent))
            .field("endless", &self.endless)
            .finish()
    }
}

impl Swept {
    fn add(&mut self, key: Key, deleted: Result<(), Error>) {
        match deleted {
            Ok(()) => self.deleted.push(key),
            Err(error) => self.failed.push((key, error)),
        }
    }
}

impl Workflow for Sweep {
    type Output = Swept;

    fn name(&self) -> &'static str {
        "sweep"
    }

    fn begin(self, config: &Config, options: &CallOptions) -> WorkflowMachine<Swept> {
        let name = self.name();
        if let What::Named(names) = &self.what {
            if let Some(refused) = names.iter().find_map(|name| check_marked(name).err()) {
                return WorkflowMachine::refused(name, ErrorKind::Build(refused));
            }
        }
        WorkflowMachine::new(name, config, options, |context| async move {
            let context = context.listing_with(self.max_requests);
            sweep(&context, self).await.map_err(|error| error.of_workflow(context.name(), None))
        })
    }
}

async fn sweep(context: &Context, Sweep { what, workspaces, .. }: Sweep) -> Result<Swept, Error> {
    let everywhere = Pages::new(List::everything()).workspaces(workspaces);
    match what {
        What::Named(names) if names.is_empty() => Ok(Swept::default()),
        What::Named(names) => sweep_named(context, everywhere, &names).await,
        What::Temporary => sweep_expired(context, everywhere).await,
    }
}

async fn sweep_named(
    context: &Context,
    everywhere: Pages,
    names: &[String],
) -> Result<Swept, Error> {
    let mut swept = Swept::default();
    let found = delete_named(context, everywhere, names).await?;
    let is_found =
        |name: &String| found.iter().any(|found| found.key.name.as_deref() == Some(name));
    swept.absent = names.iter().filter(|name| !is_found(name)).cloned().collect();
    for Found { key, deleted } in found {
        swept.add(key, deleted);
    }
    Ok(swept)
}

async fn sweep_expired(context: &Context, everywhere: Pages) -> Result<Swept, Error> {
    let mut swept = Swept::default();
    let is_temporary = |key: &Key| key.name.as_deref().and_then(Kind::of) == Some(Kind::Temporary);
    let Listed { keys, date, .. } = context.list_all(everywhere, &is_temporary).await?;
    let Some(now) = date.and_then(|date| Timestamp::from_unix(date, 0).ok()) else {
        let refused = BuildError::new(
            BuildErrorKind::Transport,
            "cannot tell which keys have expired: no clock is available from the server or the transport",
        );
        return Err(Error::unsent(context.name(), ErrorKind::Build(refused)));
    };
    for key in keys {
        match key.expires_at.get() {
            Some(end) if *end <= now => {
                let deleted = delete(context, &key).await;
                swept.add(key, deleted);
            }
            Some(_) => {}
            None => swept.endless.push(key),
        }
    }
    Ok(swept)
}

/// A key with one of the names, and the result of its deletion.
pub(super) struct Found {
    pub(super) key: Key,
    pub(super) deleted: Result<(), Error>,
}

/// Deletes every listed key with exactly one of these names.
pub(super) async fn delete_named(
    context: &Context,
    everywhere: Pages,
    names: &[String],
) -> Result<Vec<Found>, Error> {
    let is_named = |key: &Key| names.iter().any(|name| key.name.as_deref() == Some(name));
    let mut found = Vec::new();
    for key in context.list_all(everywhere, &is_named).await?.keys {
        let deleted = delete(context, &key).await;
        found.push(Found { key, deleted });
    }
    Ok(found)
}

/// Deletes a listed key. It succeeds if the key is already gone.
pub(super) async fn delete(context: &Context, key: &Key) -> Result<(), Error> {
    match key.require_hash() {
        Ok(hash) => delete_hash(context, hash).await,
        Err(lacking) => Err(Error::unsent("delete", ErrorKind::Decode(lacking))),
    }
}

/// Deletes the key with this hash, if it still exists.
pub(super) async fn delete_hash(context: &Context, hash: &KeyHash) -> Result<(), Error> {
    match context.send(Delete::new(hash.clone())).await {
        Ok(_) => Ok(()),
        Err(error) if error.is_not_found() => Ok(()),
        Err(error) => Err(error),
    }
}
