//! What a pass says on standard error while it works.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use openrouter_keys_fleet::{Event, Outcome, Row};
use openrouter_keys_native::workflow::{RotationEntry, RotationStep};

use crate::failure::message_of;
use crate::waiting::Waiting;
use crate::{rotations, text, units};

/// A line for each step, and for each rotation that does not end.
pub(super) fn observer(waiting: Waiting) -> impl Fn(Event<'_>) + Send + Sync + 'static {
    let seen: Mutex<BTreeMap<String, RotationStep>> = Mutex::default();
    move |event| match event {
        Event::Saved(entry) => {
            let old = entry.rotation.old.as_str().to_owned();
            let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
            // A claim saves the step of another pass once more.
            let is_claim = !entry.owner.is_empty() && !seen.contains_key(&old);
            let is_new = seen.insert(old, entry.rotation.step) != Some(entry.rotation.step);
            if is_new && !is_claim {
                say(&waiting, entry);
            }
        }
        Event::Ended(row) if !matches!(row.outcome, Outcome::Done { .. } | Outcome::Stopped) => {
            let what = match &row.outcome {
                Outcome::Waiting { left } => {
                    let left = units::roughly(left.as_secs());
                    format!("both keys exist; the next step is due in {left}")
                }
                Outcome::Failed(error) => message_of(error),
                outcome => outcome.to_string(),
            };
            waiting.say(&format!("{}: {what}", name_of(row)));
        }
        _ => {}
    }
}

fn say(waiting: &Waiting, entry: &RotationEntry) {
    let state = &entry.rotation;
    let name = state.name.as_deref().unwrap_or_else(|| state.old.as_str());
    if let Some(what) = rotations::progress(state, &entry.sink) {
        waiting.say(&format!("{}: {what}", text::visible(name)));
    }
}

/// The key's name, or its hash where it is not known.
pub(super) fn name_of(row: &Row) -> String {
    text::visible(row.name.as_deref().unwrap_or_else(|| row.old.as_str()))
}
