//! Builds the npm package into `bindings-js/npm`: the module, its glue, the facade and the
//! declarations, as ES modules and CommonJS.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program for a terminal")]

mod module;
mod package;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use self::module::{Features, print_parts};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> ExitCode {
    match build() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn build() -> Result<()> {
    let folders = Folders::find()?;
    if !folders.tools.join("node_modules").is_dir() {
        run(Command::new("npm").arg("ci").current_dir(&folders.tools))?;
    }
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        [] => {}
        ["--parts", ref part @ ..] => return print_parts(&folders, Features::All, part),
        ["--operations-parts", ref part @ ..] => {
            return print_parts(&folders, Features::Operations, part);
        }
        _ => return Err("usage: openrouter-keys-npm [--parts|--operations-parts [PART]]".into()),
    }
    package::assemble(&folders)?;
    run(Command::new("node").arg(folders.tools.join("build/check-package.mjs")))
}

/// The folders in use.
struct Folders {
    /// The workspace.
    root: PathBuf,
    /// `bindings-js`, where npm installs its tools.
    tools: PathBuf,
    /// The package being built.
    package: PathBuf,
    /// Cargo's target folder.
    target: PathBuf,
}

impl Folders {
    fn find() -> Result<Self> {
        // At run time: a copied checkout has a copy of this program, too.
        let here = match std::env::var_os("CARGO_MANIFEST_DIR") {
            Some(folder) => PathBuf::from(folder),
            None => std::env::current_dir()?,
        };
        let root = root_above(&here).ok_or("run this within the checkout")?;
        let tools = root.join("bindings-js");
        let target = match std::env::var_os("CARGO_TARGET_DIR") {
            Some(target) => root.join(target),
            None => root.join("target"),
        };
        Ok(Self { root: root.into(), package: tools.join("npm"), tools, target })
    }

    /// A program from an npm package.
    fn node_program(&self, path: &str) -> Command {
        let mut command = Command::new("node");
        command.arg(self.tools.join("node_modules").join(path)).current_dir(&self.tools);
        command
    }
}

/// The checkout that contains the folder.
fn root_above(folder: &Path) -> Option<&Path> {
    folder.ancestors().find(|folder| folder.join("bindings-js/build/Cargo.toml").is_file())
}

/// Runs a program; any exit other than success is an error.
fn run(command: &mut Command) -> Result<()> {
    let status = command.status().map_err(|error| format!("{command:?}: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("{command:?} ended with {status}").into()) }
}
