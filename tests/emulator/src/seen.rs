//! The log of requests that reached the server, for tests to look at.

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, Method, Version};

/// A request that the server has read to its end.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SeenRequest {
    /// Its method.
    pub method: Method,
    /// Path and query exactly as they were sent.
    pub path_and_query: String,
    /// Its headers, credentials included.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Bytes,
    /// Whether it changed anything, whatever its sender was told.
    pub committed: bool,
    /// Which connection it came on, counted from 0: equal numbers mean a reused connection.
    pub connection: u64,
    /// Its HTTP version.
    pub version: Version,
}

#[derive(Default)]
pub(crate) struct Log {
    requests: Vec<(u64, SeenRequest)>,
    next: u64,
}

impl Log {
    /// Notes a request and gives it a number, which is its own for the server's life.
    pub(crate) fn note(&mut self, parts: &Parts, body: &Bytes, connection: u64) -> u64 {
        let path_and_query = parts.uri.path_and_query();
        let request = SeenRequest {
            method: parts.method.clone(),
            path_and_query: path_and_query.map(ToString::to_string).unwrap_or_default(),
            headers: parts.headers.clone(),
            body: body.clone(),
            committed: false,
            connection,
            version: parts.version,
        };
        let number = self.next;
        self.next += 1;
        self.requests.push((number, request));
        number
    }

    /// Notes that a request changed something, unless the log was cleared meanwhile.
    pub(crate) fn note_commit(&mut self, number: u64) {
        let noted = self.requests.iter_mut().rev().find(|(own, _)| *own == number);
        if let Some((_, request)) = noted {
            request.committed = true;
        }
    }

    pub(crate) fn requests(&self) -> Vec<SeenRequest> {
        self.requests.iter().map(|(_, request)| request.clone()).collect()
    }

    pub(crate) fn clear(&mut self) {
        self.requests.clear();
    }
}
