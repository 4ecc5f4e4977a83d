//! Every test passes: of units, properties, vectors, the contract, sockets and
//! of the examples in the documentation.

use crate::command::Command;
use crate::failure::Failure;
use crate::step::{Context, Outcome, Step};

pub(crate) const STEP: Step = Step {
    name: "tests",
    about: "unit, property, vector, contract, socket and documentation tests pass",
    sets_up: false,
    run,
};

fn run(context: &Context) -> Result<Outcome, Failure> {
    Command::cargo("test --workspace --all-features --locked")
        .without_credentials()
        .run(&context.workspace.root)?;
    Ok(Outcome::Passed)
}
