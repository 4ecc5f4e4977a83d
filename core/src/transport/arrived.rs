//! What arrived of a response.

use bytes::Bytes;
use http::{Response, StatusCode};

use super::head::Head;
#[cfg(feature = "test-util")]
use super::head::ReadHeaders;

/// A response, or the part of one that arrived. The body may contain a secret.
#[derive(Default)]
pub struct Arrived {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: Head,
    /// The body.
    pub body: Bytes,
}

impl From<Response<Bytes>> for Arrived {
    #[inline]
    fn from(response: Response<Bytes>) -> Self {
        let (head, body) = response.into_parts();
        #[cfg_attr(
            not(all(target_family = "wasm", target_os = "unknown")),
            expect(clippy::useless_conversion, reason = "another type on WebAssembly")
        )]
        let headers = head.headers.into();
        Self { status: head.status, headers, body }
    }
}

#[cfg(feature = "test-util")]
impl From<Arrived> for Response<Bytes> {
    fn from(Arrived { status, headers, body }: Arrived) -> Self {
        let mut response = Self::new(body);
        *response.status_mut() = status;
        *response.headers_mut() = headers.map().cloned().unwrap_or_default();
        response
    }
}
