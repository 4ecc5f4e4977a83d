//! The seed file: the keys and workspaces a server starts with, as JSON.

use std::fmt;
use std::fs;
use std::io;
use std::marker::PhantomData;
use std::path::Path;

use jiff::Timestamp;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::account::{DEFAULT_WORKSPACE, USER};
use crate::input;
use crate::reset::Reset;

/// The file's content; the README describes it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Seeds {
    #[serde(deserialize_with = "uuids")]
    pub(crate) workspaces: Vec<String>,
    #[serde(deserialize_with = "objects")]
    pub(crate) keys: Vec<KeySeed>,
}

/// A key, with the API's field names.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct KeySeed {
    #[serde(deserialize_with = "name")]
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) disabled: bool,
    #[serde(default, deserialize_with = "limit")]
    pub(crate) limit: Option<f64>,
    #[serde(default)]
    pub(crate) limit_reset: Option<Reset>,
    #[serde(default)]
    pub(crate) include_byok_in_limit: bool,
    /// Defaults to the start of the server.
    #[serde(default, deserialize_with = "timestamp")]
    pub(crate) created_at: Option<Timestamp>,
    #[serde(default, deserialize_with = "timestamp")]
    pub(crate) expires_at: Option<Timestamp>,
    #[serde(default = "default_workspace", deserialize_with = "uuid")]
    pub(crate) workspace_id: String,
    #[serde(default = "default_user", deserialize_with = "creator")]
    pub(crate) creator_user_id: String,
    #[serde(default, deserialize_with = "external_user")]
    pub(crate) external_user: Option<String>,
    #[serde(default, deserialize_with = "objects")]
    pub(crate) spend: Vec<SpendSeed>,
}

/// An amount spent with the key.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SpendSeed {
    #[serde(deserialize_with = "amount")]
    pub(crate) usd: f64,
    /// Defaults to the start of the server.
    #[serde(default, deserialize_with = "timestamp")]
    pub(crate) at: Option<Timestamp>,
    #[serde(default)]
    pub(crate) byok: bool,
}

impl Seeds {
    pub(crate) fn read(path: &Path) -> io::Result<Self> {
        let because = |why: String| format!("the seed file {}: {why}", path.display());
        let text = fs::read(path)
            .map_err(|error| io::Error::new(error.kind(), because(error.to_string())))?;
        Self::parse(&text).map_err(|why| io::Error::new(io::ErrorKind::InvalidData, because(why)))
    }

    fn parse(text: &[u8]) -> Result<Self, String> {
        // Some Windows editors start a file with a byte order mark.
        let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
        if text.trim_ascii_start().first().is_some_and(|first| *first != b'{') {
            return Err("it must be a JSON object".to_owned());
        }
        serde_json::from_slice(text).map_err(|error| error.to_string())
    }
}

/// A list of JSON objects. serde alone would also accept a list of field values in order.
fn objects<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    let objects = Vec::<Object<T>>::deserialize(deserializer)?;
    Ok(objects.into_iter().map(|Object(object)| object).collect())
}

struct Object<T>(T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Fields(PhantomData)).map(Self)
    }
}

struct Fields<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for Fields<T> {
    type Value = T;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<T, A::Error> {
        T::deserialize(MapAccessDeserializer::new(fields))
    }
}

fn default_workspace() -> String {
    DEFAULT_WORKSPACE.to_owned()
}

fn default_user() -> String {
    USER.to_owned()
}

/// Reads a value by the API's rules.
fn checked<'de, D: Deserializer<'de>, T>(
    deserializer: D,
    read: impl Fn(&Value) -> Option<T>,
    expected: &str,
) -> Result<T, D::Error> {
    let value = Value::deserialize(deserializer)?;
    read(&value).ok_or_else(|| D::Error::custom(format!("{value} is not {expected}")))
}

fn name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    checked(deserializer, input::filled_text, "a string of at least one character")
}

fn creator<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let expected = "a string of at least one character, or null";
    let creator = checked(deserializer, nullable(input::filled_text), expected)?;
    Ok(creator.unwrap_or_else(default_user))
}

fn amount<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    checked(deserializer, input::amount, "an amount in US dollars, 0 or more")
}

fn limit<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
    checked(deserializer, nullable(input::amount), "an amount in US dollars, 0 or more, or null")
}

fn timestamp<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
    let expected = "a UTC timestamp such as \"2026-12-31T23:59:59Z\"";
    checked(deserializer, nullable(input::timestamp), expected)
}

fn uuid<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    checked(deserializer, input::uuid, "a UUID")
}

fn uuids<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let all = |value: &Value| value.as_array()?.iter().map(input::uuid).collect();
    checked(deserializer, all, "a list of UUIDs")
}

fn external_user<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let expected = "a string of 1 to 512 characters without surrounding white space";
    checked(deserializer, nullable(input::partner_user), expected)
}

fn nullable<T>(read: fn(&Value) -> Option<T>) -> impl Fn(&Value) -> Option<Option<T>> {
    move |value| if value.is_null() { Some(None) } else { read(value).map(Some) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_invalid_file_is_reported_with_its_line() {
        for (text, message) in [
            ("{\n\"kyes\": []}", "unknown field `kyes`, expected `workspaces` or `keys` at line 2"),
            ("{\"keys\": [\n{}]}", "missing field `name` at line 2"),
            ("{\"keys\": [{\"name\": \"a\",\n\"limt\": 1}]}", "unknown field `limt`"),
            (
                "{\"keys\": [{\"name\": \"a\",\n\"limit\": -1}]}",
                "-1 is not an amount in US dollars",
            ),
            ("{\"keys\": [{\"name\": \"\"}]}", "\"\" is not a string of at least one character"),
            (
                "{\"keys\": [{\"name\": \"a\", \"limit_reset\": \"yearly\"}]}",
                "unknown variant `yearly`",
            ),
            (
                "{\"keys\": [{\"name\": \"a\", \"expires_at\": \"soon\"}]}",
                "\"soon\" is not a UTC timestamp",
            ),
            ("{\"keys\": [{\"name\": \"a\", \"workspace_id\": \"x\"}]}", "\"x\" is not a UUID"),
            ("{\"keys\": [{\"name\": \"a\", \"spend\": [{\"usd\": -1}]}]}", "-1 is not an amount"),
            ("{\"workspaces\": [\"x\"]}", "[\"x\"] is not a list of UUIDs"),
            ("{\"keys\": [\n[\"a\"]]}", "invalid type: sequence, expected a JSON object at line 2"),
            (
                "{\"keys\": [{\"name\": \"a\", \"spend\": [[1]]}]}",
                "invalid type: sequence, expected a JSON object at line 1",
            ),
            ("{\"keys\": {\"name\": \"a\"}}", "invalid type: map, expected a sequence"),
            ("[]", "it must be a JSON object"),
            ("{", "EOF while parsing an object at line 1"),
            ("", "EOF while parsing a value at line 1"),
        ] {
            let error = Seeds::parse(text.as_bytes()).unwrap_err();
            assert!(error.contains(message), "{error}");
        }
    }

    #[test]
    fn everything_the_api_accepts_and_a_byte_order_mark_are_accepted() {
        let text =
            "\u{feff}{\"keys\": [{\"name\": \"a\", \"limit\": null, \"creator_user_id\": null}]}";
        let seeds = Seeds::parse(text.as_bytes()).unwrap();
        assert_eq!(seeds.keys[0].creator_user_id, USER);
    }
}
