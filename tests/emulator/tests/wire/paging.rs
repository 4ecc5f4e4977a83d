//! Pages of a listing, and which keys are on them.

use openrouter_keys_emulator::{Clock, Emulator};
use serde_json::{Value, json};

use crate::client::call;

fn names(emulator: &Emulator, query: &str) -> Vec<String> {
    let data = call(emulator, "GET", &format!("/keys?{query}")).send().data();
    let name = |key: &Value| key["name"].as_str().unwrap().to_owned();
    data.as_array().unwrap().iter().map(name).collect()
}

#[test]
fn two_hundred_and_fifty_keys_are_three_pages_newest_first() {
    let emulator = Emulator::start().unwrap();
    emulator.seed_keys(250);
    let pages =
        [names(&emulator, ""), names(&emulator, "offset=100"), names(&emulator, "offset=200")];
    assert_eq!(pages.each_ref().map(Vec::len), [100, 100, 50]);
    let expected: Vec<String> = (0..250).rev().map(|index| format!("key {index:03}")).collect();
    assert_eq!(pages.concat(), expected);
    assert!(names(&emulator, "offset=250").is_empty());
    assert!(names(&emulator, "offset=1000000").is_empty());
}

#[test]
fn a_new_key_shifts_every_later_page() {
    let emulator = Emulator::start().unwrap();
    emulator.seed_keys(101);
    assert_eq!(names(&emulator, "offset=100"), ["key 000"]);
    emulator.create_ordinary_key("new");
    assert_eq!(names(&emulator, "offset=100"), ["key 001", "key 000"]);
}

#[test]
fn disabled_and_expired_keys_are_listed_only_on_request() {
    let clock = Clock::standing_at("2026-01-01T00:00:00Z".parse().unwrap());
    let emulator = Emulator::builder().clock(clock).start().unwrap();
    let hash = emulator.seed_keys(2).remove(0);
    call(&emulator, "PATCH", &format!("/keys/{hash}")).json(&json!({"disabled": true})).send();
    let expired = json!({"name": "expired", "expires_at": "2020-01-01T00:00:00Z"});
    call(&emulator, "POST", "/keys").json(&expired).send().data();

    assert_eq!(names(&emulator, ""), ["key 001"]);
    assert_eq!(names(&emulator, "include_disabled=true"), ["key 001", "key 000"]);
    assert_eq!(names(&emulator, "include_expired=true"), ["expired", "key 001"]);
    let all = "include_disabled=true&include_expired=true";
    assert_eq!(names(&emulator, all), ["expired", "key 001", "key 000"]);
    assert_eq!(names(&emulator, &format!("{all}&offset=1")), ["key 001", "key 000"]);
    assert_eq!(names(&emulator, "include_disabled=false&include_expired=false"), ["key 001"]);
}

#[test]
fn a_listing_covers_one_workspace() {
    let emulator = Emulator::start().unwrap();
    let hash = emulator.seed_keys(2).remove(0);
    let workspace = "AAAAAAAA-2222-4333-8444-555555555555";
    let moved = call(&emulator, "PATCH", &format!("/keys/{hash}"));
    moved.json(&json!({"workspace_id": workspace})).send().data();
    assert_eq!(names(&emulator, ""), ["key 001"]);
    assert_eq!(names(&emulator, &format!("workspace_id={workspace}")), ["key 000"]);
    let lower = workspace.to_lowercase();
    assert_eq!(names(&emulator, &format!("workspace_id={lower}")), ["key 000"]);
    assert!(names(&emulator, "workspace_id=00000000-0000-0000-0000-000000000000").is_empty());
}
