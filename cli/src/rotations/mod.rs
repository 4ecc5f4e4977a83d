//! Rotations that outlive a run of this program: their files, their locks, their sinks. The
//! rotation itself is the library's.

mod folder;
mod handler;
mod job;
mod late;

pub(crate) use folder::{Folder, Saved};
pub(crate) use job::{Done, Job};
pub(crate) use late::sweep_late;

use openrouter_keys_native::workflow::{Rotation, RotationStep};

use crate::units;

/// What has just been done, and what comes next, if that is worth a line.
pub(crate) fn progress(state: &Rotation, place: &str) -> Option<String> {
    let time = |ms: u64| units::roughly(ms / 1000);
    Some(match state.step {
        RotationStep::Creating => "creating the new key".to_owned(),
        RotationStep::HandedOver if state.leaked || (state.grace_ms, state.quiet_ms) == (0, 0) => {
            format!("the new key went to {place}")
        }
        RotationStep::HandedOver => format!(
            "the new key went to {place}; both keys work for {}, then until the old one is unused \
             for {}",
            time(state.grace_ms),
            time(state.quiet_ms)
        ),
        RotationStep::Disabled if state.watch_ms > 0 => format!(
            "the old key is disabled; it is deleted in {} unless somebody enables it",
            time(state.watch_ms)
        ),
        RotationStep::Deleted => "the old key is deleted".to_owned(),
        _ => return None,
    })
}

/// The last completed step in a few words.
pub(crate) fn step_in_words(state: &Rotation) -> &'static str {
    match state.step {
        RotationStep::Begun => "begun",
        RotationStep::Creating => "creating the new key",
        RotationStep::HandingOver => "storing the new key",
        RotationStep::HandedOver => "new key stored, both work",
        RotationStep::Disabled => "old key disabled",
        RotationStep::Deleted => "old key deleted",
        RotationStep::Done => "done",
        _ => "unknown",
    }
}
