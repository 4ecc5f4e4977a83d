//! Runs the tests that need a server of somebody else.

use anyhow::{Context as _, Result};

use crate::shell::{cmd, without_credentials};
use crate::step::{Context, Step};
use crate::tool::{install_wheels, within_reach};

pub(crate) const STEP: Step = Step::extra(
    "services",
    "the sinks work with OpenBao and with moto's AWS, which Python installs",
    run,
);

const WHEELS: &str = "xtask/services.txt";

fn run(context: &Context) -> Result<()> {
    let workspace = &context.workspace;
    let installed = install_wheels(workspace, WHEELS, &[]);
    context.require(installed.context("OpenBao and moto cannot be installed"))?;
    let shell = &workspace.shell;
    // Of the whole workspace, as in the step `tests`: so everything is built already.
    let tests = cmd!(
        shell,
        "cargo test --workspace --all-features --locked --test services -- --include-ignored"
    );
    Ok(without_credentials(within_reach(workspace, tests)).run()?)
}
