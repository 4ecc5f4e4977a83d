//! Reads a field of a response: a value of the documented type, null, or anything else, which is
//! kept.

use std::borrow::Cow;

use super::field::{Field, FieldValue};
use super::json::Json;
use crate::json::{ObjectVisitor, Reader, SyntaxError, float, is_of_word, short};

use serde::de::{Deserialize, Deserializer, Error as _};

impl<'a> Reader<'a> {
    /// Reads a field that is documented as a string; one that `make` rejects is unexpected.
    pub fn text_field<T>(
        &mut self,
        make: impl FnOnce(Cow<'a, str>) -> Option<T>,
    ) -> Result<Field<T>, SyntaxError> {
        if !self.begins(b'"') {
            return self.other();
        }
        let start = self.at;
        let value = make(self.string()?);
        Ok(value.map_or_else(|| self.unexpected_since(start), Field::Value))
    }

    /// Reads a field that is documented as a number.
    pub fn number_field(&mut self) -> Result<Field<f64>, SyntaxError> {
        if !matches!(self.space(), Some(b'-' | b'0'..=b'9')) {
            return self.other();
        }
        if let Some((number, length)) = self.rest().and_then(short) {
            let behind = self.at.saturating_add(length);
            if !self.byte(behind).is_some_and(is_of_word) {
                self.at = behind;
                return Ok(Field::Value(number));
            }
        }
        let start = self.at;
        let number = float(self.word()?);
        Ok(if number.is_finite() { Field::Value(number) } else { self.unexpected_since(start) })
    }

    /// Reads a field that is documented as a whole number.
    pub fn whole_field(&mut self) -> Result<Field<i64>, SyntaxError> {
        if !matches!(self.space(), Some(b'-' | b'0'..=b'9')) {
            return self.other();
        }
        let start = self.at;
        Ok(self.word()?.parse().map_or_else(|_| self.unexpected_since(start), Field::Value))
    }

    /// Reads a field that is documented as true or false.
    pub fn bool_field(&mut self) -> Result<Field<bool>, SyntaxError> {
        self.space();
        if self.literal("false") {
            return Ok(Field::Value(false));
        }
        if self.literal("true") { Ok(Field::Value(true)) } else { self.other() }
    }

    /// Reads a field that is documented as a list. One value that is not of the documented type
    /// makes the whole list unexpected, so that none is lost.
    pub fn list_field<T: FieldValue>(&mut self) -> Result<Field<Vec<T>>, SyntaxError> {
        if !self.begins(b'[') {
            return self.other();
        }
        let start = self.at;
        let (mut values, mut are_all) = (Vec::new(), true);
        self.list(|reader| {
            match T::read(reader)? {
                Field::Value(value) => values.push(value),
                _ => are_all = false,
            }
            Ok(())
        })?;
        Ok(if are_all { Field::Value(values) } else { self.unexpected_since(start) })
    }

    /// Reads a value that is not of the documented type: null, or unexpected.
    pub fn other<T>(&mut self) -> Result<Field<T>, SyntaxError> {
        self.space();
        if self.literal("null") { Ok(Field::Null) } else { self.json().map(Field::Unexpected) }
    }

    /// Reads any value and keeps it as it was sent.
    pub fn json(&mut self) -> Result<Json, SyntaxError> {
        self.raw().map(Json::received)
    }

    fn unexpected_since<T>(&self, start: usize) -> Field<T> {
        Field::Unexpected(Json::received(self.since(start)))
    }
}

/// Reads an object with a serde deserializer.
pub fn deserialize<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: ObjectVisitor + Default,
{
    let json = Json::deserialize(deserializer)?;
    let mut object = T::default();
    Reader::new(json.as_str()).document(&mut object).map_err(D::Error::custom)?;
    Ok(object)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::field::Field;
    use crate::json::Reader;

    proptest! {
        #[test]
        fn a_number_field_accepts_json_numbers_and_ends_where_they_do(text in r"-?[0-9]{1,17}(\.[0-9]{0,4})?([eE][+-]?[0-9]{1,3})?", behind in "[,} xE.]?") {
            let whole = format!("{text}{behind}");
            let mut reader = Reader::new(&whole);
            let read = reader.number_field();
            let glued = matches!(behind.as_str(), "x" | "E" | ".");
            match serde_json::from_str::<f64>(&text) {
                Ok(_) if !glued => {
                    prop_assert_eq!(read.unwrap(), Field::Value(text.parse().unwrap()));
                    prop_assert_eq!(reader.at, text.len());
                }
                // Beyond a double.
                Err(_) if matches!(read, Ok(Field::Unexpected(_))) => prop_assert!(text.parse::<f64>().unwrap().is_infinite()),
                _ => prop_assert!(read.is_err(), "{:?}", read),
            }
        }
    }
}
