//! What a rejection of `fetch` says about how far the request got.

use std::error::Error;
use std::fmt;

use js_sys::Reflect;
use openrouter_keys_core::{TimeoutPhase, TransportError, TransportErrorKind};
use wasm_bindgen::JsValue;

/// How deep a chain of causes is followed.
const DEEPEST: usize = 4;

/// The code of an error whose causes may be about another request.
const UNKNOWN_REACH: &str = "ERR_UNKNOWN_REACH";

/// What JavaScript threw, as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Thrown(String);

impl Thrown {
    /// The texts of what was thrown and of its causes.
    pub fn look(thrown: &JsValue) -> Self {
        let texts: Vec<String> = chain(thrown).iter().filter_map(describe).collect();
        if texts.is_empty() {
            return Self::from("something without a message was thrown");
        }
        Self(texts.join(": "))
    }
}

impl From<&str> for Thrown {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl fmt::Display for Thrown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for Thrown {}

/// The error of what `fetch`, or a function that makes no other request, rejects with.
///
/// A code is believed only where it can mean nothing else than that no request
/// left. The outermost one that is known counts.
pub fn rejected(thrown: &JsValue) -> TransportError {
    let kind = chain(thrown).iter().find_map(|error| {
        let code = text_of(error, "code")?;
        let call = text_of(error, "syscall").unwrap_or_default();
        classify(&code, &call)
    });
    let error = match kind {
        Some((kind, true)) => TransportError::not_sent(kind),
        Some((kind, false)) => TransportError::ambiguous(kind),
        None => TransportError::ambiguous(TransportErrorKind::Other),
    };
    error.with_source(Thrown::look(thrown))
}

/// The same where no code is believed.
pub(crate) fn unknown(thrown: &JsValue) -> TransportError {
    TransportError::ambiguous(TransportErrorKind::Other).with_source(Thrown::look(thrown))
}

/// The kind of failure behind a code of Node, undici or Bun, and whether the
/// request surely stayed here.
fn classify(code: &str, system_call: &str) -> Option<(TransportErrorKind, bool)> {
    const CERTIFICATE: [&str; 5] =
        ["CERT_", "ERR_TLS_CERT_", "UNABLE_TO_", "SELF_SIGNED_CERT", "DEPTH_ZERO_SELF_SIGNED"];
    Some(match code {
        UNKNOWN_REACH => (TransportErrorKind::Other, false),
        "ENOTFOUND" | "EAI_AGAIN" | "EAI_NODATA" | "EAI_NONAME" => (TransportErrorKind::Dns, true),
        "ECONNREFUSED" | "ConnectionRefused" | "FailedToOpenSocket" => {
            (TransportErrorKind::Connect, true)
        }
        "UND_ERR_CONNECT_TIMEOUT" => (TransportErrorKind::Timeout(TimeoutPhase::Connect), true),
        // The same codes come from a connection that broke later.
        "EHOSTUNREACH" | "ENETUNREACH" | "EADDRNOTAVAIL" | "EACCES" if system_call == "connect" => {
            (TransportErrorKind::Connect, true)
        }
        "ETIMEDOUT" if system_call == "connect" => {
            (TransportErrorKind::Timeout(TimeoutPhase::Connect), true)
        }
        "UND_ERR_HEADERS_TIMEOUT" => (TransportErrorKind::Timeout(TimeoutPhase::Attempt), false),
        "UND_ERR_BODY_TIMEOUT" => (TransportErrorKind::Timeout(TimeoutPhase::Idle), false),
        "ECONNRESET" | "EPIPE" | "UND_ERR_SOCKET" | "ConnectionClosed" => {
            (TransportErrorKind::Disconnected, false)
        }
        "UND_ERR_HEADERS_OVERFLOW" => (TransportErrorKind::Protocol, false),
        _ if CERTIFICATE.iter().any(|prefix| code.starts_with(prefix)) => {
            (TransportErrorKind::Tls, true)
        }
        // Since TLS 1.3 an alert can come after the request.
        _ if code.starts_with("ERR_SSL_") => (TransportErrorKind::Tls, false),
        _ if code.starts_with("HPE_") => (TransportErrorKind::Protocol, false),
        _ => return None,
    })
}

/// What was thrown, its cause, the cause of that.
fn chain(thrown: &JsValue) -> Vec<JsValue> {
    let cause = |error: &JsValue| Reflect::get(error, &"cause".into()).ok();
    let there = |error: &JsValue| !error.is_undefined() && !error.is_null();
    std::iter::successors(Some(thrown.clone()).filter(there), |error| cause(error).filter(there))
        .take(DEEPEST)
        .collect()
}

fn describe(error: &JsValue) -> Option<String> {
    error.as_string().or_else(|| {
        let message = text_of(error, "message").filter(|message| !message.is_empty());
        message.or_else(|| text_of(error, "code")).or_else(|| text_of(error, "name"))
    })
}

/// A property that is a text. Whatever a getter or a proxy does, it ends here.
fn text_of(error: &JsValue, name: &str) -> Option<String> {
    Reflect::get(error, &name.into()).ok()?.as_string()
}
