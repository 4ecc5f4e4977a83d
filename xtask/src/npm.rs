//! `cargo xtask npm`: the npm package, built by a program of its own that has
//! wasm-bindgen's libraries in it.

use crate::command::Command;
use crate::failure::Failure;
use crate::wasm_target;
use crate::workspace::Workspace;

/// Builds the package into `bindings-js/npm`.
pub(crate) fn build(workspace: &Workspace) -> Result<(), Failure> {
    wasm_target::ensure(&workspace.root, wasm_target::WEB)?;
    Command::cargo("run --quiet --package openrouter-keys-npm --locked").run(&workspace.root)
}
