//! `cargo xtask bench`: everything the benchmarks need is built, and they are run.

use std::process::ExitCode;

use crate::command::Command;
use crate::failure::Failure;
use crate::npm;
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
/// An environment of Python's for what is measured there, where the program
/// looks for it.
const VENV: &str = "target/bench-python";
/// Its Python, from the root.
const PYTHON: &str = "target/bench-python/bin/python";

/// Measures, and writes the report. What another language lacks costs only its
/// own lines of the report.
pub(crate) fn run(wishes: &Bench) -> Result<ExitCode, Failure> {
    let workspace = Workspace::find()?;
    Command::cargo("build --release --locked --manifest-path")
        .argument(MANIFEST)
        .run(&workspace.root)?;
    for (language, prepared) in [("Node", node(&workspace)), ("Python", python(&workspace))] {
        if let Err(failure) = prepared {
            println!("what runs in {language} is left out: {failure}");
        }
    }
    let run = Command::cargo("run --quiet --release --locked --manifest-path").argument(MANIFEST);
    wishes.passed_to(run.words("-- run")).run(&workspace.root)?;
    Ok(ExitCode::SUCCESS)
}

impl Bench {
    fn passed_to(&self, mut command: Command) -> Command {
        for (option, sections) in [("--only", &self.only), ("--skip", &self.skip)] {
            for section in sections {
                command = command.argument(option).argument(section);
            }
        }
        if self.quick { command.argument("--quick") } else { command }
    }
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
