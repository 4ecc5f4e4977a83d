//! Keys that a killed run of a rotation created after the next run had looked for them.

use openrouter_keys_native::Client;
use openrouter_keys_native::workflow::Sweep;

use super::folder::{Folder, Saved};
use crate::app::App;
use crate::failure::Result;
use crate::{signal, text, units};

/// How long such a key may take to appear, in seconds.
const LONGEST: i64 = 24 * 60 * 60;

/// Looks for them again, by their marked names, and deletes them.
pub(crate) async fn sweep_late(app: &App, client: &Client, folder: &Folder) -> Result<()> {
    for saved in folder.late(app)? {
        // Another process is doing it.
        let Some(_lock) = folder.try_lock(&saved.rotation.old)? else { continue };
        if let Err(failure) = sweep(app, client, folder, saved).await {
            app.waiting.warn(&format!("warning: {}", failure.message));
        }
    }
    Ok(())
}

async fn sweep(app: &App, client: &Client, folder: &Folder, mut saved: Saved) -> Result<()> {
    let rotation = &mut saved.rotation;
    let old = rotation.old_key.as_ref();
    let workspace = old.and_then(|key| key.workspace_id.get().cloned());
    let sweep = Sweep::new(rotation.unconfirmed.clone()).workspaces(workspace);
    let swept = client.sweep(sweep).cancel_on(signal::stopped()).await?;
    for key in &swept.deleted {
        let name = text::visible(key.name.as_deref().unwrap_or_default());
        app.waiting.say(&format!("deleted the key {name}, whose secret was lost"));
    }
    let failed = swept.failed.into_iter().filter_map(|(key, _)| key.name.into_option());
    let since = rotation.since.unwrap_or_default();
    rotation.unconfirmed = if units::now().saturating_sub(since) < LONGEST {
        swept.absent.into_iter().chain(failed).collect()
    } else {
        failed.collect()
    };
    folder.set_late(&saved)
}
