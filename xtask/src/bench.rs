//! `cargo xtask bench`: everything the benchmarks need is built, and they are run.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Result, bail};

use crate::instructions;
use crate::shell::{cmd, stems};
use crate::wasm;
use crate::workspace::Workspace;

#[derive(Debug, clap::Args)]
pub(crate) struct Bench {
    /// Measure only this section; may be given more than once
    #[arg(long, value_name = "SECTION")]
    only: Vec<String>,
    /// Leave this section out; may be given more than once
    #[arg(long, value_name = "SECTION")]
    skip: Vec<String>,
    /// Run few rounds, to try it; this and what is not whole is written below target/bench
    #[arg(long)]
    quick: bool,
}

/// The program, a workspace of its own: what it measures beside the project is no part of it.
const MANIFEST: &str = "tests/lab/bench/Cargo.toml";
/// A file for each section of the report.
const SECTIONS: &str = "tests/lab/bench/src/sections";
const REQUIREMENTS: &str = "tests/lab/bench/requirements.txt";
/// An environment of Python's for what is measured there, where the program looks for it.
const VENV: &str = "target/bench-python";

/// What is counted for it.
const INSTRUCTIONS: &str = "target/bench/instructions.json";
const OPERATIONS: [&str; 6] =
    ["list", "create", "get", "update", "delete", "get_current_key_metadata"];

/// Measures, and writes the report. What another language lacks costs only its own lines of
/// the report.
pub(crate) fn run(bench: &Bench, workspace: &Workspace) -> Result<()> {
    let shell = &workspace.shell;
    // Before minutes of building.
    let mut sections = stems(shell, SECTIONS)?;
    sections.retain(|name| name != "mod");
    bench.check(&sections)?;
    cmd!(shell, "cargo build --release --locked --manifest-path {MANIFEST}").run()?;
    for (language, prepared) in [("Node", node(workspace)), ("Python", python(workspace))] {
        if let Err(error) = prepared {
            println!("what runs in {language} is left out: {error:#}");
        }
    }
    let mut options = bench.options();
    match count_instructions(workspace) {
        Ok(()) => options.extend(["--instructions", INSTRUCTIONS]),
        Err(error) => println!("no instructions are counted: {error:#}"),
    }
    let run = cmd!(shell, "cargo run --quiet --release --locked --manifest-path {MANIFEST} -- run");
    Ok(run.args(options).run()?)
}

impl Bench {
    fn check(&self, sections: &[String]) -> Result<()> {
        match self.only.iter().chain(&self.skip).find(|name| !sections.contains(name)) {
            None => Ok(()),
            Some(name) => {
                bail!("there is no section {name}; the sections are {}", sections.join(", "))
            }
        }
    }

    /// What the program is called with.
    fn options(&self) -> Vec<&str> {
        let only = self.only.iter().flat_map(|section| ["--only", section]);
        let skip = self.skip.iter().flat_map(|section| ["--skip", section]);
        only.chain(skip).chain(self.quick.then_some("--quick")).collect()
    }
}

/// Writes what building each request takes.
fn count_instructions(workspace: &Workspace) -> Result<()> {
    instructions::build(workspace)?;
    let mut counts = BTreeMap::new();
    for operation in OPERATIONS {
        counts.insert(operation, instructions::count(workspace, &format!("build {operation}"))?);
    }
    Ok(workspace.shell.write_file(INSTRUCTIONS, serde_json::json!(counts).to_string())?)
}

/// The package as it is, and the clients beside it.
fn node(workspace: &Workspace) -> Result<()> {
    wasm::build_npm_package(workspace)?;
    let shell = &workspace.shell;
    if !shell.path_exists("bindings-js/node_modules") {
        cmd!(shell, "npm --prefix bindings-js ci").run()?;
    }
    Ok(())
}

fn python(workspace: &Workspace) -> Result<()> {
    let (shell, python) = (&workspace.shell, Path::new(VENV).join("bin/python"));
    if !shell.path_exists(&python) {
        cmd!(shell, "python3 -m venv {VENV}").run()?;
    }
    let install = cmd!(shell, "{python} -m pip --quiet --disable-pip-version-check install");
    Ok(install.arg("--requirement").arg(REQUIREMENTS).run()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bench(only: &[&str], skip: &[&str], quick: bool) -> Bench {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Bench { only: owned(only), skip: owned(skip), quick }
    }

    #[test]
    fn an_unknown_section_is_answered_with_the_known_ones() {
        let wanted = bench(&["calls"], &["cals"], false);
        let refused = wanted.check(&["calls".into(), "decode".into()]).expect_err("none");
        assert!(refused.to_string().ends_with("the sections are calls, decode"), "{refused}");
        wanted.check(&["calls".into(), "cals".into()]).expect("both are there");
    }

    #[test]
    fn what_is_wanted_is_passed_on() {
        assert_eq!(
            bench(&["calls", "decode"], &["cargo"], true).options().join(" "),
            "--only calls --only decode --skip cargo --quick"
        );
        assert!(bench(&[], &[], false).options().is_empty());
    }
}
