//! serde as a second opinion on every response.

use std::fmt::{self, Debug};

use serde::Serialize;
use serde::de::{DeserializeOwned, Deserializer, MapAccess, Visitor};
use serde_json::{Map, Value};

/// The body as an object, if a strict reader accepts it.
pub(super) fn object(body: &[u8]) -> Option<Map<String, Value>> {
    match serde_json::from_slice(body).ok()? {
        Value::Object(map) => Some(map),
        _ => None,
    }
}

/// The JSON a response is serialised as.
pub(super) fn written(response: &impl Serialize) -> String {
    serde_json::to_string(response).expect("every response can be serialised")
}

/// The same, parsed.
pub(super) fn value(response: &impl Serialize) -> Value {
    serde_json::from_str(&written(response)).expect("what is serialised is JSON")
}

/// What was serialised reads back the same. A token that no strict reader accepts is
/// serialised as a string, which a string field then reads as its value.
pub(super) fn reads_back<T>(response: &T, is_valid: bool)
where
    T: Serialize + DeserializeOwned + PartialEq + Debug,
{
    let text = written(response);
    let again: T = serde_json::from_str(&text).expect("what is serialised can be read");
    assert_eq!(written(&again), text);
    if is_valid {
        assert_eq!(&again, response);
    }
}

/// Whether both are the same JSON: `2` equals `2.0`, and serde may round a long number to the
/// double next to the nearest.
pub(super) fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => {
            let (one, other) = (one.as_f64().unwrap(), other.as_f64().unwrap());
            (one - other).abs() <= one.abs() * 1e-14
        }
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one
                    .iter()
                    .all(|(name, one)| other.get(name).is_some_and(|other| same(one, other)))
        }
        _ => one == other,
    }
}

/// The fields of an object in order, including repeated ones.
pub(super) struct Entries(pub(super) Vec<(String, Value)>);

impl<'de> serde::Deserialize<'de> for Entries {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Each;
        impl<'de> Visitor<'de> for Each {
            type Value = Entries;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entries, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Entries(entries))
            }
        }
        deserializer.deserialize_map(Each)
    }
}
