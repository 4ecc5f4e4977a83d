//! Features of reqwest that another crate of a program switches on change nothing.

use crate::command::Command;
use crate::failure::Failure;
use crate::step::{Context, Outcome, Step};

pub(crate) const STEP: Step = Step {
    name: "unified",
    about: "features of reqwest that other crates switch on change nothing",
    sets_up: false,
    run,
};

fn run(context: &Context) -> Result<Outcome, Failure> {
    // In the project's own folder: most of what it needs is built there already.
    Command::cargo("test --manifest-path tests/unified/Cargo.toml --target-dir target --locked")
        .without_credentials()
        .run(&context.workspace.root)?;
    Ok(Outcome::Passed)
}
