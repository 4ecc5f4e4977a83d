//! `PATCH /keys/{hash}`: changes the fields that are set and leaves the rest.

use std::fmt;

use http::Method;
use serde::Serialize;

use super::check::{check_name, check_workspace_id};
use super::definition::{Idempotency, Operation};
use super::parsed::{Parsed, parse_data};
use super::parts::Parts;
use super::parts::USUAL_BODY;
use crate::redact::Masked;
use crate::types::{BuildError, BuildErrorKind, DecodeError, GivenHash, Key, Limit, LimitReset};

/// Changes a key.
///
/// Fields that are not set are *left* unchanged. `limit` and `limit_reset` can also be
/// *cleared*, with [`Limit::unlimited`] and [`no_limit_reset`](Update::no_limit_reset). If a
/// method is called again, the last call wins.
///
/// ```
/// use openrouter_keys_core::{Limit, LimitReset, Update};
///
/// // Sets the limit, clears the reset, leaves the name.
/// let update = Update::new("f01d52606dc8f0a8").limit(Limit::usd(50.0)).no_limit_reset();
/// # let _ = update;
/// ```
#[derive(Clone, PartialEq)]
#[must_use = "an operation does nothing until it is sent"]
pub struct Update {
    hash: GivenHash,
    body: Body,
}

impl fmt::Debug for Update {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { hash, body } = self;
        f.debug_struct("Update").field("hash", hash).field("body", &Masked(body)).finish()
    }
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
struct Body {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    disabled: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    limit: Option<Limit>,
    #[serde(skip_serializing_if = "Option::is_none")]
    limit_reset: Option<Change<LimitReset>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    include_byok_in_limit: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    workspace_id: Option<String>,
}

/// The change of a field that can be cleared.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
enum Change<T> {
    Set(T),
    Clear,
}

impl Update {
    /// `hash` is the `hash` field of a listed key. It is checked when the request is built, as by
    /// [`KeyHash::new`](crate::KeyHash::new).
    pub fn new(hash: impl Into<String>) -> Self {
        Self { hash: GivenHash::new(hash), body: Body::default() }
    }

    /// Renames the key; the name needs at least one character.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.body.name = Some(name.into());
        self
    }

    /// Disables or enables the key.
    pub fn disabled(mut self, disabled: bool) -> Self {
        self.body.disabled = Some(disabled);
        self
    }

    /// Sets the spending limit, or removes it with [`Limit::unlimited`].
    pub fn limit(mut self, limit: Limit) -> Self {
        self.body.limit = Some(limit);
        self
    }

    /// Sets when the limit resets.
    pub fn limit_reset(mut self, reset: LimitReset) -> Self {
        self.body.limit_reset = Some(Change::Set(reset));
        self
    }

    /// Makes the limit never reset.
    pub fn no_limit_reset(mut self) -> Self {
        self.body.limit_reset = Some(Change::Clear);
        self
    }

    /// Sets whether BYOK spending counts against the limit.
    pub fn include_byok_in_limit(mut self, include: bool) -> Self {
        self.body.include_byok_in_limit = Some(include);
        self
    }

    /// Moves the key to the workspace with this ID, a UUID.
    pub fn workspace_id(mut self, id: impl Into<String>) -> Self {
        self.body.workspace_id = Some(id.into());
        self
    }
}

impl Operation for Update {
    type Output = Key;

    fn name(&self) -> &'static str {
        "update"
    }

    fn idempotency(&self) -> Idempotency {
        Idempotency::Idempotent
    }

    fn parts(&self) -> Result<Parts, BuildError> {
        let path = self.hash.path()?;
        let body = &self.body;
        if *body == Body::default() {
            return Err(BuildError::new(
                BuildErrorKind::EmptyUpdate,
                "the update changes nothing; set at least one field",
            ));
        }
        body.name.as_deref().map_or(Ok(()), check_name)?;
        body.limit.map_or(Ok(()), Limit::check)?;
        if let Some(Change::Set(reset)) = &body.limit_reset {
            reset.check()?;
        }
        body.workspace_id.as_deref().map_or(Ok(()), check_workspace_id)?;
        Parts::checked(Method::PATCH, path).with_json(body, USUAL_BODY)
    }

    fn parse(&self, body: &[u8]) -> Result<Parsed<Key>, DecodeError> {
        parse_data(body)
    }
}
