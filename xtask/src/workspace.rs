//! The checkout: where it is, where it builds to, what it consists of.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::command::Command;
use crate::failure::Failure;
use crate::rust_version::RustVersion;

/// The crate that has to stay small.
pub(crate) const CORE: &str = "openrouter-keys-core";
/// The crate that programs depend on.
pub(crate) const NATIVE: &str = "openrouter-keys-native";

/// The contract, the vectors and what runs them.
pub(crate) const TESTS: &str = "openrouter-keys-tests";
/// The transport over fetch.
pub(crate) const WASM: &str = "openrouter-keys-wasm";
/// The module of the npm package.
pub(crate) const JS: &str = "openrouter-keys-js";

pub(crate) struct Workspace {
    pub(crate) root: PathBuf,
    pub(crate) target: PathBuf,
    pub(crate) members: Vec<Member>,
    /// The oldest Rust that the workspace's manifest promises.
    pub(crate) rust_version: RustVersion,
}

/// A crate of ours.
pub(crate) struct Member {
    pub(crate) name: String,
    pub(crate) manifest: PathBuf,
}

impl Workspace {
    pub(crate) fn find() -> Result<Self, Failure> {
        let metadata = metadata(Path::new("."), "--no-deps")?;
        Self::from_metadata(&metadata)
            .ok_or_else(|| Failure::new("`cargo metadata` does not describe the workspace"))
    }

    fn from_metadata(metadata: &Value) -> Option<Self> {
        let path = |value: &Value| value.as_str().map(PathBuf::from);
        let packages = metadata.get("packages")?.as_array()?;
        let members = packages.iter().map(|package| {
            Some(Member {
                name: package.get("name")?.as_str()?.into(),
                manifest: path(package.get("manifest_path")?)?,
            })
        });
        let core =
            packages.iter().find(|package| package.get("name").is_some_and(|name| name == CORE))?;
        Some(Self {
            root: path(metadata.get("workspace_root")?)?,
            target: path(metadata.get("target_directory")?)?,
            members: members.collect::<Option<_>>()?,
            rust_version: RustVersion::parse(core.get("rust_version")?.as_str()?)?,
        })
    }
}

/// What cargo tells about the workspace and, unless told otherwise, about every
/// package it may need.
pub(crate) fn metadata(folder: &Path, options: &str) -> Result<Value, Failure> {
    let text = Command::cargo("metadata --format-version 1").words(options).output(folder)?;
    serde_json::from_str(&text)
        .map_err(|error| Failure::new(format!("`cargo metadata` wrote no JSON: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_minimum_version_is_the_core_s() {
        let metadata = serde_json::json!({
            "workspace_root": "/w",
            "target_directory": "/t",
            "packages": [
                { "name": "xtask", "manifest_path": "/w/x/Cargo.toml", "rust_version": null },
                { "name": CORE, "manifest_path": "/w/c/Cargo.toml", "rust_version": "1.85" },
            ],
        });
        let workspace = Workspace::from_metadata(&metadata).expect("a workspace");
        assert_eq!(Some(workspace.rust_version), RustVersion::parse("1.85"));
        assert_eq!(workspace.members.len(), 2);
    }
}
