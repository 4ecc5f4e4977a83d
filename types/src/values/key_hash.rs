//! The hash that identifies a key, checked so that it is safe in a path.

use std::fmt;
use std::ops::Deref;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::build_error::{BuildError, BuildErrorKind};
use super::field::{Field, FieldValue};
use super::value_ref::ValueRef;
use crate::json::{Reader, SyntaxError};
use crate::redact;

/// The longest hash that is accepted. The API's hashes have 64 characters.
const LONGEST: usize = 256;

/// A key's `hash`: 64 hexadecimal digits today.
///
/// Letters, digits, `-`, `_`, `.` and `~` are accepted, in case the API changes its format, but
/// never a string that a URL parser would not treat as exactly one path segment: `..` would turn a
/// DELETE of a key into a DELETE of something else, and percent-encoding does not help, because
/// parsers decode `%2e%2e`.
///
/// ```
/// use openrouter_keys_core::KeyHash;
///
/// assert!(KeyHash::new("f01d52606dc8f0a8303a7b5cc3fa07109c2e346cec7c0a16b40de462992ce943").is_ok());
/// assert!(KeyHash::new("..").is_err());
/// assert!(KeyHash::new("a/b").is_err());
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyHash(Box<str>);

impl KeyHash {
    /// Checks a hash.
    pub fn new(hash: impl Into<String>) -> Result<Self, BuildError> {
        let hash = hash.into();
        check(&hash)?;
        Ok(Self(hash.into_boxed_str()))
    }

    /// The hash as a string.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn check(hash: &str) -> Result<(), BuildError> {
    let refused =
        |reason| BuildError::new(BuildErrorKind::Hash, format!("the key's hash {reason}"));
    refusal(hash).map_or(Ok(()), |reason| Err(refused(reason)))
}

/// The message does not repeat the argument: people pass the key instead of its hash.
fn refusal(hash: &str) -> Option<&'static str> {
    if hash.is_empty() {
        Some("is empty; it is the `hash` field of a listed key")
    } else if hash.starts_with("sk-") {
        Some("looks like a key itself; pass the `hash` field of a listed key, not the key")
    } else if hash.len() > LONGEST {
        Some("is longer than 256 characters; it is the `hash` field of a listed key")
    } else if hash.trim() != hash {
        Some("has white space around it; trim it")
    } else if !has_plain_characters(hash) {
        Some("has characters other than letters, digits, `-`, `_`, `.` and `~`")
    } else if hash.bytes().all(|byte| byte == b'.') {
        Some("consists of dots, which URL parsers resolve to another path")
    } else {
        None
    }
}

/// Checks all bytes instead of stopping at the first invalid one: that is faster, and nearly every
/// hash is valid.
fn has_plain_characters(hash: &str) -> bool {
    #[expect(
        clippy::as_conversions,
        clippy::indexing_slicing,
        reason = "evaluated at compile time, where it would be an error"
    )]
    const IS_PLAIN: [bool; 256] = {
        let mut is_plain = [false; 256];
        let plain = b"-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
        let mut at = 0;
        while at < plain.len() {
            is_plain[plain[at] as usize] = true;
            at += 1;
        }
        is_plain
    };
    let is_plain = |byte: u8| IS_PLAIN.get(usize::from(byte)).is_some_and(|plain| *plain);
    hash.bytes().fold(true, |all, byte| all & is_plain(byte))
}

/// A hash as the caller passed it, checked when the request is built. `Debug` masks a key that was
/// passed instead.
#[derive(Clone, PartialEq, Eq)]
#[doc(hidden)]
pub struct GivenHash(String);

impl GivenHash {
    pub fn new(hash: impl Into<String>) -> Self {
        Self(hash.into())
    }

    /// The key's path, if the hash is valid.
    pub fn path(&self) -> Result<String, BuildError> {
        check(&self.0)?;
        Ok(["/keys/", &self.0].concat())
    }
}

impl fmt::Debug for GivenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&redact::mask(&self.0, &[]), f)
    }
}

impl Deref for KeyHash {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for KeyHash {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for KeyHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl fmt::Display for KeyHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl FromStr for KeyHash {
    type Err = BuildError;

    fn from_str(hash: &str) -> Result<Self, BuildError> {
        Self::new(hash)
    }
}

impl From<KeyHash> for String {
    fn from(hash: KeyHash) -> Self {
        hash.0.into()
    }
}

impl From<&KeyHash> for String {
    fn from(hash: &KeyHash) -> Self {
        hash.0.as_ref().into()
    }
}

impl Serialize for KeyHash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for KeyHash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

impl FieldValue for KeyHash {
    fn read(reader: &mut Reader<'_>) -> Result<Field<Self>, SyntaxError> {
        reader.text_field(|text| Self::new(text).ok())
    }

    fn value_ref(&self) -> ValueRef<'_> {
        ValueRef::Text(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use url::Url;

    use super::KeyHash;

    #[test]
    fn strings_that_reach_another_path_are_refused() {
        for hash in [
            "", ".", "..", "...", "%2e%2e", "a/b", "a?x", "a#f", "a\\b", "é", "../key", "a b",
            "a\n", ";", "@",
        ] {
            assert!(KeyHash::new(hash).is_err(), "{hash:?}");
        }
    }

    #[test]
    fn only_letters_digits_and_four_marks_are_allowed_in_a_hash() {
        for byte in 0..=u8::MAX {
            let character = char::from(byte);
            let is_plain = character.is_ascii_alphanumeric() || "-_.~".contains(character);
            assert_eq!(KeyHash::new(format!("a{character}")).is_ok(), is_plain, "{character:?}");
        }
    }

    #[test]
    fn a_key_instead_of_its_hash_is_refused_and_not_repeated() {
        let error = KeyHash::new("sk-or-v1-0123456789").unwrap_err().to_string();
        assert!(error.contains("looks like a key"), "{error}");
        assert!(!error.contains("0123456789"), "{error}");
    }

    proptest! {
        /// Every `fetch`, and reqwest, parse URLs by the WHATWG standard.
        #[test]
        fn an_accepted_hash_is_exactly_one_segment_for_any_url_parser(
            hash in prop_oneof![any::<String>(), "[.%2eE/a~_?#;-]{0,6}"]
        ) {
            let Ok(hash) = KeyHash::new(hash) else { return Ok(()) };
            let url = Url::parse(&format!("https://openrouter.ai/api/v1/keys/{hash}")).unwrap();
            let segments: Vec<&str> = url.path_segments().unwrap().collect();
            prop_assert_eq!(segments, ["api", "v1", "keys", hash.as_str()]);
            prop_assert!(url.query().is_none() && url.fragment().is_none());
        }
    }
}
