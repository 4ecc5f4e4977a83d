//! The WebAssembly targets, and the npm package, which a separate program builds with
//! wasm-bindgen's libraries.

use std::path::Path;

use anyhow::{Context as _, Result};

use crate::shell::cmd;
use crate::workspace::Workspace;

/// For browsers and every other JavaScript runtime.
pub(crate) const WEB: &str = "wasm32-unknown-unknown";
/// For runtimes without JavaScript.
pub(crate) const WASI: &str = "wasm32-wasip2";

pub(crate) fn has_target(workspace: &Workspace, target: &str) -> bool {
    let folder = cmd!(workspace.shell, "rustc --print target-libdir --target {target}").read();
    folder.is_ok_and(|folder| Path::new(&folder).is_dir())
}

/// Adds the target if it is missing.
pub(crate) fn add_target(workspace: &Workspace, target: &str) -> Result<()> {
    if !has_target(workspace, target) {
        let add = cmd!(workspace.shell, "rustup target add {target}");
        add.run().with_context(|| format!("cannot add {target}"))?;
    }
    Ok(())
}

/// Builds the package into `bindings-js/npm`.
pub(crate) fn build_npm_package(workspace: &Workspace) -> Result<()> {
    add_target(workspace, WEB)?;
    let build = cmd!(workspace.shell, "cargo run --quiet --package openrouter-keys-npm --locked");
    Ok(build.run()?)
}
