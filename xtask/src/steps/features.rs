//! Every set of features compiles without a warning: code that only one
//! feature uses must be absent without it.

use std::borrow::Cow;

use crate::failure::Failure;
use crate::step::{Context, Outcome, Step};
use crate::tool::Tool;
use crate::workspace::{CORE, NATIVE};

pub(crate) const STEP: Step = Step {
    name: "features",
    about: "every set of features compiles without a warning",
    sets_up: true,
    run,
};

const HACK: Tool = Tool {
    package: "cargo-hack",
    version: Cow::Borrowed("^0.6.30"),
    call: "cargo hack",
    install: "--locked",
};

fn run(context: &Context) -> Result<Outcome, Failure> {
    // Dev-dependencies need no hiding: the resolver leaves their features out
    // of what is built without tests.
    let line = format!("clippy --feature-powerset --locked -p {CORE} -p {NATIVE} -- -D warnings");
    HACK.with(context, || {
        HACK.command(&context.workspace, &line).run(&context.workspace.root)?;
        Ok(Outcome::Passed)
    })
}
