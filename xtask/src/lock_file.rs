//! What Cargo.lock says.

use crate::failure::Failure;
use crate::workspace::Workspace;

/// The version of a package that is locked once.
pub(crate) fn version(workspace: &Workspace, package: &str) -> Result<String, Failure> {
    let file = workspace.root.join("Cargo.lock");
    let text = std::fs::read_to_string(&file)
        .map_err(|error| Failure::new(format!("{}: {error}", file.display())))?;
    find(&text, package)
        .map(Into::into)
        .ok_or_else(|| Failure::new(format!("Cargo.lock has not one version of {package}")))
}

fn find<'a>(text: &'a str, package: &str) -> Option<&'a str> {
    let name = format!("name = \"{package}\"");
    let mut found = text.split("[[package]]").filter_map(|part| {
        part.lines().find(|line| *line == name)?;
        part.lines().find_map(|line| line.strip_prefix("version = \"")?.strip_suffix('"'))
    });
    let version = found.next()?;
    found.next().is_none().then_some(version)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCK: &str = "version = 4\n\n\
        [[package]]\nname = \"one\"\nversion = \"1.2.3\"\n\n\
        [[package]]\nname = \"one-more\"\nversion = \"2.0.0\"\ndependencies = [\n \"one\",\n]\n\n\
        [[package]]\nname = \"twice\"\nversion = \"0.1.0\"\n\n\
        [[package]]\nname = \"twice\"\nversion = \"0.2.0\"\n";

    #[test]
    fn a_package_is_found_by_its_whole_name() {
        assert_eq!(find(LOCK, "one"), Some("1.2.3"));
        assert_eq!(find(LOCK, "one-more"), Some("2.0.0"));
    }

    #[test]
    fn a_version_that_is_not_the_only_one_is_none() {
        assert_eq!(find(LOCK, "twice"), None);
        assert_eq!(find(LOCK, "more"), None);
    }
}
