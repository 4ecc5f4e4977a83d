//! Requests to secret managers: never redirected, never longer than 20 seconds.

use std::time::Duration;

use openrouter_keys_core::error::BoxError;
use openrouter_keys_core::internal::is_loopback;
use reqwest::header::RETRY_AFTER;
use reqwest::redirect::Policy;
use reqwest::{Certificate, Client, RequestBuilder, StatusCode, Url};
use serde_json::Value;
use zeroize::Zeroizing;

const CONNECTING: Duration = Duration::from_secs(5);
const TIMEOUT: Duration = Duration::from_secs(20);
/// How often a request is sent that the server refuses for now.
const ATTEMPTS: u32 = 4;
/// The longest pause that a server is granted.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// A response, whatever its status.
pub(super) struct Reply {
    pub(super) status: StatusCode,
    /// The JSON of the body; `Null` if it has none.
    pub(super) body: Value,
    /// The body as it was received.
    #[cfg(feature = "vault")]
    pub(super) text: bytes::Bytes,
}

/// Why a request got no response.
#[derive(Debug)]
pub(super) struct NoReply {
    pub(super) cause: BoxError,
    /// Whether the server may have processed the request.
    pub(super) is_sent: bool,
}

impl NoReply {
    pub(super) fn before(cause: impl Into<BoxError>) -> Self {
        Self { cause: cause.into(), is_sent: false }
    }
}

impl From<NoReply> for BoxError {
    fn from(no: NoReply) -> Self {
        no.cause
    }
}

/// A client of this server that trusts these certificates too.
pub(super) fn client(server: &Url, roots: Vec<Certificate>) -> Result<Client, BoxError> {
    let mut builder = Client::builder()
        .redirect(Policy::none())
        .retry(reqwest::retry::never())
        .connect_timeout(CONNECTING)
        .timeout(TIMEOUT);
    // Plain HTTP is for this machine only, and a proxy is not on it.
    if server.scheme() == "http" {
        builder = builder.no_proxy();
    }
    if !roots.is_empty() {
        builder = builder.tls_certs_merge(roots);
    }
    Ok(builder.build()?)
}

/// Reads the address of a server from the variable that has it. Plain HTTP would show the secret
/// to everybody on the way.
pub(super) fn address(text: &str, variable: &str) -> Result<Url, BoxError> {
    let url =
        Url::parse(text.trim()).map_err(|error| format!("{variable} is not a URL: {error}"))?;
    let is_safe = match url.scheme() {
        "https" => true,
        "http" => url.host_str().is_some_and(is_loopback),
        _ => return Err(format!("{variable} is not the URL of a server").into()),
    };
    if !is_safe {
        let message = format!("{variable} is a plain http URL of another machine; use https");
        return Err(message.into());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(format!("{variable} contains a user name or password; remove it").into());
    }
    Ok(url)
}

/// Sends a request, and sends it again while `is_refused` says that the server has not processed
/// it and may later.
pub(super) async fn send(
    make: impl Fn() -> Result<RequestBuilder, BoxError>,
    is_refused: impl Fn(&Reply) -> bool,
) -> Result<Reply, NoReply> {
    let mut pause = Duration::from_millis(200);
    for attempt in 1.. {
        let request = make().map_err(NoReply::before)?;
        let is_last = attempt == ATTEMPTS;
        match once(request).await {
            Ok((reply, wait)) if !is_last && is_refused(&reply) => {
                tokio::time::sleep(wait.unwrap_or(pause).min(LONGEST_PAUSE)).await;
            }
            Ok((reply, _)) => return Ok(reply),
            Err(no) if is_last || no.is_sent => return Err(no),
            Err(_) => tokio::time::sleep(pause).await,
        }
        pause = pause.saturating_mul(3);
    }
    Err(NoReply::before("no attempt was made"))
}

async fn once(request: RequestBuilder) -> Result<(Reply, Option<Duration>), NoReply> {
    let (client, request) = request.build_split();
    let request = request.map_err(|error| NoReply::before(without_url(error)))?;
    let server = request.url().origin().ascii_serialization();
    let failed = |error: reqwest::Error| {
        let is_sent = !(error.is_connect() || error.is_builder());
        let cause = format!("{server} did not respond: {}", without_url(error));
        NoReply { cause: cause.into(), is_sent }
    };
    let response = client.execute(request).await.map_err(failed)?;
    let status = response.status();
    let wait = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
    let wait = wait.and_then(|seconds| seconds.parse().ok()).map(Duration::from_secs);
    let body = response.bytes().await;
    let body = body.map_err(|error| NoReply { is_sent: true, ..failed(error) })?;
    let reply = Reply {
        status,
        body: serde_json::from_slice(&body).unwrap_or_default(),
        #[cfg(feature = "vault")]
        text: body,
    };
    Ok((reply, wait))
}

/// An error and its causes.
fn without_url(error: reqwest::Error) -> BoxError {
    let error = error.without_url();
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(&error);
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text.into()
}

/// Where settings come from: the environment, unless the caller has others.
#[derive(Clone, Copy)]
pub(super) struct Settings<'a>(pub(super) &'a (dyn Fn(&str) -> Option<String> + 'a));

impl Settings<'_> {
    /// The first of these variables that is set and not empty: its name and its value.
    pub(super) fn first(self, names: &[&'static str]) -> Option<(&'static str, Zeroizing<String>)> {
        names.iter().find_map(|name| {
            let value = Zeroizing::new((self.0)(name)?);
            let value = Zeroizing::new(value.trim().to_owned());
            (!value.is_empty()).then_some((*name, value))
        })
    }

    /// The same for a value that is not secret.
    pub(super) fn text(self, names: &[&'static str]) -> Option<String> {
        self.first(names).map(|(_, value)| value.to_string())
    }
}
