//! What the tests of openrouter-keys share. It compiles for the web too.

pub mod caller;
mod chance;
pub mod contract;
pub mod fleet;
#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
pub mod fuzz;
pub mod model;
pub mod vault;
pub mod vector_files;
pub mod vectors;

/// The examples of the page.
#[cfg(doctest)]
#[doc = include_str!("../../docs/workflows.md")]
mod workflows_page {}
