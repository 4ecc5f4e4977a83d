//! The files of wire vectors, compiled in: a page has no folder to read.

use crate::vectors::Vector;

/// A file of vectors.
pub struct VectorFile {
    /// Its name in `tests/vectors`.
    pub name: &'static str,
    /// The number of vectors below which some were lost.
    pub least: usize,
    text: &'static str,
}

impl VectorFile {
    /// Its vectors.
    ///
    /// # Errors
    ///
    /// If it is not of the format.
    pub fn vectors(&self) -> Result<Vec<Vector>, String> {
        serde_json::from_str(self.text).map_err(|error| format!("{}: {error}", self.name))
    }
}

macro_rules! files {
    ($($name:literal: $least:literal,)*) => {
        /// Every file; a test holds the list against the folder.
        pub const FILES: &[VectorFile] = &[$(VectorFile {
            name: $name,
            least: $least,
            text: include_str!(concat!("../vectors/", $name)),
        },)*];
    };
}

files! {
    "answers-create.json": 40,
    "answers-current-key.json": 20,
    "answers-delete.json": 20,
    "answers-drift.json": 40,
    "answers-key.json": 50,
    "answers-unreadable.json": 50,
    "arrived.json": 100,
    "errors.json": 50,
    "failures.json": 90,
    "redirects.json": 50,
    "refusals.json": 140,
    "requests.json": 90,
    "retries.json": 120,
    "statuses.json": 170,
}
