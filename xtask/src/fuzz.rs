//! `cargo xtask fuzz`: libFuzzer over the fuzz targets, for as long as one likes.

use std::borrow::Cow;
use std::process::ExitCode;

use crate::failure::Failure;
use crate::stems::stems;
use crate::tool::Tool;
use crate::workspace::Workspace;

/// Which targets are wanted, and for how long each.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Fuzz {
    /// All if there are none.
    pub(crate) targets: Vec<String>,
    pub(crate) seconds: u32,
}

impl Default for Fuzz {
    fn default() -> Self {
        Self { targets: Vec::new(), seconds: 60 }
    }
}

const FUZZ: Tool = Tool {
    package: "cargo-fuzz",
    version: Cow::Borrowed("^0.13"),
    call: "cargo fuzz",
    install: "",
};

/// The programs, a workspace of their own.
const FOLDER: &str = "tests/fuzz";

/// Runs each target, every one even if another finds something.
pub(crate) fn run(wishes: &Fuzz) -> Result<ExitCode, Failure> {
    let workspace = Workspace::find()?;
    let known = stems(&workspace.root.join(FOLDER).join("fuzz_targets"))?;
    if let Some(name) = wishes.targets.iter().find(|name| !known.contains(name)) {
        return Err(Failure::new(format!(
            "there is no fuzz target {name}; the targets are {}",
            known.join(", ")
        )));
    }
    FUZZ.set_up(&workspace)?;
    let wanted = if wishes.targets.is_empty() { &known } else { &wishes.targets };
    let mut failed = Vec::new();
    for name in wanted {
        println!("\n==> {name}, for {} s", wishes.seconds);
        if let Err(failure) = target(&workspace, name, wishes.seconds) {
            println!("{failure}");
            failed.push(name.as_str());
        }
    }
    println!("\n{} passed, {} failed", wanted.len().saturating_sub(failed.len()), failed.len());
    if failed.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    println!("found something: {}; the inputs are in {FOLDER}/artifacts", failed.join(", "));
    Ok(ExitCode::FAILURE)
}

/// What is new goes into the first of the two corpora, which is not committed.
fn target(workspace: &Workspace, name: &str, seconds: u32) -> Result<(), Failure> {
    let own = format!("{FOLDER}/corpus/{name}");
    std::fs::create_dir_all(workspace.root.join(&own))
        .map_err(|error| Failure::new(format!("{own}: {error}")))?;
    // Our crates have no unsafe code for a sanitizer to watch, and without one
    // the Rust that is there will do.
    let run = FUZZ.command(workspace, "run --sanitizer none --fuzz-dir").argument(FOLDER);
    let run = run.argument(name).argument(own).argument(format!("tests/corpus/{name}"));
    let run = run.words("-- -dict=tests/corpus/tokens.dict -max_len=4096 -print_final_stats=1");
    run.argument(format!("-max_total_time={seconds}")).run(&workspace.root)
}
