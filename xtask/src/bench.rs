//! `cargo xtask bench`: builds and runs the benchmarks.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Result, bail};

use crate::instructions;
use crate::shell::{cmd, stems};
use crate::wasm;
use crate::workspace::{CLI, Workspace};

#[derive(Debug, clap::Args)]
pub(crate) struct Bench {
    /// Measure only this section; may be given more than once
    #[arg(long, value_name = "SECTION")]
    only: Vec<String>,
    /// Skip this section; may be given more than once
    #[arg(long, value_name = "SECTION")]
    skip: Vec<String>,
    /// Run few rounds, to try it; this and partial runs write below target/bench
    #[arg(long)]
    quick: bool,
}

/// The benchmark program, a separate workspace: clients it compares with are not dependencies.
const MANIFEST: &str = "tests/lab/bench/Cargo.toml";
/// One file for each section of the report.
const SECTIONS: &str = "tests/lab/bench/src/sections";
const REQUIREMENTS: &str = "tests/lab/bench/requirements.txt";
/// The Python environment for the measurements, where the program looks for it.
const VENV: &str = "target/bench-python";

/// The command line to compare ours with, and where the program looks for it.
const TOOL: &str = "openrouter-cli";
const TOOL_VERSION: &str = "=0.2.0";
const TOOLS: &str = "target/bench-tools";

/// The sections that need more than Rust's libraries: the others are measured without building
/// the npm package or installing anything.
const NEED_NODE: [&str; 4] = ["calls", "decode", "package", "prefetch"];
const NEED_PYTHON: [&str; 1] = ["calls"];
const NEED_INSTRUCTIONS: [&str; 1] = ["build"];
const NEED_CLI: [&str; 2] = ["cli", "fleet"];
const NEED_OTHER_CLI: [&str; 1] = ["cli"];

/// The instruction counts for the report.
const INSTRUCTIONS: &str = "target/bench/instructions.json";
const OPERATIONS: [&str; 6] =
    ["list", "create", "get", "update", "delete", "get_current_key_metadata"];

type Prepare = fn(&Workspace) -> Result<()>;

/// Measures, and writes the report. If another language's tools are missing, only its lines are.
pub(crate) fn run(bench: &Bench, workspace: &Workspace) -> Result<()> {
    let shell = &workspace.shell;
    // Fail here, before minutes of building.
    let mut sections = stems(shell, SECTIONS)?;
    sections.retain(|name| name != "mod");
    bench.check(&sections)?;
    cmd!(shell, "cargo build --release --locked --manifest-path {MANIFEST}").run()?;
    if bench.includes(&NEED_CLI) {
        cmd!(shell, "cargo build --release --locked --package {CLI}").run()?;
    }
    let others: [(&str, &[&str], Prepare); 3] = [
        ("Node", &NEED_NODE, node),
        ("Python", &NEED_PYTHON, python),
        (TOOL, &NEED_OTHER_CLI, command_line),
    ];
    for (what, _, prepare) in others.into_iter().filter(|(_, needed, _)| bench.includes(needed)) {
        if let Err(error) = prepare(workspace) {
            println!("skipping {what}: {error:#}");
        }
    }
    let program = workspace.target("release/openrouter-keys");
    let mut options = bench.options();
    options.extend(["--cli", &program]);
    if bench.includes(&NEED_INSTRUCTIONS) {
        match count_instructions(workspace) {
            Ok(()) => options.extend(["--instructions", INSTRUCTIONS]),
            Err(error) => println!("skipping the instruction counts: {error:#}"),
        }
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

    /// Whether any of these sections is measured.
    fn includes(&self, sections: &[&str]) -> bool {
        let named = |names: &[String], section| names.iter().any(|name| name == section);
        sections.iter().any(|section| {
            (self.only.is_empty() || named(&self.only, section)) && !named(&self.skip, section)
        })
    }

    /// The program's arguments.
    fn options(&self) -> Vec<&str> {
        let only = self.only.iter().flat_map(|section| ["--only", section]);
        let skip = self.skip.iter().flat_map(|section| ["--skip", section]);
        only.chain(skip).chain(self.quick.then_some("--quick")).collect()
    }
}

/// Writes the instruction counts of building each request.
fn count_instructions(workspace: &Workspace) -> Result<()> {
    instructions::build(workspace)?;
    let mut counts = BTreeMap::new();
    for operation in OPERATIONS {
        counts.insert(operation, instructions::count(workspace, &format!("build {operation}"))?);
    }
    Ok(workspace.shell.write_file(INSTRUCTIONS, serde_json::json!(counts).to_string())?)
}

/// Builds the package, and installs the clients to compare it with.
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

/// Installs the other command line.
fn command_line(workspace: &Workspace) -> Result<()> {
    let shell = &workspace.shell;
    if !shell.path_exists(Path::new(TOOLS).join("bin").join(TOOL)) {
        let install = cmd!(shell, "cargo install {TOOL} --version {TOOL_VERSION} --locked");
        install.args(["--root", TOOLS]).run()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bench(only: &[&str], skip: &[&str], quick: bool) -> Bench {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Bench { only: owned(only), skip: owned(skip), quick }
    }

    #[test]
    fn an_unknown_section_is_refused_with_the_known_ones() {
        let wanted = bench(&["calls"], &["cals"], false);
        let refused = wanted.check(&["calls".into(), "decode".into()]).expect_err("none");
        assert!(refused.to_string().ends_with("the sections are calls, decode"), "{refused}");
        wanted.check(&["calls".into(), "cals".into()]).expect("both exist");
    }

    #[test]
    fn a_section_is_included_unless_others_are_named_or_it_is_skipped() {
        assert!(bench(&[], &[], false).includes(&["cli"]));
        assert!(bench(&["cli"], &[], false).includes(&["calls", "cli"]));
        assert!(!bench(&["calls"], &[], false).includes(&["cli"]));
        assert!(!bench(&[], &["cli"], false).includes(&["cli"]));
    }

    #[test]
    fn the_options_are_passed_on() {
        assert_eq!(
            bench(&["calls", "decode"], &["cargo"], true).options().join(" "),
            "--only calls --only decode --skip cargo --quick"
        );
        assert!(bench(&[], &[], false).options().is_empty());
    }
}
