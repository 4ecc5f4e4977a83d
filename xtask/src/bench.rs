//! `cargo xtask bench`: everything the benchmarks need is built, and they are run.

use std::collections::BTreeMap;
use std::process::ExitCode;

use crate::command::Command;
use crate::failure::Failure;
use crate::instructions;
use crate::npm;
use crate::stems::stems;
use crate::workspace::Workspace;

/// Which sections are wanted, and how thoroughly.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Bench {
    /// All if there are none.
    pub(crate) only: Vec<String>,
    pub(crate) skip: Vec<String>,
    pub(crate) quick: bool,
}

/// The program, a workspace of its own: what it measures beside the project is
/// no part of it.
const MANIFEST: &str = "tests/bench/Cargo.toml";
/// A file for each section of the report.
const SECTIONS: &str = "tests/bench/src/sections";
/// An environment of Python's for what is measured there, where the program
/// looks for it.
const VENV: &str = "target/bench-python";
/// Its Python, from the root.
const PYTHON: &str = "target/bench-python/bin/python";

/// What is counted for it, from the root.
const INSTRUCTIONS: &str = "target/bench/instructions.json";
const OPERATIONS: [&str; 6] =
    ["list", "create", "get", "update", "delete", "get_current_key_metadata"];

/// Measures, and writes the report. What another language lacks costs only its
/// own lines of the report.
pub(crate) fn run(wishes: &Bench) -> Result<ExitCode, Failure> {
    let workspace = Workspace::find()?;
    // Before minutes of building.
    let mut sections = stems(&workspace.root.join(SECTIONS))?;
    sections.retain(|name| name != "mod");
    wishes.check(&sections)?;
    Command::cargo("build --release --locked --manifest-path")
        .argument(MANIFEST)
        .run(&workspace.root)?;
    for (language, prepared) in [("Node", node(&workspace)), ("Python", python(&workspace))] {
        if let Err(failure) = prepared {
            println!("what runs in {language} is left out: {failure}");
        }
    }
    let run = Command::cargo("run --quiet --release --locked --manifest-path").argument(MANIFEST);
    let mut run = wishes.passed_to(run.words("-- run"));
    match instructions(&workspace) {
        Ok(()) => run = run.argument("--instructions").argument(INSTRUCTIONS),
        Err(failure) => println!("no instructions are counted: {failure}"),
    }
    run.run(&workspace.root)?;
    Ok(ExitCode::SUCCESS)
}

impl Bench {
    fn check(&self, sections: &[String]) -> Result<(), Failure> {
        let unknown = self.only.iter().chain(&self.skip).find(|name| !sections.contains(name));
        unknown.map_or(Ok(()), |name| {
            Err(Failure::new(format!(
                "there is no section {name}; the sections are {}",
                sections.join(", ")
            )))
        })
    }

    fn passed_to(&self, mut command: Command) -> Command {
        for (option, sections) in [("--only", &self.only), ("--skip", &self.skip)] {
            for section in sections {
                command = command.argument(option).argument(section);
            }
        }
        if self.quick { command.argument("--quick") } else { command }
    }
}

/// Writes what building each request takes.
fn instructions(workspace: &Workspace) -> Result<(), Failure> {
    instructions::build(workspace)?;
    let mut counts = BTreeMap::new();
    for operation in OPERATIONS {
        let count = instructions::count(workspace, &format!("build {operation}"))?;
        counts.insert(operation, count);
    }
    let file = workspace.root.join(INSTRUCTIONS);
    let failure = |error: std::io::Error| Failure::new(format!("{INSTRUCTIONS}: {error}"));
    std::fs::create_dir_all(file.parent().unwrap_or(&workspace.root)).map_err(failure)?;
    std::fs::write(file, serde_json::json!(counts).to_string()).map_err(failure)
}

/// The package as it is, and the clients beside it.
fn node(workspace: &Workspace) -> Result<(), Failure> {
    npm::build(workspace)?;
    let folder = workspace.root.join("bindings-js");
    if folder.join("node_modules").is_dir() {
        return Ok(());
    }
    Command::new("npm").words("ci").run(&folder)
}

fn python(workspace: &Workspace) -> Result<(), Failure> {
    if !workspace.root.join(PYTHON).exists() {
        Command::new("python3").words("-m venv").argument(VENV).run(&workspace.root)?;
    }
    Command::new(PYTHON)
        .words("-m pip --quiet --disable-pip-version-check")
        .words("install --requirement tests/bench/requirements.txt")
        .run(&workspace.root)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_that_is_none_is_answered_with_those_there_are() {
        let wishes = Bench { only: vec!["calls".into()], skip: vec!["cals".into()], quick: false };
        let refused = wishes.check(&["calls".into(), "decode".into()]).expect_err("none");
        assert!(refused.to_string().ends_with("the sections are calls, decode"), "{refused}");
        wishes.check(&["calls".into(), "cals".into()]).expect("both are there");
    }

    #[test]
    fn what_is_wanted_is_passed_on() {
        let wishes = Bench {
            only: vec!["calls".into(), "decode".into()],
            skip: vec!["cargo".into()],
            quick: true,
        };
        assert_eq!(
            wishes.passed_to(Command::new("run")).to_string(),
            "run --only calls --only decode --skip cargo --quick"
        );
        assert_eq!(Bench::default().passed_to(Command::new("run")).to_string(), "run");
    }
}
