//! What is checked with the server: the way to it, the clock, the key, the shape of responses.

use std::collections::BTreeSet;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Request, header};
use openrouter_keys_native::config::CallOptions;
use openrouter_keys_native::error::{TransportError, TransportErrorKind};
use openrouter_keys_native::transport::{SendContext, Transport as _};
use openrouter_keys_native::{Client, Error, List, NativeTransport, RetryPolicy};

use super::Findings;
use super::local::Account;
use crate::app::App;
use crate::failure::Failure;
use crate::{text, units};

/// A clock that is off by more changes which keys count as expired.
const TOLERATED_SECONDS: u64 = 60;
/// Each request of the doctor ends within this time.
const PATIENCE: Duration = Duration::from_secs(15);

pub(super) async fn check(app: &App, account: Account, findings: &mut Findings) {
    let Account { url, key } = account;
    let is_reached = reach(app, &url.to_string(), findings).await;
    let Some(key) = key.filter(|_| is_reached) else { return };
    match app.client_of(key, Some(url)) {
        Ok(client) => ask(&client, findings).await,
        Err(failure) => findings.problem("management key", failure.message, ""),
    }
}

/// A request without a key: any response shows that the server can be reached.
async fn reach(app: &App, url: &str, findings: &mut Findings) -> bool {
    let request = Request::get(format!("{url}/key")).body(Bytes::new());
    let (Ok(transport), Ok(request)) = (NativeTransport::new(), request) else {
        findings.problem("server", "no request can be made", "");
        return false;
    };
    let context = SendContext::default();
    let sending = tokio::time::timeout(PATIENCE, transport.send(request, &context));
    let outcome = app.waiting.during(&format!("waiting for {url}"), sending).await;
    let response = match outcome {
        Ok(Ok(response)) => response,
        Ok(Err(error)) => {
            unreached(&error, findings);
            return false;
        }
        Err(_) => {
            let detail = format!("no response within {}", units::roughly(PATIENCE.as_secs()));
            findings.problem("server", detail, "check the network and the proxy");
            return false;
        }
    };
    findings.ok("server", format!("responds (status {})", response.status().as_u16()));
    if url.starts_with("https:") {
        findings.ok("TLS", "the certificate is trusted");
    } else {
        findings.ok("TLS", "not used: the server is on this machine");
    }
    clock(response.headers(), findings);
    true
}

fn unreached(error: &TransportError, findings: &mut Findings) {
    let (check, advice) = match error.kind() {
        TransportErrorKind::Tls => (
            "TLS",
            "if a proxy of your network inspects TLS, add its certificate to the system's store",
        ),
        TransportErrorKind::Dns => ("server", "check the name in the base URL and the resolver"),
        TransportErrorKind::Proxy => ("proxy", "check the proxy's address, user and password"),
        _ => ("server", "check the network, the base URL and the proxy"),
    };
    findings.problem(check, text::visible(&error.to_string()), advice);
}

fn clock(headers: &HeaderMap, findings: &mut Findings) {
    let date = headers.get(header::DATE).and_then(|date| date.to_str().ok());
    let server = date.and_then(|date| jiff::fmt::rfc2822::parse(date).ok());
    let Some(server) = server.map(|server| server.timestamp().as_second()) else {
        findings.warning("clock", "the server does not say its time", "");
        return;
    };
    let now = units::now();
    let off = now.abs_diff(server);
    if off <= TOLERATED_SECONDS {
        findings.ok("clock", "agrees with the server's");
        return;
    }
    let which = if now > server { "ahead of" } else { "behind" };
    let detail = format!("{} {which} the server's", units::roughly(off));
    findings.problem("clock", detail, "set this machine's clock, for example with NTP");
}

/// The kind of the key, and what the server sends that this version does not know.
async fn ask(client: &Client, findings: &mut Findings) {
    let options = CallOptions::new().timeout(PATIENCE).retry(RetryPolicy::none());
    let mut unknown = BTreeSet::new();
    match client.get_current_key_metadata().options(options.clone()).await {
        Ok(key) => {
            match key.manages_keys() {
                Some(true) => findings.ok("key kind", "a management key"),
                None => findings.warning("key kind", "the server does not say it", ""),
                Some(false) => findings.problem(
                    "key kind",
                    "an inference key, which cannot manage keys",
                    "create a management key at https://openrouter.ai/settings/management-keys",
                ),
            }
            unknown.extend(key.extra.iter().map(|(name, _)| format!("key.{name}")));
            unknown.extend(key.unexpected_fields().map(|name| format!("key.{name} (its type)")));
        }
        Err(error) => return refused("key kind", error, findings),
    }
    let list = List::new().include_disabled(true).include_expired(true);
    match client.list(list).options(options).await {
        Ok(page) => {
            unknown.extend(page.extra.iter().map(|(name, _)| format!("list.{name}")));
            for key in &page.data {
                unknown.extend(key.extra.iter().map(|(name, _)| format!("keys.{name}")));
                unknown
                    .extend(key.unexpected_fields().map(|name| format!("keys.{name} (its type)")));
            }
            drift(&unknown, findings);
        }
        Err(error) => refused("listing", error, findings),
    }
}

fn refused(check: &'static str, error: Error, findings: &mut Findings) {
    let Failure { message, .. } = error.into();
    findings.problem(check, message, "store a valid management key: openrouter-keys auth login");
}

fn drift(unknown: &BTreeSet<String>, findings: &mut Findings) {
    if unknown.is_empty() {
        findings.ok("drift", "this version knows every field of the responses");
        return;
    }
    let names: Vec<_> = unknown.iter().map(|name| text::visible(name)).collect();
    let detail = format!("fields that this version does not know: {}", names.join(", "));
    findings.warning(
        "drift",
        detail,
        "they are kept and shown by --json; look for a newer version",
    );
}
