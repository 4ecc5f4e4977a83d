//! `POST /keys`: creates a key and returns its secret, once.

use bytes::Bytes;
use http::Method;
use serde::ser::{Serialize, SerializeMap, Serializer};
use zeroize::Zeroizing;

use super::check::{check_name, check_workspace_id};
use super::definition::{Idempotency, Operation, Orphan};
use super::list::List;
use super::parsed::{Parsed, parse_into};
use super::parts::Parts;
use super::parts::USUAL_BODY;
use super::salvage::{is_masked, salvage};
use crate::json::{ObjectVisitor, Reader, SyntaxError, text_of, unescape};
use crate::redact;
use crate::types::{
    BuildError, BuildErrorKind, DecodeError, DecodeErrorKind, Extra, Field, FieldValue, Json, Key,
    Limit, LimitReset, Secret, Timestamp,
};

/// The shortest `external.api_key` that the API accepts.
const SHORTEST_EXTERNAL_KEY: usize = 32;

/// Creates a key. The response is the only place its secret ever appears.
///
/// The API has no idempotency key: a create whose response is lost leaves a live key whose
/// secret nobody has. It is therefore resent only if the server definitely did not process it;
/// otherwise the call ends with an error whose
/// [`may_have_created`](crate::Error::may_have_created) says what to look for.
///
/// ```
/// use openrouter_keys_core::{Create, Limit, LimitReset};
///
/// let create = Create::new("Customer 42", Limit::usd(25.0)).limit_reset(LimitReset::Monthly);
/// # let _ = create;
/// ```
#[derive(Clone, PartialEq)]
#[must_use = "an operation does nothing until it is sent"]
pub struct Create {
    body: Body,
}

impl std::fmt::Debug for Create {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Create").field(&redact::Masked(&self.body)).finish()
    }
}

#[derive(Clone, Debug, PartialEq, serde::Serialize)]
struct Body {
    name: String,
    limit: Limit,
    #[serde(skip_serializing_if = "Option::is_none")]
    limit_reset: Option<LimitReset>,
    #[serde(skip_serializing_if = "Option::is_none")]
    include_byok_in_limit: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    workspace_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    creator_user_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "reveal_external")]
    external: Option<External>,
}

impl Create {
    /// Creates a key with this name (at least one character) and spending limit.
    ///
    /// The API treats a missing limit as unlimited; here that must be explicit:
    /// [`Limit::unlimited`].
    pub fn new(name: impl Into<String>, limit: Limit) -> Self {
        let body = Body {
            name: name.into(),
            limit,
            limit_reset: None,
            include_byok_in_limit: None,
            expires_at: None,
            workspace_id: None,
            creator_user_id: None,
            external: None,
        };
        Self { body }
    }

    /// Sets when the limit resets; never by default.
    pub fn limit_reset(mut self, reset: LimitReset) -> Self {
        self.body.limit_reset = Some(reset);
        self
    }

    /// Sets whether BYOK spending counts against the limit.
    pub fn include_byok_in_limit(mut self, include: bool) -> Self {
        self.body.include_byok_in_limit = Some(include);
        self
    }

    /// Sets when the key expires; never by default.
    pub fn expires_at(mut self, time: Timestamp) -> Self {
        self.body.expires_at = Some(time);
        self
    }

    /// Sets the workspace, a UUID, instead of the default one.
    pub fn workspace_id(mut self, id: impl Into<String>) -> Self {
        self.body.workspace_id = Some(id.into());
        self
    }

    /// Sets the member recorded as the key's creator (organisations only).
    pub fn creator_user_id(mut self, id: impl Into<String>) -> Self {
        self.body.creator_user_id = Some(id.into());
        self
    }

    /// The same key under another name.
    pub(crate) fn named(mut self, name: String) -> Self {
        self.body.name = name;
        self
    }

    pub(crate) fn name(&self) -> &str {
        &self.body.name
    }

    /// Whether it sets an expiry.
    pub(crate) fn has_end(&self) -> bool {
        self.body.expires_at.is_some()
    }

    /// The settings that an update can change later.
    pub(crate) fn settings(&self) -> Settings<'_> {
        let Body { limit, limit_reset, include_byok_in_limit, .. } = &self.body;
        Settings {
            limit: *limit,
            limit_reset: limit_reset.as_ref(),
            include_byok_in_limit: *include_byok_in_limit,
        }
    }

    /// The listing of the workspace in which the key is created.
    pub(crate) fn in_workspace(&self, list: List) -> List {
        match &self.body.workspace_id {
            Some(id) => list.workspace_id(id.as_str()),
            None => list,
        }
    }

    /// Sets the partner's user on whose behalf the key is created.
    pub fn external(mut self, external: External) -> Self {
        self.body.external = Some(external);
        self
    }
}

/// The settings of a create that an update can change later.
pub(crate) struct Settings<'a> {
    pub(crate) limit: Limit,
    pub(crate) limit_reset: Option<&'a LimitReset>,
    pub(crate) include_byok_in_limit: Option<bool>,
}

/// The identity of a partner's user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct External {
    user: String,
    api_key: Option<Secret>,
}

impl External {
    /// The partner's name for the user.
    pub fn new(user: impl Into<String>) -> Self {
        Self { user: user.into(), api_key: None }
    }

    /// The partner's own key for the user, of at least 32 characters.
    #[must_use]
    pub fn api_key(mut self, key: impl Into<Secret>) -> Self {
        self.api_key = Some(key.into());
        self
    }

    fn check(&self) -> Result<(), BuildError> {
        let refused = |problem| Err(BuildError::new(BuildErrorKind::External, problem));
        if self.user.is_empty() {
            return refused("the external user is empty; give at least one character");
        }
        match &self.api_key {
            Some(key) if key.reveal().chars().count() < SHORTEST_EXTERNAL_KEY => {
                refused("the external API key is shorter than 32 characters")
            }
            _ => Ok(()),
        }
    }
}

impl Create {
    /// Whether the request itself contains this string.
    fn says(&self, text: &str) -> bool {
        let Body { name, external, creator_user_id, .. } = &self.body;
        let user = external.as_ref().map(|external| external.user.as_str());
        let said = [Some(name.as_str()), user, creator_user_id.as_deref(), self.request_secret()];
        said.into_iter().flatten().any(|said| said.contains(text))
    }

    /// An upper bound for the body: a buffer that grows would leave a copy of a secret behind.
    fn longest_body(&self) -> usize {
        // The longest JSON escape of one byte: `\u0001`.
        const ESCAPED: usize = 6;
        let Body { name, limit_reset, expires_at, creator_user_id, external, .. } = &self.body;
        let Some(External { user, api_key: Some(key) }) = external else {
            return USUAL_BODY;
        };
        let texts = [
            name.as_str(),
            user,
            key.reveal(),
            creator_user_id.as_deref().unwrap_or_default(),
            limit_reset.as_ref().map_or("", LimitReset::as_str),
            expires_at.as_ref().map_or("", Timestamp::as_str),
        ];
        let length = texts.iter().map(|text| text.len()).fold(0, usize::saturating_add);
        length.saturating_mul(ESCAPED).saturating_add(4 * USUAL_BODY)
    }
}

/// `External` does not implement `Serialize`, so that only a request's body reveals its key.
#[expect(clippy::ref_option, reason = "the form that serde asks for")]
fn reveal_external<S: Serializer>(
    external: &Option<External>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(None)?;
    if let Some(External { user, api_key }) = external {
        map.serialize_entry("user", user)?;
        if let Some(key) = api_key {
            map.serialize_entry("api_key", key.reveal())?;
        }
    }
    map.end()
}

/// A created key, with its secret.
///
/// The secret never appears in `Debug` or serialized output; everything else does. Store it
/// now: the API never shows it again.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct Created {
    key: Secret,
    /// The key's metadata, as far as it could be read.
    pub data: Field<Key>,
    /// The problem with the rest of the body, if there was one.
    pub problem: Option<DecodeError>,
    /// The fields next to `key` and `data` that this version does not know.
    pub extra: Extra,
}

impl Created {
    /// The secret key; [`Secret::reveal`] reads it.
    pub fn key(&self) -> &Secret {
        &self.key
    }

    /// Whether this listed key is the one that was created: by its hash or, if the response had
    /// none, by its label.
    pub(crate) fn is_of(&self, listed: &Key) -> bool {
        match self.data.get().and_then(|data| data.hash.get()) {
            Some(hash) => listed.hash.get() == Some(hash),
            None => listed.label.as_deref().is_some_and(|label| self.key.has_label(label)),
        }
    }

    /// Takes the secret key out.
    pub fn into_key(self) -> Secret {
        self.key
    }
}

impl std::fmt::Debug for Created {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Created")
            .field("key", &self.key)
            .field("data", &self.data)
            .field("problem", &self.problem)
            .field("extra", &self.extra)
            .finish()
    }
}

impl Serialize for Created {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        if !self.data.is_absent() {
            map.serialize_entry("data", &self.data)?;
        }
        for (name, json) in self.extra.iter() {
            map.serialize_entry(name, json)?;
        }
        map.end()
    }
}

impl Operation for Create {
    type Output = Created;

    fn name(&self) -> &'static str {
        "create"
    }

    fn idempotency(&self) -> Idempotency {
        Idempotency::NotIdempotent
    }

    fn parts(&self) -> Result<Parts, BuildError> {
        let body = &self.body;
        check_name(&body.name)?;
        body.limit.check()?;
        body.limit_reset.as_ref().map_or(Ok(()), LimitReset::check)?;
        body.workspace_id.as_deref().map_or(Ok(()), check_workspace_id)?;
        body.external.as_ref().map_or(Ok(()), External::check)?;
        if body.creator_user_id.as_deref() == Some("") {
            return Err(BuildError::new(
                BuildErrorKind::CreatorUserId,
                "the creator's user id is empty; give at least one character or leave it out",
            ));
        }
        let parts = Parts::checked(Method::POST, "/keys").with_json(body, self.longest_body())?;
        Ok(if self.request_secret().is_some() { wiped_on_drop(parts) } else { parts })
    }

    fn parse(&self, body: &[u8]) -> Result<Parsed<Created>, DecodeError> {
        self.parse_excluding(body, &[])
    }

    /// Reads the secret before anything else: a created key reaches the caller, however broken
    /// the rest of the body. `$.key` counts first, then anything that looks like a key,
    /// anywhere in the body.
    fn parse_excluding(&self, body: &[u8], own: &[&str]) -> Result<Parsed<Created>, DecodeError> {
        if body.trim_ascii().is_empty() {
            return Err(DecodeError::at("$", DecodeErrorKind::Empty));
        }
        let mut draft = Draft { own, ..Draft::default() };
        let broken = parse_into(&mut draft, body).err();
        let Draft { key, unexpected_key, data, extra, .. } = draft;
        let is_of_known_form = key.as_ref().is_some_and(|key| key.reveal().starts_with("sk-"));
        // A key found elsewhere is also in the fields that were read.
        let elsewhere = if is_of_known_form {
            None
        } else {
            salvage(body, &|text| own.contains(&text) || self.says(text))
        };
        let due = usize::from(elsewhere.is_none());
        let problem = match (&key, &elsewhere) {
            (Some(_), None) => broken,
            _ => Some(broken.unwrap_or_else(|| DecodeError::at("$.key", unexpected_key))),
        };
        match (elsewhere.or(key), problem) {
            (Some(key), problem) => {
                let own = own.iter().copied().chain(self.request_secret());
                let (data, extra) = match without_secrets(body, (key.reveal(), due), own) {
                    Some(Draft { data, extra, .. }) => (data, extra),
                    None => (data, extra),
                };
                let output = Created { key: key.clone(), data, problem, extra };
                Ok(Parsed { output, envelope: Extra::default() })
            }
            (None, problem) => {
                Err(problem.unwrap_or_else(|| DecodeError::at("$.key", unexpected_key)))
            }
        }
    }

    fn created_secret<'a>(&self, output: &'a Created) -> Option<&'a str> {
        Some(output.key.reveal())
    }

    fn may_leave(&self) -> Option<Orphan<'_>> {
        Some(Orphan { name: &self.body.name, workspace_id: self.body.workspace_id.as_deref() })
    }

    fn request_secret(&self) -> Option<&str> {
        self.body.external.as_ref()?.api_key.as_ref().map(Secret::reveal)
    }
}

/// Overwrites a body that contains a secret once the last request is done.
fn wiped_on_drop(parts: Parts) -> Parts {
    let body = parts.body.map(|body| Bytes::from_owner(Zeroizing::new(Vec::from(body))));
    Parts { body, ..parts }
}

/// The parts that were read, even if the rest could not be.
struct Draft<'a> {
    own: &'a [&'a str],
    key: Option<Secret>,
    /// The problem with `key` if it is not the secret.
    unexpected_key: DecodeErrorKind,
    data: Field<Key>,
    extra: Extra,
}

impl Default for Draft<'_> {
    fn default() -> Self {
        Self {
            own: &[],
            key: None,
            unexpected_key: DecodeErrorKind::Missing,
            data: Field::default(),
            extra: Extra::default(),
        }
    }
}

impl ObjectVisitor for Draft<'_> {
    fn names(&self) -> &'static [&'static str] {
        &["key", "data"]
    }

    /// If `key` is repeated, the first string counts.
    fn field(&mut self, place: usize, reader: &mut Reader<'_>) -> Result<(), SyntaxError> {
        if place > 0 {
            self.data = Key::read(reader)?;
            return Ok(());
        }
        let Field::Value(text) = String::read(reader)? else {
            self.unexpected_key = DecodeErrorKind::WrongType;
            return Ok(());
        };
        let key = text.trim();
        if self.own.contains(&key) {
            self.unexpected_key = DecodeErrorKind::NotConfirmed;
        } else if key.is_empty() || is_masked(key) {
            self.unexpected_key = DecodeErrorKind::WrongType;
        } else if self.key.is_none() {
            let is_bare = key.len() == text.len();
            self.key = Some(if is_bare {
                Secret::from(text)
            } else {
                Secret::from(Zeroizing::new(text).trim())
            });
        }
        Ok(())
    }

    fn unknown(&mut self, name: String, raw: &str) {
        self.extra.push(name, Json::received(raw));
    }
}

/// The body with every secret masked, if it contains one of the request, or the created one
/// more often than expected.
fn without_secrets<'a>(
    body: &[u8],
    created: (&str, usize),
    own: impl Iterator<Item = &'a str> + Clone,
) -> Option<Draft<'static>> {
    let text = text_of(body);
    let secrets = own.map(|secret| (secret, 0)).chain([created]);
    let long = secrets.filter(|(secret, _)| is_long(secret));
    if !long.clone().any(|(secret, due)| stands_in(&text, secret, due)) {
        return None;
    }
    let long: Vec<&str> = long.map(|(secret, _)| secret).collect();
    let masked = redact::mask_json(&text, &long)?;
    let mut draft = Draft::default();
    // Unreadable parts were already reported from the original.
    let _ = parse_into(&mut draft, masked.as_bytes());
    Some(draft)
}

/// Whether the secret occurs more often than that, verbatim or escaped.
fn stands_in(text: &str, secret: &str, more_than: usize) -> bool {
    let unescaped = text.contains('\\').then(|| Zeroizing::new(unescape(text)));
    let plain = unescaped.as_ref().map_or(text, |plain| plain.as_str());
    plain.matches(secret).nth(more_than).is_some()
}

/// Shorter strings occur in others by chance.
fn is_long(secret: &str) -> bool {
    const SHORTEST: usize = 16;
    secret.len() >= SHORTEST
}

#[cfg(test)]
mod tests {
    use super::super::definition::Operation;
    use super::{Create, External};
    use crate::types::{Limit, LimitReset};

    #[test]
    fn a_body_with_a_secret_never_outgrows_the_space_reserved_for_it() {
        let key = "k\u{1}".repeat(32);
        for length in 1..600 {
            let name = "\u{1}".repeat(length);
            let create = Create::new(&name, Limit::usd(f64::MIN_POSITIVE))
                .limit_reset(LimitReset::from(name.as_str()))
                .workspace_id("0df9e665-d932-5740-b2c7-b52af166bc11")
                .creator_user_id(&name)
                .expires_at("2026-01-01T00:00:00.123456789Z".parse().unwrap())
                .include_byok_in_limit(false)
                .external(External::new(&name).api_key(key.as_str()));
            let body = create.parts().unwrap().body.unwrap();
            assert!(body.len() <= create.longest_body(), "{length}: {}", body.len());
        }
    }

    #[test]
    fn the_space_reserved_for_a_body_suffices_even_if_every_character_is_escaped() {
        let text = "\u{1}".repeat(32);
        let create = Create::new(&text, Limit::usd(f64::MIN_POSITIVE))
            .limit_reset(LimitReset::Monthly)
            .include_byok_in_limit(false)
            .expires_at("2026-01-01T00:00:00.123456789+23:59".parse().unwrap())
            .workspace_id("0df9e665-d932-5740-b2c7-b52af166bc11")
            .creator_user_id(&text)
            .external(External::new(&text).api_key(text.as_str()));
        let body = create.parts().unwrap().body.unwrap();
        assert!(body.len() <= create.longest_body(), "{}", body.len());
    }
}
