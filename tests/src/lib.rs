//! Code shared by the tests of openrouter-keys. It also compiles for the web.

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

/// This crate's folder, read at run time: test programs of a copied checkout must not use files
/// of the original.
#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
pub fn folder() -> std::path::PathBuf {
    std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| ".".into()).into()
}

/// The page's examples.
#[cfg(doctest)]
#[doc = include_str!("../../docs/workflows.md")]
mod workflows_page {}

/// The page's example.
#[cfg(doctest)]
#[doc = include_str!("../../docs/testing.md")]
mod testing_page {}
