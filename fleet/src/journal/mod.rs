//! Journals of events that one machine after another continues.

mod batch;
mod leased;
mod open;
mod writer;

pub use leased::Leased;
pub use open::OpenJournal;
pub use writer::Journal;
