//! Reading a field of an answer: a value of the documented type, null, or
//! something odd, which is kept.

use std::borrow::Cow;

use super::decode_error::DecodeError;
use super::field::{Field, FieldValue};
use super::json::Json;
use crate::json::{Reader, float, is_of_word, short};

impl<'a> Reader<'a> {
    /// Reads a field that is documented as a text; one that `make` does not take
    /// is odd.
    pub(crate) fn text_field<T>(
        &mut self,
        make: impl FnOnce(Cow<'a, str>) -> Option<T>,
    ) -> Result<Field<T>, DecodeError> {
        if !self.begins(b'"') {
            return self.other();
        }
        let start = self.at;
        let value = make(self.string()?);
        Ok(value.map_or_else(|| self.odd_since(start), Field::Value))
    }

    /// Reads a field that is documented as a number.
    pub(crate) fn number_field(&mut self) -> Result<Field<f64>, DecodeError> {
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
        Ok(if number.is_finite() { Field::Value(number) } else { self.odd_since(start) })
    }

    /// Reads a field that is documented as a whole number.
    pub(crate) fn whole_field(&mut self) -> Result<Field<i64>, DecodeError> {
        if !matches!(self.space(), Some(b'-' | b'0'..=b'9')) {
            return self.other();
        }
        let start = self.at;
        Ok(self.word()?.parse().map_or_else(|_| self.odd_since(start), Field::Value))
    }

    /// Reads a field that is documented as true or false.
    pub(crate) fn bool_field(&mut self) -> Result<Field<bool>, DecodeError> {
        self.space();
        if self.literal("false") {
            return Ok(Field::Value(false));
        }
        if self.literal("true") { Ok(Field::Value(true)) } else { self.other() }
    }

    /// Reads a field that is documented as a list. One value that is not of the
    /// documented type makes the whole list odd, so that none is lost.
    pub(crate) fn list_field<T: FieldValue>(&mut self) -> Result<Field<Vec<T>>, DecodeError> {
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
        Ok(if are_all { Field::Value(values) } else { self.odd_since(start) })
    }

    /// Reads a value that is not of the documented type: null, or odd.
    pub(crate) fn other<T>(&mut self) -> Result<Field<T>, DecodeError> {
        self.space();
        if self.literal("null") { Ok(Field::Null) } else { self.json().map(Field::Odd) }
    }

    /// Any value, kept.
    pub(crate) fn json(&mut self) -> Result<Json, DecodeError> {
        self.raw().map(Json::received)
    }

    fn odd_since<T>(&self, start: usize) -> Field<T> {
        Field::Odd(Json::received(self.since(start)))
    }
}
