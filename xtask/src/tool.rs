//! The cargo subcommands that a step needs: used where they are, installed
//! where they are not.

use std::path::{Path, PathBuf};

use crate::command::Command;
use crate::failure::Failure;
use crate::step::{Context, Outcome};

/// A cargo subcommand of a crate `cargo-NAME`.
pub(crate) struct Tool {
    pub(crate) name: &'static str,
    /// The versions that the project's settings are written for.
    pub(crate) version: &'static str,
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
        match self.set_up(context) {
            Ok(()) => use_it(),
            Err(failure) if context.ci => Err(failure),
            Err(failure) => Ok(Outcome::Skipped(format!(
                "cargo-{} is missing and cannot be installed: {failure}",
                self.name
            ))),
        }
    }

    /// `cargo NAME`, found among the tools of the project too.
    pub(crate) fn command(&self, context: &Context, line: &str) -> Command {
        let folder = tools(context).join("bin");
        let shown = folder.strip_prefix(&context.workspace.root);
        let shown = format!("\"{}:$PATH\"", shown.unwrap_or(&folder).display());
        let command = Command::new("cargo").argument(self.name).words(line);
        match path_with(&folder) {
            Some(path) => command.set_shown_as("PATH", path, shown),
            None => command,
        }
    }

    fn set_up(&self, context: &Context) -> Result<(), Failure> {
        let root = &context.workspace.root;
        if self.command(context, "--version").works(root) {
            return Ok(());
        }
        let Self { name, version } = self;
        println!("cargo-{name} is not there yet; building it takes some minutes");
        Command::cargo("install --quiet --locked --root")
            .argument(tools(context).display().to_string())
            .argument(format!("cargo-{name}@{version}"))
            .run(root)
    }
}

/// Where the project keeps tools: below the build output, or where CI wants
/// them so that they outlive a checkout.
fn tools(context: &Context) -> PathBuf {
    match std::env::var_os("XTASK_TOOLS") {
        Some(folder) if !folder.is_empty() => folder.into(),
        _ => context.workspace.target.join("tools"),
    }
}

fn path_with(folder: &Path) -> Option<std::ffi::OsString> {
    let path = std::env::var_os("PATH")?;
    let folders = std::iter::once(folder.to_path_buf()).chain(std::env::split_paths(&path));
    std::env::join_paths(folders).ok()
}
