//! The files of wire vectors, compiled in because a web page cannot read files.

use serde_json::Value;

use crate::tables;
use crate::vectors::Vector;

/// Values that every vector may name.
pub const SHARED: &str = include_str!("../vectors/shared/values.json");

/// A file of vectors.
pub struct VectorFile {
    /// Its name in `tests/vectors`.
    pub name: &'static str,
    /// The minimum number of vectors, to notice lost ones.
    pub least: usize,
    text: &'static str,
}

impl VectorFile {
    /// Its vectors, with tables expanded.
    ///
    /// # Errors
    ///
    /// If the file does not follow the format.
    pub fn vectors(&self) -> Result<Vec<Vector>, String> {
        let wrong = |error: String| format!("{}: {error}", self.name);
        tables::expand(self.text, SHARED)
            .map_err(wrong)?
            .into_iter()
            .map(|vector| {
                let name = vector.get("name").map(Value::to_string).unwrap_or_default();
                serde_json::from_value(vector).map_err(|error| wrong(format!("{name}: {error}")))
            })
            .collect()
    }
}

macro_rules! files {
    ($($name:literal: $least:literal,)*) => {
        /// Every file; a test compares the list with the folder.
        pub const FILES: &[VectorFile] = &[$(VectorFile {
            name: $name,
            least: $least,
            text: include_str!(concat!("../vectors/", $name)),
        },)*];
    };
}

files! {
    "responses-create.json": 47,
    "responses-current-key.json": 21,
    "responses-delete.json": 20,
    "responses-drift.json": 42,
    "responses-key.json": 53,
    "responses-unreadable.json": 55,
    "arrived.json": 236,
    "errors.json": 84,
    "failures.json": 96,
    "redirects.json": 54,
    "refusals.json": 202,
    "requests.json": 103,
    "retries.json": 129,
    "statuses.json": 250,
}
