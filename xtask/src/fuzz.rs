//! `cargo xtask fuzz`: runs libFuzzer on the fuzz targets for as long as you like.

use std::borrow::Cow;
use std::process::ExitCode;

use anyhow::{Result, bail};

use crate::shell::stems;
use crate::tool::Tool;
use crate::workspace::Workspace;

#[derive(Debug, clap::Args)]
pub(crate) struct Fuzz {
    /// Targets to search; all by default
    targets: Vec<String>,
    /// How long to search each
    // For libFuzzer, 0 means forever.
    #[arg(long, value_name = "N", default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..))]
    seconds: u32,
}

const FUZZ: Tool = Tool {
    package: "cargo-fuzz",
    version: Cow::Borrowed("^0.13"),
    call: &["cargo", "fuzz"],
    install: &[],
    wheels: None,
};

/// The programs, a separate workspace.
const FOLDER: &str = "tests/fuzz";

/// Runs every target, even if an earlier one finds something.
pub(crate) fn run(fuzz: &Fuzz, workspace: &Workspace) -> Result<ExitCode> {
    let known = stems(&workspace.shell, "tests/fuzz/fuzz_targets")?;
    if let Some(name) = fuzz.targets.iter().find(|name| !known.contains(name)) {
        bail!("there is no fuzz target {name}; the targets are {}", known.join(", "));
    }
    FUZZ.set_up(workspace)?;
    let wanted = if fuzz.targets.is_empty() { &known } else { &fuzz.targets };
    let mut failed = Vec::new();
    for name in wanted {
        println!("\n==> {name}, for {} s", fuzz.seconds);
        if let Err(error) = target(workspace, name, fuzz.seconds) {
            println!("{error:#}");
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

/// New inputs go into the first of the two corpora, which is not committed.
fn target(workspace: &Workspace, name: &str, seconds: u32) -> Result<()> {
    let (own, corpus) = (format!("{FOLDER}/corpus/{name}"), format!("tests/corpus/{name}"));
    workspace.shell.create_dir(&own)?;
    // Our crates have no unsafe code for a sanitizer to check, and without one, stable Rust is enough.
    Ok(FUZZ
        .command(workspace)
        .args(["run", "--sanitizer", "none", "--fuzz-dir", FOLDER, name, &own, &corpus])
        .args(["--", "-dict=tests/corpus/tokens.dict", "-max_len=4096", "-print_final_stats=1"])
        .arg(format!("-max_total_time={seconds}"))
        .run()?)
}
