//! The versions of the measured crates.

use std::collections::BTreeMap;

const LOCK: &str = include_str!("../Cargo.lock");

/// The versions of these packages in Cargo.lock.
pub(crate) fn of(packages: &[&str]) -> BTreeMap<String, String> {
    packages
        .iter()
        .filter_map(|package| Some(((*package).into(), find(LOCK, package)?.into())))
        .collect()
}

fn find<'a>(lock: &'a str, package: &str) -> Option<&'a str> {
    let name = format!("name = \"{package}\"");
    lock.split("[[package]]").find_map(|part| {
        part.lines().find(|line| *line == name)?;
        part.lines().find_map(|line| line.strip_prefix("version = \"")?.strip_suffix('"'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_contestant_is_locked() {
        let packages = ["openrouter-keys-native", "openrouter-rs", "reqwest"];
        assert_eq!(of(&packages).len(), packages.len());
        assert_eq!(of(&["openrouter"]), BTreeMap::new());
    }
}
