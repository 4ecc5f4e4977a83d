use std::collections::BTreeSet;
use std::time::Duration;

use openrouter_keys_native::{Key, Timestamp};

use super::{Kind, Rules};

/// A Wednesday.
const NOW: &str = "2027-01-13T12:00:00Z";

fn rules() -> Rules {
    let days = |days: u64| Duration::from_secs(days * 86_400);
    Rules {
        used: 0.8,
        idle: days(90),
        expiring: days(7),
        only: Vec::new(),
        ignored: Vec::new(),
        expected: vec!["ci-*".to_owned()],
    }
}

fn found(fields: &str) -> Vec<(Kind, String)> {
    found_at(NOW, fields)
}

fn found_at(now: &str, fields: &str) -> Vec<(Kind, String)> {
    let key: Key =
        serde_json::from_str(&format!(r#"{{"hash":"a","name":"ada","disabled":false,{fields}}}"#))
            .unwrap();
    let now = Timestamp::parse(now).unwrap().unix_seconds();
    let known = BTreeSet::from(["a".to_owned()]);
    let findings = rules().check(&key, now, Some(&known));
    findings.into_iter().map(|finding| (finding.kind, finding.message)).collect()
}

#[test]
fn a_share_of_the_limit_is_reported_and_then_its_end() {
    assert_eq!(found(r#""limit":10,"limit_remaining":2.01,"limit_reset":null"#), []);
    let used = found(r#""limit":0.3,"limit_remaining":0.06,"limit_reset":null"#);
    let message = "has used 80 % of its limit of $0.30, $0.06 is left";
    assert_eq!(used, [(Kind::Used, message.to_owned())]);
    let used_up = found(r#""limit":10,"limit_remaining":0,"limit_reset":"daily""#);
    let message = "has used up its limit of $10.00; it resets in 12 h";
    assert_eq!(used_up, [(Kind::UsedUp, message.to_owned())]);
}

#[test]
fn a_pace_is_judged_by_the_period_of_the_limit() {
    // Half the day, 60 %: the rest lasts 8 of the 12 hours that are left.
    let pace = found(r#""limit":10,"limit_remaining":4,"limit_reset":"daily""#);
    let message = "uses up its limit of $10.00 in 8 h at this pace, 4 h before it resets";
    assert_eq!(pace, [(Kind::Pace, message.to_owned())]);
    for fits in [
        r#""limit":10,"limit_remaining":5,"limit_reset":"daily""#,
        r#""limit":10,"limit_remaining":7,"limit_reset":"weekly""#,
        r#""limit":10,"limit_remaining":4,"limit_reset":null"#,
        r#""limit":10,"limit_remaining":4,"limit_reset":"yearly""#,
    ] {
        assert_eq!(found(fits), [], "{fits}");
    }
    // Too early to tell.
    let daily = r#""limit":10,"limit_remaining":8,"limit_reset":"daily""#;
    assert_eq!(found_at("2027-01-13T01:00:00Z", daily), []);
    let monthly = r#""limit":10,"limit_remaining":3,"limit_reset":"monthly""#;
    assert_eq!(found(monthly).first().map(|(kind, _)| *kind), Some(Kind::Pace));
}

#[test]
fn a_key_that_does_not_work_needs_no_word() {
    let disabled = r#"{"hash":"a","name":"ada","disabled":true,"limit":null}"#;
    let key: Key = serde_json::from_str(disabled).unwrap();
    assert_eq!(rules().check(&key, 0, None), []);
    assert_eq!(found(r#""limit":null,"expires_at":"2027-01-01T00:00:00Z""#), []);
}

#[test]
fn idle_expiring_and_unlimited_keys_are_reported() {
    let idle = found(r#""last_used_at":"2026-10-01T00:00:00Z""#);
    assert_eq!(idle, [(Kind::Idle, "was not used for 104 d".to_owned())]);
    let never = found(r#""last_used_at":null,"created_at":"2026-10-01T00:00:00Z""#);
    assert_eq!(never.first().map(|(kind, _)| *kind), Some(Kind::Idle));
    let expiring = found(r#""expires_at":"2027-01-14T12:00:00Z""#);
    assert_eq!(expiring, [(Kind::Expiring, "expires in 1 d".to_owned())]);
    assert_eq!(found(r#""limit":null"#), [(Kind::NoLimit, "has no limit".to_owned())]);
}

#[test]
fn a_new_key_is_reported_unless_its_name_is_expected() {
    let known = BTreeSet::new();
    let new = |name: &str| {
        let key = format!(r#"{{"hash":"b","name":"{name}","disabled":false}}"#);
        rules().check(&serde_json::from_str(&key).unwrap(), 0, Some(&known)).len()
    };
    assert_eq!([new("ci-7"), new("ada")], [0, 1]);
}

#[test]
fn the_next_period_is_another_finding() {
    let key =
        r#"{"hash":"a","disabled":false,"limit":10,"limit_remaining":0,"limit_reset":"weekly"}"#;
    let key: Key = serde_json::from_str(key).unwrap();
    let id = |now: &str| {
        let now = Timestamp::parse(now).unwrap().unix_seconds();
        rules().check(&key, now, None).remove(0).id
    };
    assert_eq!(id("2027-01-11T00:00:00Z"), id("2027-01-17T23:59:59Z"));
    assert_ne!(id("2027-01-17T23:59:59Z"), id("2027-01-18T00:00:00Z"));
}
