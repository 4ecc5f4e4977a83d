//! The body of a create, which notices whether its request began to leave.
//!
//! hyper asks a body for its end right before it writes the head, and for its bytes right after,
//! both only once there is a connection. A request that is abandoned before that was not sent,
//! and the gate ensures that it never will be: a connection task on another thread may be about
//! to write it.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use openrouter_keys_core::transport::SendContext;

const WAITING: u8 = 0;
const LEAVING: u8 = 1;
const SHUT: u8 = 2;

/// The gate of one request.
#[derive(Clone)]
pub(crate) struct Gate(Arc<AtomicU8>);

impl Gate {
    /// Puts a gate before a body.
    pub(crate) fn before(body: Bytes) -> (Self, reqwest::Body) {
        let gate = Self(Arc::new(AtomicU8::new(WAITING)));
        let gated = Gated { body: Some(body), gate: gate.clone() };
        (gate, reqwest::Body::wrap(gated))
    }

    /// Shuts the gate. Returns whether nothing has left, and so never will.
    pub(crate) fn shut(&self) -> bool {
        self.pass(SHUT) != LEAVING
    }

    /// Lets the request leave, unless the gate is shut.
    fn open(&self) -> bool {
        self.pass(LEAVING) != SHUT
    }

    /// Changes the state unless it was already changed, and returns it.
    fn pass(&self, next: u8) -> u8 {
        let changed = self.0.compare_exchange(WAITING, next, Ordering::AcqRel, Ordering::Acquire);
        changed.map_or_else(|state| state, |_| next)
    }
}

/// Shuts a gate when dropped, and records if nothing has left.
pub(crate) struct ShutsOnDrop<'a> {
    pub(crate) gate: Option<Gate>,
    pub(crate) context: &'a SendContext,
}

impl ShutsOnDrop<'_> {
    /// Shuts the gate. Returns whether there is one and nothing has left.
    pub(crate) fn shut(&self) -> bool {
        self.gate.as_ref().is_some_and(Gate::shut)
    }
}

impl Drop for ShutsOnDrop<'_> {
    fn drop(&mut self) {
        if self.shut() {
            self.context.saw_nothing_sent();
        }
    }
}

struct Gated {
    body: Option<Bytes>,
    gate: Gate,
}

impl Body for Gated {
    type Data = Bytes;
    type Error = Shut;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Shut>>> {
        if !self.gate.open() {
            return Poll::Ready(Some(Err(Shut)));
        }
        Poll::Ready(self.body.take().map(|body| Ok(Frame::data(body))))
    }

    fn is_end_stream(&self) -> bool {
        self.gate.open();
        self.body.is_none()
    }

    /// Exact, so that the request has a `Content-Length`.
    fn size_hint(&self) -> SizeHint {
        let length = self.body.as_ref().map_or(0, Bytes::len);
        SizeHint::with_exact(u64::try_from(length).unwrap_or(u64::MAX))
    }
}

/// The request was abandoned before it left.
#[derive(Debug)]
struct Shut;

impl fmt::Display for Shut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the request was abandoned before it was sent")
    }
}

impl std::error::Error for Shut {}

#[cfg(test)]
mod tests {
    use std::pin::Pin;
    use std::task::{Context, Poll, Waker};

    use bytes::Bytes;
    use hyper::body::Body;

    use super::Gate;

    fn polled(body: &mut reqwest::Body) -> Option<bool> {
        match Pin::new(body).poll_frame(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(frame) => frame.map(|frame| frame.is_ok()),
            Poll::Pending => None,
        }
    }

    #[test]
    fn a_body_that_was_not_polled_has_not_left_and_never_will() {
        let (gate, mut body) = Gate::before(Bytes::from_static(b"{}"));
        assert_eq!(body.size_hint().exact(), Some(2));
        assert!(gate.shut() && gate.shut());
        assert!(!body.is_end_stream());
        assert_eq!(polled(&mut body), Some(false));
        assert!(gate.shut());
    }

    #[test]
    fn a_body_counts_as_left_once_the_head_may_be_written() {
        let (gate, mut body) = Gate::before(Bytes::from_static(b"{}"));
        assert!(!body.is_end_stream());
        assert!(!gate.shut());
        assert_eq!(polled(&mut body), Some(true));
        assert_eq!(polled(&mut body), None);
        assert!(body.is_end_stream() && !gate.shut());
    }
}
