//! Responses from other points of the API's history.

use openrouter_keys_emulator::Emulator;
use serde_json::{Value, json};

use crate::client::call;

fn fields(data: &Value) -> Vec<&str> {
    data.as_object().unwrap().keys().map(String::as_str).collect()
}

#[test]
fn the_first_shape_lacks_later_fields() {
    let emulator = Emulator::start().unwrap();
    emulator.seed_keys(1);
    let list = call(&emulator, "GET", "/keys").fault("shape=1").send().data();
    let current = call(&emulator, "GET", "/key").fault("shape=1").send().data();
    for later in ["creator_user_id", "workspace_id", "external_user", "last_used_at"] {
        assert!(!fields(&list[0]).contains(&later), "{later}");
        assert!(!fields(&current).contains(&later), "{later}");
    }
    assert!(fields(&list[0]).contains(&"hash"));
    assert!(fields(&current).contains(&"is_provisioning_key"));
    assert!(!fields(&current).contains(&"is_management_key"));
    assert_eq!(current["rate_limit"]["requests"], 10.5);
}

#[test]
fn the_newest_step_is_the_default() {
    let emulator = Emulator::start().unwrap();
    let today = call(&emulator, "GET", "/key").send();
    let newest = call(&emulator, "GET", "/key").fault("shape=8").send();
    assert_eq!(newest.data(), today.data());
}

#[test]
fn a_create_returns_its_secret_in_every_shape() {
    let emulator = Emulator::start().unwrap();
    for shape in ["1", "2", "3", "4", "5", "6", "7", "8", "newer"] {
        let create = call(&emulator, "POST", "/keys").json(&json!({"name": "a"}));
        let reply = create.fault(&format!("shape={shape}")).send();
        assert_eq!(reply.status, 201);
        assert!(reply.json()["key"].as_str().unwrap().starts_with("sk-or-v1-"));
    }
    assert_eq!(emulator.key_count(), 9);
}

#[test]
fn the_future_has_unknown_fields_and_unknown_values() {
    let emulator = Emulator::start().unwrap();
    emulator.seed_keys(1);
    let list = call(&emulator, "GET", "/keys").fault("shape=newer").send();
    let key = &list.data()[0];
    assert!(list.json().get("emulator_page").is_some());
    assert!(key.get("emulator_mood").is_some());
    assert_eq!(key["limit_reset"], "fortnightly");
    let current = call(&emulator, "GET", "/key").fault("shape=newer").send().data();
    assert_eq!(current["allowed_data_regions"][1], "moon");
    assert_eq!(current["effective_budget"]["scope"], "continent");
}
