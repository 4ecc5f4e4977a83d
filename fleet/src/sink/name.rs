//! The key's name in the path of a sink.

use openrouter_keys_core::error::BoxError;

/// Stands for the key's name.
pub(super) const NAME: &str = "{name}";

/// Puts the key's name in. Characters that mean something in a path become `_`.
pub(super) fn with_name(template: &str, name: &str) -> Result<String, BoxError> {
    if !template.contains(NAME) {
        return Ok(template.to_owned());
    }
    let kept: String = name
        .chars()
        .map(|char| if char.is_alphanumeric() || "-_. ".contains(char) { char } else { '_' })
        .collect();
    let name = kept.trim_start_matches('.').trim();
    if name.is_empty() {
        return Err("the key's name has nothing that could be the name of a file".into());
    }
    Ok(template.replace(NAME, name))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::with_name;

    #[test]
    fn a_name_never_leaves_its_folder() {
        let expand = |name| with_name("/run/keys/{name}.key", name).unwrap();
        assert_eq!(expand("../../etc/passwd"), "/run/keys/_.._etc_passwd.key");
        assert_eq!(expand("customer 42 (ü)"), "/run/keys/customer 42 _ü_.key");
        with_name("{name}", "...").unwrap_err();
        assert_eq!(with_name("a.key", "...").unwrap(), "a.key");
    }
}
