//! Masking of secrets in text that other people wrote.

use crate::repair::{string_end, unescape};

/// What stands in the place of a secret.
pub(crate) const MASK: &str = "[redacted]";

/// The shortest run of token characters behind `sk-` that is taken for a key.
/// A masked label such as `sk-or-v1-0e6...1c96` breaks off after 12.
const SHORTEST_KEY: usize = 20;

/// How many texts within one another are looked into: an error of a server
/// behind two gateways is a JSON text in a JSON text in a JSON text.
const LEVELS: usize = 4;

/// Replaces the given secrets, and whatever looks like an API key. A text that
/// hides one behind escapes is returned without these.
pub(crate) fn mask(text: &str, secrets: &[&str]) -> String {
    let masked = mask_plain(text, secrets);
    let mut level = masked.clone();
    for _ in 0..LEVELS {
        if !level.contains('\\') {
            break;
        }
        let plain = unescape(&level);
        level = mask_plain(&plain, secrets);
        if level != plain {
            return level;
        }
    }
    masked
}

fn mask_plain(text: &str, secrets: &[&str]) -> String {
    let mut masked = text.to_owned();
    for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
        masked = masked.replace(secret, MASK);
    }
    mask_keys(&masked)
}

/// The same within the strings of a JSON text, where an escape could hide a
/// secret; `None` if there was nothing to replace. All else stays as it came.
pub(crate) fn mask_json(json: &str, secrets: &[&str]) -> Option<String> {
    let mut out = String::with_capacity(json.len());
    let mut changed = false;
    let mut rest = json;
    while let Some(start) = rest.find('"') {
        let (before, from) = rest.split_at(start);
        let (token, after) = from.split_at(string_end(from));
        out.push_str(before);
        match masked_token(token, secrets) {
            Some(masked) => {
                changed = true;
                out.push_str(&masked);
            }
            None => out.push_str(token),
        }
        rest = after;
    }
    out.push_str(rest);
    changed.then_some(out)
}

/// A string token that shows a secret, without it.
fn masked_token(token: &str, secrets: &[&str]) -> Option<String> {
    let inner = token.strip_prefix('"').unwrap_or(token);
    // Whatever half a surrogate pair is beside, it must not hide a secret.
    let text = unescape(inner.strip_suffix('"').unwrap_or(inner));
    let masked = mask(&text, secrets);
    if masked == text {
        return None;
    }
    serde_json::to_string(&masked).ok()
}

fn mask_keys(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find("sk-") {
        let (before, from) = rest.split_at(start);
        let end = from.find(|c: char| !is_token(c)).unwrap_or(from.len());
        let (run, after) = from.split_at(end);
        out.push_str(before);
        out.push_str(if run.len() >= SHORTEST_KEY { MASK } else { run });
        rest = after;
    }
    out.push_str(rest);
    out
}

fn is_token(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '-' || c == '_'
}

#[cfg(test)]
mod tests {
    use super::mask;

    #[test]
    fn keys_are_masked_and_labels_are_not() {
        assert_eq!(
            mask("bad key sk-or-v1-0123456789abcdef (sk-or-v1-0e6...1c96)", &[]),
            "bad key [redacted] (sk-or-v1-0e6...1c96)"
        );
        assert_eq!(mask("sk-or-v1-abc_def_012345678", &[]), "[redacted]");
    }

    #[test]
    fn a_secret_in_a_text_within_a_text_is_masked() {
        let said = r#"upstream said {"error":"bad key \u0073k-or-v1-0123456789abcdef"}"#;
        let mut text = said.to_owned();
        for _ in 0..4 {
            assert!(!mask(&text, &[]).contains("0123456789abcdef"), "{text}");
            text = serde_json::to_string(&text).unwrap();
        }
        let secret = "hunter\"2\\";
        let said = serde_json::to_string(secret).unwrap();
        assert_eq!(mask(&said, &[secret]), "\"[redacted]\"");
        assert_eq!(mask(r"C:\temp\u0041 is \no key", &[]), r"C:\temp\u0041 is \no key");
    }

    #[test]
    fn a_known_secret_of_any_form_is_masked() {
        assert_eq!(
            mask("user hunter2 said hunter2", &["hunter2", ""]),
            "user [redacted] said [redacted]"
        );
    }
}
