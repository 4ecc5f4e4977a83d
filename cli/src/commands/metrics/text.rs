//! Keys in the text format of `OpenMetrics`, which Prometheus and `node_exporter` read as well.

use std::fmt::Write as _;

use openrouter_keys_native::{Field, Key, Timestamp};

use crate::keys::{self, State};

/// The media type of the text.
pub(super) const MEDIA_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// One metric with a sample for each key.
struct Family {
    name: &'static str,
    kind: Kind,
    unit: &'static str,
    help: &'static str,
    value: fn(&Key) -> Option<f64>,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Counter,
    Gauge,
}

const FAMILIES: [Family; 14] = [
    Family::counter("usage_dollars", "Credit spent so far.", |key| key.usage.copied()),
    Family::dollars("usage_daily_dollars", "Credit spent since midnight UTC.", |key| {
        key.usage_daily.copied()
    }),
    Family::dollars("usage_weekly_dollars", "Credit spent since Monday, midnight UTC.", |key| {
        key.usage_weekly.copied()
    }),
    Family::dollars(
        "usage_monthly_dollars",
        "Credit spent since the first, midnight UTC.",
        |key| key.usage_monthly.copied(),
    ),
    Family::counter("byok_usage_dollars", "BYOK spending so far.", |key| key.byok_usage.copied()),
    Family::dollars("byok_usage_daily_dollars", "BYOK spending since midnight UTC.", |key| {
        key.byok_usage_daily.copied()
    }),
    Family::dollars("byok_usage_weekly_dollars", "BYOK spending since Monday.", |key| {
        key.byok_usage_weekly.copied()
    }),
    Family::dollars("byok_usage_monthly_dollars", "BYOK spending since the first.", |key| {
        key.byok_usage_monthly.copied()
    }),
    Family::dollars("limit_dollars", "The limit; missing without one.", |key| key.limit.copied()),
    Family::dollars("limit_remaining_dollars", "What is left of the limit.", |key| {
        key.limit_remaining.copied()
    }),
    Family {
        name: "unlimited",
        kind: Kind::Gauge,
        unit: "",
        help: "1 if the key has no limit.",
        value: |key| match key.limit {
            Field::Null => Some(1.0),
            Field::Value(_) => Some(0.0),
            _ => None,
        },
    },
    Family::time("created_timestamp_seconds", "When the key was created.", |key| {
        seconds(&key.created_at)
    }),
    Family::time("last_used_timestamp_seconds", "When the key was last used.", |key| {
        seconds(&key.last_used_at)
    }),
    Family::time("expires_timestamp_seconds", "When the key stops working.", |key| {
        seconds(&key.expires_at)
    }),
];

impl Family {
    const fn counter(
        name: &'static str,
        help: &'static str,
        value: fn(&Key) -> Option<f64>,
    ) -> Self {
        Self { name, kind: Kind::Counter, unit: "dollars", help, value }
    }

    const fn dollars(
        name: &'static str,
        help: &'static str,
        value: fn(&Key) -> Option<f64>,
    ) -> Self {
        Self { name, kind: Kind::Gauge, unit: "dollars", help, value }
    }

    const fn time(name: &'static str, help: &'static str, value: fn(&Key) -> Option<f64>) -> Self {
        Self { name, kind: Kind::Gauge, unit: "seconds", help, value }
    }

    fn write(&self, text: &mut String, keys: &[(String, &Key)]) {
        let Self { name, kind, unit, help, value } = self;
        let (kind_name, suffix) = match kind {
            Kind::Counter => ("counter", "_total"),
            Kind::Gauge => ("gauge", ""),
        };
        let _ = writeln!(text, "# TYPE openrouter_key_{name} {kind_name}");
        if !unit.is_empty() {
            let _ = writeln!(text, "# UNIT openrouter_key_{name} {unit}");
        }
        let _ = writeln!(text, "# HELP openrouter_key_{name} {help}");
        for (labels, key) in keys {
            // A counter is never negative.
            let is_valid =
                |value: &f64| value.is_finite() && (*kind == Kind::Gauge || *value >= 0.0);
            if let Some(value) = value(key).filter(is_valid) {
                let _ = writeln!(text, "openrouter_key_{name}{suffix}{{{labels}}} {value}");
            }
        }
    }
}

/// All metrics of these keys. A key without a hash has no identity, and is only counted.
pub(super) fn of(keys: &[Key], now: i64) -> String {
    let mut labelled: Vec<_> = keys.iter().filter_map(|key| Some((labels(key)?, key))).collect();
    // The same key twice would make the whole text invalid.
    labelled.sort_by(|left, right| left.0.cmp(&right.0));
    labelled.dedup_by(|left, right| left.1.hash == right.1.hash);
    let mut text = String::new();
    for family in &FAMILIES {
        family.write(&mut text, &labelled);
    }
    text.push_str("# TYPE openrouter_keys gauge\n# HELP openrouter_keys Keys by their state.\n");
    let states = [State::Active, State::Disabled, State::Expired, State::Exhausted, State::Unknown];
    for state in states {
        let count = keys.iter().filter(|key| State::of(key, now) == state).count();
        let _ = writeln!(text, "openrouter_keys{{state=\"{}\"}} {count}", state.as_str());
    }
    let name = "openrouter_keys_collected_timestamp_seconds";
    let help = "When the keys were listed.";
    let _ = writeln!(text, "# TYPE {name} gauge\n# UNIT {name} seconds\n# HELP {name} {help}");
    let _ = writeln!(text, "{name} {now}\n# EOF");
    text
}

fn labels(key: &Key) -> Option<String> {
    let mut labels = format!("hash=\"{}\"", escaped(key.hash.get()?.as_str()));
    let named = [
        ("name", Some(keys::name_of(key))),
        ("workspace_id", key.workspace_id.as_deref()),
        ("external_user", key.external_user.as_deref()),
    ];
    for (label, value) in named {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            let _ = write!(labels, ",{label}=\"{}\"", escaped(value));
        }
    }
    Some(labels)
}

/// A label's value: keys masked, what a terminal would obey shown, quotes and backslashes escaped.
fn escaped(value: &str) -> String {
    crate::text::visible(&crate::text::without_keys(value))
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
}

/// A time as a number; a whole number of seconds below 2^53 is exact.
fn seconds(at: &Field<Timestamp>) -> Option<f64> {
    at.get().and_then(|at| at.unix_seconds().to_string().parse().ok())
}

#[cfg(test)]
mod tests {
    use openrouter_keys_native::Key;

    use super::of;

    fn key(text: &str) -> Key {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn a_key_has_a_sample_for_each_field_it_has() {
        let keys = [
            key(r#"{"hash":"a","name":"a\"b\\c\nd","usage":1.5,"limit":null,"disabled":false,
                    "created_at":"2027-01-01T00:00:00Z"}"#),
            key(
                r#"{"hash":"b","name":"","usage":-1,"limit":10,"limit_remaining":0,"disabled":false}"#,
            ),
            key(r#"{"name":"no hash","usage":7,"disabled":true}"#),
        ];
        let text = of(&keys, 1);
        let labels = r#"{hash="a",name="a\"b\\c\\nd"}"#;
        for line in [
            format!("openrouter_key_usage_dollars_total{labels} 1.5"),
            format!("openrouter_key_unlimited{labels} 1"),
            format!("openrouter_key_created_timestamp_seconds{labels} 1798761600"),
            r#"openrouter_key_limit_dollars{hash="b"} 10"#.to_owned(),
            r#"openrouter_keys{state="exhausted"} 1"#.to_owned(),
            r#"openrouter_keys{state="disabled"} 1"#.to_owned(),
        ] {
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
        assert!(!text.contains("no hash") && !text.contains("-1"), "{text}");
        assert!(text.ends_with("\n# EOF\n"));
    }

    #[test]
    fn a_key_that_is_listed_twice_has_one_sample() {
        let twice = [key(r#"{"hash":"a","usage":1}"#), key(r#"{"hash":"a","usage":1}"#)];
        assert_eq!(of(&twice, 0).matches("usage_dollars_total{").count(), 1);
    }
}
