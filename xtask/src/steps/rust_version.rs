//! The minimum Rust version is sufficient.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Result, ensure};
use cargo_metadata::semver::Version;

use crate::shell::{cmd, works};
use crate::step::{Context, Skipped, Step};
use crate::tree;
use crate::workspace::{CORE, FLEET, NATIVE};

pub(crate) const STEP: Step = Step::basic(
    "rust-version",
    "no dependency needs a newer Rust than the workspace promises",
    run,
);

pub(crate) const BUILD: Step = Step::extra(
    "rust-version-build",
    "the oldest promised Rust compiles the libraries, where it is installed",
    build,
);

/// A package's name and version.
type Package = (String, String);

fn run(context: &Context) -> Result<()> {
    let workspace = &context.workspace;
    let ours = workspace.rust_version()?;
    let options =
        ["-p", CORE, "-p", NATIVE, "-p", FLEET, "--all-features", "--edges", "normal,build"];
    let needed = tree::packages(workspace, &options)?;
    let declared = workspace.packages()?.into_iter().filter_map(|package| {
        Some(((package.name.to_string(), package.version.to_string()), package.rust_version?))
    });
    let declared: BTreeMap<Package, Version> = declared.collect();

    let silent = needed.iter().filter(|package| !declared.contains_key(package)).count();
    println!("{} packages; promised Rust {ours}; {silent} declare no version", needed.len());
    let newer = newer(&needed, &declared, ours);
    ensure!(newer.is_empty(), "these need a Rust newer than {ours}: {}", newer.join(", "));
    Ok(())
}

/// The needed packages that declare a newer version than `ours`.
fn newer(
    needed: &BTreeSet<Package>,
    declared: &BTreeMap<Package, Version>,
    ours: &Version,
) -> Vec<String> {
    let theirs = needed.iter().filter_map(|package| Some((package, declared.get(package)?)));
    let newer = theirs.filter(|(_, theirs)| *theirs > ours);
    newer.map(|((name, version), theirs)| format!("{name} {version} (Rust {theirs})")).collect()
}

fn build(context: &Context) -> Result<()> {
    let (shell, rust) = (&context.workspace.shell, context.workspace.rust_version()?);
    // rustup may have it under either name.
    let mut toolchains = [format!("{}.{}", rust.major, rust.minor), rust.to_string()].into_iter();
    let is_here = |toolchain: &String| {
        let command = cmd!(shell, "rustup run {toolchain} cargo --version");
        works(command.env("RUSTUP_AUTO_INSTALL", "0"))
    };
    let Some(toolchain) = toolchains.find(is_here) else {
        let others = "the step rust-version and clippy's incompatible_msrv stand in for it";
        return Err(Skipped(format!("no toolchain {rust} here; {others}")).into());
    };
    Ok(cmd!(
        shell,
        "cargo +{toolchain} check -p {CORE} -p {NATIVE} -p {FLEET} --all-features --locked"
    )
    .run()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_needed_packages_with_newer_versions_are_reported() {
        let package = |name: &str| (name.to_owned(), "1.0.0".to_owned());
        let version = |minor| Version::new(1, minor, 0);
        let declared = [("old", 60), ("same", 85), ("new", 86), ("unneeded", 99)]
            .map(|(name, minor)| (package(name), version(minor)))
            .into();
        let needed = ["old", "same", "new", "silent"].map(package).into();
        assert_eq!(newer(&needed, &declared, &version(85)), ["new 1.0.0 (Rust 1.86.0)"]);
    }
}
