//! Functions for a fuzzer: each takes any bytes, puts them where a server or a
//! caller could, and panics if a promise does not hold. `tests/fuzz` runs them
//! with coverage for as long as one likes, `tests/tests/fuzz.rs` for a moment.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    reason = "a finding is a panic"
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

/// Every target by its name, which is that of its corpus too.
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
