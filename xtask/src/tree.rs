//! The packages a crate needs, as `cargo tree` lists them: for every platform, without
//! dev-dependencies. `cargo metadata` cannot do this: it adds the features of
//! dev-dependencies.

use std::collections::BTreeSet;

use anyhow::Result;

use crate::shell::cmd;
use crate::workspace::Workspace;

/// The packages that `options` select, such as `-p core --edges normal`, with name and version.
pub(crate) fn packages(
    workspace: &Workspace,
    options: &[&str],
) -> Result<BTreeSet<(String, String)>> {
    let (shell, form) = (&workspace.shell, "{p}");
    let command =
        cmd!(shell, "cargo tree --locked --target all --prefix none --format {form} {options...}");
    Ok(parse(&command.read()?))
}

fn parse(text: &str) -> BTreeSet<(String, String)> {
    let package = |line: &str| {
        let mut words = line.split_whitespace();
        Some((words.next()?.to_owned(), words.next()?.strip_prefix('v')?.to_owned()))
    };
    text.lines().filter_map(package).collect()
}

#[cfg(test)]
mod tests {
    use super::parse;

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
        let names: Vec<_> =
            packages.iter().map(|(name, version)| format!("{name} {version}")).collect();
        assert_eq!(names, ["core 0.1.0", "serde_derive 1.0.1", "syn 2.0.0", "syn 3.0.0"]);
    }
}
