//! `HashiCorp` Vault and `OpenBao`: a field of a secret of the engine KV version 2, which has
//! conditional writes.

use async_trait::async_trait;
use openrouter_keys_core::error::BoxError;
use openrouter_keys_core::types::Secret;
use openrouter_keys_core::workflow::{Delivery, PutError};
use reqwest::{StatusCode, Url};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::fence::{Found, Place};
use super::fields::Fields;
use super::http::{NoReply, Reply, Settings};
use super::mark::Mark;
use super::name::with_name;
use super::vault_client::VaultClient;

const FIELD: &str = "api_key";

/// `MOUNT/PATH#FIELD`, in which `{name}` stands for the key's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Address {
    mount: String,
    path: String,
    field: String,
}

impl Address {
    pub(super) fn parse(text: &str) -> Result<Self, BoxError> {
        let (path, field) = text.split_once('#').unwrap_or((text, FIELD));
        let (mount, path) = path.trim_matches('/').split_once('/').unwrap_or_default();
        let is_odd = |part: &str| part.is_empty() || part == "." || part == "..";
        if is_odd(mount) || path.split('/').any(is_odd) || field.is_empty() {
            let message = format!(
                "\"vault:{text}\" is not a sink; write vault:MOUNT/PATH or vault:MOUNT/PATH#FIELD"
            );
            return Err(message.into());
        }
        Ok(Self { mount: mount.to_owned(), path: path.to_owned(), field: field.to_owned() })
    }

    /// The path of a key's secret.
    fn path(&self, key: &Delivery) -> Result<String, BoxError> {
        with_name(&self.path, &key.name)
    }
}

pub(super) struct Vault {
    address: Address,
    client: VaultClient,
}

/// What a conditional write compares and keeps.
pub(super) struct Version {
    number: u64,
    data: Fields,
}

/// The body of a response with a secret.
#[derive(Deserialize)]
struct Body {
    data: Option<Data>,
}

#[derive(Deserialize)]
struct Data {
    data: Option<Fields>,
}

/// The body of a write.
#[derive(Serialize)]
struct Write {
    options: Options,
    data: Fields,
}

#[derive(Serialize)]
struct Options {
    /// The number of the version that was read.
    cas: u64,
}

impl Vault {
    pub(super) fn open(address: Address, settings: Settings<'_>) -> Result<Self, BoxError> {
        Ok(Self { address, client: VaultClient::new(settings)? })
    }

    fn url(&self, key: &Delivery) -> Result<Url, BoxError> {
        let Address { mount, .. } = &self.address;
        let path = self.address.path(key)?;
        self.client.url([mount.as_str(), "data"].into_iter().chain(path.split('/')))
    }

    /// Fails unless the mount is of the engine KV version 2. A token may not be allowed to see it.
    async fn check_engine(&self) -> Result<(), BoxError> {
        let mount = self.address.mount.as_str();
        let url = self.client.url(["sys", "internal", "ui", "mounts", mount])?;
        let reply = self.client.get(&url).await?;
        let text = |pointer| reply.body.pointer(pointer).and_then(Value::as_str);
        match (text("/data/type"), text("/data/options/version")) {
            (Some("kv" | "generic"), Some("2")) | (None, _) => Ok(()),
            (Some(engine), version) => {
                let version = version.unwrap_or("1");
                let message =
                    format!("{mount} has the engine {engine} {version}; a sink needs kv version 2");
                Err(message.into())
            }
        }
    }

    /// Fails if the token cannot write the secret. It may not be allowed to ask.
    async fn check_token(&mut self, key: &Delivery) -> Result<(), BoxError> {
        let is_absent = self.read(key).await?.version.number == 0;
        let needed = if is_absent { "create" } else { "update" };
        let path = format!("{}/data/{}", self.address.mount, self.address.path(key)?);
        let url = self.client.url(["sys", "capabilities-self"])?;
        let question = json!({"paths": [path]});
        let reply = self.client.post(&url, &question).await?;
        let Some(granted) = reply.body.get(&path).and_then(Value::as_array) else { return Ok(()) };
        if !granted.iter().any(|it| it == needed || it == "root") {
            let message = format!("the token does not have the capability {needed} on {path}");
            return Err(message.into());
        }
        Ok(())
    }

    fn refused(&self, reply: &Reply, key: &Delivery) -> BoxError {
        let errors = reply.body.get("errors").and_then(Value::as_array);
        let errors = errors.into_iter().flatten().filter_map(Value::as_str);
        let errors: Vec<_> = errors.map(str::trim).collect();
        let status = reply.status;
        format!("{}: the server responded with {status} {}", self.describe(key), errors.join("; "))
            .trim_end()
            .into()
    }
}

#[async_trait]
impl Place for Vault {
    type Version = Version;

    fn describe(&self, key: &Delivery) -> String {
        let Address { mount, path, field } = &self.address;
        let path = with_name(path, &key.name).unwrap_or_else(|_| path.clone());
        format!("field {field} of the Vault secret {mount}/{path}")
    }

    async fn check(&mut self, key: &Delivery) -> Result<(), BoxError> {
        self.client.log_in().await?;
        self.check_engine().await?;
        self.check_token(key).await
    }

    async fn read(&mut self, key: &Delivery) -> Result<Found<Version>, BoxError> {
        self.client.log_in().await?;
        let reply = self.client.get(&self.url(key)?).await?;
        let number = reply.body.pointer("/data/metadata/version").and_then(Value::as_u64);
        // A secret that is not there has no errors, unlike a mount or a server that is not Vault. A
        // deleted version is "not found" too, but has a number.
        let has_no_errors = reply.body.get("errors").is_some_and(|it| *it == json!([]));
        let is_absent =
            reply.status == StatusCode::NOT_FOUND && (number.is_some() || has_no_errors);
        if !reply.status.is_success() && !is_absent {
            return Err(self.refused(&reply, key));
        }
        let number = match number {
            Some(number) => number,
            None if is_absent => 0,
            None => return Err(format!("{} is not of kv version 2", self.address.mount).into()),
        };
        let body: Body = serde_json::from_slice(&reply.text)?;
        let data = body.data.and_then(|data| data.data).unwrap_or_default();
        let read = data.read(&self.address.field);
        let (secret, mark) = read.map_err(|cause| format!("{}: {cause}", self.describe(key)))?;
        Ok(Found { secret, mark, version: Version { number, data } })
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
        let data = found.version.data.with(&self.address.field, secret, &mark);
        let data = data.map_err(PutError::NotStored)?;
        let body = Write { options: Options { cas: found.version.number }, data };
        let url = self.url(key).map_err(PutError::NotStored)?;
        let reply = self.client.post(&url, &body).await;
        let reply = reply.map_err(not_confirmed)?;
        let is_lost = || {
            let errors = reply.body.get("errors").map(Value::to_string).unwrap_or_default();
            reply.status == StatusCode::BAD_REQUEST && errors.contains("check-and-set")
        };
        if reply.status.is_success() {
            // Version 1 of the engine stores anything, and returns nothing.
            return match reply.body.pointer("/data/version").and_then(Value::as_u64) {
                Some(_) => Ok(true),
                None => Err(PutError::Unknown(self.refused(&reply, key))),
            };
        }
        match reply.status {
            _ if is_lost() => Ok(false),
            status if status.is_client_error() => {
                Err(PutError::NotStored(self.refused(&reply, key)))
            }
            _ => Err(PutError::Unknown(self.refused(&reply, key))),
        }
    }
}

/// Why a write has no response.
fn not_confirmed(no: NoReply) -> PutError {
    if no.is_sent { PutError::Unknown(no.cause) } else { PutError::NotStored(no.cause) }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::Address;

    #[test]
    fn a_mount_and_a_path_are_required_and_a_field_is_not() {
        let parse = |text| Address::parse(text).unwrap();
        let parts = |text| {
            let Address { mount, path, field } = parse(text);
            (mount, path, field)
        };
        let owned = |mount: &str, path: &str, field: &str| {
            (mount.to_owned(), path.to_owned(), field.to_owned())
        };
        assert_eq!(parts("secret/a/{name}"), owned("secret", "a/{name}", "api_key"));
        assert_eq!(parts("kv/a#token"), owned("kv", "a", "token"));
        for text in ["secret", "secret/", "secret//a", "secret/../sys", "secret/a#"] {
            Address::parse(text).unwrap_err();
        }
    }
}
