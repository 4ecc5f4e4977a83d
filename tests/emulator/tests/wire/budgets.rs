//! Spending, limits, resets and expiry, on a clock that the test moves.

use openrouter_keys_emulator::{Clock, Emulator};
use serde_json::{Value, json};

use crate::client::call;

/// A Wednesday evening at the end of a month.
fn emulator() -> Emulator {
    let clock = Clock::standing_at("2026-09-30T22:00:00Z".parse().unwrap());
    Emulator::builder().clock(clock).start().unwrap()
}

fn create(emulator: &Emulator, settings: Value) -> String {
    let mut body = settings;
    body["name"] = json!("a");
    let key = call(emulator, "POST", "/keys").json(&body).send().data();
    key["hash"].as_str().unwrap().to_owned()
}

fn go_to(emulator: &Emulator, instant: &str) {
    emulator.clock().set(instant.parse().unwrap());
}

#[test]
fn usage_is_counted_by_day_week_and_month() {
    let emulator = emulator();
    let hash = create(&emulator, json!({}));
    let usage = |at: &str| {
        go_to(&emulator, at);
        let usage = emulator.key(&hash).unwrap().usage;
        [usage.usage, usage.usage_daily, usage.usage_weekly, usage.usage_monthly]
    };
    emulator.spend(&hash, 0.1);
    emulator.spend(&hash, 0.2);
    let assert = |at, expected: [f64; 4]| {
        let close = usage(at).iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-9);
        assert!(close, "{at}: {:?}", usage(at));
    };
    assert("2026-09-30T23:59:59Z", [0.3, 0.3, 0.3, 0.3]);
    assert("2026-10-01T00:00:00Z", [0.3, 0.0, 0.3, 0.0]);
    emulator.spend(&hash, 1.0);
    assert("2026-10-04T23:59:59Z", [1.3, 0.0, 1.3, 1.0]);
    assert("2026-10-05T00:00:00Z", [1.3, 0.0, 0.0, 1.0]);
    assert("2026-11-01T00:00:00Z", [1.3, 0.0, 0.0, 0.0]);
}

#[test]
fn a_limit_resets_on_schedule_and_never_without_one() {
    for (reset, last_second, first_second) in [
        (json!("daily"), "2026-09-30T23:59:59Z", "2026-10-01T00:00:00Z"),
        (json!("weekly"), "2026-10-04T23:59:59Z", "2026-10-05T00:00:00Z"),
        (json!("monthly"), "2026-09-30T23:59:59Z", "2026-10-01T00:00:00Z"),
    ] {
        let emulator = emulator();
        let hash = create(&emulator, json!({"limit": 10, "limit_reset": reset}));
        emulator.spend(&hash, 4.0);
        let remaining = |at| {
            go_to(&emulator, at);
            emulator.key(&hash).unwrap().limit_remaining
        };
        assert_eq!(remaining(last_second), Some(6.0), "{reset}");
        assert_eq!(remaining(first_second), Some(10.0), "{reset}");
    }
    let emulator = emulator();
    let hash = create(&emulator, json!({"limit": 10}));
    emulator.spend(&hash, 4.0);
    go_to(&emulator, "2036-01-01T00:00:00Z");
    assert_eq!(emulator.key(&hash).unwrap().limit_remaining, Some(6.0));
}

#[test]
fn an_overspent_limit_has_nothing_left_and_a_negative_budget() {
    let emulator = emulator();
    let body = json!({"name": "a", "limit": 1});
    let created = call(&emulator, "POST", "/keys").json(&body).send().json();
    emulator.spend(created["data"]["hash"].as_str().unwrap(), 1.5);
    let secret = created["key"].as_str().unwrap();
    let current = call(&emulator, "GET", "/key").bearer(secret).send().data();
    assert_eq!(current["limit_remaining"], 0);
    assert_eq!(current["effective_budget"]["remaining_usd"], -0.5);
    assert_eq!(current["effective_budget"]["resets_at"], Value::Null);
}

#[test]
fn byok_spending_counts_against_the_limit_if_asked_for() {
    let emulator = emulator();
    for (include, remaining) in [(false, 10.0), (true, 7.0)] {
        let hash = create(&emulator, json!({"limit": 10, "include_byok_in_limit": include}));
        assert!(emulator.spend_byok(&hash, 3.0));
        let key = emulator.key(&hash).unwrap();
        assert_eq!(key.limit_remaining, Some(remaining));
        assert!(key.usage.usage < 0.1 && (key.usage.byok_usage_monthly - 3.0).abs() < 1e-9);
    }
}

#[test]
fn last_used_at_is_the_time_of_the_last_spending() {
    let emulator = emulator();
    let hash = create(&emulator, json!({}));
    assert_eq!(emulator.key(&hash).unwrap().last_used_at, None);
    emulator.spend(&hash, 0.0);
    let last_used_at = emulator.key(&hash).unwrap().last_used_at;
    assert_eq!(last_used_at.as_deref(), Some("2026-09-30T22:00:00.000Z"));
}

#[test]
fn only_valid_amounts_of_existing_keys_are_recorded() {
    let emulator = emulator();
    let hash = create(&emulator, json!({}));
    assert!(!emulator.spend("unknown", 1.0));
    for nonsense in [-1.0, f64::NAN, f64::INFINITY] {
        assert!(!emulator.spend(&hash, nonsense));
    }
}

#[test]
fn a_key_expires_at_the_exact_second() {
    let emulator = emulator();
    let body = json!({"name": "a", "expires_at": "2026-10-01T00:00:00Z"});
    let created = call(&emulator, "POST", "/keys").json(&body).send().json();
    let secret = created["key"].as_str().unwrap();
    let status = || call(&emulator, "GET", "/key").bearer(secret).send().status;
    go_to(&emulator, "2026-09-30T23:59:59Z");
    assert_eq!(status(), 200);
    go_to(&emulator, "2026-10-01T00:00:00Z");
    assert_eq!(status(), 401);
    let hash = created["data"]["hash"].as_str().unwrap();
    let key = call(&emulator, "GET", &format!("/keys/{hash}")).send().data();
    assert_eq!(key["expires_at"], "2026-10-01T00:00:00.000Z");
}
