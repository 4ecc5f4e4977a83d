//! The keys that a TOML file asks for, and how they differ from those that exist.

mod difference;
mod file;
mod journal;

pub(crate) use difference::{Action, Existing, Step, compare};
pub(crate) use file::{Wanted, WantedFile, render};
pub(crate) use journal::Journal;
