//! `GET /key`: metadata about the key that the request is made with.

use http::Method;

use super::definition::{Idempotency, Operation};
use super::parsed::{Parsed, parse_data};
use super::parts::Parts;
use crate::types::{BuildError, CurrentKey, DecodeError};

/// Returns metadata about the key this request is made with. Any key may request this;
/// everything else needs a management key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[must_use = "an operation does nothing until it is sent"]
pub struct GetCurrentKeyMetadata;

impl GetCurrentKeyMetadata {
    /// Takes no parameters.
    pub fn new() -> Self {
        Self
    }
}

impl Operation for GetCurrentKeyMetadata {
    type Output = CurrentKey;

    fn name(&self) -> &'static str {
        "get_current_key_metadata"
    }

    fn idempotency(&self) -> Idempotency {
        Idempotency::Safe
    }

    fn parts(&self) -> Result<Parts, BuildError> {
        Ok(Parts::checked(Method::GET, "/key"))
    }

    fn parse(&self, body: &[u8]) -> Result<Parsed<CurrentKey>, DecodeError> {
        parse_data(body)
    }
}
