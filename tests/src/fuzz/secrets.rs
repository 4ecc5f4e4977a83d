//! Secrets that corpora plant in responses, and places where they must not appear.

use std::fmt::Debug;

use serde_json::Value;

/// A key as the API generates it.
pub(super) const KEY: &str = "sk-or-v1-planted0123456789abcdef";
/// A secret that does not look like a key, with characters that JSON can escape.
pub(super) const PLAIN: &str = "planted/secret\"of\\a-partner-0123456789";

/// Neither form of `Debug` contains the secret.
pub(super) fn hidden_in_debug(shown: &impl Debug, secret: &str) {
    for text in [format!("{shown:?}"), format!("{shown:#?}")] {
        hidden_in_text(&text, secret);
    }
}

/// The string does not contain the secret, plain or escaped.
pub(super) fn hidden_in_text(text: &str, secret: &str) {
    assert!(!text.contains(secret), "a secret is shown: {text}");
    if text.contains('\\') {
        let plain = without_escapes(text);
        assert!(!plain.contains(secret), "a secret is shown behind an escape: {text}");
    }
}

/// No string or name in the JSON contains the secret.
pub(super) fn hidden_in_json(json: &str, secret: &str) {
    hidden_in_text(json, secret);
    if let Ok(value) = serde_json::from_str(json) {
        hidden_in_value(&value, secret);
    }
}

fn hidden_in_value(value: &Value, secret: &str) {
    match value {
        Value::String(text) => hidden_in_text(text, secret),
        Value::Array(items) => items.iter().for_each(|item| hidden_in_value(item, secret)),
        Value::Object(map) => map.iter().for_each(|(name, item)| {
            hidden_in_text(name, secret);
            hidden_in_value(item, secret);
        }),
        _ => {}
    }
}

/// Replaces every `\uXXXX` of ASCII with its character.
fn without_escapes(text: &str) -> String {
    let mut parts = text.split("\\u");
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let digits = part.get(..4).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        if let Some(byte) = digits.filter(u8::is_ascii) {
            plain.push(char::from(byte));
            plain.push_str(&part[4..]);
        } else {
            plain.push_str("\\u");
            plain.push_str(part);
        }
    }
    plain
}
