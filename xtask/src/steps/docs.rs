//! The documentation builds without a warning; no link leads nowhere.

use crate::command::Command;
use crate::failure::Failure;
use crate::step::{Context, Outcome, Step};

pub(crate) const STEP: Step =
    Step { name: "docs", about: "the documentation builds without a warning", sets_up: false, run };

fn run(context: &Context) -> Result<Outcome, Failure> {
    Command::cargo("doc --workspace --all-features --no-deps --locked")
        .set("RUSTDOCFLAGS", "-D warnings")
        .run(&context.workspace.root)?;
    Ok(Outcome::Passed)
}
