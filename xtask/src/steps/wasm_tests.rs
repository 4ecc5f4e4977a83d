//! Runs the contract suite, the wire vectors and the possible rejections of `fetch`, compiled for
//! the web, in Node, in a page and in a worker.

use std::borrow::Cow;

use anyhow::{Context as _, Result, anyhow};
use xshell::Cmd;

use crate::emulator::Emulator;
use crate::shell::{cmd, works};
use crate::step::{Context, Step};
use crate::tool::{self, Tool};
use crate::wasm::{WEB, add_target};
use crate::workspace::TESTS as PACKAGE;

pub(crate) const STEP: Step = Step::extra(
    "wasm-tests",
    "contract, vectors and rejections pass over fetch in Node, a page and a worker",
    run,
);

const RUNNER: &str = "wasm-bindgen-test-runner";

/// Where the tests run: a name, and the runner's variable for it.
const HOSTS: [(&str, Option<&str>); 3] = [
    ("Node", None),
    ("a page of Chromium", Some("WASM_BINDGEN_USE_BROWSER")),
    ("a worker of Chromium", Some("WASM_BINDGEN_USE_DEDICATED_WORKER")),
];

/// Required programs: one from each row.
const PROGRAMS: [&[&str]; 3] =
    [&["node"], &["chromium", "chromium-browser", "google-chrome"], &["chromedriver"]];

fn run(context: &Context) -> Result<()> {
    let workspace = &context.workspace;
    let is_there = |name: &&str| works(cmd!(workspace.shell, "{name} --version"));
    for names in PROGRAMS {
        let missing = || anyhow!("{} is missing", names.join(" or "));
        context.require(names.iter().any(is_there).then_some(()).ok_or_else(missing))?;
    }
    context.require(add_target(workspace, WEB))?;
    let packages = workspace.packages()?;
    let library = packages.iter().find(|package| package.name.as_str() == "wasm-bindgen");
    let library = library.context("Cargo.lock has no wasm-bindgen")?;
    let runner = Tool {
        package: "wasm-bindgen-cli",
        // The runner must have exactly the macros' version.
        version: Cow::Owned(format!("={}", library.version)),
        call: &[RUNNER],
        install: &["--bin", RUNNER],
        wheels: None,
    };
    context.require(runner.set_up(workspace))?;
    let emulator = Emulator::start(workspace, &["--cors-expose"])?;
    for (host, variable) in HOSTS {
        println!("in {host}:");
        test(context, &emulator, variable).run()?;
    }
    Ok(())
}

/// The same command for every host, except for one variable of the runner, so that nothing is
/// built twice.
fn test<'a>(context: &'a Context, emulator: &Emulator, host: Option<&str>) -> Cmd<'a> {
    let tests = ["contract_over_fetch", "rejections_over_fetch", "vectors_over_fetch"];
    let tests = tests.iter().flat_map(|test| ["--test", test]);
    let shell = &context.workspace.shell;
    let command = cmd!(shell, "cargo test -p {PACKAGE} --target {WEB} --locked {tests...}");
    let command = tool::within_reach(&context.workspace, command)
        .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER", RUNNER)
        .env("CHROMEDRIVER", "chromedriver")
        .env("WASM_BINDGEN_TEST_TIMEOUT", "300")
        .env("WASM_BINDGEN_TEST_DRIVER_TIMEOUT", "60")
        .env("OPENROUTER_KEYS_EMULATOR_URL", &emulator.started.url)
        .env("OPENROUTER_KEYS_EMULATOR_KEY", &emulator.started.management_key);
    match host {
        Some(variable) => command.env(variable, "1"),
        None => command,
    }
}
