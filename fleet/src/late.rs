//! Keys that nobody has, which appear after their rotation was done.

use std::collections::BTreeSet;

use openrouter_keys_core::error::BoxError;
use openrouter_keys_core::workflow::{RotationStore as _, Sweep};
use openrouter_keys_core::{Client, KeyHash, Timestamp};

use crate::store::Store;

/// How long such a key may take to appear, in seconds.
const LONGEST: i64 = 24 * 60 * 60;

#[derive(Debug, Default)]
pub(crate) struct LateSwept {
    /// The names of the keys that were deleted.
    pub(crate) deleted: Vec<String>,
    pub(crate) failed: Option<BoxError>,
}

/// Looks for them by their marked names, and deletes them.
pub(crate) async fn sweep(
    client: &Client,
    now: Option<Timestamp>,
    store: &Store,
    late: Vec<KeyHash>,
) -> LateSwept {
    let mut swept = LateSwept::default();
    if let Err(cause) = sweep_all(client, now, store, late, &mut swept).await {
        swept.failed = Some(cause);
    }
    swept
}

async fn sweep_all(
    client: &Client,
    now: Option<Timestamp>,
    store: &Store,
    late: Vec<KeyHash>,
    swept: &mut LateSwept,
) -> Result<(), BoxError> {
    let now = now.as_ref().map(Timestamp::unix_seconds);
    let (mut names, mut workspaces) = (Vec::new(), BTreeSet::new());
    let mut over = Vec::new();
    for old in late {
        let mut log = store.log(&old);
        let Some(entry) = log.load().await? else { continue };
        let state = entry.rotation;
        let is_over =
            now.zip(state.since).is_some_and(|(now, since)| now.saturating_sub(since) > LONGEST);
        if is_over {
            over.push((log, state.unconfirmed.clone()));
        }
        let key = state.old_key.as_deref();
        workspaces.extend(key.and_then(|key| key.workspace_id.get().cloned()));
        names.extend(state.unconfirmed);
    }
    if names.is_empty() {
        return Ok(());
    }
    let found = client.sweep(Sweep::new(names).workspaces(workspaces)).await?;
    let name_of = |key: &openrouter_keys_core::Key| key.name.as_deref().map(str::to_owned);
    swept.deleted = found.deleted.iter().filter_map(name_of).collect();
    let kept: Vec<String> = found.failed.iter().filter_map(|(key, _)| name_of(key)).collect();
    for (log, names) in over {
        if !names.iter().any(|name| kept.contains(name)) {
            log.forget_late().await?;
        }
    }
    match found.failed.into_iter().next() {
        Some((_, error)) => Err(error.into()),
        None => Ok(()),
    }
}
