//! Where a Vault server is, and how to log in to it: the same variables as its own command line.

use std::path::Path;
use std::time::{Duration, Instant};

use bytes::Bytes;
use openrouter_keys_core::error::BoxError;
use reqwest::header::HeaderValue;
use reqwest::{Certificate, Client, Method, StatusCode, Url};
use serde::Serialize;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::http::{self, NoReply, Reply, Settings};

const ADDRESS: [&str; 2] = ["BAO_ADDR", "VAULT_ADDR"];
const TOKEN: [&str; 2] = ["BAO_TOKEN", "VAULT_TOKEN"];
const NAMESPACE: [&str; 2] = ["BAO_NAMESPACE", "VAULT_NAMESPACE"];
const CA_CERTIFICATE: [&str; 2] = ["BAO_CACERT", "VAULT_CACERT"];
/// The role of a login with a Kubernetes service account, and where that method is enabled.
const ROLE: [&str; 2] = ["BAO_ROLE", "VAULT_ROLE"];
const ROLE_MOUNT: [&str; 2] = ["BAO_K8S_MOUNT_PATH", "VAULT_K8S_MOUNT_PATH"];
/// Where Kubernetes puts the token of a pod's service account.
const SERVICE_ACCOUNT: &str = "/var/run/secrets/kubernetes.io/serviceaccount/token";

/// How long the token of a login is used: less than servers let one live.
const TOKEN_AGE: Duration = Duration::from_secs(300);

/// A client of one server.
pub(super) struct VaultClient {
    client: Client,
    address: Url,
    namespace: Option<String>,
    /// The role of a login with Kubernetes, and where that method is enabled.
    role: Option<(String, String)>,
    token: Zeroizing<String>,
    /// When a login returned the token.
    logged_in: Option<Instant>,
}

impl VaultClient {
    pub(super) fn new(settings: Settings<'_>) -> Result<Self, BoxError> {
        let Some((variable, address)) = settings.first(&ADDRESS) else {
            return Err("the address of Vault is unknown; set VAULT_ADDR or BAO_ADDR".into());
        };
        let address = http::address(&address, variable)?;
        let roots = match settings.first(&CA_CERTIFICATE) {
            Some((variable, path)) => {
                let problem = |error: &dyn std::fmt::Display| {
                    format!("{} of {variable} cannot be used: {error}", path.as_str())
                };
                let pem = std::fs::read(path.as_str()).map_err(|error| problem(&error))?;
                Certificate::from_pem_bundle(&pem).map_err(|error| problem(&error))?
            }
            None => Vec::new(),
        };
        let mut token = Zeroizing::new(String::new());
        let mut role = None;
        match (settings.first(&TOKEN), settings.text(&ROLE)) {
            (Some((_, given)), _) => token = given,
            (None, Some(name)) => {
                let mount = settings.text(&ROLE_MOUNT);
                role = Some((name, mount.unwrap_or_else(|| "kubernetes".to_owned())));
            }
            (None, None) => token = token_file(settings)?,
        }
        let namespace = settings.text(&NAMESPACE);
        let client = http::client(&address, roots)?;
        Ok(Self { client, address, namespace, role, token, logged_in: None })
    }

    /// The address of this path of the API.
    pub(super) fn url<'a>(
        &self,
        segments: impl IntoIterator<Item = &'a str>,
    ) -> Result<Url, BoxError> {
        let mut url = self.address.clone();
        let mut path = url.path_segments_mut().map_err(|()| "the address has no path")?;
        path.pop_if_empty().push("v1");
        // A path of several segments may be one mount.
        for segment in segments.into_iter().flat_map(|part| part.split('/')) {
            path.push(segment);
        }
        drop(path);
        Ok(url)
    }

    /// Gets a token, if none was given and the last one is old.
    pub(super) async fn log_in(&mut self) -> Result<(), BoxError> {
        let Some((role, mount)) = &self.role else { return Ok(()) };
        if self.logged_in.is_some_and(|at| at.elapsed() < TOKEN_AGE) {
            return Ok(());
        }
        // A login has no token, and not an old one.
        self.token = Zeroizing::default();
        let account = std::fs::read_to_string(SERVICE_ACCOUNT)
            .map_err(|error| format!("{SERVICE_ACCOUNT} cannot be read: {error}"))?;
        let account = Zeroizing::new(account);
        let url = self.url(["auth", mount.as_str(), "login"])?;
        let body = json!({"role": role, "jwt": account.trim()});
        let mut reply = self.post(&url, &body).await?;
        let token = reply.body.pointer_mut("/auth/client_token").map(Value::take);
        let Some(Value::String(token)) = token else {
            let status = reply.status;
            return Err(format!("Vault refused the login with the role {role}: {status}").into());
        };
        self.token = Zeroizing::new(token);
        self.logged_in = Some(Instant::now());
        Ok(())
    }

    pub(super) async fn get(&self, url: &Url) -> Result<Reply, NoReply> {
        self.send(Method::GET, url, None).await
    }

    pub(super) async fn post(&self, url: &Url, body: &impl Serialize) -> Result<Reply, NoReply> {
        let body = serde_json::to_vec(body).map_err(NoReply::before)?;
        self.send(Method::POST, url, Some(body.into())).await
    }

    /// Sends a request; the server's rate limit is obeyed.
    async fn send(&self, method: Method, url: &Url, body: Option<Bytes>) -> Result<Reply, NoReply> {
        let make = || {
            let mut request = self.client.request(method.clone(), url.clone());
            request = request.header("x-vault-request", "true");
            if !self.token.is_empty() {
                let mut token = HeaderValue::from_str(&self.token)
                    .map_err(|_| "the token of Vault has characters that no token has")?;
                token.set_sensitive(true);
                request = request.header("x-vault-token", token);
            }
            if let Some(namespace) = &self.namespace {
                request = request.header("x-vault-namespace", namespace);
            }
            if let Some(body) = body.clone() {
                request = request.header("content-type", "application/json").body(body);
            }
            Ok(request)
        };
        let is_limited = |reply: &Reply| reply.status == StatusCode::TOO_MANY_REQUESTS;
        let is_read = method == Method::GET;
        let is_refused =
            |reply: &Reply| is_limited(reply) || (is_read && reply.status.is_server_error());
        http::send(make, is_refused).await
    }
}

/// The token that `vault login` has left.
fn token_file(settings: Settings<'_>) -> Result<Zeroizing<String>, BoxError> {
    let home = settings.text(&["HOME", "USERPROFILE"]).unwrap_or_default();
    let path = Path::new(&home).join(".vault-token");
    let token = std::fs::read_to_string(&path).map(Zeroizing::new).map_err(|error| {
        let path = path.display();
        format!(
            "set VAULT_TOKEN, BAO_TOKEN or VAULT_ROLE, or log in: {path} cannot be read: {error}"
        )
    })?;
    Ok(Zeroizing::new(token.trim().to_owned()))
}
