//! The response of delete: a confirmation.

use openrouter_keys_core::operation::{Delete, Operation};
use serde_json::Value;

use super::json;

/// Parses the bytes as a confirmation and compares with serde.
pub fn run(body: &[u8]) {
    let read = Delete::new("a").parse(body);
    if body.trim_ascii().is_empty() {
        assert!(read.is_ok(), "an empty body confirms");
    } else if let Some(map) = json::object(body) {
        let confirms = map.get("deleted") == Some(&Value::Bool(true))
            && map.get("error").is_none_or(Value::is_null);
        assert_eq!(read.is_ok(), confirms);
    }
    if let Ok(parsed) = read {
        assert!(!parsed.output.already_gone);
    }
}
