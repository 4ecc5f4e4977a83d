//! What a rejection of `fetch` reveals about whether the request was sent.

use std::error::Error;
use std::fmt;

use js_sys::{Object, Reflect};
use openrouter_keys_core::error::{TimeoutPhase, TransportError, TransportErrorKind};
use wasm_bindgen::{JsCast, JsValue};

/// How deep a chain of causes is followed.
const DEEPEST: usize = 5;

/// Codes of the outermost error that take precedence over all others: the code that set them
/// knew more than the error shows. Its cause gives the kind of failure.
mod proof {
    /// The causes may be about another request.
    pub(super) const UNKNOWN_REACH: &str = "ERR_UNKNOWN_REACH";
    pub(super) const NOT_SENT: &str = "ERR_NOT_SENT";
    /// The server promised that it did not process the request.
    pub(super) const REFUSED: &str = "ERR_REFUSED";
    pub(super) const MAY_BE_SENT: &str = "ERR_MAY_BE_SENT";
}

/// The code of a response whose headers Node does not accept.
const HEADERS: &str = "UND_ERR_HEADERS_OVERFLOW";

const HEADERS_LIMIT: &str = "the response headers are larger than the runtime accepts: in Node, 16 KiB or --max-http-header-size";

/// A thrown JavaScript value, as strings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Thrown(String);

impl Thrown {
    /// The messages of the thrown value and its causes.
    pub fn look(thrown: &JsValue) -> Self {
        let errors = chain(thrown);
        let mut texts: Vec<String> = errors.iter().filter_map(describe).collect();
        if errors.iter().any(|error| text_of(error, "code").as_deref() == Some(HEADERS)) {
            texts.push(HEADERS_LIMIT.to_owned());
        }
        if texts.is_empty() {
            return Self::from("a value without a message was thrown");
        }
        Self(texts.join(": "))
    }

    /// The words of undici, Bun and Deno about a proxy.
    fn is_about_credentials(&self) -> bool {
        ["(407)", "tunnel: 407", "proxy authorization required"]
            .iter()
            .any(|text| self.0.contains(text))
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

/// The error for a rejection of the platform's `fetch`.
///
/// A code or a message is trusted only if it can mean nothing else than that no request left.
/// The outermost known one counts.
pub fn rejected(thrown: &JsValue) -> TransportError {
    let errors = chain(thrown);
    let known = errors.iter().find_map(|error| by_message(error).or_else(|| by_code(error)));
    judged(thrown, known)
}

/// The error for a rejection of a function that makes no other request. How it sends the body
/// is unknown: Deno may send one that is not a stream twice.
pub(crate) fn rejected_by_function(thrown: &JsValue) -> TransportError {
    judged(thrown, chain(thrown).iter().find_map(by_code))
}

/// The error for a rejection whose codes are not trusted.
pub(crate) fn unknown(thrown: &JsValue) -> TransportError {
    TransportError::ambiguous(TransportErrorKind::Other).with_source(Thrown::look(thrown))
}

fn judged(thrown: &JsValue, known: Option<(TransportErrorKind, bool)>) -> TransportError {
    let (kind, stays_here) = known.unwrap_or((TransportErrorKind::Other, false));
    let code = text_of(thrown, "code");
    let error = match code.as_deref() {
        Some(proof::NOT_SENT) => TransportError::not_sent(before_sending(kind)),
        Some(proof::REFUSED) => TransportError::not_sent(TransportErrorKind::Refused),
        Some(proof::MAY_BE_SENT) => TransportError::ambiguous(kind),
        _ if stays_here => TransportError::not_sent(kind),
        _ => return TransportError::ambiguous(kind).with_source(Thrown::look(thrown)),
    };
    // The mark itself means nothing to users.
    let cause = cause_of(thrown).filter(|_| code.is_some_and(|code| is_mark(&code)));
    let seen = Thrown::look(cause.as_ref().unwrap_or(thrown));
    if kind == TransportErrorKind::Proxy && seen.is_about_credentials() {
        error.lasting()
    } else {
        error
    }
    .with_source(seen)
}

fn is_mark(code: &str) -> bool {
    matches!(code, proof::NOT_SENT | proof::REFUSED | proof::MAY_BE_SENT)
}

/// The kind of failure if nothing was sent, from what it would be later on.
fn before_sending(kind: TransportErrorKind) -> TransportErrorKind {
    match kind {
        TransportErrorKind::Dns
        | TransportErrorKind::Tls
        | TransportErrorKind::Proxy
        | TransportErrorKind::Setup
        | TransportErrorKind::Timeout(TimeoutPhase::Connect) => kind,
        _ => TransportErrorKind::Connect,
    }
}

/// The kind of failure behind an error of Node, undici or Bun with a code, and whether the
/// request was definitely not sent.
fn by_code(error: &JsValue) -> Option<(TransportErrorKind, bool)> {
    const CERTIFICATE: [&str; 5] =
        ["CERT_", "ERR_TLS_CERT_", "UNABLE_TO_", "SELF_SIGNED_CERT", "DEPTH_ZERO_SELF_SIGNED"];
    let code = text_of(error, "code")?;
    let system_call = text_of(error, "syscall").unwrap_or_default();
    Some(match (&*code, &*system_call) {
        (proof::UNKNOWN_REACH, _) => (TransportErrorKind::Other, false),
        // A proxy that would see the key, no `fetch`, a header that undici refuses, Node's `--permission`.
        (
            "ERR_PROXY_SEES_KEY" | "ERR_NO_FETCH" | "UND_ERR_INVALID_ARG" | "UND_ERR_NOT_SUPPORTED",
            _,
        )
        | ("ERR_ACCESS_DENIED", "connect" | "getaddrinfo") => (TransportErrorKind::Setup, true),
        ("ENOTFOUND" | "EAI_AGAIN" | "EAI_NODATA" | "EAI_NONAME", _) | (_, "getaddrinfo") => {
            (TransportErrorKind::Dns, true)
        }
        ("UND_ERR_CONNECT_TIMEOUT", _) | ("ETIMEDOUT", "connect") => {
            (TransportErrorKind::Timeout(TimeoutPhase::Connect), true)
        }
        // Some of these codes also come from a connection that broke later.
        ("ECONNREFUSED" | "ConnectionRefused" | "FailedToOpenSocket", _) | (_, "connect") => {
            (TransportErrorKind::Connect, true)
        }
        ("UND_ERR_HEADERS_TIMEOUT", _) => {
            (TransportErrorKind::Timeout(TimeoutPhase::Attempt), false)
        }
        ("UND_ERR_BODY_TIMEOUT", _) => (TransportErrorKind::Timeout(TimeoutPhase::Idle), false),
        ("ECONNRESET" | "EPIPE" | "UND_ERR_SOCKET" | "ConnectionClosed", _) => {
            let text = text_of(error, "message").unwrap_or_default();
            if text == BEFORE_TLS {
                (TransportErrorKind::Connect, true)
            } else {
                (TransportErrorKind::Disconnected, false)
            }
        }
        (HEADERS, _) => (TransportErrorKind::Protocol, false),
        _ if CERTIFICATE.iter().any(|prefix| code.starts_with(prefix)) => {
            (TransportErrorKind::Tls, true)
        }
        // Since TLS 1.3 an alert can come after the request.
        _ if code.starts_with("ERR_SSL_") => (TransportErrorKind::Tls, false),
        _ if code.starts_with("HPE_") => (TransportErrorKind::Protocol, false),
        _ => return None,
    })
}

/// Node's message; its code is that of any reset.
const BEFORE_TLS: &str =
    "Client network socket disconnected before secure TLS connection was established";

/// Like [`by_code`], from the messages of Node and Deno, for errors without a code.
fn by_message(error: &JsValue) -> Option<(TransportErrorKind, bool)> {
    let message = text_of(error, "message")?;
    let is_refused_here = message == "bad port"
        || message.starts_with("Fetch failed: Requests to port ")
        || message.starts_with("Requires net access to ");
    if is_refused_here {
        return Some((TransportErrorKind::Setup, true));
    }
    // From undici and Bun.
    if message.starts_with("Proxy response (")
        || message.starts_with("Proxy refused to open a tunnel")
    {
        return Some((TransportErrorKind::Proxy, true));
    }
    // From h2, in Deno: a refused stream, and one above the last of an orderly GOAWAY.
    if message == "stream error received: refused stream before processing any application logic"
        || message == "connection error received: not a result of an error"
    {
        return Some((TransportErrorKind::Refused, true));
    }
    // No URL contains a space: everything after the first is Deno's message.
    let (_, step) = message.strip_prefix("error sending request for url (")?.split_once("): ")?;
    let reason = step.strip_prefix("client error (Connect): ")?;
    let begins = |starts: &[&str]| starts.iter().any(|start| reason.starts_with(start));
    Some((
        if begins(&["dns error"]) {
            TransportErrorKind::Dns
        } else if begins(&["invalid peer certificate", "received "]) {
            TransportErrorKind::Tls
        } else if begins(&["unsuccessful tunnel", "proxy authorization required"]) {
            TransportErrorKind::Proxy
        } else if begins(&["Requires net access"]) {
            TransportErrorKind::Setup
        } else {
            TransportErrorKind::Connect
        },
        true,
    ))
}

/// The thrown value, its cause, that one's cause, and so on.
fn chain(thrown: &JsValue) -> Vec<JsValue> {
    let first = Some(thrown.clone()).filter(is_there);
    std::iter::successors(first, cause_of).take(DEEPEST).collect()
}

fn cause_of(error: &JsValue) -> Option<JsValue> {
    property(error, "cause").filter(is_there)
}

fn is_there(error: &JsValue) -> bool {
    !error.is_undefined() && !error.is_null()
}

fn describe(error: &JsValue) -> Option<String> {
    error.as_string().or_else(|| {
        let message = text_of(error, "message").filter(|message| !message.is_empty());
        message.or_else(|| text_of(error, "code")).or_else(|| text_of(error, "name"))
    })
}

/// A string property. Whatever a getter or a proxy throws is caught here.
fn text_of(error: &JsValue, name: &str) -> Option<String> {
    property(error, name)?.as_string()
}

/// More prototypes than any class has: a proxy can be its own prototype.
const MOST_CLASSES: u8 = 50;

/// A property of the object or of its class. One that was added to `Object.prototype` says
/// nothing about this error.
fn property(error: &JsValue, name: &str) -> Option<JsValue> {
    let name = name.into();
    let mut holder: Object = error.clone().unchecked_into();
    let mut depth = 0;
    while !has_own(&holder, &name)? {
        depth += 1;
        if depth > MOST_CLASSES {
            return None;
        }
        holder = Reflect::get_prototype_of(&holder).ok()?;
        if holder.is_null() {
            break;
        }
        let is_root = Reflect::get_prototype_of(&holder).ok()?.is_null();
        if is_root && has_own(&holder, &"isPrototypeOf".into())? {
            return None;
        }
    }
    Reflect::get(error, &name).ok()
}

fn has_own(holder: &Object, name: &JsValue) -> Option<bool> {
    let found = Reflect::get_own_property_descriptor(holder, name).ok()?;
    Some(!found.is_undefined())
}
