//! What programs do with the API's values: convert, order and store them.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use std::time::{Duration, SystemTime};

use openrouter_keys_core::operation::{Delete, Operation};
use openrouter_keys_core::types::{BudgetScope, DataRegion};
use openrouter_keys_core::{
    ApiKey, Create, Effect, Error, Key, KeyHash, Limit, LimitReset, Timestamp,
};

const HASH: &str = "f01d52606dc8f0a8303a7b5cc3fa07109c2e346cec7c0a16b40de462992ce943";

#[test]
fn times_are_ordered_by_meaning_and_keep_their_spelling() {
    let (early, late) = ("2026-01-01T01:00:00+01:00", "2026-01-01T00:00:00.000000001Z");
    let times: Vec<Timestamp> =
        [late, early].map(|text| serde_json::from_value(text.into()).unwrap()).into();
    assert_eq!(times.iter().min().unwrap().to_string(), early);
    assert!(times[0] > times[1]);
    assert_eq!(format!("{:?} {:>32}", times[0], times[1]), format!("{late} {early:>32}"));
    assert_eq!((times[0].subsec_nanos(), times[1].subsec_nanos()), (1, 0));
    assert!(serde_json::from_str::<Timestamp>("\"tomorrow\"").is_err());
}

#[test]
fn a_time_is_read_from_a_string_and_from_the_clock_before_and_after_1970() {
    let read = |text: &str| text.parse::<Timestamp>().unwrap();
    assert_eq!(read("2026-01-01T00:00Z"), Timestamp::try_from("2026-01-01T00:00:00Z").unwrap());
    for (seconds, nanos) in [
        (0, 0),
        (1, 1),
        (-1, 0),
        (-1, 999_999_999),
        (-62_167_219_200, 0),
        (253_402_300_799, 999_999_999),
    ] {
        let timestamp = Timestamp::from_unix(seconds, nanos).unwrap();
        let clock = SystemTime::try_from(&timestamp).unwrap();
        assert_eq!(Timestamp::try_from(clock).unwrap(), timestamp);
        let jiff = jiff::Timestamp::try_from(&timestamp);
        // jiff's range ends a day earlier, to leave room for offsets.
        if let Ok(jiff) = jiff {
            assert_eq!(Timestamp::try_from(jiff).unwrap(), timestamp);
        }
        let time = time::OffsetDateTime::try_from(&timestamp).unwrap();
        assert_eq!(Timestamp::try_from(time).unwrap(), timestamp);
    }
    let beyond = SystemTime::UNIX_EPOCH + Duration::from_secs(253_402_300_800);
    for refused in [
        Timestamp::try_from(beyond),
        Timestamp::from_unix(-62_167_219_201, 0),
        Timestamp::from_unix(0, 1_000_000_000),
    ] {
        assert!(refused.unwrap_err().to_string().contains("0000 to 9999"));
    }
}

#[test]
fn a_hash_is_serialised_as_a_string_and_a_bad_one_is_refused_when_read() {
    let hash = KeyHash::new(HASH).unwrap();
    let text = serde_json::to_string(&hash).unwrap();
    assert_eq!(text, format!("\"{HASH}\""));
    assert_eq!(serde_json::from_str::<KeyHash>(&text).unwrap(), hash);
    assert_eq!((hash.as_ref(), String::from(&hash)), (HASH, String::from(hash.clone())));
    assert!(serde_json::from_str::<KeyHash>("\"../key\"").is_err());
}

#[test]
fn a_hash_is_printed_and_aligned_like_a_string() {
    let hash = KeyHash::new("0e6").unwrap();
    assert_eq!(format!("{hash} {hash:>5} {hash:?}"), "0e6   0e6 \"0e6\"");
    assert!(format!("{:?}", Delete::new(hash)).contains("\"0e6\""));
}

#[test]
fn a_key_without_a_usable_hash_says_so_where_one_is_needed() {
    let key = |text: &str| serde_json::from_str::<Key>(text).unwrap();
    assert_eq!(&**key(&format!(r#"{{"hash":"{HASH}"}}"#)).require_hash().unwrap(), HASH);
    for text in ["{}", r#"{"hash":null}"#, r#"{"hash":"../key"}"#] {
        assert!(
            key(text).require_hash().unwrap_err().to_string().contains("without a usable hash")
        );
    }
}

/// As in a function that creates a key and then uses its hash.
#[test]
fn an_error_without_a_request_does_not_say_that_nothing_was_sent_or_created() {
    let created = r#"{"key":"sk-or-v1-0123456789abcdef0123","data":{"name":"ci"}}"#;
    let created = Create::new("ci", Limit::usd(1.0)).parse(created.as_bytes()).unwrap().output;
    let without_hash = created.data.get().unwrap().require_hash().unwrap_err();
    let empty_hash = KeyHash::new("").unwrap_err();
    let texts = [
        without_hash.to_string(),
        format!("{:?}", Error::from(without_hash.clone())),
        Error::from(without_hash.clone()).to_string(),
        empty_hash.to_string(),
        Error::from(empty_hash.clone()).to_string(),
        Error::from(ApiKey::new("two words").unwrap_err()).to_string(),
    ];
    for text in texts {
        assert!(!text.contains("nothing was"), "{text}");
    }
    let error = Error::from(without_hash);
    assert_eq!((error.effect(), error.is_retryable()), (&Effect::NoRequest, false));
    assert_eq!(
        error.to_string(),
        "read: the response describes a key without a usable hash; no request failed, and the \
         effects of earlier calls stand; list the keys and find it by its name"
    );
    assert_eq!(error.anchor(), "the-response-cannot-be-read");
    assert_eq!(Error::from(empty_hash).anchor(), "an-argument-is-refused");
}

#[test]
fn an_api_key_converts_from_strings_and_an_api_word_from_itself() {
    assert!(ApiKey::try_from("sk-or-v1-test").is_ok() && ApiKey::try_from("two words").is_err());
    assert!(ApiKey::try_from("sk-or-v1-test".to_owned()).is_ok());
    assert!(ApiKey::try_from("two words".to_owned()).is_err());
    assert_eq!(format!("{:>8}", LimitReset::Monthly), " monthly");
}

#[test]
fn an_unknown_word_of_the_api_is_printed_on_one_line_and_masked() {
    for (text, shown) in [
        ("yearly", "yearly"),
        ("a\nb\u{1b}[2J", "a\\u{a}b\\u{1b}[2J"),
        ("\u{202e}yad", "\\u{202e}yad"),
        ("dai\u{2060}ly", "dai\\u{2060}ly"),
        ("sk-or-mgmt-0123456789abcdef0123", "[redacted]"),
    ] {
        let reset = LimitReset::from(text);
        assert_eq!((reset.to_string().as_str(), reset.as_str()), (shown, text));
        assert_eq!(BudgetScope::from(text).to_string(), shown);
        assert_eq!(DataRegion::from(text).to_string(), shown);
    }
    assert_eq!(format!("{:>8}", LimitReset::from("yearly")), "  yearly");
}

#[test]
fn only_a_body_without_an_error_confirms_a_deletion() {
    for (body, is_confirmed) in [
        (r#"{"deleted":true}"#, true),
        (r#"{"deleted":true,"error":null}"#, true),
        (r#"{"deleted":true,"error":{"code":500}}"#, false),
        (r#"{"deleted":true,"error":"not now"}"#, false),
        (r#"{"deleted":false}"#, false),
    ] {
        assert_eq!(Delete::new("aa").parse(body.as_bytes()).is_ok(), is_confirmed, "{body}");
    }
}

#[test]
fn a_created_key_is_serialised_without_its_secret() {
    let body = r#"{"key":"sk-or-v1-0123456789abcdef0123","data":{"name":"ci"},"plan":"pro"}"#;
    let created = Create::new("ci", Limit::usd(1.0)).parse(body.as_bytes()).unwrap().output;
    let text = serde_json::to_string(&created).unwrap();
    assert_eq!(text, r#"{"data":{"name":"ci"},"plan":"pro"}"#);
    assert_eq!(created.into_key().reveal(), "sk-or-v1-0123456789abcdef0123");
}
