//! Every file is formatted as rustfmt formats it.

use crate::command::Command;
use crate::failure::Failure;
use crate::step::{Context, Outcome, Step};

pub(crate) const STEP: Step =
    Step { name: "format", about: "every file is formatted", sets_up: false, run };

fn run(context: &Context) -> Result<Outcome, Failure> {
    let root = &context.workspace.root;
    if !Command::cargo("fmt --version").works(root) {
        return Err(Failure::new("rustfmt is missing; `rustup component add rustfmt` installs it"));
    }
    Command::cargo("fmt --all --check").run(root)?;
    Ok(Outcome::Passed)
}
