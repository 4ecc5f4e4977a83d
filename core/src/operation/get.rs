//! `GET /keys/{hash}`: one key.

use http::Method;

use super::definition::{Idempotency, Operation};
use super::parsed::{Parsed, parse_data};
use super::parts::Parts;
use crate::types::{BuildError, DecodeError, GivenHash, Key};

/// Gets one key by its hash.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "an operation does nothing until it is sent"]
pub struct Get {
    hash: GivenHash,
}

impl Get {
    /// `hash` is the `hash` field of a listed key. It is checked when the request is built, as by
    /// [`KeyHash::new`](crate::KeyHash::new).
    pub fn new(hash: impl Into<String>) -> Self {
        Self { hash: GivenHash::new(hash) }
    }
}

impl<T: Into<String>> From<T> for Get {
    fn from(hash: T) -> Self {
        Self::new(hash)
    }
}

impl Operation for Get {
    type Output = Key;

    fn name(&self) -> &'static str {
        "get"
    }

    fn idempotency(&self) -> Idempotency {
        Idempotency::Safe
    }

    fn parts(&self) -> Result<Parts, BuildError> {
        Ok(Parts::checked(Method::GET, self.hash.path()?))
    }

    fn parse(&self, body: &[u8]) -> Result<Parsed<Key>, DecodeError> {
        parse_data(body)
    }
}
