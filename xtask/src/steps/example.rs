//! The programs that a reader tries first work without an API key.

use crate::command::Command;
use crate::failure::Failure;
use crate::step::{Context, Outcome, Step};

pub(crate) const STEP: Step = Step {
    name: "example",
    about: "the native examples run to their end without an API key",
    sets_up: false,
    run,
};

fn run(context: &Context) -> Result<Outcome, Failure> {
    for example in ["quickstart", "workflows"] {
        Command::cargo(&format!("run --locked --example {example}"))
            .without_credentials()
            .run(&context.workspace.root)?;
    }
    Ok(Outcome::Passed)
}
