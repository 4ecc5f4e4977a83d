//! A response's metadata: status, ids, limits, attempts.

use std::fmt;

use http::StatusCode;

use super::http_date::http_date;
use crate::json::float;
use crate::redact;
use crate::transport::{Head, KnownHeader, ReadHeaders};
use crate::types::Extra;

/// A call's output with the metadata of its response.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Response<T> {
    /// The value.
    pub output: T,
    /// The response's metadata.
    pub meta: Meta,
}

/// A response's metadata.
///
/// `Debug` shows the request ID and no other header.
#[derive(Clone)]
#[non_exhaustive]
pub struct Meta {
    /// The status, such as 200 or 201.
    pub status: StatusCode,
    /// All headers of the response: a `HeaderMap` or, on `wasm32-unknown-unknown`, a type that
    /// dereferences to one.
    pub headers: Head,
    /// How many requests the call took.
    pub attempts: u32,
    /// The top-level fields of the response that are unknown to this version and not part of
    /// the output.
    pub envelope: Extra,
    pub(crate) request_id: Option<Box<str>>,
}

impl Meta {
    /// The server's ID for the request: `x-request-id`, or else `cf-ray`. Secrets that the
    /// server echoes in it are masked.
    pub fn request_id(&self) -> Option<&str> {
        self.request_id.as_deref()
    }

    /// When the server responded, in seconds since 1970 by its own clock.
    pub(crate) fn date(&self) -> Option<i64> {
        self.headers.first(KnownHeader::Date).and_then(http_date)
    }

    /// Cloudflare's ID for the request.
    pub fn cf_ray(&self) -> Option<&str> {
        self.headers.first(KnownHeader::CfRay)
    }

    /// The rate limit, if the response has one.
    pub fn rate_limit(&self) -> RateLimit {
        let number = |name| {
            let number = float(self.headers.first(name)?.trim());
            number.is_finite().then_some(number)
        };
        RateLimit {
            limit: number(KnownHeader::RateLimitLimit),
            remaining: number(KnownHeader::RateLimitRemaining),
            reset: number(KnownHeader::RateLimitReset),
        }
    }
}

impl fmt::Debug for Meta {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Meta")
            .field("status", &self.status)
            .field("request_id", &self.request_id)
            .field("attempts", &self.attempts)
            .field("envelope", &self.envelope)
            .finish_non_exhaustive()
    }
}

/// The rate-limit headers of a response; `None` if missing or not a number.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct RateLimit {
    /// `X-RateLimit-Limit`: requests allowed in the window.
    pub limit: Option<f64>,
    /// `X-RateLimit-Remaining`: requests left in the window.
    pub remaining: Option<f64>,
    /// `X-RateLimit-Reset`: when the window ends, in the server's unit (usually milliseconds
    /// since 1970).
    pub reset: Option<f64>,
}

/// The server's ID for the request, with echoed secrets masked.
pub(crate) fn request_id<'a>(
    headers: &Head,
    secrets: impl FnOnce() -> Vec<&'a str>,
) -> Option<Box<str>> {
    let id = headers.first(KnownHeader::RequestId);
    let id = id.or_else(|| headers.first(KnownHeader::CfRay))?;
    Some(redact::mask(id, &secrets()).into_boxed_str())
}
