//! The oldest promised Rust compiles our crates, where it is installed.

use crate::command::Command;
use crate::failure::Failure;
use crate::step::{Context, Outcome, Step};
use crate::workspace::{CORE, NATIVE};

pub(crate) const STEP: Step = Step {
    name: "rust-version-build",
    about: "the oldest promised Rust compiles the libraries",
    sets_up: false,
    run,
};

fn run(context: &Context) -> Result<Outcome, Failure> {
    let root = &context.workspace.root;
    let toolchains = context.workspace.rust_version.toolchains();
    let is_here = |toolchain: &&String| {
        Command::new("rustup")
            .argument("run")
            .argument(*toolchain)
            .words("cargo --version")
            .set("RUSTUP_AUTO_INSTALL", "0")
            .works(root)
    };
    let Some(toolchain) = toolchains.iter().find(is_here) else {
        return Ok(Outcome::Skipped(format!(
            "no toolchain {} here; the step rust-version and clippy's incompatible_msrv stand in for it",
            context.workspace.rust_version
        )));
    };
    Command::new("cargo")
        .argument(format!("+{toolchain}"))
        .words(&format!("check -p {CORE} -p {NATIVE} --all-features --locked"))
        .run(root)?;
    Ok(Outcome::Passed)
}
