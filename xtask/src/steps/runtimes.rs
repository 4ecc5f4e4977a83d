//! The npm package runs in every runtime and through every bundler, against
//! the emulator over real HTTP. The vendor's own client for JavaScript has
//! judged the emulator before.

use crate::command::Command;
use crate::emulator;
use crate::failure::Failure;
use crate::step::{Context, Outcome, Step};

const PROGRAMS: [&str; 4] = [
    "bindings-js/test/emulator/official-sdk.mjs",
    "bindings-js/test/runtimes/run.mjs",
    "bindings-js/test/runtimes/deliveries.mjs",
    "bindings-js/test/examples/run.mjs",
];

pub(crate) const STEP: Step = Step {
    name: "runtimes",
    about: "the npm package runs in every runtime, browser and bundle",
    sets_up: true,
    run,
};

fn run(context: &Context) -> Result<Outcome, Failure> {
    let root = &context.workspace.root;
    let emulator = emulator::build(&context.workspace)?;
    for program in PROGRAMS {
        Command::new("node").words(program).argument(emulator.display().to_string()).run(root)?;
    }
    Ok(Outcome::Passed)
}
