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
