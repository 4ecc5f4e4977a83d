//! The core compiles for the web and for WASI, and the web crates have no lint warnings.

use anyhow::Result;

use crate::shell::cmd;
use crate::step::{Context, Step};
use crate::wasm::{WASI, WEB, add_target};
use crate::workspace::{CORE, JS, TESTS, TYPES, WASM};

pub(crate) const STEP: Step = Step::extra(
    "wasm",
    "the crates and their examples compile for WebAssembly without a warning",
    run,
);

fn run(context: &Context) -> Result<()> {
    let shell = &context.workspace.shell;
    for target in [WEB, WASI] {
        context.require(add_target(&context.workspace, target))?;
        for features in ["--no-default-features", "--all-features"] {
            cmd!(shell, "cargo check -p {TYPES} -p {CORE} --target {target} {features} --locked")
                .run()?;
        }
    }
    let lints = ["-D", "warnings", "-F", "unsafe-code"];
    cmd!(shell, "cargo clippy -p {TYPES} -p {CORE} -p {WASM} -p {JS} --all-features --target {WEB} --locked -- {lints...}").run()?;
    // The module of the entry `operations`.
    cmd!(shell, "cargo clippy -p {JS} --no-default-features --target {WEB} --locked -- {lints...}")
        .run()?;
    cmd!(shell, "cargo clippy -p {TESTS} --tests --target {WEB} --locked -- {lints...}").run()?;
    // The examples only have to compile; nothing here runs them.
    Ok(cmd!(shell, "cargo test --doc -p {WASM} --target {WEB} --locked")
        .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER", "true")
        .run()?)
}
