//! The programs that a step needs from crates: used where they are, installed
//! where they are not.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use crate::command::Command;
use crate::failure::Failure;
use crate::step::{Context, Outcome};
use crate::workspace::Workspace;

/// A program of a package.
pub(crate) struct Tool {
    pub(crate) package: &'static str,
    /// The versions that the project is written for. One that begins with `=`
    /// is the only one that is taken, if another is there already.
    pub(crate) version: Cow<'static, str>,
    /// How it is called, such as `cargo deny`.
    pub(crate) call: &'static str,
    /// How it is installed beyond that.
    pub(crate) install: &'static str,
}

impl Tool {
    /// Runs `use_it` with the tool in place. A tool that cannot be installed
    /// fails a step in CI and skips it elsewhere, where the network may be
    /// missing.
    pub(crate) fn with(
        &self,
        context: &Context,
        use_it: impl FnOnce() -> Result<Outcome, Failure>,
    ) -> Result<Outcome, Failure> {
        match self.set_up(&context.workspace) {
            Ok(()) => use_it(),
            Err(failure) => context.cannot_look(format!(
                "{} is missing and cannot be installed: {failure}",
                self.package
            )),
        }
    }

    /// Its command with the words of a line.
    pub(crate) fn command(&self, workspace: &Workspace, line: &str) -> Command {
        let (program, subcommand) = self.call.split_once(' ').unwrap_or((self.call, ""));
        within_reach(workspace, Command::new(program).words(subcommand).words(line))
    }

    /// Installs it if it is not there.
    pub(crate) fn set_up(&self, workspace: &Workspace) -> Result<(), Failure> {
        if self.is_there(workspace) {
            return Ok(());
        }
        let Self { package, version, install, .. } = self;
        println!("{package} is not there yet; building it takes some minutes");
        Command::cargo("install --quiet --root")
            .argument(tools(workspace).display().to_string())
            .words(install)
            .argument(format!("{package}@{version}"))
            .run(&workspace.root)
    }

    fn is_there(&self, workspace: &Workspace) -> bool {
        // Not every tool tells its version.
        let question = if self.version.starts_with('=') { "--version" } else { "--help" };
        let shown = self.command(workspace, question).output(&workspace.root);
        shown.is_ok_and(|shown| is_meant(&self.version, &shown))
    }
}

/// Whether what `--version` shows is a version of the project's.
fn is_meant(version: &str, shown: &str) -> bool {
    match version.strip_prefix('=') {
        Some(exact) => shown.split_whitespace().any(|word| word == exact),
        None => true,
    }
}

/// The command, which finds the project's tools too.
pub(crate) fn within_reach(workspace: &Workspace, command: Command) -> Command {
    let folder = tools(workspace).join("bin");
    let shown = folder.strip_prefix(&workspace.root);
    let shown = format!("\"{}:$PATH\"", shown.unwrap_or(&folder).display());
    match path_with(&folder) {
        Some(path) => command.set_shown_as("PATH", path, shown),
        None => command,
    }
}

/// Where the project keeps tools: below the build output, or where CI wants
/// them so that they outlive a checkout.
fn tools(workspace: &Workspace) -> PathBuf {
    match std::env::var_os("XTASK_TOOLS") {
        Some(folder) if !folder.is_empty() => folder.into(),
        _ => workspace.target.join("tools"),
    }
}

fn path_with(folder: &Path) -> Option<std::ffi::OsString> {
    let path = std::env::var_os("PATH")?;
    let folders = std::iter::once(folder.to_path_buf()).chain(std::env::split_paths(&path));
    std::env::join_paths(folders).ok()
}

#[cfg(test)]
mod tests {
    use super::is_meant;

    #[test]
    fn an_exact_version_takes_no_other() {
        assert!(is_meant("=0.2.130", "a-tool 0.2.130 (0123abc)\n"));
        assert!(!is_meant("=0.2.130", "a-tool 0.2.13\n"));
        assert!(!is_meant("=0.2.130", "a-tool 0.2.131\n"));
        assert!(is_meant("^0.20", "a-tool 0.19.3\n"));
    }
}
