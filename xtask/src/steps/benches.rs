//! Every benchmark builds and runs once; nothing is measured.

use crate::command::Command;
use crate::failure::Failure;
use crate::step::{Context, Outcome, Step};

pub(crate) const STEP: Step =
    Step { name: "benches", about: "every benchmark builds and runs once", sets_up: false, run };

fn run(context: &Context) -> Result<Outcome, Failure> {
    // `--benches` would run the libraries' unit tests again.
    Command::cargo("test --workspace --all-features --locked --bench")
        .argument("*")
        .run(&context.workspace.root)?;
    Ok(Outcome::Passed)
}
