//! Where things are in the checkout.

use std::path::{Path, PathBuf};

/// The repository's root.
pub(crate) fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here).into()
}

/// The text without what it says about where on this machine the checkout lies.
pub(crate) fn without_root(text: &str) -> String {
    let root = root().display().to_string();
    text.replace(&format!("{root}/"), "").replace(&root, ".")
}
