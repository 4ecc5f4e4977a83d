//! Which packages a crate of ours needs, as `cargo tree` has it: for every
//! platform, without what only tests need.

use std::collections::BTreeSet;

use crate::command::Command;
use crate::failure::Failure;
use crate::workspace::Workspace;

/// A package at one version.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) version: String,
}

/// The packages that `options` select, such as `-p core --edges normal`.
pub(crate) fn packages(workspace: &Workspace, options: &str) -> Result<BTreeSet<Package>, Failure> {
    let command =
        Command::cargo("tree --locked --target all --prefix none --format {p}").words(options);
    println!("$ {command}");
    let text = command.output(&workspace.root)?;
    Ok(parse(&text))
}

fn parse(text: &str) -> BTreeSet<Package> {
    text.lines()
        .filter_map(|line| {
            let mut words = line.split_whitespace();
            let name = words.next()?.into();
            let version = words.next()?.strip_prefix('v')?.into();
            Some(Package { name, version })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_package_counts_once() {
        let packages = parse(
            "core v0.1.0 (/somewhere)\n\
             serde_derive v1.0.1 (proc-macro)\n\
             syn v2.0.0\n\
             \n\
             syn v3.0.0 (*)\n\
             syn v2.0.0 (*)\n",
        );
        let names: Vec<_> = packages
            .iter()
            .map(|package| format!("{} {}", package.name, package.version))
            .collect();
        assert_eq!(names, ["core 0.1.0", "serde_derive 1.0.1", "syn 2.0.0", "syn 3.0.0"]);
    }
}
