//! The response of list: a page of keys.

use openrouter_keys_core::List;
use openrouter_keys_core::operation::Operation;
use serde_json::Value;

use super::json::{self, same};
use super::secrets::{KEY, hidden_in_debug};

/// Reads the bytes as a page.
pub fn run(body: &[u8]) {
    let sound = json::object(body);
    let Ok(parsed) = List::new().parse(body) else {
        let has_rows = sound.is_some_and(|map| map.get("data").is_some_and(Value::is_array));
        assert!(!has_rows, "a sound page was refused");
        return;
    };
    let page = parsed.output;
    hidden_in_debug(&page, KEY);
    json::reads_back(&page, sound.is_some());
    if let Some(mut map) = sound {
        // Rows that are no objects are written last.
        if let Some(Value::Array(rows)) = map.get_mut("data") {
            rows.sort_by_key(|row| !row.is_object());
        }
        assert!(same(&json::value(&page), &Value::Object(map)), "a row was lost or changed");
    }
}
