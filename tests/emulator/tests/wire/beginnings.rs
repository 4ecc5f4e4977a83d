//! The initial state of an emulator, and how a reset restores it.

use std::fs;

use openrouter_keys_emulator::{Clock, DEFAULT_WORKSPACE, Emulator, Fault};
use serde_json::{Value, json};

use crate::client::{at, call};
use crate::memory::fresh_path;

const WORKSPACE: &str = "11111111-2222-4333-8444-555555555555";

#[test]
fn a_given_management_key_is_used_by_this_run_only() {
    let path = fresh_path("given-key.json");
    let given = "sk-or-mgmt-of-my-tests";
    let emulator = Emulator::builder().state_file(&path).management_key(given).start().unwrap();
    assert_eq!(emulator.management_key(), given);
    let current = call(&emulator, "GET", "/key").bearer(given).send().data();
    assert_eq!(
        (&current["is_management_key"], &current["label"]),
        (&json!(true), &json!("sk-or-mgmt-..."))
    );
    emulator.reset();
    assert_eq!(call(&emulator, "GET", "/keys").bearer(given).send().status, 200);
    drop(emulator);
    assert!(!fs::read_to_string(&path).unwrap().contains(given));
    let next = Emulator::builder().state_file(&path).start().unwrap();
    assert_eq!(call(&next, "GET", "/keys").bearer(given).send().refusal(), 401);
    assert_eq!(call(&next, "GET", "/keys").send().status, 200);
}

#[test]
fn a_seed_file_sets_names_limits_and_spend() {
    let path = fresh_path("seeds.json");
    let seeds = json!({
        "workspaces": [WORKSPACE],
        "keys": [
            {"name": "plain"},
            {
                "name": "Customer 1", "limit": 25, "limit_reset": "monthly",
                "include_byok_in_limit": true, "created_at": "2026-01-02T03:04:05Z",
                "spend": [
                    {"usd": 12.5, "at": "2026-11-01T12:00:00Z"},
                    {"usd": 1, "byok": true},
                    {"usd": 100, "at": "2026-10-31T23:59:59Z"},
                ],
            },
            {
                "name": "gone", "disabled": true, "expires_at": "2026-06-30T23:59:59Z",
                "workspace_id": WORKSPACE, "creator_user_id": "user_7", "external_user": "p",
            },
        ],
    });
    fs::write(&path, seeds.to_string()).unwrap();
    let clock = Clock::standing_at("2026-11-15T00:00:00Z".parse().unwrap());
    let emulator = Emulator::builder().seed_file(&path).clock(clock).keys(1).start().unwrap();
    let keys = serde_json::to_value(emulator.keys()).unwrap();
    let names: Vec<&Value> = keys.as_array().unwrap().iter().map(|key| &key["name"]).collect();
    assert_eq!(names, ["plain", "Customer 1", "gone", "key 000"]);
    let expected = json!({
        "limit": 25, "limit_remaining": 11.5, "limit_reset": "monthly", "usage": 112.5,
        "usage_monthly": 12.5, "byok_usage": 1, "include_byok_in_limit": true, "disabled": false,
        "created_at": "2026-01-02T03:04:05.000Z", "last_used_at": "2026-11-15T00:00:00.000Z",
        "workspace_id": DEFAULT_WORKSPACE, "creator_user_id": "user_emulator",
        "external_user": null,
    });
    for (field, value) in expected.as_object().unwrap() {
        assert_eq!(&keys[1][field], value, "{field}");
    }
    let expected = json!({
        "disabled": true, "expires_at": "2026-06-30T23:59:59.000Z", "workspace_id": WORKSPACE,
        "creator_user_id": "user_7", "external_user": "p",
    });
    for (field, value) in expected.as_object().unwrap() {
        assert_eq!(&keys[2][field], value, "{field}");
    }
    let seeded = emulator.seeded_keys();
    assert_eq!(seeded.len(), 3);
    for (seeded, key) in seeded.iter().zip(emulator.keys()) {
        assert_eq!((&seeded.name, &seeded.hash), (&key.name, &key.hash));
    }
    let current = call(&emulator, "GET", "/key").bearer(&seeded[1].key).send().data();
    assert_eq!(current["limit_remaining"], 11.5);
}

#[test]
fn the_workspace_of_a_seeded_key_is_known() {
    let path = fresh_path("seeds-elsewhere.json");
    let other = "99999999-2222-4333-8444-555555555555";
    let seeds = json!({"workspaces": [WORKSPACE], "keys": [{"name": "a", "workspace_id": other}]});
    fs::write(&path, seeds.to_string()).unwrap();
    let emulator = Emulator::builder().seed_file(&path).start().unwrap();
    let listed = call(&emulator, "GET", &format!("/keys?workspace_id={other}")).send().data();
    assert_eq!(listed[0]["name"], "a");
}

#[test]
fn a_bad_seed_file_is_an_error_that_names_it() {
    let path = fresh_path("bad-seeds.json");
    for (text, message) in
        [("{\"keys\": [{\"nmae\": \"a\"}]}", "unknown field `nmae`"), ("", "EOF")]
    {
        fs::write(&path, text).unwrap();
        let error = Emulator::builder().seed_file(&path).start().unwrap_err().to_string();
        assert!(error.contains("bad-seeds.json") && error.contains(message), "{error}");
        assert_eq!(error.lines().count(), 1);
    }
    fs::remove_file(&path).unwrap();
    assert!(Emulator::builder().seed_file(&path).start().is_err());
}

#[test]
fn a_saved_state_is_continued_and_not_seeded_again() {
    let (seeds, state) = (fresh_path("seeds-once.json"), fresh_path("seeded-once.json"));
    fs::write(&seeds, r#"{"keys": [{"name": "seeded"}]}"#).unwrap();
    let start = || {
        let builder = Emulator::builder().seed_file(&seeds).keys(2).ordinary_key("ordinary");
        builder.state_file(&state).start().unwrap()
    };
    let first = start();
    let names: Vec<String> = first.keys().into_iter().map(|key| key.name).collect();
    assert_eq!(names, ["seeded", "key 000", "key 001", "ordinary"]);
    let (secrets, ordinary) = (first.seeded_keys(), first.ordinary_key());
    call(&first, "DELETE", &format!("/keys/{}", first.keys()[3].hash)).send();
    drop(first);
    let second = start();
    // The program prints its ordinary key, so there must be one.
    assert_eq!((second.key_count(), second.ordinary_key()), (4, ordinary.clone()));
    assert_eq!(second.seeded_keys(), secrets);
    let ordinary = ordinary.unwrap();
    assert_eq!(call(&second, "GET", "/key").bearer(&ordinary).send().status, 200);
}

#[test]
fn a_reset_restores_the_initial_state() {
    let clock = Clock::standing_at("2026-01-01T00:00:00Z".parse().unwrap());
    let builder = Emulator::builder().clock(clock).keys(2).ordinary_key("ordinary");
    let emulator = builder.state_file(fresh_path("reset.json")).start().unwrap();
    let beginning = emulator.keys();
    for way in ["library", "http"] {
        call(&emulator, "DELETE", &format!("/keys/{}", beginning[0].hash)).send();
        call(&emulator, "POST", "/keys").json(&json!({"name": "new"})).send();
        emulator.spend(&beginning[1].hash, 1.0);
        emulator.clock().advance(std::time::Duration::from_secs(60));
        emulator.fail_next(Fault::status(500));
        emulator.fail_always(Fault::status(503));
        if way == "library" {
            emulator.reset();
        } else {
            assert_eq!(at(&emulator, "POST", "/_emulator/reset").send().status, 204);
        }
        assert_eq!(emulator.keys(), beginning, "{way}");
        assert!(emulator.requests().is_empty());
        assert_eq!(emulator.clock().now().to_string(), "2026-01-01T00:00:00Z");
        let ordinary = emulator.ordinary_key().unwrap();
        assert_eq!(call(&emulator, "GET", "/key").bearer(&ordinary).send().status, 200);
    }
}

#[test]
fn every_uuid_is_a_workspace_until_one_is_named() {
    let other = "99999999-2222-4333-8444-555555555555";
    let statuses = |emulator: &Emulator, workspace: &str| {
        let hash = emulator.seed_keys(1).remove(0);
        let create = call(emulator, "POST", "/keys");
        let update = call(emulator, "PATCH", &format!("/keys/{hash}"));
        let body = json!({"name": "a", "workspace_id": workspace});
        [
            call(emulator, "GET", &format!("/keys?workspace_id={workspace}")).send().status,
            create.json(&body).send().status,
            update.json(&body).send().status,
        ]
    };
    let any = Emulator::start().unwrap();
    assert_eq!(statuses(&any, other), [200, 201, 200]);
    let some = Emulator::builder().workspace(WORKSPACE.to_uppercase()).start().unwrap();
    for known in [WORKSPACE, DEFAULT_WORKSPACE] {
        assert_eq!(statuses(&some, known), [200, 201, 200]);
    }
    let before = some.key_count();
    assert_eq!(statuses(&some, other), [404, 404, 404]);
    assert_eq!(some.key_count(), before + 1);
    let moved = call(&some, "PATCH", &format!("/keys/{}", some.keys()[0].hash));
    let refusal = moved.json(&json!({"workspace_id": other})).send();
    assert_eq!(refusal.refusal(), 404);
    assert!(refusal.json()["error"]["message"].as_str().unwrap().contains("workspace"));
}
