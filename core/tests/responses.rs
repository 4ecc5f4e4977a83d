//! Rules for every response, tested with random examples.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use openrouter_keys_core::operation::{Delete, Get, GetCurrentKeyMetadata, Operation};
use openrouter_keys_core::test_util::samples;
use openrouter_keys_core::{Create, CurrentKey, Field, Key, Limit, LimitReset, List, Update};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

/// Any JSON whose numbers a double represents exactly.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        (-1e9_f64..1e9).prop_map(|number| Value::from((number * 1024.0).round() / 1024.0 + 0.5)),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::btree_map("[a-z_]{1,8}", inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

#[test]
fn the_last_of_repeated_fields_and_the_first_of_repeated_secrets_count() {
    let body = br#"{"data":[{"name":"a"},7],"data":[{"name":"b","name":"c"}]}"#;
    let page = List::new().parse(body).unwrap().output;
    let names: Vec<_> = page.data.iter().map(|key| key.name.as_deref()).collect();
    assert_eq!((names, page.unexpected.len()), (vec![Some("c")], 0));
    List::new().parse(br#"{"data":[{"name":"a"}],"data":null}"#).expect_err("the last is null");

    let body = br#"{"key":"","key":"sk-or-v1-first","key":7,"key":"sk-or-v1-second","data":{}}"#;
    let created = Create::new("ci", Limit::usd(1.0)).parse(body).unwrap().output;
    assert_eq!(created.key().reveal(), "sk-or-v1-first");
}

fn object(text: &str) -> Map<String, Value> {
    match serde_json::from_str(text).unwrap() {
        Value::Object(map) => map,
        other => panic!("{other}"),
    }
}

/// A sample with some fields taken away, replaced by anything, and added.
fn mutated(sample: &'static str) -> impl Strategy<Value = Map<String, Value>> {
    let fields: Vec<String> = object(sample).keys().cloned().collect();
    let change = (proptest::sample::select(fields), proptest::option::of(any_json()));
    let addition = ("[a-z]{1,10}", any_json());
    (proptest::collection::vec(change, 0..6), proptest::collection::vec(addition, 0..4)).prop_map(
        move |(changes, additions)| {
            let mut map = object(sample);
            for (field, value) in changes {
                match value {
                    Some(value) => map.insert(field, value),
                    None => map.remove(&field),
                };
            }
            map.extend(additions);
            map
        },
    )
}

/// 2.0 and 2 are the same JSON number; `serde_json` distinguishes them.
fn normal(value: Value) -> Value {
    match value {
        Value::Number(number) => json!(number.as_f64().unwrap()),
        Value::Array(items) => items.into_iter().map(normal).collect(),
        Value::Object(map) => map.into_iter().map(|(name, value)| (name, normal(value))).collect(),
        other => other,
    }
}

fn current_key() -> &'static str {
    let envelope = samples::CURRENT_KEY;
    &envelope[r#"{"data":"#.len()..envelope.len() - 1]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn a_created_secret_reaches_the_caller_whatever_the_rest_is(
        data in prop_oneof![any_json(), mutated(samples::KEY_OBJECT).prop_map(Value::Object)],
        extra in proptest::collection::btree_map("[a-z]{4,8}", any_json(), 0..4),
        first in any::<bool>(),
        tail in prop_oneof![3 => Just(String::new()), 1 => "[ -~]{1,12}"],
        token in proptest::option::of(proptest::sample::select(vec!["1e999", "\"\\ud800\"", "nonsense", "{", "[", "\"unclosed"])),
    ) {
        const SECRET: &str = "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";
        let key = format!(r#""key":"{SECRET}""#);
        let mut rest: Vec<String> =
            extra.iter().map(|(name, value)| format!("{}:{value}", Value::from(name.as_str()))).collect();
        rest.push(format!(r#""data":{data}"#));
        rest.extend(token.map(|token| format!(r#""broken":{token}"#)));
        rest.insert(if first { 0 } else { rest.len() }, key);
        let body = format!("{{{}}}{tail}", rest.join(","));
        let created = Create::new("x", Limit::usd(1.0)).parse(body.as_bytes()).unwrap().output;
        prop_assert_eq!(created.key().reveal(), SECRET);
        let printed = format!("{created:?}");
        prop_assert!(!printed.contains("0e6f44a47a05f1dad2ad"));
    }
}

proptest! {
    #[test]
    fn a_key_survives_a_round_trip_whatever_was_missing_unexpected_or_unknown(map in mutated(samples::KEY_OBJECT)) {
        let value = Value::Object(map);
        let key: Key = serde_json::from_str(&value.to_string()).unwrap();
        prop_assert_eq!(normal(serde_json::to_value(&key).unwrap()), normal(value.clone()));
        let again: Key = serde_json::from_str(&serde_json::to_string(&key).unwrap()).unwrap();
        prop_assert_eq!(again, key);
    }

    #[test]
    fn the_current_key_survives_a_round_trip_too(map in mutated(current_key())) {
        let value = Value::Object(map);
        let key: CurrentKey = serde_json::from_str(&value.to_string()).unwrap();
        prop_assert_eq!(normal(serde_json::to_value(&key).unwrap()), normal(value));
    }

    #[test]
    fn one_unexpected_row_does_not_affect_the_others(map in mutated(samples::KEY_OBJECT), row in any_json(), at in 0_usize..100) {
        let mut page: Value = serde_json::from_str(&samples::page(100)).unwrap();
        page["data"][at] = Value::Object(map.clone());
        let read = List::new().parse(page.to_string().as_bytes()).unwrap().output;
        prop_assert_eq!(read.data.len(), 100);
        prop_assert_eq!(normal(serde_json::to_value(&read.data[at]).unwrap()), normal(Value::Object(map)));
        prop_assert_eq!(read.data.iter().filter(|key| key.hash.get().is_some()).count() >= 99, true);

        let is_object = row.is_object();
        page["data"][at] = row;
        let read = List::new().parse(page.to_string().as_bytes()).unwrap().output;
        prop_assert_eq!((read.data.len(), read.unexpected.len()), if is_object { (100, 0) } else { (99, 1) });
    }

    #[test]
    fn any_body_is_read_or_refused_without_a_panic(body in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = List::new().parse(&body);
        let _ = Get::new("a").parse(&body);
        let _ = Delete::new("a").parse(&body);
        let _ = GetCurrentKeyMetadata::new().parse(&body);
        let _ = Create::new("x", Limit::usd(1.0)).parse(&body);
    }

    #[test]
    fn an_update_leaves_clears_or_sets_each_field_independently(
        name in proptest::option::of("[a-z]{1,5}"),
        disabled in proptest::option::of(any::<bool>()),
        limit in proptest::option::of(proptest::option::of(0_u32..1000)),
        reset in proptest::option::of(proptest::option::of("[a-z]{1,5}")),
        byok in proptest::option::of(any::<bool>()),
    ) {
        let mut update = Update::new("abc");
        let mut expected = Map::new();
        if let Some(name) = &name {
            update = update.name(name);
            expected.insert("name".into(), json!(name));
        }
        if let Some(disabled) = disabled {
            update = update.disabled(disabled);
            expected.insert("disabled".into(), json!(disabled));
        }
        if let Some(limit) = limit {
            update = update.limit(limit.map_or(Limit::unlimited(), |usd| Limit::usd(usd.into())));
            expected.insert("limit".into(), json!(limit));
        }
        if let Some(reset) = &reset {
            update = match reset {
                Some(reset) => update.limit_reset(LimitReset::from(reset.as_str())),
                None => update.no_limit_reset(),
            };
            expected.insert("limit_reset".into(), json!(reset));
        }
        if let Some(byok) = byok {
            update = update.include_byok_in_limit(byok);
            expected.insert("include_byok_in_limit".into(), json!(byok));
        }
        match update.parts() {
            Err(_) => prop_assert!(expected.is_empty()),
            Ok(parts) => {
                let sent: Value = serde_json::from_slice(parts.body().unwrap()).unwrap();
                prop_assert_eq!(sent, Value::Object(expected));
            }
        }
    }

    #[test]
    fn a_limit_is_sent_as_given_or_refused(usd in any::<f64>()) {
        let sent = Create::new("x", Limit::usd(usd)).parts();
        if usd.is_finite() && usd >= 0.0 {
            let body: Value = serde_json::from_slice(sent.unwrap().body().unwrap()).unwrap();
            prop_assert_eq!(body["limit"].as_f64(), Some(usd));
        } else {
            prop_assert!(sent.is_err());
        }
    }
}

#[test]
fn a_million_nested_arrays_are_refused_without_a_panic() {
    let deep = "[".repeat(1_000_000);
    for body in
        [deep.clone(), format!(r#"{{"data":{deep}"#), format!(r#"{{"data":[{{"hash":{deep}"#)]
    {
        assert!(List::new().parse(body.as_bytes()).is_err());
        assert!(Get::new("a").parse(body.as_bytes()).is_err());
        assert!(Create::new("x", Limit::usd(1.0)).parse(body.as_bytes()).is_err());
    }
}

#[test]
fn a_number_beyond_a_double_affects_only_its_own_field() {
    let body = samples::KEY.replace("\"limit\":25", "\"limit\":1e999");
    let key = Get::new("a").parse(body.as_bytes()).unwrap().output;
    assert!(matches!(&key.limit, Field::Unexpected(json) if json.as_str() == "\"1e999\""));
    assert_eq!(key.limit_remaining.copied(), Some(21.5));
}

#[test]
fn an_unexpected_value_keeps_its_digits_order_and_depth() {
    let deep = format!("{}{}", "[".repeat(2000), "]".repeat(2000));
    for odd in [r#"{"z":1.10,"a":12345678901234567890123}"#, &format!(r#"{{"a":{deep}}}"#), &deep] {
        let body =
            samples::page(2).replacen(r#""name":"Customer 0""#, &format!(r#""name":{odd}"#), 1);
        let page = List::new().parse(body.as_bytes()).unwrap().output;
        assert!(
            matches!(&page.data[0].name, Field::Unexpected(json) if json.as_str() == odd),
            "{:?}",
            page.data[0].name
        );
        assert_eq!(page.data[1].name.as_deref(), Some("Customer 1"));
    }
}

#[test]
fn a_secret_that_the_server_echoes_is_masked_in_the_other_fields() {
    let secret = "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";
    let body = samples::CREATED.replace("sk-or-v1-0e6...1c96", secret).replacen(
        '{',
        &format!(r#"{{"note":["{secret}"],"#),
        1,
    );
    let created = Create::new("x", Limit::usd(1.0)).parse(body.as_bytes()).unwrap().output;
    assert_eq!(created.key().reveal(), secret);
    assert!(!format!("{created:?}").contains(secret));
    assert!(!serde_json::to_string(&created).unwrap().contains(secret));
    assert_eq!(created.data.get().unwrap().name.as_deref(), Some("Customer 42"));
}

#[test]
fn a_hundred_thousand_unknown_fields_do_not_take_quadratic_time() {
    let fields: Vec<String> = (0..100_000).map(|number| format!(r#""f{number}":0"#)).collect();
    let body = format!(r#"{{"data":{{{}}}}}"#, fields.join(","));
    assert_eq!(Get::new("a").parse(body.as_bytes()).unwrap().output.extra.len(), 100_000);
}

#[test]
fn a_page_of_more_rows_than_any_page_has_is_refused_early() {
    let page = |rows: usize| format!(r#"{{"data":[{}]}}"#, vec!["{}"; rows].join(","));
    assert_eq!(List::new().parse(page(10_000).as_bytes()).unwrap().output.data.len(), 10_000);
    assert!(List::new().parse(page(1_000_000).as_bytes()).is_err());
}

#[test]
fn an_escape_in_a_created_response_loses_no_digit_and_no_field() {
    let odd = r#"{"z":1.10,"a":12345678901234567890123,"half":"\ud800"}"#;
    let body = samples::CREATED.replace("Customer 42", "caf\\u00e9").replacen(
        '{',
        &format!(r#"{{"note":{odd},"#),
        1,
    );
    let created = Create::new("x", Limit::usd(1.0)).parse(body.as_bytes()).unwrap().output;
    assert_eq!(created.problem, None);
    let kept = odd.replace("ud800", "ufffd");
    assert_eq!(created.extra.get("note").unwrap().as_str(), kept);
    assert_eq!(created.data.get().unwrap().name.as_deref(), Some("café"));
}
