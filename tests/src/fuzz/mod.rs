//! Fuzz targets: each takes any bytes, uses them as input from a server or a caller, and panics
//! if a promise is broken. `tests/fuzz` runs them with coverage for as long as you like,
//! `tests/tests/fuzz.rs` briefly.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    reason = "a panic is how a target fails"
)]

pub mod create;
pub mod current_key;
pub mod delete;
pub mod errors;
pub mod headers;
mod json;
pub mod key;
pub mod list;
pub mod mutation;
pub mod pages;
pub mod retry_after;
mod secrets;
pub mod urls;

/// A function that takes a fuzzer's bytes.
pub type Target = fn(&[u8]);

/// Every target by name, which is also the name of its corpus.
pub const TARGETS: &[(&str, Target)] = &[
    ("create", create::run),
    ("current_key", current_key::run),
    ("delete", delete::run),
    ("errors", errors::run),
    ("headers", headers::run),
    ("key", key::run),
    ("list", list::run),
    ("pages", pages::run),
    ("retry_after", retry_after::run),
    ("urls", urls::run),
];
