//! No lint has anything to say, in any target with every feature.

use crate::command::Command;
use crate::failure::Failure;
use crate::step::{Context, Outcome, Step};

pub(crate) const STEP: Step =
    Step { name: "clippy", about: "no lint has anything to say", sets_up: false, run };

fn run(context: &Context) -> Result<Outcome, Failure> {
    let root = &context.workspace.root;
    if !Command::cargo("clippy --version").works(root) {
        return Err(Failure::new("clippy is missing; `rustup component add clippy` installs it"));
    }
    Command::cargo("clippy --workspace --all-targets --all-features --locked -- -D warnings")
        .run(root)?;
    Ok(Outcome::Passed)
}
