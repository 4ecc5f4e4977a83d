//! One field of a response, whatever the server sent.

use std::fmt;
use std::ops::Deref;

use serde::de::{Deserialize, Deserializer, Error as _};
use serde::ser::{Serialize, Serializer};

use super::json::Json;
use super::value_ref::ValueRef;
use crate::json::{Reader, SyntaxError};
use crate::redact;

/// A field of a response: a value, `null`, absent or of an unexpected type.
///
/// The API adds fields, drops them and changes their types, and one unexpected field must not lose
/// the rest of the response. Nor may it be guessed: an *absent* `limit` differs from one that is
/// *null*, which means a key without a limit.
///
/// ```
/// use openrouter_keys_core::{Field, Key};
///
/// let key: Key = serde_json::from_str(r#"{"name":"ci","limit":null,"usage":"a lot"}"#)?;
/// assert_eq!(key.name.as_deref(), Some("ci"));
/// assert_eq!(key.limit, Field::Null);
/// assert_eq!(key.created_at, Field::Absent);
/// assert!(matches!(&key.usage, Field::Unexpected(json) if json.as_str() == r#""a lot""#));
/// assert_eq!(key.usage.copied(), None);
/// # Ok::<(), serde_json::Error>(())
/// ```
///
/// `Debug` masks anything that looks like a key.
#[derive(Clone, Default, PartialEq)]
pub enum Field<T> {
    /// A value of the documented type.
    Value(T),
    /// JSON `null`.
    Null,
    /// The field is not in the response.
    #[default]
    Absent,
    /// The value has another type; kept as it was sent.
    Unexpected(Json),
}

impl<T> Field<T> {
    /// The value, if there is one.
    pub fn get(&self) -> Option<&T> {
        match self {
            Self::Value(value) => Some(value),
            _ => None,
        }
    }

    /// The value by copy, if there is one.
    pub fn copied(&self) -> Option<T>
    where
        T: Copy,
    {
        self.get().copied()
    }

    /// The dereferenced value (`&str` for a `String`), if there is one.
    pub fn as_deref(&self) -> Option<&T::Target>
    where
        T: Deref,
    {
        self.get().map(Deref::deref)
    }

    /// Takes the value out, if there is one.
    pub fn into_option(self) -> Option<T> {
        match self {
            Self::Value(value) => Some(value),
            _ => None,
        }
    }

    /// Whether the server sent `null`.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// Whether the response lacks the field.
    pub fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }

    /// Whether the value is not of the documented type.
    pub fn is_unexpected(&self) -> bool {
        matches!(self, Self::Unexpected(_))
    }
}

impl<T: fmt::Debug> fmt::Debug for Field<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, text) = match self {
            Self::Null => return f.write_str("Null"),
            Self::Absent => return f.write_str("Absent"),
            Self::Value(value) if f.alternate() => ("Value", format!("{value:#?}")),
            Self::Value(value) => ("Value", format!("{value:?}")),
            Self::Unexpected(json) => ("Unexpected", format!("{json:?}")),
        };
        write!(f, "{name}({})", redact::mask(&text, &[]))
    }
}

/// A type that a [`Field`] can contain. Only this crate needs to implement it.
pub trait FieldValue: Sized {
    /// Reads a field of this type, whatever its value.
    fn read(reader: &mut Reader<'_>) -> Result<Field<Self>, SyntaxError>;

    /// The value without its type.
    fn value_ref(&self) -> ValueRef<'_>;
}

impl<'de, T: FieldValue> Deserialize<'de> for Field<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let json = Json::deserialize(deserializer)?;
        T::read(&mut Reader::new(json.as_str())).map_err(D::Error::custom)
    }
}

impl<'a, T: FieldValue> From<&'a Field<T>> for ValueRef<'a> {
    fn from(field: &'a Field<T>) -> Self {
        match field {
            Field::Value(value) => value.value_ref(),
            Field::Null => Self::Null,
            Field::Absent => Self::Absent,
            Field::Unexpected(json) => Self::Unexpected(json),
        }
    }
}

/// The containing object leaves out an absent field.
impl<T: FieldValue> Serialize for Field<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        ValueRef::from(self).serialize(serializer)
    }
}

impl FieldValue for bool {
    fn read(reader: &mut Reader<'_>) -> Result<Field<Self>, SyntaxError> {
        reader.bool_field()
    }

    fn value_ref(&self) -> ValueRef<'_> {
        ValueRef::Bool(*self)
    }
}

impl FieldValue for f64 {
    fn read(reader: &mut Reader<'_>) -> Result<Field<Self>, SyntaxError> {
        reader.number_field()
    }

    fn value_ref(&self) -> ValueRef<'_> {
        ValueRef::Number(*self)
    }
}

impl FieldValue for i64 {
    fn read(reader: &mut Reader<'_>) -> Result<Field<Self>, SyntaxError> {
        reader.whole_field()
    }

    fn value_ref(&self) -> ValueRef<'_> {
        ValueRef::Whole(*self)
    }
}

impl FieldValue for String {
    fn read(reader: &mut Reader<'_>) -> Result<Field<Self>, SyntaxError> {
        reader.text_field(|text| Some(text.into_owned()))
    }

    fn value_ref(&self) -> ValueRef<'_> {
        ValueRef::Text(self)
    }
}

impl<T: FieldValue> FieldValue for Vec<T> {
    fn read(reader: &mut Reader<'_>) -> Result<Field<Self>, SyntaxError> {
        reader.list_field()
    }

    fn value_ref(&self) -> ValueRef<'_> {
        ValueRef::List(self.iter().map(FieldValue::value_ref).collect())
    }
}

/// Any JSON value.
impl FieldValue for Json {
    fn read(reader: &mut Reader<'_>) -> Result<Field<Self>, SyntaxError> {
        reader.json().map(|json| match json.as_str() {
            "null" => Field::Null,
            _ => Field::Value(json),
        })
    }

    fn value_ref(&self) -> ValueRef<'_> {
        ValueRef::Unexpected(self)
    }
}

#[cfg(test)]
mod tests {
    use super::Field;

    fn unexpected() -> Field<f64> {
        serde_json::from_str(r#"["sk-or-v1-0123456789abcdef0123456789abcdef"]"#).unwrap()
    }

    #[test]
    fn each_state_is_distinguished_from_the_others() {
        for (field, states) in [
            (Field::Value(1.0), [false, false, false]),
            (Field::Null, [true, false, false]),
            (Field::Absent, [false, true, false]),
            (unexpected(), [false, false, true]),
        ] {
            assert_eq!(
                [field.is_null(), field.is_absent(), field.is_unexpected()],
                states,
                "{field:?}"
            );
            let value = (states == [false; 3]).then_some(1.0);
            assert_eq!((field.get().copied(), field.copied()), (value, value));
            assert_eq!(field.into_option(), value);
        }
    }

    #[test]
    fn a_field_can_be_deserialized_by_itself() {
        let read = |text: &str| serde_json::from_str::<Field<bool>>(text).unwrap();
        assert_eq!([read("true"), read("null")], [Field::Value(true), Field::Null]);
        assert!(matches!(read("1.50"), Field::Unexpected(json) if json.as_str() == "1.50"));
        assert!(serde_json::from_str::<Field<bool>>("tru").is_err());
    }

    #[test]
    fn debug_of_a_field_shows_its_state_and_no_key() {
        let text = Field::Value("sk-or-v1-0123456789abcdef0123456789abcdef".to_owned());
        assert_eq!(format!("{:?}", Field::Value(1.5)), "Value(1.5)");
        assert_eq!(format!("{:#?}", Field::Value(Some(1))), "Value(Some(\n    1,\n))");
        assert_eq!(format!("{:?} {:?}", Field::<f64>::Null, Field::<f64>::Absent), "Null Absent");
        for shown in [format!("{:?}", unexpected()), format!("{text:?}"), format!("{text:#?}")] {
            assert!(!shown.contains("0123456789"), "{shown}");
            assert!(shown.starts_with("Unexpected([") || shown.starts_with("Value("), "{shown}");
        }
    }
}
