//! The six operations without faults.

use openrouter_keys_emulator::{Clock, DEFAULT_WORKSPACE, Emulator};
use serde_json::{Value, json};

use crate::client::{Reply, call};

fn emulator() -> Emulator {
    let clock = Clock::standing_at("2026-05-06T07:08:09.1Z".parse().unwrap());
    Emulator::builder().clock(clock).secrets_seed(1).start().unwrap()
}

fn create(emulator: &Emulator, body: &Value) -> Reply {
    call(emulator, "POST", "/keys").json(body).send()
}

#[test]
fn create_with_only_a_name_uses_the_defaults() {
    let emulator = emulator();
    let reply = create(&emulator, &json!({"name": "Customer 42"}));
    assert_eq!(reply.status, 201);
    let secret = reply.json()["key"].as_str().unwrap().to_owned();
    let mut key = reply.data();
    let key = key.as_object_mut().unwrap();
    assert_eq!(key.remove("hash").unwrap().as_str().unwrap().len(), 64);
    let label = format!("{}...{}", &secret[..12], &secret[secret.len() - 4..]);
    let expected = json!({
        "name": "Customer 42", "label": label, "disabled": false,
        "limit": null, "limit_remaining": null, "limit_reset": null,
        "include_byok_in_limit": false,
        "usage": 0, "usage_daily": 0, "usage_weekly": 0, "usage_monthly": 0,
        "byok_usage": 0, "byok_usage_daily": 0, "byok_usage_weekly": 0, "byok_usage_monthly": 0,
        "created_at": "2026-05-06T07:08:09.100Z", "updated_at": null,
        "expires_at": null, "last_used_at": null,
        "creator_user_id": "user_emulator", "workspace_id": DEFAULT_WORKSPACE,
        "external_user": null,
    });
    assert_eq!(Value::Object(key.clone()), expected);
}

#[test]
fn create_accepts_every_field() {
    let workspace = "11111111-2222-4333-8444-555555555555";
    let partner_key = "p".repeat(32);
    let reply = create(
        &emulator(),
        &json!({
            "name": "🔑 \"</script>\u{0}", "limit": 25.5, "limit_reset": "monthly",
            "include_byok_in_limit": true, "expires_at": "2027-01-01T00:00:00.25Z",
            "workspace_id": workspace, "creator_user_id": "user_7",
            "external": {"user": "partner-user", "api_key": partner_key},
        }),
    );
    let key = reply.data();
    assert_eq!(key["name"], "🔑 \"</script>\u{0}");
    assert_eq!(key["limit"], 25.5);
    assert_eq!(key["limit_remaining"], 25.5);
    assert_eq!(key["limit_reset"], "monthly");
    assert_eq!(key["include_byok_in_limit"], true);
    assert_eq!(key["expires_at"], "2027-01-01T00:00:00.250Z");
    assert_eq!(key["workspace_id"], workspace);
    assert_eq!(key["creator_user_id"], "user_7");
    assert_eq!(key["external_user"], "partner-user");
    assert!(!String::from_utf8(reply.body).unwrap().contains(&partner_key));
}

#[test]
fn a_created_key_is_found_by_its_hash_and_its_secret_is_not_shown_again() {
    let emulator = emulator();
    let created = create(&emulator, &json!({"name": "a"}));
    let hash = created.data()["hash"].as_str().unwrap().to_owned();
    let got = call(&emulator, "GET", &format!("/keys/{hash}")).send();
    assert_eq!((got.status, got.data()), (200, created.data()));
    assert!(got.json().get("key").is_none());
}

#[test]
fn update_leaves_absent_clears_null_and_sets_given_fields() {
    let emulator = emulator();
    let settings = json!({"name": "a", "limit": 5, "limit_reset": "daily"});
    let hash = create(&emulator, &settings).data()["hash"].as_str().unwrap().to_owned();
    let path = format!("/keys/{hash}");
    let update = |body: Value| call(&emulator, "PATCH", &path).json(&body).send().data();

    emulator.clock().advance(std::time::Duration::from_secs(60));
    let key = update(json!({"name": "b"}));
    assert_eq!((&key["name"], &key["limit"]), (&json!("b"), &json!(5)));
    assert_eq!(key["limit_reset"], "daily");
    assert_eq!(key["updated_at"], "2026-05-06T07:09:09.100Z");

    let key = update(json!({"limit": null, "limit_reset": null}));
    assert_eq!((&key["limit"], &key["limit_reset"]), (&Value::Null, &Value::Null));

    let workspace = "11111111-2222-4333-8444-555555555555";
    let key = update(json!({
        "limit": 7, "limit_reset": "weekly", "disabled": true,
        "include_byok_in_limit": true, "workspace_id": workspace,
    }));
    assert_eq!((&key["limit"], &key["limit_reset"]), (&json!(7), &json!("weekly")));
    assert_eq!((&key["disabled"], &key["include_byok_in_limit"]), (&json!(true), &json!(true)));
    assert_eq!(key["workspace_id"], workspace);

    emulator.clock().advance(std::time::Duration::from_secs(60));
    let requests = emulator.requests().len();
    assert_eq!(update(json!({"workspace_id": workspace})), key);
    assert!(!emulator.requests()[requests].committed);
    let renamed = update(json!({"workspace_id": workspace, "name": "c"}));
    assert_eq!((&renamed["name"], &renamed["workspace_id"]), (&json!("c"), &json!(workspace)));
    assert_eq!(renamed["updated_at"], "2026-05-06T07:10:09.100Z");
}

#[test]
fn the_older_spellings_of_two_paths_work() {
    let emulator = emulator();
    let created = call(&emulator, "POST", "/keys/").json(&json!({"name": "a"})).send();
    assert_eq!((created.status, emulator.key_count()), (201, 1));
    let secret = created.json()["key"].as_str().unwrap().to_owned();
    for bearer in [&secret, emulator.management_key()] {
        let old = call(&emulator, "GET", "/auth/key").bearer(bearer).send().data();
        assert_eq!(old, call(&emulator, "GET", "/key").bearer(bearer).send().data());
    }
}

#[test]
fn delete_succeeds_once_and_then_the_key_is_unknown() {
    let emulator = emulator();
    let (secret, hash) = emulator.create_ordinary_key("a");
    let path = format!("/keys/{hash}");
    let deleted = call(&emulator, "DELETE", &path).send();
    assert_eq!((deleted.status, deleted.json()), (200, json!({"deleted": true})));
    assert_eq!(call(&emulator, "DELETE", &path).send().refusal(), 404);
    assert_eq!(call(&emulator, "GET", &path).send().refusal(), 404);
    assert_eq!(call(&emulator, "GET", "/key").bearer(&secret).send().refusal(), 401);
    assert_eq!(emulator.key_count(), 0);
}

#[test]
fn a_key_can_read_its_own_metadata() {
    let emulator = emulator();
    let created = create(&emulator, &json!({"name": "a", "limit": 10, "limit_reset": "weekly"}));
    let secret = created.json()["key"].as_str().unwrap().to_owned();
    emulator.spend(created.data()["hash"].as_str().unwrap(), 2.5);
    let current = call(&emulator, "GET", "/key").bearer(&secret).send().data();
    let budget = json!({
        "scope": "key_limit", "limit_usd": 10, "spend_usd": 2.5, "remaining_usd": 7.5,
        "reset_interval": "weekly", "resets_at": "2026-05-11T00:00:00.000Z",
        "include_byok": false, "budget_id": null, "guardrail_id": null,
    });
    let expected = json!({
        "label": created.data()["label"],
        "limit": 10, "limit_remaining": 7.5, "limit_reset": "weekly",
        "include_byok_in_limit": false,
        "usage": 2.5, "usage_daily": 2.5, "usage_weekly": 2.5, "usage_monthly": 2.5,
        "byok_usage": 0, "byok_usage_daily": 0, "byok_usage_weekly": 0, "byok_usage_monthly": 0,
        "expires_at": null, "is_free_tier": false,
        "is_management_key": false, "is_provisioning_key": false,
        "creator_user_id": "user_emulator", "organization_id": "org_emulator",
        "workspace_id": DEFAULT_WORKSPACE,
        "rate_limit": current["rate_limit"],
        "allowed_data_regions": ["global", "europe", "us"],
        "free_model_daily_requests": {"limit": 1000, "remaining": 1000, "used": 0},
        "budgets": [budget], "effective_budget": budget,
    });
    assert_eq!(current, expected);
    assert_eq!(current["rate_limit"]["requests"], -1);
}

#[test]
fn a_management_key_is_reported_as_one() {
    let emulator = emulator();
    let current = call(&emulator, "GET", "/key").send().data();
    assert_eq!(current["is_management_key"], true);
    assert_eq!(current["is_provisioning_key"], true);
    assert_eq!((&current["budgets"], &current["effective_budget"]), (&json!([]), &Value::Null));
}

#[test]
fn every_response_has_a_unique_id_and_the_clocks_date() {
    let emulator = emulator();
    let first = call(&emulator, "GET", "/keys").send();
    let second = call(&emulator, "GET", "/nowhere").send();
    assert_eq!(first.header("date"), Some("Wed, 06 May 2026 07:08:09 GMT"));
    assert_eq!(first.header("content-type"), Some("application/json"));
    assert!(first.header("x-request-id").is_some());
    assert_ne!(first.header("x-request-id"), second.header("x-request-id"));
}

#[test]
fn equal_seeds_give_equal_keys_and_no_seed_gives_random_ones() {
    let (one, same) = (emulator(), emulator());
    let other = Emulator::start().unwrap();
    assert_eq!(one.management_key(), same.management_key());
    assert_eq!(one.create_ordinary_key("a"), same.create_ordinary_key("b"));
    assert_ne!(one.management_key(), other.management_key());
}

#[test]
fn the_requests_it_received_can_be_inspected() {
    let emulator = emulator();
    create(&emulator, &json!({"name": "a"}));
    call(&emulator, "GET", "/keys?offset=0").header("x-title", "Test").send();
    let requests = emulator.requests();
    assert_eq!(requests.len(), 2);
    assert_eq!(requests[0].method, "POST");
    assert_eq!(requests[0].body.as_ref(), br#"{"name":"a"}"#);
    assert_eq!(requests[1].path_and_query, "/api/v1/keys?offset=0");
    assert_eq!(requests[1].headers["x-title"], "Test");
    assert_eq!((requests[0].committed, requests[1].committed), (true, false));
    emulator.clear_requests();
    assert!(emulator.requests().is_empty());
}
