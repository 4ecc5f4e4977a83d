//! The values of a response, field by field and untyped, for writing it back as JSON and for
//! bindings to other languages.

use serde::ser::{Serialize, SerializeMap, Serializer};

use super::json::{Extra, Json};

/// The value of one field of a response.
pub enum ValueRef<'a> {
    /// The field is not in the response.
    Absent,
    /// JSON `null`.
    Null,
    /// A value that is not of the documented type, as it was sent.
    Unexpected(&'a Json),
    /// `true` or `false`.
    Bool(bool),
    /// A count.
    Whole(i64),
    /// Any other number.
    Number(f64),
    /// A string, including those of enumerations and timestamps.
    Text(&'a str),
    /// A list of values of one type.
    List(Vec<ValueRef<'a>>),
    /// A nested object.
    Object(&'a dyn Object),
}

/// An object of a response.
pub trait Object {
    /// The type's name, such as `Key`.
    fn name(&self) -> &'static str;

    /// Calls `show` for every documented field with its name, always for all and in the same order.
    fn each_field<'a>(&'a self, show: &mut dyn FnMut(&'static str, ValueRef<'a>));

    /// The fields that this version does not know.
    fn unknown_fields(&self) -> &Extra;
}

/// The containing object leaves out an absent field.
impl Serialize for ValueRef<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Absent | Self::Null => serializer.serialize_unit(),
            Self::Unexpected(json) => json.serialize(serializer),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Whole(value) => serializer.serialize_i64(*value),
            Self::Number(value) => write_number(*value, serializer),
            Self::Text(value) => serializer.serialize_str(value),
            Self::List(items) => serializer.collect_seq(items),
            Self::Object(object) => write_object(*object, serializer),
        }
    }
}

/// Writes whole numbers without a fraction, as the API does.
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

/// Writes the fields that are present, then the unknown ones.
pub fn write_object<S: Serializer>(object: &dyn Object, serializer: S) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(None)?;
    let mut written = Ok(());
    object.each_field(&mut |name, view| {
        if written.is_ok() && !matches!(view, ValueRef::Absent) {
            written = map.serialize_entry(name, &view);
        }
    });
    written?;
    for (name, json) in object.unknown_fields().iter() {
        map.serialize_entry(name, json)?;
    }
    map.end()
}

/// The content of an object, in a form only good for comparing.
pub fn fingerprint(object: &dyn Object) -> String {
    let mut text = String::new();
    push_fingerprint(object, &mut text);
    text
}

fn push_fingerprint(object: &dyn Object, text: &mut String) {
    object.each_field(&mut |_, view| push_value(&view, text));
    for (name, json) in object.unknown_fields().iter() {
        text.push_str(&written(name));
        text.push_str(json.as_str());
    }
}

fn push_value(view: &ValueRef<'_>, text: &mut String) {
    match view {
        ValueRef::Absent => {}
        ValueRef::Null => text.push_str("null"),
        ValueRef::Unexpected(json) => text.push_str(json.as_str()),
        ValueRef::Bool(value) => text.push_str(if *value { "true" } else { "false" }),
        ValueRef::Whole(value) => text.push_str(&value.to_string()),
        ValueRef::Number(value) => text.push_str(&value.to_bits().to_string()),
        ValueRef::Text(value) => text.push_str(&written(value)),
        ValueRef::List(items) => items.iter().for_each(|item| push_value(item, text)),
        ValueRef::Object(object) => push_fingerprint(*object, text),
    }
    text.push(',');
}

/// A string as JSON.
fn written(text: &str) -> String {
    serde_json::to_string(text).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, Value};

    use super::super::current_key::CurrentKey;
    use super::fingerprint;
    use openrouter_keys_core::test_util::samples;

    fn print_of(fields: &Map<String, Value>) -> String {
        fingerprint(&serde_json::from_value::<CurrentKey>(fields.clone().into()).unwrap())
    }

    #[test]
    fn fingerprints_differ_if_any_field_does() {
        let body: Value = serde_json::from_str(samples::CURRENT_KEY).unwrap();
        let mut fields = body["data"].as_object().unwrap().clone();
        fields.insert("unknown".to_owned(), 1.into());
        let whole = print_of(&fields);
        assert_eq!(print_of(&fields), whole);
        assert!(fields.len() > 15);
        for name in fields.keys() {
            let mut without = fields.clone();
            without.remove(name);
            assert_ne!(print_of(&without), whole, "{name}");
            for value in [Value::Null, "odd".into(), [1].into()] {
                let mut other = fields.clone();
                other.insert(name.clone(), value);
                assert!(print_of(&other) != whole || other == fields, "{name}");
            }
        }
    }
}
