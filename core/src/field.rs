//! One field of an answer: what the server said about it, whatever that was.

use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;

use serde::de::{Deserialize, Deserializer, IntoDeserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, Serializer};

use crate::json::{Extra, Json};
use crate::redact;

/// What an answer says about one of its fields.
///
/// The API adds fields, drops them and changes their types, and one odd field
/// must not cost the rest of the answer. It must not be guessed either: a
/// `limit` that is *absent* is not a `limit` that is *null*, since the latter
/// means a key without a limit.
///
/// ```
/// use openrouter_keys_core::{Field, Key};
///
/// let key: Key = serde_json::from_str(r#"{"name":"ci","limit":null,"usage":"a lot"}"#)?;
/// assert_eq!(key.name.as_deref(), Some("ci"));
/// assert_eq!(key.limit, Field::Null);
/// assert_eq!(key.created_at, Field::Absent);
/// assert!(matches!(&key.usage, Field::Odd(json) if json.as_str() == r#""a lot""#));
/// assert_eq!(key.usage.copied(), None);
/// # Ok::<(), serde_json::Error>(())
/// ```
///
/// `Debug` masks whatever looks like a key.
#[derive(Clone, Default, PartialEq)]
pub enum Field<T> {
    /// A value of the documented type.
    Value(T),
    /// JSON `null`.
    Null,
    /// The answer does not have the field.
    #[default]
    Absent,
    /// The answer has something else there. It is kept as it came, but for digits
    /// of a lone number that a double does not hold.
    Odd(Json),
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

    /// The value's target (`&str` of a `String`), if there is a value.
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

    /// Whether the server said `null`.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// Whether the answer lacks the field.
    pub fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }

    /// Whether the field has a value of another type than the documented one.
    pub fn is_odd(&self) -> bool {
        matches!(self, Self::Odd(_))
    }
}

impl<T: fmt::Debug> fmt::Debug for Field<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, text) = match self {
            Self::Null => return f.write_str("Null"),
            Self::Absent => return f.write_str("Absent"),
            Self::Value(value) if f.alternate() => ("Value", format!("{value:#?}")),
            Self::Value(value) => ("Value", format!("{value:?}")),
            Self::Odd(json) => ("Odd", format!("{json:?}")),
        };
        write!(f, "{name}({})", redact::mask(&text, &[]))
    }
}

/// A JSON number, before its field decides what it may be.
#[derive(Clone, Copy)]
pub enum Number {
    /// Not negative and whole.
    Unsigned(u64),
    /// Negative and whole.
    Signed(i64),
    /// Everything else.
    Float(f64),
}

impl Number {
    fn to_f64(self) -> Option<f64> {
        let error = |_: serde::de::value::Error| ();
        match self {
            Self::Unsigned(number) => {
                f64::deserialize(number.into_deserializer()).map_err(error).ok()
            }
            Self::Signed(number) => {
                f64::deserialize(number.into_deserializer()).map_err(error).ok()
            }
            Self::Float(number) => Some(number),
        }
    }
}

/// A type that a [`Field`] can hold: which JSON values it takes, each of the
/// others being odd. The crate implements it; nobody else needs to.
pub trait FieldValue: Sized {
    /// From `true` or `false`.
    fn from_bool(_: bool) -> Option<Self> {
        None
    }

    /// From a number.
    fn from_number(_: Number) -> Option<Self> {
        None
    }

    /// From a string.
    fn from_text(_: &str) -> Option<Self> {
        None
    }

    /// From an object, which is consumed whether it fits or not.
    fn from_map<'de, A: MapAccess<'de>>(mut map: A) -> Result<Field<Self>, A::Error> {
        let mut fields = Extra::default();
        while let Some((name, value)) = map.next_entry()? {
            fields.push(name, value);
        }
        odd(&fields)
    }

    /// From an array, which is consumed whether it fits or not.
    fn from_seq<'de, A: SeqAccess<'de>>(mut seq: A) -> Result<Field<Self>, A::Error> {
        let mut items: Vec<Json> = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        odd(&items)
    }

    /// Writes the value back.
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error>;
}

fn odd<T, V: Serialize + ?Sized, E: serde::de::Error>(value: &V) -> Result<Field<T>, E> {
    Json::of(value).map(Field::Odd).ok_or_else(|| E::custom("a value that is no JSON"))
}

fn fit<T, V: Serialize + ?Sized, E: serde::de::Error>(
    found: Option<T>,
    came: &V,
) -> Result<Field<T>, E> {
    found.map_or_else(|| odd(came), |value| Ok(Field::Value(value)))
}

struct FieldVisitor<T>(PhantomData<T>);

impl<'de, T: FieldValue> Visitor<'de> for FieldVisitor<T> {
    type Value = Field<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_unit<E>(self) -> Result<Field<T>, E> {
        Ok(Field::Null)
    }

    fn visit_none<E>(self) -> Result<Field<T>, E> {
        Ok(Field::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Field<T>, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_bool<E: serde::de::Error>(self, came: bool) -> Result<Field<T>, E> {
        fit(T::from_bool(came), &came)
    }

    fn visit_u64<E: serde::de::Error>(self, came: u64) -> Result<Field<T>, E> {
        fit(T::from_number(Number::Unsigned(came)), &came)
    }

    fn visit_i64<E: serde::de::Error>(self, came: i64) -> Result<Field<T>, E> {
        fit(T::from_number(Number::Signed(came)), &came)
    }

    fn visit_f64<E: serde::de::Error>(self, came: f64) -> Result<Field<T>, E> {
        fit(T::from_number(Number::Float(came)), &came)
    }

    fn visit_str<E: serde::de::Error>(self, came: &str) -> Result<Field<T>, E> {
        fit(T::from_text(came), came)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Field<T>, A::Error> {
        T::from_map(map)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Field<T>, A::Error> {
        T::from_seq(seq)
    }
}

impl<'de, T: FieldValue> Deserialize<'de> for Field<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(FieldVisitor(PhantomData))
    }
}

/// An absent field is left out by the object that holds it.
impl<T: FieldValue> Serialize for Field<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Value(value) => value.write(serializer),
            Self::Null | Self::Absent => serializer.serialize_unit(),
            Self::Odd(json) => json.serialize(serializer),
        }
    }
}

impl FieldValue for bool {
    fn from_bool(came: bool) -> Option<Self> {
        Some(came)
    }

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bool(*self)
    }
}

impl FieldValue for f64 {
    fn from_number(came: Number) -> Option<Self> {
        came.to_f64()
    }

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        write_number(*self, serializer)
    }
}

impl FieldValue for i64 {
    fn from_number(came: Number) -> Option<Self> {
        match came {
            Number::Unsigned(number) => Self::try_from(number).ok(),
            Number::Signed(number) => Some(number),
            Number::Float(_) => None,
        }
    }

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(*self)
    }
}

impl FieldValue for String {
    fn from_text(came: &str) -> Option<Self> {
        Some(came.to_owned())
    }

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self)
    }
}

/// A list whose elements are each read as a field; one element that is not of
/// the documented type makes the whole list odd, so that none is lost.
impl<T: FieldValue> FieldValue for Vec<T> {
    fn from_seq<'de, A: SeqAccess<'de>>(mut seq: A) -> Result<Field<Self>, A::Error> {
        let mut fields: Vec<Field<T>> = Vec::new();
        while let Some(field) = seq.next_element()? {
            fields.push(field);
        }
        if fields.iter().all(|field| field.get().is_some()) {
            Ok(Field::Value(fields.into_iter().filter_map(Field::into_option).collect()))
        } else {
            odd(&fields)
        }
    }

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter().map(Written))
    }
}

struct Written<'a, T>(&'a T);

impl<T: FieldValue> Serialize for Written<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.write(serializer)
    }
}

/// Whole numbers are written without a fraction, as the API writes them.
pub(crate) fn write_number<S: Serializer>(number: f64, serializer: S) -> Result<S::Ok, S::Error> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if number.fract() == 0.0 && number.abs() <= EXACT {
        #[expect(
            clippy::as_conversions,
            clippy::cast_possible_truncation,
            reason = "whole and within 2^53"
        )]
        return serializer.serialize_i64(number as i64);
    }
    serializer.serialize_f64(number)
}
