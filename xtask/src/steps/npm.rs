//! The npm package is built, holds what belongs in it, and is within its
//! budget.

use crate::failure::Failure;
use crate::npm;
use crate::step::{Context, Outcome, Step};

pub(crate) const STEP: Step = Step {
    name: "npm",
    about: "the npm package is built, holds what belongs in it, and is small enough",
    sets_up: true,
    run,
};

fn run(context: &Context) -> Result<Outcome, Failure> {
    npm::build(&context.workspace)?;
    Ok(Outcome::Passed)
}
