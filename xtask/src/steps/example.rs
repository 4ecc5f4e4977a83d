//! The first program that a reader tries works without an API key.

use crate::command::Command;
use crate::failure::Failure;
use crate::step::{Context, Outcome, Step};

pub(crate) const STEP: Step = Step {
    name: "example",
    about: "the quick start runs to its end without an API key",
    sets_up: false,
    run,
};

fn run(context: &Context) -> Result<Outcome, Failure> {
    Command::cargo("run --example quickstart --locked")
        .without("OPENROUTER_API_KEY")
        .run(&context.workspace.root)?;
    Ok(Outcome::Passed)
}
