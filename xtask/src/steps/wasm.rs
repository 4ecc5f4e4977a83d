//! The core compiles for the web and for WASI, and what runs on the web has
//! nothing that a lint would say.

use crate::command::Command;
use crate::failure::Failure;
use crate::step::{Context, Outcome, Step};
use crate::wasm_target::{WASI, WEB, ensure};
use crate::workspace::{CORE, JS, TESTS, WASM};

pub(crate) const STEP: Step = Step {
    name: "wasm",
    about: "the crates and their examples compile for WebAssembly without a warning",
    sets_up: true,
    run,
};

fn run(context: &Context) -> Result<Outcome, Failure> {
    let root = &context.workspace.root;
    for target in [WEB, WASI] {
        if let Err(failure) = ensure(root, target) {
            return context.cannot_look(format!("{target} cannot be added: {failure}"));
        }
        for features in ["--no-default-features", "--all-features"] {
            Command::cargo(&format!("check -p {CORE} --target {target} {features} --locked"))
                .run(root)?;
        }
    }
    Command::cargo(&format!(
        "clippy -p {CORE} -p {WASM} -p {JS} --all-features --target {WEB} --locked -- -D warnings"
    ))
    .run(root)?;
    Command::cargo(&format!("clippy -p {TESTS} --tests --target {WEB} --locked -- -D warnings"))
        .run(root)?;
    // The examples only have to compile: nothing here runs them.
    Command::cargo(&format!("test --doc -p {WASM} --target {WEB} --locked"))
        .set("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER", "true")
        .run(root)?;
    Ok(Outcome::Passed)
}
