//! The core compiles for the web, where it has no clock, no threads and no
//! sockets to fall back on.

use std::path::Path;

use crate::command::Command;
use crate::failure::Failure;
use crate::step::{Context, Outcome, Step};
use crate::workspace::CORE;

pub(crate) const STEP: Step = Step {
    name: "wasm",
    about: "the core compiles for wasm32-unknown-unknown",
    sets_up: true,
    run,
};

const TARGET: &str = "wasm32-unknown-unknown";

fn run(context: &Context) -> Result<Outcome, Failure> {
    let root = &context.workspace.root;
    if !is_installed(root) {
        let added = Command::new("rustup").words("target add").argument(TARGET).run(root);
        if let Err(failure) = added {
            return Ok(Outcome::Skipped(format!(
                "the target is not installed and cannot be added: {failure}"
            )));
        }
    }
    for features in ["--no-default-features", "--all-features"] {
        Command::cargo(&format!("check -p {CORE} --target {TARGET} {features} --locked"))
            .run(root)?;
    }
    Ok(Outcome::Passed)
}

fn is_installed(root: &Path) -> bool {
    Command::new("rustc")
        .words("--print target-libdir --target")
        .argument(TARGET)
        .output(root)
        .is_ok_and(|folder| Path::new(folder.trim()).is_dir())
}
