//! What the tests of openrouter-keys share. It compiles for the web too.

pub mod caller;
pub mod chance;
pub mod contract;
#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
pub mod fuzz;
pub mod model;
pub mod tables;
pub mod vault;
pub mod vector_files;
pub mod vectors;

/// This crate's folder, as cargo says at run time: a copied checkout has copied programs,
/// which may not look for their files where they were built.
#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
pub fn folder() -> std::path::PathBuf {
    std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| ".".into()).into()
}

/// The examples of the page.
#[cfg(doctest)]
#[doc = include_str!("../../docs/workflows.md")]
mod workflows_page {}

/// The example of the page.
#[cfg(doctest)]
#[doc = include_str!("../../docs/testing.md")]
mod testing_page {}
