//! Whether a manifest puts its crate under the workspace's lints.

/// Whether `[lints]` says `workspace = true`.
pub(crate) fn are_inherited(manifest: &str) -> bool {
    section(manifest, "[lints]").any(|line| line == "workspace=true")
}

/// Whether the workspace forbids unsafe code, which no crate can then allow.
pub(crate) fn forbid_unsafe(manifest: &str) -> bool {
    section(manifest, "[workspace.lints.rust]").any(|line| line == r#"unsafe_code="forbid""#)
}

/// The lines below a heading, without blanks and comments.
fn section<'a>(manifest: &'a str, heading: &'a str) -> impl Iterator<Item = String> + 'a {
    manifest
        .lines()
        .skip_while(move |line| line.trim() != heading)
        .skip(1)
        .take_while(|line| !line.trim_start().starts_with('['))
        .map(|line| {
            let code = line.split('#').next().unwrap_or_default();
            code.split_whitespace().collect()
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lints_are_inherited_only_by_saying_so() {
        assert!(are_inherited("[package]\n\n[lints]\nworkspace = true # all\n"));
        assert!(!are_inherited("[package]\nworkspace = true\n"));
        assert!(!are_inherited("[lints]\n[other]\nworkspace = true\n"));
        assert!(!are_inherited("[lints]\n# workspace = true\n"));
    }

    #[test]
    fn only_forbid_forbids() {
        assert!(forbid_unsafe("[workspace.lints.rust]\nunsafe_code = \"forbid\"\n"));
        assert!(!forbid_unsafe("[workspace.lints.rust]\nunsafe_code = \"deny\"\n"));
        assert!(!forbid_unsafe(""));
    }
}
