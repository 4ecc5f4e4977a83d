//! The response to a create, whose secret is shown only once: it must reach the caller and
//! nobody else.

use openrouter_keys_core::operation::{Created, External, Operation, Parsed};
use openrouter_keys_core::{Create, Limit};
use serde_json::Value;

use super::json::{self, Entries, same, written};
use super::secrets::{KEY, PLAIN, hidden_in_debug, hidden_in_json};

/// A shorter key appears in other strings by chance.
const SHORTEST: usize = 16;

/// Parses the bytes as that response.
pub fn run(body: &[u8]) {
    let read = parse(body);
    if let Some(key) = first_key(body) {
        let created = read.as_ref().expect("a response with a key reaches the caller");
        assert_eq!(created.key().reveal(), key);
    }
    let Ok(created) = read else { return };
    let text = written(&created);
    let key = created.key().reveal().to_owned();
    // A string unlike a key could occur in any debug output.
    let is_token = key.bytes().all(|byte| byte.is_ascii_graphic() && !b"[]".contains(&byte));
    for secret in [KEY, PLAIN].into_iter().chain(is_token.then_some(&*key)) {
        if secret.len() >= SHORTEST && (secret != KEY || key == KEY) {
            hidden_in_json(&text, secret);
        }
        if secret == KEY || secret == PLAIN {
            hidden_in_debug(&created, secret);
        }
    }
    if created.problem.is_none() && !text.contains("[redacted]") {
        reads_back(body, &created, &text);
    }
}

fn parse(body: &[u8]) -> Result<Created, openrouter_keys_core::error::DecodeError> {
    let external = External::new("u").api_key(PLAIN);
    let create = Create::new("x", Limit::unlimited()).external(external);
    create.parse(body).map(|Parsed { output, .. }| output)
}

/// The first top-level `key` that is a string, without surrounding white space, if serde can
/// parse the body.
fn first_key(body: &[u8]) -> Option<String> {
    let Entries(entries) = serde_json::from_slice(body).ok()?;
    entries.into_iter().find_map(|(name, value)| match value {
        Value::String(text) if name == "key" && !text.is_empty() => Some(text.trim().to_owned()),
        _ => None,
    })
}

/// Everything except the key is as sent, and reads back unchanged.
fn reads_back(body: &[u8], created: &Created, text: &str) {
    let rest = text.strip_prefix('{').unwrap();
    let comma = if rest == "}" { "" } else { "," };
    // It looks like a key, so no key is searched for in the rest.
    let again = format!(r#"{{"key":"sk-or-v1-kept0123456789apart"{comma}{rest}"#);
    let again = parse(again.as_bytes()).unwrap();
    assert_eq!(written(&again), text);
    if let Some(mut map) = json::object(body) {
        assert_eq!((&again.data, &again.extra), (&created.data, &created.extra));
        map.remove("key");
        assert!(same(&json::value(created), &Value::Object(map)), "a field was lost or changed");
    }
}
