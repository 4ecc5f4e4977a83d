//! JSON kept exactly as it was sent: unknown fields, unexpected values, error metadata.

use std::fmt;

use serde::de::DeserializeOwned;
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

use super::decode_error::DecodeError;
use crate::json::{Reader, repaired};
use crate::redact;
use crate::redact::{mask_json, write_visible};

/// One JSON value, kept exactly as the server sent it.
///
/// Numbers keep every digit and objects keep their order. `Debug` masks anything that looks
/// like a key; [`as_str`](Json::as_str) does not.
///
/// ```
/// let json: openrouter_keys_core::types::Json = serde_json::from_str(r#"{"plan":"pro"}"#)?;
/// let plan: std::collections::BTreeMap<String, String> = json.parse().unwrap();
/// assert_eq!(plan["plan"], "pro");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone)]
pub struct Json(
    /// Boxed twice to be one word: every field reserves space for it, and few use it.
    Box<Box<str>>,
);

impl Json {
    /// The JSON as it was sent, except for tokens that a strict parser rejects: half of a
    /// surrogate pair becomes `\ufffd`, a number beyond a double a string.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Deserializes the value into your own type.
    ///
    /// The error has the position and the kind of the mismatch, never the content.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, DecodeError> {
        serde_json::from_str(self.as_str()).map_err(|error| DecodeError::from_serde(&error))
    }

    /// Reads a document that consists of one value.
    #[doc(hidden)]
    pub fn whole(text: &str) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(text);
        let json = reader.json()?;
        reader.end()?;
        Ok(json)
    }

    /// A value found by the reader, with tokens that serde rejects replaced.
    #[doc(hidden)]
    pub fn received(raw: &str) -> Self {
        repaired(raw).map_or_else(|| Self(Box::new(raw.into())), Self::trusted)
    }

    /// Whether it is an object with at least one field.
    #[doc(hidden)]
    pub fn has_fields(&self) -> bool {
        self.as_str().strip_prefix('{').is_some_and(|inner| inner.trim_start() != "}")
    }

    /// Wraps a string that is known to be JSON.
    #[doc(hidden)]
    pub fn trusted(text: String) -> Self {
        Self(Box::new(text.into_boxed_str()))
    }
}

impl PartialEq for Json {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Json {}

impl fmt::Debug for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = mask_json(self.as_str(), &[]);
        write_visible(f, text.as_deref().unwrap_or(self.as_str()))
    }
}

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let raw: &RawValue = serde_json::from_str(&self.0).map_err(S::Error::custom)?;
        raw.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        Ok(Self::received(raw.get()))
    }
}

/// The fields of a response that this version does not know, in order.
///
/// They are written back when the response is serialised, so nothing is lost between a newer API
/// and your store.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Extra(Vec<(Box<str>, Json)>);

impl Extra {
    /// The value of an unknown field, the last one if it is repeated.
    pub fn get(&self, name: &str) -> Option<&Json> {
        self.0.iter().rev().find(|(known, _)| **known == *name).map(|(_, json)| json)
    }

    /// All unknown fields, in the order of the response.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Json)> {
        self.0.iter().map(|(name, json)| (&**name, json))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether this version knew every field.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Keeps repeated names: removing duplicates would take quadratic time for a hostile response.
    #[doc(hidden)]
    pub fn push(&mut self, name: String, json: Json) {
        self.0.push((name.into_boxed_str(), json));
    }
}

impl Serialize for Extra {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

impl fmt::Debug for Extra {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map()
            .entries(self.iter().map(|(name, json)| (redact::mask(name, &[]), json)))
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::Json;

    #[test]
    fn json_values_are_equal_only_if_their_strings_are() {
        let read = |text: &str| serde_json::from_str::<Json>(text).unwrap();
        assert_eq!(read("1.50"), read("1.50"));
        assert_ne!(read("1.50"), read("1.5"));
    }
}
