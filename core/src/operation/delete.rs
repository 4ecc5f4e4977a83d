//! `DELETE /keys/{hash}`: deletes a key.

use http::Method;

use super::definition::{Idempotency, Operation};
use super::parsed::{Parsed, parse_into};
use super::parts::Parts;
use crate::types::{BuildError, DecodeError, DecodeErrorKind, Extra, Field, GivenHash, object};

/// Deletes a key. It stops working and cannot be restored.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "an operation does nothing until it is sent"]
pub struct Delete {
    hash: GivenHash,
}

impl Delete {
    /// `hash` is the `hash` field of a listed key. It is checked when the request is built, as by
    /// [`KeyHash::new`](crate::KeyHash::new).
    pub fn new(hash: impl Into<String>) -> Self {
        Self { hash: GivenHash::new(hash) }
    }
}

impl<T: Into<String>> From<T> for Delete {
    fn from(hash: T) -> Self {
        Self::new(hash)
    }
}

/// The server confirmed that the key is gone.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Deleted {
    /// Whether the key was already gone, after an earlier attempt of the same call whose
    /// response was lost.
    pub already_gone: bool,
}

object! {
    /// The body of a successful delete.
    struct Confirmation {
        /// True.
        deleted: bool,
    }
}

impl Operation for Delete {
    type Output = Deleted;

    fn name(&self) -> &'static str {
        "delete"
    }

    fn idempotency(&self) -> Idempotency {
        Idempotency::Idempotent
    }

    fn parts(&self) -> Result<Parts, BuildError> {
        Ok(Parts::checked(Method::DELETE, self.hash.path()?))
    }

    /// If the body is empty, as after 204, the status alone confirms the deletion.
    fn parse(&self, body: &[u8]) -> Result<Parsed<Deleted>, DecodeError> {
        let deleted = Deleted { already_gone: false };
        if body.trim_ascii().is_empty() {
            return Ok(Parsed { output: deleted, envelope: Extra::default() });
        }
        let mut confirmation = Confirmation::default();
        parse_into(&mut confirmation, body)?;
        let Confirmation { deleted: confirmed, extra } = confirmation;
        let has_error = extra.get("error").is_some_and(|error| error.as_str() != "null");
        match confirmed {
            Field::Value(true) if !has_error => Ok(Parsed { output: deleted, envelope: extra }),
            Field::Value(_) => Err(DecodeError::at("$.deleted", DecodeErrorKind::NotConfirmed)),
            Field::Absent => Err(DecodeError::at("$.deleted", DecodeErrorKind::Missing)),
            Field::Null | Field::Unexpected(_) => {
                Err(DecodeError::at("$.deleted", DecodeErrorKind::WrongType))
            }
        }
    }

    fn on_not_found(&self) -> Option<Deleted> {
        Some(Deleted { already_gone: true })
    }
}
