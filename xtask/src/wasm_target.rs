//! The WebAssembly targets, added where they are missing.

use std::path::Path;

use crate::command::Command;
use crate::failure::Failure;

/// For browsers and every other runtime of JavaScript.
pub(crate) const WEB: &str = "wasm32-unknown-unknown";
/// For runtimes without JavaScript.
pub(crate) const WASI: &str = "wasm32-wasip2";

/// Adds the target unless it is there.
pub(crate) fn ensure(root: &Path, target: &str) -> Result<(), Failure> {
    if is_installed(root, target) {
        return Ok(());
    }
    Command::new("rustup").words("target add").argument(target).run(root)
}

fn is_installed(root: &Path, target: &str) -> bool {
    Command::new("rustc")
        .words("--print target-libdir --target")
        .argument(target)
        .output(root)
        .is_ok_and(|folder| Path::new(folder.trim()).is_dir())
}
