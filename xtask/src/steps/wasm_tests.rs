//! The contract suite, the wire vectors and everything that `fetch` may reject
//! with run compiled for the web, in Node, in a page and in a worker.

use std::borrow::Cow;

use crate::command::Command;
use crate::emulator::Emulator;
use crate::failure::Failure;
use crate::lock_file;
use crate::step::{Context, Outcome, Step};
use crate::tool::{self, Tool};
use crate::wasm_target::{WEB, ensure};
use crate::workspace::TESTS as PACKAGE;

pub(crate) const STEP: Step = Step {
    name: "wasm-tests",
    about: "contract, vectors and rejections hold over fetch in Node, a page and a worker",
    sets_up: true,
    run,
};

const RUNNER: &str = "wasm-bindgen-test-runner";

/// What the tests run in: its name, and how the runner is told.
const HOSTS: [(&str, Option<&str>); 3] = [
    ("Node", None),
    ("a page of Chromium", Some("WASM_BINDGEN_USE_BROWSER")),
    ("a worker of Chromium", Some("WASM_BINDGEN_USE_DEDICATED_WORKER")),
];

/// What must be there: of each row one program.
const PROGRAMS: [&[&str]; 3] =
    [&["node"], &["chromium", "chromium-browser", "google-chrome"], &["chromedriver"]];

const TESTS: [&str; 3] = ["contract_over_fetch", "rejections_over_fetch", "vectors_over_fetch"];

fn run(context: &Context) -> Result<Outcome, Failure> {
    let root = &context.workspace.root;
    if let Some(program) = missing(context) {
        return context.cannot_look(format!("{program} is not there"));
    }
    if let Err(failure) = ensure(root, WEB) {
        return context.cannot_look(format!("{WEB} cannot be added: {failure}"));
    }
    // The runner reads what the macros of the very same version write.
    let version = lock_file::version(&context.workspace, "wasm-bindgen")?;
    let runner = Tool {
        package: "wasm-bindgen-cli",
        version: Cow::Owned(format!("={version}")),
        call: RUNNER,
        install: "--bin wasm-bindgen-test-runner",
    };
    runner.with(context, || {
        let emulator = Emulator::start(&context.workspace, &["--cors-expose"])?;
        for (host, variable) in HOSTS {
            println!("in {host}:");
            test(context, &emulator, variable).run(root)?;
        }
        Ok(Outcome::Passed)
    })
}

fn missing(context: &Context) -> Option<String> {
    let works = |program| Command::new(program).words("--version").works(&context.workspace.root);
    let missing = PROGRAMS.iter().find(|programs| !programs.iter().any(|name| works(*name)))?;
    Some(missing.join(" or "))
}

/// The same for every host but for one variable of the runner's, so that
/// nothing is built twice.
fn test(context: &Context, emulator: &Emulator, host: Option<&'static str>) -> Command {
    let line = format!("test -p {PACKAGE} --target {WEB} --locked");
    let test = TESTS
        .iter()
        .fold(Command::cargo(&line), |command, test| command.words("--test").argument(*test));
    let test = tool::within_reach(&context.workspace, test)
        .set("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER", RUNNER)
        .set("CHROMEDRIVER", "chromedriver")
        .set("WASM_BINDGEN_TEST_TIMEOUT", "300")
        .set("WASM_BINDGEN_TEST_DRIVER_TIMEOUT", "60")
        .set("OPENROUTER_KEYS_EMULATOR_URL", &emulator.url)
        .set("OPENROUTER_KEYS_EMULATOR_KEY", &emulator.management_key);
    match host {
        Some(variable) => test.set(variable, "1"),
        None => test,
    }
}
