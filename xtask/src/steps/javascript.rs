//! Checks the npm package with Node.

use anyhow::{Result, bail};

use crate::emulator;
use crate::shell::{cmd, works};
use crate::step::{Context, Step};
use crate::wasm::{self, WEB};
use crate::workspace::CLI;

pub(crate) const NPM: Step = Step::basic(
    "npm",
    "the npm package builds, has the right files, and is small enough",
    |context| {
        context.require(has_node(context))?;
        wasm::build_npm_package(&context.workspace)
    },
);

pub(crate) const UNIT: Step = Step::basic(
    "javascript",
    "the npm package passes its unit tests and the wire vectors in Node",
    // Without a path: versions of Node disagree on whether it may be a folder.
    |context| node(context, "unit", "--test"),
);

pub(crate) const TYPES: Step = Step::basic(
    "types",
    "the declarations of the npm package accept valid code and reject invalid code",
    |context| node(context, "types", "check.mjs"),
);

pub(crate) const RUNTIMES: Step =
    Step::extra("runtimes", "the npm package runs in every runtime, browser and bundle", runtimes);

/// Against the emulator over real HTTP, after the vendor's own JavaScript client has checked the
/// emulator.
const PROGRAMS: [&str; 4] = [
    "bindings-js/test/emulator/official-sdk.mjs",
    "bindings-js/test/runtimes/run.mjs",
    "bindings-js/test/runtimes/deliveries.mjs",
    "bindings-js/test/examples/run.mjs",
];

/// The same, with the command line too, if the tests of Rust have built it.
const FLEET: &str = "bindings-js/test/runtimes/fleet.mjs";

fn runtimes(context: &Context) -> Result<()> {
    let workspace = &context.workspace;
    let emulator = emulator::build(workspace)?;
    for program in PROGRAMS {
        cmd!(workspace.shell, "node {program} {emulator}").run()?;
    }
    let command_line = Some(workspace.target(&format!("debug/{CLI}")));
    let command_line = command_line.filter(|program| workspace.shell.path_exists(program));
    Ok(cmd!(workspace.shell, "node {FLEET} {emulator} {command_line...}").run()?)
}

fn node(context: &Context, folder: &str, argument: &str) -> Result<()> {
    context.require(has_node(context))?;
    let shell = &context.workspace.shell;
    let _folder = shell.push_dir(format!("bindings-js/test/{folder}"));
    Ok(cmd!(shell, "node {argument}").run()?)
}

/// Without Node, the target or the packages of `bindings-js` there is nothing to check, unless
/// they may be installed.
fn has_node(context: &Context) -> Result<()> {
    let workspace = &context.workspace;
    if !works(cmd!(workspace.shell, "node --version")) {
        bail!("Node is missing");
    }
    if !context.installs && !wasm::has_target(workspace, WEB) {
        bail!("the target {WEB} is missing");
    }
    if !context.installs && !workspace.shell.path_exists("bindings-js/node_modules") {
        bail!("the npm packages are missing; run `npm ci` in bindings-js");
    }
    Ok(())
}
