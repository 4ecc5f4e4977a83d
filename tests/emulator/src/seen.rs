//! The log of requests that reached the server, for tests to inspect.

use std::collections::VecDeque;

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, Method, Version};

/// The default number of requests kept.
pub(crate) const KEPT: usize = 10_000;

/// The limit in bytes of headers and bodies, whatever the count.
const KEPT_BYTES: usize = 64 * 1024 * 1024;

/// A request that the server read in full.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SeenRequest {
    /// Its method.
    pub method: Method,
    /// The path and query exactly as sent.
    pub path_and_query: String,
    /// Its headers, credentials included.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Bytes,
    /// Whether it changed anything, whatever the response said.
    pub committed: bool,
    /// The connection it arrived on, counted from 0; equal numbers mean a reused connection.
    pub connection: u64,
    /// Its HTTP version.
    pub version: Version,
}

impl SeenRequest {
    fn size(&self) -> usize {
        let headers = self.headers.iter().map(|(name, value)| name.as_str().len() + value.len());
        self.path_and_query.len() + self.body.len() + headers.sum::<usize>()
    }
}

pub(crate) struct Log {
    /// Oldest first; the last one has the number `next - 1`.
    requests: VecDeque<SeenRequest>,
    next: u64,
    capacity: usize,
    bytes: usize,
    dropped: u64,
}

impl Log {
    pub(crate) fn new(capacity: usize) -> Self {
        Self { requests: VecDeque::new(), next: 0, capacity, bytes: 0, dropped: 0 }
    }

    /// Logs a request and returns a number that is unique for the life of the server.
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
        self.bytes += request.size();
        self.requests.push_back(request);
        while self.requests.len() > self.capacity || self.bytes > KEPT_BYTES {
            let Some(oldest) = self.requests.pop_front() else { break };
            self.bytes -= oldest.size();
            self.dropped += 1;
        }
        number
    }

    /// Records that a request changed something, if it is still in the log.
    pub(crate) fn note_commit(&mut self, number: u64) {
        let from_the_end = usize::try_from(self.next - number).ok();
        let index = from_the_end.and_then(|back| self.requests.len().checked_sub(back));
        if let Some(request) = index.and_then(|index| self.requests.get_mut(index)) {
            request.committed = true;
        }
    }

    pub(crate) fn requests(&self) -> Vec<SeenRequest> {
        self.requests.iter().cloned().collect()
    }

    /// How many requests were dropped since the log was last cleared.
    pub(crate) fn dropped(&self) -> u64 {
        self.dropped
    }

    pub(crate) fn clear(&mut self) {
        self.requests.clear();
        (self.bytes, self.dropped) = (0, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note(log: &mut Log, body: &Bytes) -> u64 {
        let (parts, ()) = http::Request::new(()).into_parts();
        log.note(&parts, body, 0)
    }

    #[test]
    fn the_oldest_requests_are_dropped_for_new_ones() {
        let mut log = Log::new(2);
        let numbers = ["a", "b", "c"].map(|body| note(&mut log, &Bytes::from(body)));
        log.note_commit(numbers[0]);
        log.note_commit(numbers[2]);
        let seen: Vec<_> = log.requests().into_iter().map(|r| (r.body, r.committed)).collect();
        assert_eq!(seen, [(Bytes::from("b"), false), (Bytes::from("c"), true)]);
        assert_eq!(log.dropped(), 1);
        log.clear();
        log.note_commit(numbers[2]);
        assert_eq!((log.requests().len(), log.dropped()), (0, 0));
    }

    #[test]
    fn large_requests_count_by_their_bytes() {
        let mut log = Log::new(KEPT);
        for _ in 0..100 {
            note(&mut log, &Bytes::from(vec![b' '; 1024 * 1024]));
        }
        assert_eq!(log.requests().len(), 63);
        assert!(log.bytes <= KEPT_BYTES);
    }

    #[test]
    fn a_log_can_be_limited_to_no_requests() {
        let mut log = Log::new(0);
        let number = note(&mut log, &Bytes::new());
        log.note_commit(number);
        assert_eq!((log.requests().len(), log.dropped()), (0, 1));
    }
}
