//! The audit: its findings, its requests, and its table.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use std::time::Duration;

use openrouter_keys_core::error::BuildErrorKind;
use openrouter_keys_core::machine::{Action, Event, Machine, Seed};
use openrouter_keys_core::test_util::{FakeTransport, Reply};
use openrouter_keys_core::transport::BlockingTransport;
use openrouter_keys_core::workflow::{Audit, AuditFinding, AuditReport, Workflow};
use openrouter_keys_core::{
    ApiKey, CallOptions, Client, Config, ErrorKind, Field, Key, Timestamp, blocking,
};
use serde_json::{Value, json};

const NOW: &str = "2027-01-31T12:00:00Z";
/// Instead of a value: the response lacks the field.
const ABSENT: &str = "(absent)";

fn now() -> Timestamp {
    Timestamp::parse(NOW).unwrap()
}

/// A healthy key as JSON, with these fields changed.
fn row(changes: &Value) -> Value {
    let mut row = json!({
        "hash": "aa", "name": "ci", "label": "sk-or-v1-0e6...1c96", "disabled": false,
        "limit": 10, "limit_remaining": 5, "limit_reset": "monthly",
        "usage": 5, "usage_daily": 1, "usage_weekly": 2, "usage_monthly": 4,
        "byok_usage": 0, "byok_usage_daily": 0, "byok_usage_weekly": 0, "byok_usage_monthly": 0,
        "created_at": "2020-01-01T00:00:00Z", "updated_at": null, "expires_at": null,
        "last_used_at": "2027-01-31T00:00:00Z", "workspace_id": "w1",
    });
    let fields = row.as_object_mut().unwrap();
    for (name, value) in changes.as_object().unwrap() {
        if value == ABSENT {
            fields.remove(name);
        } else {
            fields.insert(name.clone(), value.clone());
        }
    }
    row
}

fn key(changes: &Value) -> Key {
    serde_json::from_value(row(changes)).unwrap()
}

fn findings_of(audit: &Audit, changes: &Value) -> Vec<AuditFinding> {
    let report = audit.report([key(changes)], now()).unwrap();
    report.keys.into_iter().next().unwrap().findings
}

/// The findings of the default audit for a key with these fields.
fn found(changes: &Value) -> Vec<AuditFinding> {
    findings_of(&Audit::new(), changes)
}

fn unreadable<const N: usize>(fields: [&'static str; N]) -> Vec<AuditFinding> {
    vec![AuditFinding::Unreadable { fields: fields.to_vec() }]
}

mod limit {
    use super::*;

    #[test]
    fn a_healthy_key_has_no_findings() {
        assert_eq!(found(&json!({})), []);
    }

    #[test]
    fn only_null_means_no_limit_absent_and_unexpected_values_do_not() {
        assert_eq!(
            found(&json!({"limit": null, "limit_remaining": null})),
            [AuditFinding::NoLimit]
        );
        for value in [json!(ABSENT), json!("ten"), json!([10]), json!(-10), json!(true)] {
            let found = found(&json!({ "limit": value }));
            assert_eq!(found, unreadable(["limit"]), "{value}");
        }
        for value in [json!(ABSENT), json!(null), json!("five")] {
            let found = found(&json!({ "limit_remaining": value }));
            assert_eq!(found, unreadable(["limit_remaining"]), "{value}");
        }
    }

    #[test]
    fn a_number_that_no_response_can_contain_is_unreadable() {
        for amount in [f64::NAN, f64::INFINITY] {
            let mut key = key(&json!({}));
            key.limit = Field::Value(amount);
            key.usage_daily = Field::Value(amount);
            let report = Audit::new().report([key], now()).unwrap();
            assert_eq!(report.keys[0].findings, unreadable(["usage_daily", "limit"]));
            assert_eq!(report.spend.daily.to_bits(), 0.0_f64.to_bits());
        }
    }

    #[test]
    fn a_key_is_near_its_limit_once_exactly_the_share_is_spent() {
        for (limit, left, near, expected) in [
            (10.0, 2.0, 0.8, Some(0.8)),
            (10.0, 2.01, 0.8, None),
            (10.0, 1.0, 0.8, Some(0.9)),
            // As doubles, 0.3 - 0.06 is less than four fifths of 0.3.
            (0.3, 0.06, 0.8, Some(0.8)),
            (10.0, 0.5, 0.95, Some(0.95)),
            (10.0, 0.5, 1.0, None),
            (10.0, 10.0, 0.0, Some(0.0)),
            // More than the limit is left, after a refund.
            (10.0, 12.0, 0.0, None),
        ] {
            let audit = Audit::new().near_limit(near);
            let found = findings_of(&audit, &json!({"limit": limit, "limit_remaining": left}));
            let share = match found[..] {
                [] => None,
                [AuditFinding::NearLimit { share }] => Some(share),
                _ => panic!("{found:?}"),
            };
            let is_same = match (share, expected) {
                (Some(share), Some(expected)) => (share - expected).abs() < 1e-9,
                (share, expected) => share == expected,
            };
            assert!(is_same, "{left} of {limit}: {share:?}, not {expected:?}");
        }
    }

    #[test]
    fn a_spent_limit_is_reached_and_so_is_a_limit_of_0() {
        for (limit, left) in [(10, 0), (10, -1), (0, 0)] {
            for share in [0.0, 1.0] {
                let audit = Audit::new().near_limit(share);
                let found = findings_of(&audit, &json!({"limit": limit, "limit_remaining": left}));
                assert_eq!(found, [AuditFinding::LimitReached], "{left} of {limit}");
            }
        }
    }

    #[test]
    fn the_limit_is_checked_against_its_remainder_not_the_total_spend() {
        // It resets each month, and years have passed.
        assert_eq!(found(&json!({"usage": 900, "limit": 10, "limit_remaining": 9})), []);
    }
}

mod time {
    use super::*;

    #[test]
    fn a_key_is_unused_after_exactly_the_given_days() {
        for (used, days, expected) in [
            ("2026-11-02T12:00:00Z", 90, Some(90)),
            ("2026-11-02T12:00:00.001Z", 90, None),
            ("2026-11-02T12:00:01Z", 90, None),
            ("2026-11-02T11:59:59Z", 90, Some(90)),
            ("2026-11-01T12:00:00Z", 90, Some(91)),
            ("2026-11-02T13:00:00+01:00", 90, Some(90)),
            ("2027-01-30T12:00:00Z", 1, Some(1)),
            ("2027-01-31T12:00:00Z", 0, Some(0)),
            // Clocks differ: the future counts as now.
            ("2027-02-01T12:00:00Z", 1, None),
            ("2027-02-01T12:00:00Z", 0, Some(0)),
            ("0000-01-01T00:00:00Z", u32::MAX, None),
        ] {
            let audit = Audit::new().unused_for(days);
            let found = findings_of(&audit, &json!({ "last_used_at": used }));
            let expected: Vec<_> =
                expected.map(|days| AuditFinding::Unused { days }).into_iter().collect();
            assert_eq!(found, expected, "{used}");
        }
    }

    #[test]
    fn a_key_that_was_never_used_is_reported_with_its_age() {
        let fresh = |changes: Value| {
            let mut row = json!({"last_used_at": null, "usage": 0});
            row.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
            found(&row)
        };
        let made = |at: &str| fresh(json!({ "created_at": at }));
        assert_eq!(made("2026-11-02T12:00:00Z"), [AuditFinding::NeverUsed { days: 90 }]);
        assert_eq!(made("2026-11-02T12:00:01Z"), []);
        assert_eq!(made("2028-01-01T00:00:00Z"), []);
        for value in [json!(ABSENT), json!(null), json!("yesterday")] {
            let found = fresh(json!({ "created_at": value }));
            assert_eq!(found, unreadable(["created_at"]), "{value}");
        }
    }

    /// From 2025-12-31 to now.
    const SINCE_RECORDS: u32 = 396;

    #[test]
    fn a_spent_key_without_a_recorded_use_counts_as_unused_longer_than_any_recorded_use() {
        for spent in ["usage", "byok_usage"] {
            let found = found(&json!({"last_used_at": null, "usage": 0, spent: 0.01}));
            assert_eq!(found, [AuditFinding::Unused { days: SINCE_RECORDS }], "{spent}");
        }
        let recorded = json!({"last_used_at": "2026-01-01T00:00:00Z"});
        assert_eq!(found(&recorded), [AuditFinding::Unused { days: SINCE_RECORDS - 1 }]);
        // Even if the threshold is longer than the records.
        let audit = Audit::new().unused_for(1000);
        let found = findings_of(&audit, &json!({ "last_used_at": null }));
        assert_eq!(found, [AuditFinding::Unused { days: SINCE_RECORDS }]);
        let report = Audit::new().report([key(&json!({ "last_used_at": null }))], now()).unwrap();
        assert!(report.to_string().contains("  before 2026  unused for 396 days"), "{report}");
    }

    #[test]
    fn a_key_without_a_recorded_use_is_not_unused_before_it_is_old_enough() {
        let made = |at: Value| found(&json!({ "last_used_at": null, "created_at": at }));
        assert_eq!(made(json!("2026-11-02T12:00:01Z")), []);
        assert_eq!(made(json!("2026-11-02T12:00:00Z")), [AuditFinding::Unused { days: 90 }]);
        // Unknown, so it is reported.
        for value in [json!(ABSENT), json!(null), json!("odd")] {
            let mut expected = vec![AuditFinding::Unused { days: SINCE_RECORDS }];
            expected.extend(unreadable(["created_at"]));
            assert_eq!(made(value), expected);
        }
        let report = Audit::new().report([key(&json!({ "last_used_at": null }))], None).unwrap();
        assert_eq!(report.keys[0].findings, []);
    }

    #[test]
    fn a_key_with_unreadable_spend_is_not_reported_as_never_used() {
        let found = found(&json!({"last_used_at": null, "usage": "odd"}));
        let mut expected = vec![AuditFinding::Unused { days: SINCE_RECORDS }];
        expected.extend(unreadable(["usage"]));
        assert_eq!(found, expected);
    }

    #[test]
    fn the_table_distinguishes_the_reasons_for_a_missing_last_use() {
        let cell = |changes: Value| {
            let report = Audit::new().report([key(&changes)], now()).unwrap();
            let table = format!("{report:#}");
            let shown = ["before 2026", "never", "  ?"];
            shown.into_iter().find(|shown| table.contains(shown)).map(str::trim).map(str::to_owned)
        };
        let young = "2027-01-30T00:00:00Z";
        assert_eq!(cell(json!({"last_used_at": null})).unwrap(), "before 2026");
        assert_eq!(cell(json!({"last_used_at": null, "usage": 0})).unwrap(), "never");
        assert_eq!(cell(json!({"last_used_at": null, "created_at": young})).unwrap(), "?");
        assert_eq!(cell(json!({"last_used_at": null, "disabled": true})).unwrap(), "before 2026");
        assert_eq!(cell(json!({ "last_used_at": ABSENT })).unwrap(), "?");
    }

    #[test]
    fn an_unreadable_last_use_is_reported_and_not_treated_as_none() {
        for value in [json!(ABSENT), json!("yesterday"), json!(1_700_000_000)] {
            let found = found(&json!({ "last_used_at": value }));
            assert_eq!(found, unreadable(["last_used_at"]), "{value}");
        }
    }

    #[test]
    fn a_key_is_expired_at_its_expiry_and_expires_soon_before_it() {
        for (at, expected) in [
            (json!(NOW), Some(AuditFinding::Expired { days: 0 })),
            (json!("2027-01-30T12:00:00Z"), Some(AuditFinding::Expired { days: 1 })),
            (json!("2027-01-31T12:00:00.5Z"), Some(AuditFinding::ExpiresSoon { days: 0 })),
            (json!("2027-02-01T12:00:00Z"), Some(AuditFinding::ExpiresSoon { days: 1 })),
            (json!("2027-02-07T12:00:00Z"), Some(AuditFinding::ExpiresSoon { days: 7 })),
            (json!("2027-02-07T12:00:00.5Z"), None),
            (json!("2027-02-07T12:00:01Z"), None),
            (json!(null), None),
            (json!(ABSENT), unreadable(["expires_at"]).pop()),
            (json!("soon"), unreadable(["expires_at"]).pop()),
        ] {
            let found = found(&json!({ "expires_at": at }));
            assert_eq!(found, expected.into_iter().collect::<Vec<_>>(), "{at}");
        }
        let at_its_end = json!({"expires_at": "2027-01-31T12:00:01Z"});
        assert_eq!(findings_of(&Audit::new().expiring_within(0), &at_its_end), []);
    }

    #[test]
    fn without_a_time_age_and_expiry_are_not_checked_and_the_report_says_so() {
        let old = json!({
            "expires_at": "2020-01-01T00:00:00Z", "last_used_at": "2020-01-01T00:00:00Z",
            "limit": null, "limit_remaining": null,
        });
        let off = json!({"disabled": true, "updated_at": "2020-01-01T00:00:00Z", "name": "off"});
        let report = Audit::new().report([key(&old), key(&off)], None).unwrap();
        assert_eq!(report.at, None);
        assert_eq!(report.keys[0].findings, [AuditFinding::NoLimit]);
        assert_eq!(report.keys[1].findings, [AuditFinding::Disabled { days: None }]);
        let text = report.to_string();
        assert!(text.contains("no clock available: age and expiry not checked"), "{text}");
    }
}

mod leftovers {
    use super::*;

    #[test]
    fn a_disabled_key_is_reported_after_the_given_days_without_a_change() {
        let audit = Audit::new().disabled_for(30);
        for (updated, expected) in [
            (json!("2027-01-01T12:00:00Z"), Some(Some(30))),
            (json!("2027-01-01T12:00:01Z"), None),
            // It was never changed: it has been disabled since its creation.
            (json!(null), Some(Some(2587))),
            // Unknown, so it is reported.
            (json!(ABSENT), Some(None)),
            (json!("odd"), Some(None)),
        ] {
            let found = findings_of(&audit, &json!({"disabled": true, "updated_at": updated}));
            let expected: Vec<_> =
                expected.map(|days| AuditFinding::Disabled { days }).into_iter().collect();
            assert_eq!(found, expected, "{updated}");
        }
        let just_now = json!({"disabled": true, "updated_at": "2027-02-01T00:00:00Z"});
        assert_eq!(found(&just_now), [AuditFinding::Disabled { days: Some(0) }]);
    }

    #[test]
    fn whether_a_key_is_disabled_is_never_guessed() {
        for value in [json!(ABSENT), json!(null), json!("false"), json!(1)] {
            let found = found(&json!({"disabled": value, "limit": null}));
            let fields = vec!["disabled"];
            assert_eq!(
                found,
                [AuditFinding::NoLimit, AuditFinding::Unreadable { fields }],
                "{value}"
            );
        }
    }

    #[test]
    fn limit_use_and_expiry_of_a_disabled_or_expired_key_are_not_checked() {
        let worst = |changes: Value| {
            let mut row = json!({"limit": null, "last_used_at": "2020-01-01T00:00:00Z"});
            row.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
            found(&row)
        };
        let expired = "2027-01-30T00:00:00Z";
        assert_eq!(worst(json!({ "expires_at": expired })), [AuditFinding::Expired { days: 1 }]);
        let off = json!({
            "disabled": true, "updated_at": "2027-01-30T00:00:00Z", "limit": "odd",
            "last_used_at": ABSENT, "expires_at": "2027-02-01T00:00:00Z",
        });
        assert_eq!(worst(off), [AuditFinding::Disabled { days: Some(1) }]);
        let both = json!({"disabled": true, "updated_at": ABSENT, "expires_at": expired});
        assert_eq!(
            worst(both),
            [AuditFinding::Expired { days: 1 }, AuditFinding::Disabled { days: None }]
        );
    }
}

mod names {
    use super::*;

    /// The count of each key's `DuplicateName`, if it has one.
    fn doubled(rows: &[Value]) -> Vec<Option<u32>> {
        let report = Audit::new().report(rows.iter().map(key), now()).unwrap();
        let count = |findings: &[AuditFinding]| {
            findings.iter().find_map(|finding| match finding {
                AuditFinding::DuplicateName { keys } => Some(*keys),
                _ => None,
            })
        };
        report.keys.iter().map(|audited| count(&audited.findings)).collect()
    }

    #[test]
    fn names_are_compared_exactly_among_the_unexpired_keys_of_a_workspace() {
        let rows = [
            json!({"name": "ci"}),
            json!({"name": "ci", "disabled": true}),
            json!({"name": "ci", "expires_at": "2027-02-01T00:00:00Z"}),
            json!({"name": "ci", "expires_at": "2027-01-01T00:00:00Z"}),
            json!({"name": "ci", "workspace_id": "w2"}),
            json!({"name": "ci "}),
            json!({"name": "CI"}),
        ];
        assert_eq!(doubled(&rows), [Some(3), Some(3), Some(3), None, None, None, None]);
        // An older API does not return the workspace.
        let alike = json!({ "workspace_id": ABSENT });
        assert_eq!(doubled(&[alike.clone(), alike]), [Some(2), Some(2)]);
    }

    #[test]
    fn unreadable_names_are_not_duplicates() {
        for value in [json!(ABSENT), json!(null), json!(5)] {
            let row = json!({ "name": value });
            assert_eq!(doubled(&[row.clone(), row.clone()]), [None, None]);
            assert_eq!(found(&row), unreadable(["name"]));
        }
        assert_eq!(found(&json!({ "hash": "not/a hash" })), unreadable(["hash"]));
    }
}

mod spend {
    use super::*;

    #[test]
    fn the_totals_cover_all_keys_and_byok_is_separate() {
        let off = json!({
            "disabled": true, "usage": 0.5, "usage_daily": 0.25, "byok_usage": 8,
            "byok_usage_daily": 1, "byok_usage_weekly": 2, "byok_usage_monthly": 4,
        });
        let report = Audit::new().report([key(&json!({})), key(&off)], now()).unwrap();
        let sums = [report.spend, report.byok_spend]
            .map(|spend| [spend.daily, spend.weekly, spend.monthly, spend.total]);
        assert_eq!(sums, [[1.25, 4.0, 8.0, 5.5], [1.0, 2.0, 4.0, 8.0]]);
    }

    #[test]
    fn an_amount_missing_from_the_totals_is_reported_on_its_key() {
        let odd = json!({"usage_daily": "odd", "usage_weekly": null, "byok_usage": ABSENT});
        let report = Audit::new().report([key(&odd), key(&json!({}))], now()).unwrap();
        let fields = ["usage_daily", "usage_weekly", "byok_usage"];
        assert_eq!(report.keys[0].findings[1..], unreadable(fields));
        assert_eq!((report.spend.daily, report.spend.monthly), (1.0, 8.0));
        assert!(report.to_string().ends_with("\ntotals exclude unreadable amounts"));
    }
}

mod table {
    use super::*;

    fn report(rows: &[Value]) -> AuditReport {
        Audit::new().report(rows.iter().map(key), now()).unwrap()
    }

    #[test]
    fn the_table_has_a_row_for_each_key_with_findings() {
        let rows = [
            json!({"name": "production", "limit": null, "usage_monthly": 1234.567,
                "last_used_at": "2026-10-01T08:00:00.000Z"}),
            json!({"name": "fine", "usage_daily": 0.001}),
            json!({"name": "Zürich", "limit": 25, "limit_remaining": 1, "usage_weekly": -3}),
            json!({"name": ABSENT, "label": null, "limit": "odd", "usage_daily": 1e15,
                "usage_monthly": 1e-5, "last_used_at": "odd", "usage_weekly": ABSENT}),
            json!({"name": "never", "last_used_at": null, "usage": 0}),
        ];
        assert_eq!(
            report(&rows).to_string(),
            "\
name        label                limit  today   week    month  last used   findings
production  sk-or-v1-0e6...1c96   none   1.00   2.00  1234.57  2026-10-01  no limit; unused for 122 days
Zürich      sk-or-v1-0e6...1c96  25.00   1.00  -3.00     4.00  2027-01-31  96 % of its limit spent
?           ?                        ?  1e15+      ?    <0.01  ?           unreadable: name, usage_weekly, limit, last_used_at
never       sk-or-v1-0e6...1c96  10.00   1.00   2.00     4.00  never       never used in 2587 days

5 keys, 4 with findings, at 2027-01-31T12:00:00Z
spent: 1e15+ today, 3.00 this week, 1246.57 this month, 20.00 in total
totals exclude unreadable amounts"
        );
    }

    #[test]
    fn the_alternate_table_has_every_key_and_an_empty_report_has_the_totals() {
        let text = format!("{:#}", report(&[json!({"byok_usage_daily": 0.5})]));
        assert_eq!(
            text,
            "\
name  label                limit  today  week  month  last used   findings
ci    sk-or-v1-0e6...1c96  10.00   1.00  2.00   4.00  2027-01-31

1 key, 0 with findings, at 2027-01-31T12:00:00Z
spent: 1.00 today, 2.00 this week, 4.00 this month, 5.00 in total
BYOK: 0.50 today, 0.00 this week, 0.00 this month, 0.00 in total"
        );
        assert_eq!(
            report(&[]).to_string(),
            "0 keys, 0 with findings, at 2027-01-31T12:00:00Z\n\
             spent: 0.00 today, 0.00 this week, 0.00 this month, 0.00 in total"
        );
    }

    #[test]
    fn no_name_breaks_the_table_or_shows_a_key() {
        let secret = "sk-or-v1-0123456789abcdef0123456789abcdef";
        let escaped = secret.replace("sk-", "\\u0073k-");
        for name in ["a\nb\rc", "\u{1b}[2J\u{7}", "\u{202e}evil", secret, &escaped] {
            let row = json!({"name": name, "label": format!("{name}x"), "limit": null});
            let text = report(&[row]).to_string();
            assert_eq!(text.lines().count(), 5, "{text}");
            assert!(!text.chars().any(|char| char.is_control() && char != '\n'), "{text:?}");
            assert!(!text.contains("0123456789") && !text.contains('\u{202e}'), "{text}");
        }
        for (length, shown) in [(31, "é".repeat(31)), (32, "é".repeat(32)), (33, "é".repeat(31))]
        {
            let text = report(&[json!({"name": "é".repeat(length), "limit": null})]).to_string();
            let line = text.lines().nth(1).unwrap();
            let mark = if length > 32 { "…  sk" } else { "  sk" };
            assert!(line.starts_with(&format!("{shown}{mark}")), "{line}");
        }
    }

    #[test]
    fn columns_are_aligned_whatever_the_script_of_a_name() {
        // The display width of each name in a terminal.
        for (name, width) in [
            ("customer", 8),
            ("顧客データ", 10),
            ("고객 42", 7),
            ("cafe\u{301}", 4),
            ("🔑🔑 prod", 9),
            ("ประกุญแจ", 7),
            ("עוֹלָם", 4),
        ] {
            let wide = json!({"name": name, "limit": null});
            let text = report(&[json!({"name": "plain ascii", "limit": null}), wide]).to_string();
            let line = text.lines().nth(2).unwrap();
            let rest = line.strip_prefix(name).unwrap();
            let spaces = rest.len() - rest.trim_start_matches(' ').len();
            assert_eq!(width + spaces, "plain ascii".len() + 2, "{text}");
        }
        // A name that does not fit is cut at a whole character.
        for (name, shown) in
            [("顧".repeat(16), "顧".repeat(16)), ("顧".repeat(17), "顧".repeat(15) + "…")]
        {
            let text = report(&[json!({"name": name, "limit": null})]).to_string();
            assert!(text.lines().nth(1).unwrap().starts_with(&format!("{shown}  ")), "{text}");
        }
    }

    #[test]
    fn each_finding_has_a_text_and_one_name_in_rust_and_json() {
        let mut kinds = Vec::new();
        for (finding, text, kind) in [
            (AuditFinding::Expired { days: 0 }, "expired within a day", "expired"),
            (AuditFinding::Expired { days: 1 }, "expired 1 day ago", "expired"),
            (AuditFinding::Disabled { days: None }, "disabled", "disabled"),
            (
                AuditFinding::Disabled { days: Some(2) },
                "disabled, unchanged for 2 days",
                "disabled",
            ),
            (AuditFinding::NoLimit, "no limit", "no_limit"),
            (AuditFinding::NearLimit { share: 0.999 }, "99 % of its limit spent", "near_limit"),
            (AuditFinding::NearLimit { share: 1.0 }, "99 % of its limit spent", "near_limit"),
            (AuditFinding::LimitReached, "limit reached", "limit_reached"),
            (AuditFinding::Unused { days: 90 }, "unused for 90 days", "unused"),
            (AuditFinding::NeverUsed { days: 1 }, "never used in 1 day", "never_used"),
            (AuditFinding::ExpiresSoon { days: 0 }, "expires within a day", "expires_soon"),
            (AuditFinding::ExpiresSoon { days: 7 }, "expires in 7 days", "expires_soon"),
            (AuditFinding::DuplicateName { keys: 2 }, "2 keys with this name", "duplicate_name"),
            (
                AuditFinding::Unreadable { fields: vec!["limit", "usage"] },
                "unreadable: limit, usage",
                "unreadable",
            ),
        ] {
            assert_eq!((finding.to_string().as_str(), finding.kind()), (text, kind));
            assert_eq!(serde_json::to_value(&finding).unwrap()["kind"], kind);
            kinds.push(kind);
        }
        kinds.dedup();
        assert_eq!(kinds, AuditFinding::KINDS);
    }

    #[test]
    fn the_report_serializes_the_keys_unchanged() {
        let report = report(&[json!({"limit": null})]);
        let written = serde_json::to_value(&report).unwrap();
        assert_eq!(written["at"], NOW);
        assert_eq!(written["keys"][0]["findings"], json!([{"kind": "no_limit"}]));
        assert_eq!(written["keys"][0]["key"], row(&json!({"limit": null})));
        assert_eq!(written["spend"]["total"], 5.0);
    }
}

mod sent {
    use super::*;

    const EVERYTHING: &str = "GET /api/v1/keys?include_disabled=true&include_expired=true";
    const WORKSPACE: &str = "0df9e665-d932-5740-b2c7-b52af166bc11";

    fn client(transport: &FakeTransport) -> Client {
        Client::new(transport.clone(), ApiKey::new("sk-or-v1-management").unwrap())
    }

    /// A server with these rows that pages by offset, with a `Date` or without.
    fn server(rows: Vec<Value>, date: Option<&'static str>) -> FakeTransport {
        FakeTransport::answering(move |_, request| {
            let query = request.uri().query().unwrap_or_default();
            let offset = query.split('&').find_map(|pair| pair.strip_prefix("offset="));
            let rows = rows.iter().skip(offset.map_or(0, |text| text.parse().unwrap())).take(100);
            let body = json!({ "data": rows.collect::<Vec<_>>() }).to_string();
            let reply = Reply::status(200).json(body);
            match date {
                Some(date) => reply.header("date", date),
                None => reply,
            }
        })
    }

    fn sent(transport: &FakeTransport) -> Vec<String> {
        let line = |request: &http::Request<bytes::Bytes>| {
            format!("{} {}", request.method(), request.uri().path_and_query().unwrap())
        };
        transport.requests().iter().map(line).collect()
    }

    fn many(count: usize) -> Vec<Value> {
        let row = |number: usize| {
            row(&json!({"hash": format!("{number:064x}"), "name": number.to_string()}))
        };
        (0..count).map(row).collect()
    }

    #[tokio::test]
    async fn every_page_is_read_and_only_reads_are_sent() {
        let mut rows = many(150);
        rows[149]["limit"] = Value::Null;
        rows[0]["name"] = json!("149");
        let transport = server(rows.clone(), Some("Sun, 31 Jan 2027 12:00:00 GMT"));
        let report = client(&transport).audit(Audit::new()).await.unwrap();
        assert_eq!((report.keys.len(), report.at.clone()), (150, Some(now())));
        let found: Vec<_> = report.with_findings().collect();
        assert_eq!(found[0].findings, [AuditFinding::DuplicateName { keys: 2 }]);
        assert_eq!(
            found[1].findings,
            [AuditFinding::NoLimit, AuditFinding::DuplicateName { keys: 2 }]
        );
        assert_eq!(found[1].key.hash.as_deref(), rows[149]["hash"].as_str());
        assert_eq!((found.len(), report.spend.daily), (2, 150.0));
        assert_eq!(
            sent(&transport),
            [
                EVERYTHING.to_owned(),
                format!("{EVERYTHING}&offset=99"),
                format!("{EVERYTHING}&offset=149")
            ]
        );

        let blocking = server(rows, Some("Sun, 31 Jan 2027 12:00:00 GMT"));
        let key = ApiKey::new("sk-or-v1-management").unwrap();
        let same = blocking::Client::new(blocking, key).audit(Audit::new()).finish().unwrap();
        assert_eq!(same, report);
    }

    #[tokio::test]
    async fn the_servers_date_counts_and_this_machines_clock_only_without_it() {
        // The fake transport's clock says 2027-01-01.
        let used = json!({"last_used_at": "2026-10-03T00:00:00Z"});
        for (date, expected) in [
            (Some("Sat, 02 Jan 2027 00:00:00 GMT"), 91),
            (Some("Wed, 02 Jan 2030 00:00:00 GMT"), 1187),
            (None, 90),
        ] {
            let transport = server(vec![row(&used)], date);
            let report = client(&transport).audit(Audit::new()).await.unwrap();
            assert_eq!(
                report.keys[0].findings,
                [AuditFinding::Unused { days: expected }],
                "{date:?}"
            );
        }
    }

    #[test]
    fn without_any_clock_the_report_has_no_time() {
        let expired = json!({"expires_at": "2020-01-01T00:00:00Z"});
        let transport = server(vec![row(&expired)], None);
        let key = ApiKey::new("sk-or-v1-management").unwrap();
        let mut machine = Audit::new().begin(&Config::new(), &CallOptions::new());
        let mut event = Event::Begin(Seed::default());
        let report = loop {
            event = match machine.resume(event, Duration::ZERO) {
                Action::Authenticate(_) => Event::Key(Ok(key.clone())),
                Action::Send(context) => {
                    let request = machine.request();
                    Event::Response(BlockingTransport::send(&transport, request, &context))
                }
                Action::Done(result) => break result.unwrap(),
                other => panic!("{other:?}"),
            };
        };
        assert_eq!((report.at, report.keys[0].findings.len()), (None, 0));
    }

    #[tokio::test]
    async fn rows_that_are_not_keys_are_counted() {
        let mut rows = many(120);
        // The second one is on both pages.
        (rows[3], rows[99], rows[110]) = (json!("row"), json!(5), json!([1]));
        let transport = server(rows, None);
        let report = client(&transport).audit(Audit::new()).await.unwrap();
        assert_eq!((report.keys.len(), report.unexpected_rows), (117, 3));
        let text = report.to_string();
        assert!(text.contains("\nnot checked, because they are not keys: 3 rows\n"), "{text}");
    }

    #[tokio::test]
    async fn workspaces_are_audited_in_turn() {
        const OTHER: &str = "11111111-d932-5740-b2c7-b52af166bc11";
        let transport = server(Vec::new(), None);
        client(&transport).audit(Audit::new().workspaces([WORKSPACE, OTHER])).await.unwrap();
        let of = |id: &str| format!("{EVERYTHING}&workspace_id={id}");
        assert_eq!(sent(&transport), [of(WORKSPACE), of(OTHER)]);
    }

    #[tokio::test]
    async fn bad_arguments_are_refused_before_anything_is_sent() {
        let share = |share| (Audit::new().near_limit(share), BuildErrorKind::NearLimit);
        for (audit, kind) in [
            share(f64::NAN),
            share(f64::INFINITY),
            share(-0.01),
            share(1.01),
            share(80.0),
            (Audit::new().workspaces([WORKSPACE, "no uuid"]), BuildErrorKind::WorkspaceId),
        ] {
            let transport = FakeTransport::never();
            assert_eq!(audit.report([], now()).unwrap_err().kind(), kind, "{audit:?}");
            let error = client(&transport).audit(audit).await.unwrap_err();
            assert!(matches!(error.kind(), ErrorKind::Build(error) if error.kind() == kind));
            assert!(error.to_string().starts_with("audit: "), "{error}");
            assert!(transport.requests().is_empty());
        }
    }

    #[tokio::test]
    async fn a_failed_page_ends_the_audit_with_an_error_that_names_the_audit() {
        let transport = FakeTransport::always(Reply::status(403).json("{}"));
        let error = client(&transport).audit(Audit::new()).await.unwrap_err();
        assert_eq!((error.operation(), transport.requests().len()), ("audit", 1));
    }
}

mod whatever_comes {
    use proptest::prelude::*;

    use super::*;

    const FIELDS: [&str; 10] = [
        "name",
        "disabled",
        "limit",
        "limit_remaining",
        "usage",
        "usage_daily",
        "created_at",
        "updated_at",
        "expires_at",
        "last_used_at",
    ];

    fn any_value() -> impl Strategy<Value = Value> {
        prop_oneof![
            Just(json!(ABSENT)),
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            prop_oneof![Just(0.0), Just(10.0), Just(9.0), any::<f64>()].prop_map(Value::from),
            "\\PC{0,40}".prop_map(Value::from),
            any::<String>().prop_map(Value::from),
            "20(20|27|28)-0[1-9]-0[1-9]T00:00:00Z".prop_map(Value::from),
            Just(json!(["odd"])),
        ]
    }

    fn any_row() -> impl Strategy<Value = Value> {
        let fields = FIELDS.map(|name| {
            proptest::option::of(any_value().prop_map(move |value| (name.to_owned(), value)))
        });
        Vec::from(fields).prop_map(|changes| row(&changes.into_iter().flatten().collect()))
    }

    proptest! {
        #[test]
        fn findings_follow_from_the_response_alone_and_the_table_stays_intact(
            rows in proptest::collection::vec(any_row(), 0..5),
            share in 0.0..=1.0,
            days in any::<[u32; 3]>(),
            is_dated in any::<bool>(),
        ) {
            let audit = Audit::new().near_limit(share).unused_for(days[0]).expiring_within(days[1]).disabled_for(days[2]);
            let keys: Vec<Key> = rows.iter().map(|row| serde_json::from_value(row.clone()).unwrap()).collect();
            let report = audit.report(keys.clone(), is_dated.then(now)).unwrap();
            prop_assert_eq!(report.keys.len(), keys.len());
            for (audited, key) in report.keys.iter().zip(&keys) {
                prop_assert_eq!(&audited.key, key);
                let kinds: Vec<_> = audited.findings.iter().map(AuditFinding::kind).collect();
                let mut once = kinds.clone();
                once.sort_unstable();
                once.dedup();
                prop_assert_eq!(once.len(), kinds.len());
                let has = |kind: &str| kinds.contains(&kind);
                let is_unused = has("unused") || has("never_used") || has("expires_soon");
                let is_idle = has("expired") || key.disabled.copied() == Some(true);
                prop_assert!(!(is_idle && (is_unused || has("no_limit") || has("near_limit") || has("limit_reached"))));
                prop_assert_eq!(has("no_limit"), key.limit.is_null() && !is_idle);
                prop_assert!(is_dated || !(is_unused || has("expired")));
                let is_known = |field: &str| !audited.findings.iter().any(|finding| {
                    matches!(finding, AuditFinding::Unreadable { fields } if fields.contains(&field))
                });
                prop_assert_eq!(is_known("disabled"), key.disabled.get().is_some());
                if !is_idle {
                    prop_assert!(is_known("limit") || !key.limit.is_null());
                    prop_assert!(!is_known("limit") || key.limit.is_null() || key.limit.get().is_some());
                    prop_assert!(!is_known("last_used_at") || key.last_used_at.is_null() || key.last_used_at.get().is_some());
                }
            }
            let text = format!("{report:#}");
            prop_assert!(!text.chars().any(|char| char.is_control() && char != '\n'));
            let head = if rows.is_empty() { 0 } else { rows.len() + 2 };
            prop_assert!((head + 2..=head + 4).contains(&text.lines().count()), "{}", text);
        }
    }
}
