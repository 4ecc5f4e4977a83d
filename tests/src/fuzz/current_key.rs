//! The response about the current key.

use openrouter_keys_core::operation::{GetCurrentKeyMetadata, Operation};
use serde_json::Value;

use super::json::{self, same};
use super::secrets::{KEY, hidden_in_debug};

/// Parses the bytes as that response.
pub fn run(body: &[u8]) {
    let valid = json::object(body);
    let Ok(parsed) = GetCurrentKeyMetadata::new().parse(body) else {
        let has_key = valid.is_some_and(|map| map.get("data").is_some_and(Value::is_object));
        assert!(!has_key, "a valid response was refused");
        return;
    };
    hidden_in_debug(&parsed, KEY);
    json::reads_back(&parsed.output, valid.is_some());
    if let Some(mut map) = valid {
        let data = map.remove("data").unwrap();
        assert!(same(&json::value(&parsed.output), &data), "a field was lost or changed");
        assert!(same(&json::value(&parsed.envelope), &Value::Object(map)));
    }
}
