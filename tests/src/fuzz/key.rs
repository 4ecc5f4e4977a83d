//! The response to get and update: one key.

use openrouter_keys_core::Update;
use openrouter_keys_core::operation::{Get, Operation};
use serde_json::Value;

use super::json::{self, same};
use super::secrets::{KEY, hidden_in_debug};

/// Parses the bytes as both responses.
pub fn run(body: &[u8]) {
    let valid = json::object(body);
    let read = Get::new("a").parse(body);
    match (&read, Update::new("a").parse(body)) {
        (Ok(get), Ok(update)) => {
            assert_eq!((&get.output, &get.envelope), (&update.output, &update.envelope));
        }
        (Err(get), Err(update)) => assert_eq!(get, &update),
        (get, update) => panic!("get: {get:?}, update: {update:?}"),
    }
    let Ok(parsed) = read else {
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
