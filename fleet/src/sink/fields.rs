//! The fields of a secret that is a JSON object: one has the key, the one beside it the mark, and
//! all others are kept as they are written.

use std::collections::BTreeMap;

use openrouter_keys_core::error::BoxError;
use openrouter_keys_core::types::Secret;
use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};

use super::mark::Mark;

/// The text of each value is kept: a long number would lose digits as an `f64`.
#[derive(Clone, Default, Deserialize, Serialize)]
#[serde(transparent)]
pub(super) struct Fields(BTreeMap<String, Box<RawValue>>);

impl Fields {
    /// The key and its mark. An empty field is one that somebody has prepared.
    pub(super) fn read(&self, field: &str) -> Result<(Option<Secret>, Option<Mark>), BoxError> {
        let secret = self.text(field)?;
        let secret = secret.as_deref().map(str::trim).filter(|text| !text.is_empty());
        let mark = self.text(&mark_field(field))?;
        let mark = mark.and_then(|mark| serde_json::from_str(&mark).ok());
        Ok((secret.map(Secret::new), mark))
    }

    /// The same fields with this key and its mark.
    pub(super) fn with(&self, field: &str, key: &Secret, mark: &Mark) -> Result<Self, BoxError> {
        let mark = serde_json::to_string(mark)?;
        let mut fields = self.0.clone();
        fields.insert(field.to_owned(), to_raw_value(key.reveal())?);
        fields.insert(mark_field(field), to_raw_value(&mark)?);
        Ok(Self(fields))
    }

    fn text(&self, field: &str) -> Result<Option<String>, BoxError> {
        let Some(value) = self.0.get(field) else { return Ok(None) };
        // `null` is an empty field too.
        serde_json::from_str(value.get())
            .map_err(|_| format!("the field {field} is not a string").into())
    }
}

fn mark_field(field: &str) -> String {
    format!("{field}_rotation")
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use openrouter_keys_core::types::Secret;

    use super::super::mark::{Held, Mark};
    use super::super::test_delivery::test_delivery;
    use super::Fields;

    #[test]
    fn other_fields_are_kept_as_they_are_written() {
        let text = r#"{"account":12345678901234567890123,"api_key":"","rate":3.7064709999999996}"#;
        let fields: Fields = serde_json::from_str(text).unwrap();
        assert!(fields.read("api_key").unwrap().0.is_none());
        assert!(fields.read("rate").is_err());
        let (secret, delivery) = (Secret::new("sk-or-v1-1"), test_delivery("aa", "bb", 2));
        let mark = Mark::new(Held::new("aa", &secret), &delivery);
        let fields = fields.with("api_key", &secret, &mark).unwrap();
        let written = serde_json::to_string(&fields).unwrap();
        assert!(
            written.starts_with(r#"{"account":12345678901234567890123,"api_key":"sk-or-v1-1","#)
        );
        assert!(written.ends_with(r#","rate":3.7064709999999996}"#), "{written}");
        let (read, read_mark) = fields.read("api_key").unwrap();
        assert_eq!((read.unwrap().reveal(), read_mark), ("sk-or-v1-1", Some(mark)));
    }
}
