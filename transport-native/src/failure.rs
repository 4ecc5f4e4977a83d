//! The meaning of a reqwest error: whether the request can have reached the server.

use std::error::Error;
use std::fmt;
use std::io;

use http::StatusCode;
use openrouter_keys_core::error::{TimeoutPhase, TransportError, TransportErrorKind};

use crate::dns::DnsError;

/// A failure before the head of a response arrived. With `has_not_left`, the request was
/// definitely not written.
pub(crate) fn before_the_head(error: reqwest::Error, has_not_left: bool) -> TransportError {
    // Without a connection, nothing was sent. Any other failure may have come after the request
    // was written.
    let failure = if error.is_connect() {
        return unconnected(error);
    } else if error.is_builder() {
        TransportError::not_sent(TransportErrorKind::Setup)
    } else if has_not_left {
        TransportError::not_sent(unsent_kind(&error))
    } else if is_refusal(&error) {
        TransportError::not_sent(TransportErrorKind::Refused)
    } else {
        TransportError::ambiguous(exchange_kind(&error))
    };
    failure.with_source(Cause::of(error))
}

/// A failure while reading the body.
pub(crate) fn within_the_body(error: reqwest::Error, status: StatusCode) -> TransportError {
    TransportError::ambiguous(exchange_kind(&error))
        .with_status(Some(status))
        .with_source(Cause::of(error))
}

/// RFC 9113, section 8.7: by refusing the stream, or naming an earlier one as the last in an
/// orderly GOAWAY, the server promises that it did not process the request. A GOAWAY for any
/// other reason promises less.
fn is_refusal(error: &reqwest::Error) -> bool {
    let refuses = |cause: &h2::Error| {
        let reason = cause.reason();
        cause.is_remote()
            && (cause.is_reset() && reason == Some(h2::Reason::REFUSED_STREAM)
                || cause.is_go_away() && reason == Some(h2::Reason::NO_ERROR))
    };
    chain(error).filter_map(|cause| cause.downcast_ref()).any(refuses)
}

/// No connection could be made.
fn unconnected(error: reqwest::Error) -> TransportError {
    let failure = TransportError::not_sent(connect_kind(&error));
    if has_text(&error, rejects_credentials) {
        let problem = "the proxy rejected the credentials, or requires some (407)";
        return failure.lasting().with_source(problem);
    }
    failure.with_source(Cause::of(error))
}

/// A connection was made, but nothing was written to it.
fn unsent_kind(error: &reqwest::Error) -> TransportErrorKind {
    match exchange_kind(error) {
        TransportErrorKind::Timeout(_) => TransportErrorKind::Timeout(TimeoutPhase::Connect),
        _ => TransportErrorKind::Connect,
    }
}

fn connect_kind(error: &reqwest::Error) -> TransportErrorKind {
    if error.is_timeout() {
        TransportErrorKind::Timeout(TimeoutPhase::Connect)
    } else if has::<rustls::Error>(error) || has_text(error, is_of_another_tls) {
        TransportErrorKind::Tls
    } else if has_text(error, is_of_a_proxy) {
        TransportErrorKind::Proxy
    } else if has::<DnsError>(error) || has_text(error, |text| text == "dns error") {
        TransportErrorKind::Dns
    } else {
        TransportErrorKind::Connect
    }
}

// hyper-util does not export the types of these errors, and only a client passed by the caller
// has another TLS backend.

fn is_of_a_proxy(text: &str) -> bool {
    text.starts_with("tunnel error") || text.starts_with("SOCKS error")
}

fn rejects_credentials(text: &str) -> bool {
    text == "tunnel error: proxy authorization required"
        || text.contains("credentials not accepted")
        || text.contains("server does not support user/pass authentication")
}

fn is_of_another_tls(text: &str) -> bool {
    text.contains("SSL routines") || text.contains("ertificate")
}

fn exchange_kind(error: &reqwest::Error) -> TransportErrorKind {
    if chain(error)
        .filter_map(|cause| cause.downcast_ref::<hyper::Error>())
        .any(hyper::Error::is_parse)
    {
        TransportErrorKind::Protocol
    } else if error.is_timeout() {
        // From a client passed by the caller: ours have no timeout.
        TransportErrorKind::Timeout(TimeoutPhase::Attempt)
    } else {
        TransportErrorKind::Disconnected
    }
}

fn has_text(error: &(dyn Error + 'static), is_meant: fn(&str) -> bool) -> bool {
    chain(error).any(|cause| is_meant(&cause.to_string()))
}

fn has<E: Error + 'static>(error: &(dyn Error + 'static)) -> bool {
    chain(error).any(<dyn Error>::is::<E>)
}

/// The error and its causes. `source` of an `io::Error` skips its inner error.
fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| match error.downcast_ref::<io::Error>() {
        Some(error) => error.get_ref().map(|inner| -> &'a (dyn Error + 'static) { inner }),
        None => error.source(),
    })
}

/// The innermost cause, whose message says what happened; the layers above it repeat one
/// another, and the topmost would print the URL.
#[derive(Debug)]
pub(crate) struct Cause {
    text: String,
}

impl Cause {
    fn of(error: reqwest::Error) -> Self {
        Self { text: text(&error.without_url()) }
    }
}

/// The message of the innermost cause of an error without a URL, on one line: some contain a
/// certificate's names.
pub(crate) fn text(error: &reqwest::Error) -> String {
    let text = chain(error).last().map(ToString::to_string).unwrap_or_default();
    let mut shown = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '"' | '\'' | '\\' => shown.push(char),
            _ => shown.extend(char.escape_debug()),
        }
    }
    shown
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Error for Cause {}
