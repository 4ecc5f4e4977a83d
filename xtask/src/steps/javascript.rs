//! The package does in Node what it promises: unit tests, wire vectors, the
//! example of testing, and types.

use crate::command::Command;
use crate::failure::Failure;
use crate::step::{Context, Outcome, Step};

pub(crate) const STEP: Step = Step {
    name: "javascript",
    about: "unit tests, wire vectors and types of the npm package hold",
    sets_up: true,
    run,
};

fn run(context: &Context) -> Result<Outcome, Failure> {
    let tests = context.workspace.root.join("bindings-js/test");
    // Without a path: releases of Node disagree on whether one may be a folder.
    Command::new("node").words("--test").run(&tests.join("unit"))?;
    Command::new("node").words("check.mjs").run(&tests.join("types"))?;
    Ok(Outcome::Passed)
}
