//! The checkout: its root, its crates, and a shell.

use anyhow::{Context as _, Result};
use cargo_metadata::semver::Version;
use cargo_metadata::{Metadata, MetadataCommand, Package};
use xshell::Shell;

use crate::shell::cmd;

/// The values, which the core re-exports.
pub(crate) const TYPES: &str = "openrouter-keys-types";
/// The crate that must stay small.
pub(crate) const CORE: &str = "openrouter-keys-core";
/// The crate that programs depend on.
pub(crate) const NATIVE: &str = "openrouter-keys-native";
pub(crate) const FLEET: &str = "openrouter-keys-fleet";
/// The contract suite, the vectors and their runners.
pub(crate) const TESTS: &str = "openrouter-keys-tests";
/// The command line.
pub(crate) const CLI: &str = "openrouter-keys";
/// The transport over fetch.
pub(crate) const WASM: &str = "openrouter-keys-wasm";
/// The module of the npm package.
pub(crate) const JS: &str = "openrouter-keys-js";

pub(crate) struct Workspace {
    pub(crate) shell: Shell,
    /// Metadata of our crates only.
    metadata: Metadata,
}

impl Workspace {
    pub(crate) fn find() -> Result<Self> {
        let metadata = MetadataCommand::new().no_deps().exec()?;
        let shell = Shell::new()?;
        shell.change_dir(&metadata.workspace_root);
        Ok(Self { shell, metadata })
    }

    pub(crate) fn root(&self) -> &str {
        self.metadata.workspace_root.as_str()
    }

    /// A file in cargo's target directory.
    pub(crate) fn target(&self, file: &str) -> String {
        self.metadata.target_directory.join(file).into_string()
    }

    /// One of our crates.
    pub(crate) fn member(&self, name: &str) -> Result<&Package> {
        let found = self.metadata.packages.iter().find(|package| package.name.as_str() == name);
        found.with_context(|| format!("there is no crate {name}"))
    }

    /// The minimum Rust version of the libraries.
    pub(crate) fn rust_version(&self) -> Result<&Version> {
        let promised = &self.member(CORE)?.rust_version;
        promised.as_ref().context("the core's manifest has no rust-version")
    }

    /// Every package that may be needed, from Cargo.lock.
    pub(crate) fn packages(&self) -> Result<Vec<Package>> {
        let mut command = MetadataCommand::new();
        command
            .current_dir(self.root())
            .other_options(["--locked".into(), "--all-features".into()]);
        Ok(command.exec()?.packages)
    }

    /// The content of a file, by its path from the root.
    pub(crate) fn read(&self, file: &str) -> Result<String> {
        Ok(self.shell.read_file(file)?)
    }

    /// The files of the checkout, including new ones, by their paths from the root.
    pub(crate) fn files(&self) -> Result<Vec<String>> {
        let shell = &self.shell;
        let command = cmd!(shell, "git ls-files --cached --others --exclude-standard");
        let mut files: Vec<String> = command.read()?.lines().map(str::to_owned).collect();
        // Deleted but uncommitted files are still listed.
        files.retain(|file| shell.path_exists(file));
        Ok(files)
    }
}
