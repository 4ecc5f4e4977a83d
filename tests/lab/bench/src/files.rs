//! Paths in the checkout.

use std::path::PathBuf;

/// The repository's root, found at run time, since a checkout may be copied with its programs.
pub(crate) fn root() -> PathBuf {
    let here = std::env::var_os("CARGO_MANIFEST_DIR").map_or_else(current_folder, PathBuf::from);
    let is_root = |folder: &&std::path::Path| folder.join("tests/lab/bench/Cargo.toml").is_file();
    here.ancestors().find(is_root).unwrap_or(&here).into()
}

fn current_folder() -> PathBuf {
    std::env::current_dir().unwrap_or_default()
}

/// Removes the checkout's path on this machine from the text.
pub(crate) fn without_root(text: &str) -> String {
    let root = root().display().to_string();
    text.replace(&format!("{root}/"), "").replace(&root, ".")
}
