//! A version of Rust as manifests state it: `1.85` or `1.85.0`.

use std::fmt;

/// Compared number by number; a missing patch number is zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct RustVersion {
    major: u32,
    minor: u32,
    patch: u32,
}

impl RustVersion {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut numbers = text.split('.').map(str::parse);
        let major = numbers.next()?.ok()?;
        let minor = numbers.next().unwrap_or(Ok(0)).ok()?;
        let patch = numbers.next().unwrap_or(Ok(0)).ok()?;
        numbers.next().is_none().then_some(Self { major, minor, patch })
    }

    /// The names under which rustup may have this version.
    pub(crate) fn toolchains(self) -> [String; 2] {
        let Self { major, minor, .. } = self;
        [format!("{major}.{minor}"), self.to_string()]
    }
}

impl fmt::Display for RustVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { major, minor, patch } = self;
        write!(f, "{major}.{minor}.{patch}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_by_number() {
        let version = |text| RustVersion::parse(text).expect("a version");
        assert!(version("1.9") < version("1.85"));
        assert!(version("1.85.0") <= version("1.85"));
        assert!(version("1.85.1") > version("1.85"));
        assert!(version("2") > version("1.99.9"));
    }

    #[test]
    fn other_texts_are_no_version() {
        for text in ["", "stable", "1.x", "1.2.3.4", "1.85-beta"] {
            assert_eq!(RustVersion::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_toolchain_goes_by_two_names() {
        let version = RustVersion::parse("1.85").expect("a version");
        assert_eq!(version.toolchains(), ["1.85", "1.85.0"]);
    }
}
