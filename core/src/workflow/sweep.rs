//! `sweep`: deletes the keys that lost creates left behind, by their marked
//! names.
//!
//! ```text
//!  list every key of the workspaces ──▶ delete each that has one of the names ──▶ done: what was deleted
//! ```

use super::marker::check_marked;
use super::{Desk, Opening, Turn, Workflow, turn};
use crate::error::{Error, ErrorKind};
use crate::key::Key;
use crate::operation::{Delete, List};
use crate::pages::Pages;

/// Deletes every key that has one of these names exactly, disabled and expired
/// ones included.
///
/// Only names with a marker are taken, as
/// [`CreateReconciled`](crate::CreateReconciled) reports them: nothing that
/// somebody named by hand can be deleted by mistake.
///
/// ```no_run
/// # async fn f(client: openrouter_keys_core::Client) -> Result<(), openrouter_keys_core::Error> {
/// use openrouter_keys_core::Sweep;
///
/// let names = std::fs::read_to_string("to-sweep.txt").unwrap_or_default();
/// let swept = client.sweep(Sweep::new(names.lines())).await?;
/// println!("{} deleted, {} not", swept.deleted.len(), swept.failed.len());
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
#[must_use = "a workflow does nothing until it is run"]
pub struct Sweep {
    names: Vec<String>,
    workspaces: Vec<String>,
}

impl Sweep {
    /// Sweeps these names in the default workspace.
    pub fn new<T: Into<String>>(names: impl IntoIterator<Item = T>) -> Self {
        Self { names: names.into_iter().map(Into::into).collect(), workspaces: Vec::new() }
    }

    /// The workspaces (UUIDs) to sweep, in place of the default one.
    pub fn workspaces<T: Into<String>>(mut self, ids: impl IntoIterator<Item = T>) -> Self {
        self.workspaces = ids.into_iter().map(Into::into).collect();
        self
    }
}

/// What a sweep came to.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Swept {
    /// The keys that were deleted.
    pub deleted: Vec<Key>,
    /// The keys that were found and could not be deleted, each with the reason.
    pub failed: Vec<(Key, Error)>,
    /// The names under which no key was found.
    pub absent: Vec<String>,
}

impl Workflow for Sweep {
    type Output = Swept;

    fn name(&self) -> &'static str {
        "sweep"
    }

    fn begin(self, opening: Opening) -> Turn<Swept> {
        let name = self.name();
        if let Some(refused) = self.names.iter().find_map(|name| check_marked(name).err()) {
            return Turn::Done(Err(Error::unsent(name, ErrorKind::Build(refused))));
        }
        turn::begin(name, opening, |desk| async move { sweep(&desk, self).await })
    }
}

async fn sweep(desk: &Desk, Sweep { names, workspaces }: Sweep) -> Result<Swept, Error> {
    let mut swept = Swept::default();
    if names.is_empty() {
        return Ok(swept);
    }
    let everywhere = Pages::new(List::everything()).workspaces(workspaces);
    let found = delete_named(desk, everywhere, &names)
        .await
        .map_err(|error| error.of_workflow(desk.name(), None))?;
    let is_found =
        |name: &String| found.iter().any(|found| found.key.name.as_deref() == Some(name));
    swept.absent = names.iter().filter(|name| !is_found(name)).cloned().collect();
    for Found { key, deleted } in found {
        match deleted {
            Ok(()) => swept.deleted.push(key),
            Err(error) => swept.failed.push((key, error)),
        }
    }
    Ok(swept)
}

/// A key that has one of the names, and what became of its deletion.
pub(super) struct Found {
    pub(super) key: Key,
    pub(super) deleted: Result<(), Error>,
}

/// Deletes every key of the listing that has one of these names exactly.
pub(super) async fn delete_named(
    desk: &Desk,
    everywhere: Pages,
    names: &[String],
) -> Result<Vec<Found>, Error> {
    let is_named = |key: &Key| names.iter().any(|name| key.name.as_deref() == Some(name));
    let mut found = Vec::new();
    for key in desk.list_all(everywhere, &is_named).await?.keys {
        let deleted = delete(desk, &key).await;
        found.push(Found { key, deleted });
    }
    Ok(found)
}

/// Deletes a key that was listed. One that is gone by then is deleted too.
pub(super) async fn delete(desk: &Desk, key: &Key) -> Result<(), Error> {
    let hash = match key.require_hash() {
        Ok(hash) => hash.clone(),
        Err(refused) => return Err(Error::unsent("delete", ErrorKind::Build(refused))),
    };
    match desk.send(Delete::new(hash)).await {
        Ok(_) => Ok(()),
        Err(error) if error.is_not_found() => Ok(()),
        Err(error) => Err(error),
    }
}
