//! The response to list: a page of keys.

use openrouter_keys_core::List;
use openrouter_keys_core::operation::Operation;
use serde_json::Value;

use super::json::{self, same};
use super::secrets::{KEY, hidden_in_debug};

/// Parses the bytes as a page.
pub fn run(body: &[u8]) {
    let valid = json::object(body);
    let Ok(parsed) = List::new().parse(body) else {
        let has_rows = valid.is_some_and(|map| map.get("data").is_some_and(Value::is_array));
        assert!(!has_rows, "a valid page was refused");
        return;
    };
    let page = parsed.output;
    hidden_in_debug(&page, KEY);
    json::reads_back(&page, valid.is_some());
    if let Some(mut map) = valid {
        // Rows that are not objects are serialised last.
        if let Some(Value::Array(rows)) = map.get_mut("data") {
            rows.sort_by_key(|row| !row.is_object());
        }
        assert!(same(&json::value(&page), &Value::Object(map)), "a row was lost or changed");
    }
}
