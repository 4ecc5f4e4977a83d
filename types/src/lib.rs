//! The values of openrouter-keys: what requests and responses consist of, how responses are read,
//! and what is masked when they are printed.
//!
//! Programs depend on `openrouter-keys-core`, or on `openrouter-keys-native`, which re-export the
//! values. This is a crate of its own because reading responses is where the npm package's time
//! goes: it alone is compiled for speed there, and everything else for size. What is hidden here is
//! for the other crates of the repository, and is not part of the API.
//!
//! # The source
//!
//! Each room imports only from the rooms below it; `cargo xtask test --step rooms` checks it.
//!
//! ```text
//! values/  the values
//! redact/  masking of keys, escaping of invisible characters
//! json/    the JSON reader
//! ```

#[doc(hidden)]
pub mod json;
#[doc(hidden)]
pub mod redact;
pub mod values;
