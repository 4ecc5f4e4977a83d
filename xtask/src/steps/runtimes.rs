//! The npm package runs in every runtime and through every bundler, against
//! the emulator over real HTTP.

use crate::command::Command;
use crate::failure::Failure;
use crate::step::{Context, Outcome, Step};

pub(crate) const STEP: Step = Step {
    name: "runtimes",
    about: "the npm package runs in every runtime, browser and bundle",
    sets_up: true,
    run,
};

fn run(context: &Context) -> Result<Outcome, Failure> {
    let root = &context.workspace.root;
    Command::cargo("build --quiet --package openrouter-keys-emulator --locked").run(root)?;
    let emulator = context.workspace.target.join("debug/openrouter-keys-emulator");
    for tests in ["bindings-js/test/runtimes/run.mjs", "bindings-js/test/examples/run.mjs"] {
        Command::new("node").words(tests).argument(emulator.display().to_string()).run(root)?;
    }
    Ok(Outcome::Passed)
}
