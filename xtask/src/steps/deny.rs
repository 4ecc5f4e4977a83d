//! Licences, banned packages and sources are as deny.toml wants them.

use std::borrow::Cow;

use crate::failure::Failure;
use crate::step::{Context, Outcome, Step};
use crate::tool::Tool;

pub(crate) const STEP: Step = Step {
    name: "deny",
    about: "licences, banned packages and sources are as deny.toml wants them",
    sets_up: true,
    run,
};

pub(crate) const DENY: Tool = Tool {
    package: "cargo-deny",
    version: Cow::Borrowed("^0.20"),
    call: "cargo deny",
    install: "--locked",
};

fn run(context: &Context) -> Result<Outcome, Failure> {
    DENY.with(context, || {
        DENY.command(
            &context.workspace,
            "--all-features --locked check --hide-inclusion-graph licenses bans sources",
        )
        .run(&context.workspace.root)?;
        Ok(Outcome::Passed)
    })
}
