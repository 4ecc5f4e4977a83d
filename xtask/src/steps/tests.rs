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
    // Without a key in the environment nothing can reach the real API.
    Command::cargo("test --workspace --all-features --locked")
        .without("OPENROUTER_API_KEY")
        .without("OPENROUTER_MANAGEMENT_KEY")
        .without("OPENROUTER_PROVISIONING_KEY")
        .run(&context.workspace.root)?;
    Ok(Outcome::Passed)
}
