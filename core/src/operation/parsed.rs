//! Reading the body of a response: its data, and the fields next to it.

use serde::de::DeserializeOwned;

use crate::json::{ObjectVisitor, Reader, SyntaxError, text_of};
use crate::types::{DecodeError, DecodeErrorKind, Extra, Field, FieldValue, Json};

/// A parsed response.
#[derive(Clone, Debug)]
pub struct Parsed<T> {
    /// The operation's output.
    pub output: T,
    /// The fields next to it that this version does not know.
    pub envelope: Extra,
}

impl<T: DeserializeOwned> Parsed<T> {
    /// Reads a body as your own type, for your own operations.
    ///
    /// The error has the kind of the mismatch and its position, never the content. Tokens that
    /// only a strict parser rejects (a lone surrogate, a number too large for a double) are
    /// repaired first.
    pub fn from_json(body: &[u8]) -> Result<Self, DecodeError> {
        if body.trim_ascii().is_empty() {
            return Err(DecodeError::at("$", DecodeErrorKind::Empty));
        }
        let output = Json::whole(&text_of(body))?.parse()?;
        Ok(Self { output, envelope: Extra::default() })
    }

    /// Reads `{"data": …}`, in which the API wraps most responses, as your own type.
    pub fn from_data(body: &[u8]) -> Result<Self, DecodeError> {
        let Parsed { output: data, envelope } = parse_data::<Json>(body)?;
        Ok(Self { output: data.parse()?, envelope })
    }
}

/// Reads `{"data": …}`, in which `data` is required.
pub(super) fn parse_data<T: FieldValue>(body: &[u8]) -> Result<Parsed<T>, DecodeError> {
    let mut envelope = Envelope { data: Field::Absent, extra: Extra::default() };
    parse_some(&mut envelope, body)?;
    check_no_error(&envelope.extra)?;
    match envelope.data {
        Field::Value(output) => Ok(Parsed { output, envelope: envelope.extra }),
        Field::Absent => Err(DecodeError::at("$.data", DecodeErrorKind::Missing)),
        Field::Null | Field::Unexpected(_) => {
            Err(DecodeError::at("$.data", DecodeErrorKind::WrongType))
        }
    }
}

/// An error next to the data is an error.
pub(super) fn check_no_error(extra: &Extra) -> Result<(), DecodeError> {
    if extra.get("error").is_some_and(Json::has_fields) {
        return Err(DecodeError::at("$.error", DecodeErrorKind::NotConfirmed));
    }
    Ok(())
}

/// `data`, and the fields next to it that this version does not know.
pub(super) struct Envelope<T> {
    pub(super) data: Field<T>,
    pub(super) extra: Extra,
}

impl<T: FieldValue> ObjectVisitor for Envelope<T> {
    fn names(&self) -> &'static [&'static str] {
        &["data"]
    }

    fn field(&mut self, _: usize, reader: &mut Reader<'_>) -> Result<(), SyntaxError> {
        self.data = T::read(reader)?;
        Ok(())
    }

    fn unknown(&mut self, name: String, raw: &str) {
        self.extra.push(name, Json::received(raw));
    }
}

/// Reads a body that must not be empty.
pub(super) fn parse_some(target: &mut dyn ObjectVisitor, body: &[u8]) -> Result<(), DecodeError> {
    if body.trim_ascii().is_empty() {
        return Err(DecodeError::at("$", DecodeErrorKind::Empty));
    }
    parse_into(target, body)
}

/// Reads a body that must be an object.
pub(crate) fn parse_into(target: &mut dyn ObjectVisitor, body: &[u8]) -> Result<(), DecodeError> {
    Ok(Reader::new(&text_of(body)).document(target)?)
}
