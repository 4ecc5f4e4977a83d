//! What a failure of reqwest means: how far the request may have got.

use std::error::Error;
use std::fmt;
use std::io;

use http::StatusCode;
use openrouter_keys_core::{TimeoutPhase, TransportError, TransportErrorKind};

use crate::dns::DnsError;

/// A failure before the head of an answer was there.
pub(crate) fn before_the_head(error: reqwest::Error) -> TransportError {
    // Without a connection there was nothing to send on. Everything else may
    // have come after the request was written.
    let failure = if error.is_connect() {
        TransportError::not_sent(connect_kind(&error))
    } else if is_refusal(&error) {
        TransportError::not_sent(TransportErrorKind::Refused)
    } else {
        TransportError::ambiguous(exchange_kind(&error))
    };
    failure.with_source(Cause::of(error))
}

/// A failure while the body was read.
pub(crate) fn within_the_body(error: reqwest::Error, status: StatusCode) -> TransportError {
    TransportError::ambiguous(exchange_kind(&error))
        .with_status(Some(status))
        .with_source(Cause::of(error))
}

/// RFC 9113, 8.7: the server refuses a stream, or names a last stream before it
/// in an orderly GOAWAY, and promises that it did not process the request. A
/// GOAWAY for any other reason promises less.
fn is_refusal(error: &reqwest::Error) -> bool {
    let refuses = |cause: &h2::Error| {
        let reason = cause.reason();
        cause.is_remote()
            && (cause.is_reset() && reason == Some(h2::Reason::REFUSED_STREAM)
                || cause.is_go_away() && reason == Some(h2::Reason::NO_ERROR))
    };
    chain(error).filter_map(|cause| cause.downcast_ref()).any(refuses)
}

fn connect_kind(error: &reqwest::Error) -> TransportErrorKind {
    if error.is_timeout() {
        TransportErrorKind::Timeout(TimeoutPhase::Connect)
    } else if has::<DnsError>(error) {
        TransportErrorKind::Dns
    } else if has::<rustls::Error>(error) {
        TransportErrorKind::Tls
    } else if chain(error).any(|cause| cause.to_string().starts_with("tunnel error")) {
        // hyper-util keeps the type of this one to itself.
        TransportErrorKind::Proxy
    } else {
        TransportErrorKind::Connect
    }
}

fn exchange_kind(error: &reqwest::Error) -> TransportErrorKind {
    if chain(error)
        .filter_map(|cause| cause.downcast_ref::<hyper::Error>())
        .any(hyper::Error::is_parse)
    {
        TransportErrorKind::Protocol
    } else if error.is_timeout() {
        // Of a client of the caller's: ours have no timeout of their own.
        TransportErrorKind::Timeout(TimeoutPhase::Attempt)
    } else {
        TransportErrorKind::Disconnected
    }
}

fn has<E: Error + 'static>(error: &(dyn Error + 'static)) -> bool {
    chain(error).any(<dyn Error>::is::<E>)
}

/// The error and its causes. An `io::Error` hides its inner error from
/// `source`, so that it is asked for it.
fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| match error.downcast_ref::<io::Error>() {
        Some(error) => error.get_ref().map(|inner| -> &'a (dyn Error + 'static) { inner }),
        None => error.source(),
    })
}

/// The innermost cause, whose text says what happened; the layers above it
/// repeat one another, and the topmost would print the URL.
#[derive(Debug)]
pub(crate) struct Cause {
    text: String,
}

impl Cause {
    fn of(error: reqwest::Error) -> Self {
        Self { text: text(&error.without_url()) }
    }
}

/// The text of the innermost cause of an error without a URL.
pub(crate) fn text(error: &reqwest::Error) -> String {
    chain(error).last().map(ToString::to_string).unwrap_or_default()
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Error for Cause {}
