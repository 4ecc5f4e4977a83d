//! Calls of AWS Secrets Manager, signed with the credentials of the environment.

use std::sync::Arc;

use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey, AwsAuthorizer, AwsCredentialProvider};
use object_store::client::HttpRequest;
use openrouter_keys_core::error::BoxError;
use reqwest::{Client, Url};
use serde_json::Value;
use zeroize::Zeroizing;

use super::http::{self, NoReply, Reply, Settings};

const ENDPOINT: [&str; 2] = ["AWS_ENDPOINT_URL_SECRETS_MANAGER", "AWS_ENDPOINT_URL"];
const REGION: [&str; 2] = ["AWS_REGION", "AWS_DEFAULT_REGION"];
const SERVICE: &str = "secretsmanager";
/// Where credentials come from: given ones, a web identity, a container, an instance.
const CREDENTIALS: [&str; 11] = [
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_ROLE_ARN",
    "AWS_ROLE_SESSION_NAME",
    "AWS_ENDPOINT_URL_STS",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
    "AWS_METADATA_ENDPOINT",
];
/// The service is too busy, and has not processed the request.
const BUSY: [&str; 5] = [
    "ThrottlingException",
    "Throttling",
    "TooManyRequestsException",
    "RequestLimitExceeded",
    "SlowDown",
];

pub(super) struct AwsClient {
    client: Client,
    endpoint: Url,
    region: String,
    credentials: AwsCredentialProvider,
}

/// A call that was not successful.
pub(super) struct Refused {
    /// The service's name of the error; empty if it did not respond.
    kind: String,
    message: String,
    /// Whether it may have taken effect.
    pub(super) is_unknown: bool,
}

impl Refused {
    pub(super) fn is(&self, kind: &str) -> bool {
        self.kind == kind
    }

    pub(super) fn into_cause(self) -> String {
        if self.kind.is_empty() { self.message } else { format!("{}: {}", self.kind, self.message) }
    }
}

impl From<NoReply> for Refused {
    fn from(no: NoReply) -> Self {
        Self { kind: String::new(), message: no.cause.to_string(), is_unknown: no.is_sent }
    }
}

impl AwsClient {
    /// Looks for the credentials that any client of AWS finds, but for profiles. The region may be
    /// in the secret's name, if that is an ARN.
    pub(super) fn new(name: &str, settings: Settings<'_>) -> Result<Self, BoxError> {
        let region = match name.strip_prefix("arn:") {
            Some(rest) => rest.split(':').nth(2).map(str::to_owned),
            None => settings.text(&REGION),
        };
        let region = region.ok_or("the region of AWS is unknown; set AWS_REGION")?;
        let suffix = if region.starts_with("cn-") { ".cn" } else { "" };
        let usual = format!("https://{SERVICE}.{region}.amazonaws.com{suffix}/");
        let (variable, endpoint) =
            settings.first(&ENDPOINT).unwrap_or(("the region", Zeroizing::new(usual)));
        let endpoint = http::address(&endpoint, variable)?;
        // Any bucket: only the credentials are used.
        let mut store = AmazonS3Builder::new().with_bucket_name("unused").with_region(&region);
        for name in CREDENTIALS {
            if let Some((_, value)) = settings.first(&[name]) {
                let key: AmazonS3ConfigKey = name.to_ascii_lowercase().parse()?;
                store = store.with_config(key, value.as_str());
            }
        }
        let credentials = Arc::clone(store.build()?.credentials());
        let client = http::client(&endpoint, Vec::new())?;
        Ok(Self { client, endpoint, region, credentials })
    }

    pub(super) async fn call(&self, operation: &str, body: &Value) -> Result<Value, Refused> {
        let credential = self.credentials.get_credential().await.map_err(|error| {
            NoReply::before(format!("there are no credentials for AWS: {error}"))
        })?;
        let body = serde_json::to_vec(body).map_err(NoReply::before)?;
        let make = || {
            // Signed again for each attempt: a signature has a time.
            let mut request: HttpRequest = ::http::Request::builder()
                .method("POST")
                .uri(self.endpoint.as_str())
                .header("content-type", "application/x-amz-json-1.1")
                .header("x-amz-target", format!("{SERVICE}.{operation}"))
                .body(body.clone().into())?;
            AwsAuthorizer::new(&credential, SERVICE, &self.region)
                .try_authorize(&mut request, None)?;
            let headers = std::mem::take(request.headers_mut());
            Ok(self.client.post(self.endpoint.clone()).headers(headers).body(body.clone()))
        };
        let is_read = operation == "GetSecretValue";
        let is_busy = |reply: &Reply| {
            let is_down = reply.status.is_server_error();
            BUSY.contains(&kind(reply)) || (is_read && is_down)
        };
        let reply = http::send(make, is_busy).await?;
        if reply.status.is_success() {
            return Ok(reply.body);
        }
        let message = ["message", "Message"].iter().find_map(|name| reply.body.get(name)?.as_str());
        let message = message.map_or_else(|| reply.status.to_string(), str::to_owned);
        let is_unknown = !reply.status.is_client_error();
        Err(Refused { kind: kind(&reply).to_owned(), message, is_unknown })
    }
}

/// The service's name of an error.
fn kind(reply: &Reply) -> &str {
    let kind = reply.body.get("__type").and_then(Value::as_str).unwrap_or_default();
    kind.rsplit('#').next().unwrap_or_default()
}
