//! No package that our crates need asks for a newer Rust than they promise.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::failure::Failure;
use crate::rust_version::RustVersion;
use crate::step::{Context, Outcome, Step};
use crate::tree::{self, Package};
use crate::workspace::{self, CORE, NATIVE};

pub(crate) const STEP: Step = Step {
    name: "rust-version",
    about: "no dependency asks for a newer Rust than the workspace promises",
    sets_up: false,
    run,
};

fn run(context: &Context) -> Result<Outcome, Failure> {
    let ours = context.workspace.rust_version;
    let options = format!("-p {CORE} -p {NATIVE} --all-features --edges normal,build");
    let needed = tree::packages(&context.workspace, &options)?;
    let metadata = workspace::metadata(&context.workspace.root, "--locked --all-features")?;
    let declared = declared(&metadata);

    let silent = needed.iter().filter(|p| !declared.contains_key(p)).count();
    println!("{} packages; the promised Rust is {ours}; {silent} declare none", needed.len());
    let newer = newer(&needed, &declared, ours);
    if newer.is_empty() {
        return Ok(Outcome::Passed);
    }
    Err(Failure::new(format!("newer than Rust {ours}: {}", newer.join(", "))))
}

/// The needed packages that declare more than `ours`.
fn newer(
    needed: &BTreeSet<Package>,
    declared: &BTreeMap<Package, RustVersion>,
    ours: RustVersion,
) -> Vec<String> {
    needed
        .iter()
        .filter_map(|package| Some((package, declared.get(package)?)))
        .filter(|(_, theirs)| **theirs > ours)
        .map(|(Package { name, version }, theirs)| format!("{name} {version} (Rust {theirs})"))
        .collect()
}

fn declared(metadata: &Value) -> BTreeMap<Package, RustVersion> {
    let packages = metadata.get("packages").and_then(Value::as_array);
    packages
        .into_iter()
        .flatten()
        .filter_map(|package| {
            let text = |name| package.get(name).and_then(Value::as_str);
            let version = RustVersion::parse(text("rust_version")?)?;
            let package = Package { name: text("name")?.into(), version: text("version")?.into() };
            Some((package, version))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_needed_and_newer_offends() {
        let metadata = serde_json::json!({ "packages": [
            { "name": "old", "version": "1.0.0", "rust_version": "1.60" },
            { "name": "same", "version": "1.0.0", "rust_version": "1.85" },
            { "name": "new", "version": "1.0.0", "rust_version": "1.86" },
            { "name": "unneeded", "version": "1.0.0", "rust_version": "1.99" },
            { "name": "silent", "version": "1.0.0", "rust_version": null },
        ]});
        let needed = ["old", "same", "new", "silent"]
            .map(|name| Package { name: name.into(), version: "1.0.0".into() })
            .into();
        let ours = RustVersion::parse("1.85").expect("a version");
        assert_eq!(newer(&needed, &declared(&metadata), ours), ["new 1.0.0 (Rust 1.86.0)"]);
    }
}
