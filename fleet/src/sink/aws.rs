//! AWS Secrets Manager: a secret, or a field of one that is a JSON object.
//!
//! The service has no conditional put. But it moves the label `AWSCURRENT` only from a version that
//! has it: the new secret is stored as a version without that label, which is then moved from the
//! version that was read.

use async_trait::async_trait;
use openrouter_keys_core::error::BoxError;
use openrouter_keys_core::types::Secret;
use openrouter_keys_core::workflow::{Delivery, PutError};
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use super::aws_client::{AwsClient, Refused};
use super::fence::{Found, Place};
use super::fields::Fields;
use super::http::Settings;
use super::mark::{Held, Mark};
use super::name::with_name;

const CURRENT: &str = "AWSCURRENT";
/// The label of a version that is not current yet: one without a label may be deleted.
const PENDING: &str = "OPENROUTER_KEYS";

/// `NAME` or `NAME#FIELD`, in which `{name}` stands for the key's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Address {
    name: String,
    field: Option<String>,
}

impl Address {
    pub(super) fn parse(text: &str) -> Result<Self, BoxError> {
        let (name, field) = match text.split_once('#') {
            Some((name, field)) => (name, Some(field.to_owned())),
            None => (text, None),
        };
        if name.is_empty() || field.as_deref() == Some("") {
            let message = format!("\"aws:{text}\" is not a sink; write aws:NAME or aws:NAME#FIELD");
            return Err(message.into());
        }
        Ok(Self { name: name.to_owned(), field })
    }

    /// The name of a key's secret: other characters are not allowed there.
    fn name(&self, key: &Delivery) -> Result<String, BoxError> {
        let name = with_name(&self.name, &key.name)?;
        let is_allowed = |char: char| char.is_ascii_alphanumeric() || "/_+=.@-:".contains(char);
        Ok(name.chars().map(|char| if is_allowed(char) { char } else { '_' }).collect())
    }
}

pub(super) struct Aws {
    address: Address,
    client: AwsClient,
}

/// What a conditional write compares and keeps.
pub(super) struct Version {
    /// The current version; `None` if the secret does not exist.
    id: Option<String>,
    /// All fields, if the secret is a JSON object.
    fields: Fields,
}

impl Aws {
    pub(super) fn open(address: Address, settings: Settings<'_>) -> Result<Self, BoxError> {
        let client = AwsClient::new(&address.name, settings)?;
        Ok(Self { address, client })
    }

    /// Calls the service with this secret.
    async fn call(
        &self,
        operation: &str,
        name: &str,
        mut body: Map<String, Value>,
    ) -> Result<Value, Refused> {
        let id = if operation == "CreateSecret" { "Name" } else { "SecretId" };
        body.insert(id.to_owned(), name.into());
        self.client.call(operation, &body.into()).await
    }

    fn failed(&self, refused: Refused, key: &Delivery) -> BoxError {
        format!("{}: {}", self.describe(key), refused.into_cause()).into()
    }

    /// The text of the secret, and the ID of its version.
    fn content(
        &self,
        found: &Found<Version>,
        secret: &Secret,
        mark: &Mark,
    ) -> Result<(String, String), BoxError> {
        let Some(field) = &self.address.field else {
            return Ok((secret.reveal().to_owned(), version_id(mark)));
        };
        let text = serde_json::to_string(&found.version.fields.with(field, secret, mark)?)?;
        // The same content after the same version is the same write.
        let before = found.version.id.as_deref().unwrap_or_default();
        let id = format!("{:x}", Sha256::digest(format!("{before} {text}")));
        Ok((text, id))
    }
}

#[async_trait]
impl Place for Aws {
    type Version = Version;

    fn describe(&self, key: &Delivery) -> String {
        let name = self.address.name(key).unwrap_or_else(|_| self.address.name.clone());
        match &self.address.field {
            Some(field) => format!("field {field} of the AWS secret {name}"),
            None => format!("AWS secret {name}"),
        }
    }

    async fn read(&mut self, key: &Delivery) -> Result<Found<Version>, BoxError> {
        let name = self.address.name(key)?;
        let body = object(json!({"VersionStage": CURRENT}));
        let reply = match self.call("GetSecretValue", &name, body).await {
            Ok(reply) => reply,
            Err(refused) if refused.is("ResourceNotFoundException") => {
                let version = Version { id: None, fields: Fields::default() };
                return Ok(Found { secret: None, mark: None, version });
            }
            Err(refused) => return Err(self.failed(refused, key)),
        };
        let text = |name: &str| reply.get(name).and_then(Value::as_str);
        let place = self.describe(key);
        let id = text("VersionId").ok_or_else(|| format!("{place} has no version"))?;
        let content = text("SecretString").ok_or_else(|| format!("{place} is not a string"))?;
        let Some(field) = &self.address.field else {
            let secret = Secret::new(content.trim());
            let mark = mark_of(id, &secret);
            let version = Version { id: Some(id.to_owned()), fields: Fields::default() };
            return Ok(Found { secret: Some(secret), mark, version });
        };
        let fields: Fields = serde_json::from_str(content)
            .map_err(|_| format!("{place}: the secret is not a JSON object"))?;
        let read = fields.read(field);
        let (secret, mark) = read.map_err(|cause| format!("{place}: {cause}"))?;
        Ok(Found { secret, mark, version: Version { id: Some(id.to_owned()), fields } })
    }

    async fn write(
        &mut self,
        key: &Delivery,
        found: &Found<Version>,
        secret: &Secret,
        mut mark: Mark,
    ) -> Result<bool, PutError> {
        // Both are written at once.
        mark.before = None;
        let name = self.address.name(key).map_err(PutError::NotStored)?;
        let content = self.content(found, secret, &mark);
        let (text, id) = content.map_err(PutError::NotStored)?;
        let Some(current) = &found.version.id else {
            let body = object(json!({"SecretString": text, "ClientRequestToken": id}));
            return match self.call("CreateSecret", &name, body).await {
                Ok(_) => Ok(true),
                Err(refused) if refused.is("ResourceExistsException") => Ok(false),
                Err(refused) if refused.is_unknown => {
                    Err(PutError::Unknown(self.failed(refused, key)))
                }
                Err(refused) => Err(PutError::NotStored(self.failed(refused, key))),
            };
        };
        if *current == id {
            return Ok(true);
        }
        let stages = [PENDING];
        let body = json!({"SecretString": text, "ClientRequestToken": id, "VersionStages": stages});
        // Whatever happens here, nobody reads that version.
        let stored = self.call("PutSecretValue", &name, object(body)).await;
        stored.map_err(|refused| PutError::NotStored(self.failed(refused, key)))?;
        let body = json!({
            "VersionStage": CURRENT, "RemoveFromVersionId": current, "MoveToVersionId": id,
        });
        match self.call("UpdateSecretVersionStage", &name, object(body)).await {
            Ok(_) => Ok(true),
            Err(refused) if refused.is("InvalidParameterException") => Ok(false),
            Err(refused) if refused.is_unknown => Err(PutError::Unknown(self.failed(refused, key))),
            Err(refused) => Err(PutError::NotStored(self.failed(refused, key))),
        }
    }
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}

/// Begins the ID of a version with a mark.
const PREFIX: &str = "openrouter-";
/// How much of a hash is in it. An ID has 32 to 64 characters.
const HASH: usize = 18;

/// The mark as a version's ID, which is too short for whole hashes.
fn version_id(mark: &Mark) -> String {
    let short = |hash: &str| {
        let hash: String = hash.chars().take(HASH).collect();
        format!("{hash:x<HASH$}")
    };
    format!("{PREFIX}{}-{}-{:08x}", short(&mark.held.hash), short(&mark.replaces), mark.fence)
}

/// The mark in a version's ID. A version has one secret, so the mark is of this one.
fn mark_of(id: &str, secret: &Secret) -> Option<Mark> {
    let rest = id.strip_prefix(PREFIX)?;
    let (hash, rest) = rest.split_at_checked(HASH)?;
    let (replaces, fence) = rest.strip_prefix('-')?.split_at_checked(HASH)?;
    let fence = u64::from_str_radix(fence.strip_prefix('-')?, 16).ok()?;
    let whole = |short: &str| short.trim_end_matches('x').to_owned();
    let held = Held::new(whole(hash), secret);
    Some(Mark { held, replaces: whole(replaces), fence, before: None })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use openrouter_keys_core::types::Secret;

    use super::super::mark::{Held, Mark};
    use super::super::test_delivery::test_delivery;
    use super::{Address, mark_of, version_id};

    #[test]
    fn a_versions_id_has_the_beginnings_of_the_hashes_and_the_fence() {
        let (secret, hash) = (Secret::new("sk-or-v1-1"), "0123456789abcdef0123456789abcdef");
        let key = test_delivery(hash, "fe", 40);
        let mark = Mark::new(Held::new(hash, &secret), &key);
        let id = version_id(&mark);
        assert!((32..=64).contains(&id.len()), "{id}");
        let read = mark_of(&id, &secret).unwrap();
        assert_eq!(read.holder(&secret).unwrap(), "0123456789abcdef01");
        assert!(read.is_of_rotation(&key) && read.fence == 40, "{read:?}");
        assert!(!read.is_of_rotation(&test_delivery(hash, "f", 40)));
        for id in ["EXAMPLE1-90ab-cdef-fedc-ba987EXAMPLE", "openrouter-", "openrouter-é"] {
            assert_eq!(mark_of(id, &secret), None);
        }
    }

    #[test]
    fn a_name_is_required_and_becomes_one_that_is_allowed() {
        for text in ["", "#a", "a#"] {
            Address::parse(text).unwrap_err();
        }
        let mut key = test_delivery("", "", 0);
        "customer 42 (ü)".clone_into(&mut key.name);
        let address = Address::parse("openrouter/{name}").unwrap();
        assert_eq!(address.name(&key).unwrap(), "openrouter/customer_42____");
    }
}
