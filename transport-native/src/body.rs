//! Reading a body within the limits on size and pauses.

use std::pin::pin;

use bytes::{Bytes, BytesMut};
use http::Response;
use openrouter_keys_core::error::{TimeoutPhase, TransportError, TransportErrorKind};
use openrouter_keys_core::internal::race;
use openrouter_keys_core::transport::SendContext;

use crate::{coding, failure};

/// The most, in bytes, that is reserved because of a `Content-Length`.
const RESERVED_AT_MOST: usize = 1 << 20;

/// Reads the whole body. One that is larger than allowed is abandoned with its connection. The
/// error has the part that arrived.
pub(crate) async fn read(
    response: &mut reqwest::Response,
    context: &SendContext,
) -> Result<Response<Bytes>, TransportError> {
    let mut reading = Reading { response, context, body: Body::Empty, is_over: false };
    let end = reading.run().await;
    reading.is_over = true;
    let response = reading.response();
    match end {
        Ok(()) => Ok(response),
        Err(error) => Err(error.with_response(response)),
    }
}

/// Keeps what it has read if it is dropped before the end.
struct Reading<'a> {
    response: &'a mut reqwest::Response,
    context: &'a SendContext,
    body: Body,
    is_over: bool,
}

impl Drop for Reading<'_> {
    fn drop(&mut self) {
        if !self.is_over && self.context.keeps_partial(self.response.status()) {
            let response = self.response();
            self.context.keep_partial(response);
        }
    }
}

impl Reading<'_> {
    async fn run(&mut self) -> Result<(), TransportError> {
        let status = self.response.status();
        let limit = self.context.max_body(status);
        let announced = usize::try_from(self.response.content_length().unwrap_or_default())
            .unwrap_or(usize::MAX);
        let is_too_large = || Err(self.context.body_too_large(status));
        if announced > limit && !self.context.keeps_partial(status) {
            return is_too_large();
        }
        while let Some(mut chunk) = next_chunk(self.response, self.context).await? {
            let room = limit.saturating_sub(self.body.len());
            let is_full = chunk.len() > room || chunk.len() == room && announced > limit;
            chunk.truncate(room);
            self.body.push(chunk, announced.min(limit));
            if is_full {
                return is_too_large();
            }
        }
        Ok(())
    }

    fn response(&mut self) -> Response<Bytes> {
        let mut response =
            Response::new(std::mem::replace(&mut self.body, Body::Empty).into_bytes());
        *response.status_mut() = self.response.status();
        *response.headers_mut() = std::mem::take(self.response.headers_mut());
        if self.context.keeps_partial(response.status()) {
            coding::undo(&mut response, self.context.max_body(self.response.status()));
        }
        response
    }
}

async fn next_chunk(
    response: &mut reqwest::Response,
    context: &SendContext,
) -> Result<Option<Bytes>, TransportError> {
    let status = response.status();
    // The timer is created only if the piece is not there yet, as most are.
    let idle = async { tokio::time::sleep(context.idle_timeout()).await };
    let chunk = race(pin!(response.chunk()), pin!(idle)).await.ok_or_else(|| {
        let kind = TransportErrorKind::Timeout(TimeoutPhase::Idle);
        TransportError::ambiguous(kind).with_status(Some(status))
    })?;
    chunk.map_err(|error| failure::within_the_body(error, status))
}

/// The part that has arrived so far. A body in one piece, as most are, is not copied.
enum Body {
    Empty,
    One(Bytes),
    Many(BytesMut),
}

impl Body {
    fn len(&self) -> usize {
        match self {
            Self::Empty => 0,
            Self::One(piece) => piece.len(),
            Self::Many(pieces) => pieces.len(),
        }
    }

    fn push(&mut self, chunk: Bytes, announced: usize) {
        match self {
            Self::Empty => *self = Self::One(chunk),
            Self::One(first) => {
                let mut pieces = BytesMut::with_capacity(
                    announced.min(RESERVED_AT_MOST).max(first.len().saturating_add(chunk.len())),
                );
                pieces.extend_from_slice(first);
                pieces.extend_from_slice(&chunk);
                *self = Self::Many(pieces);
            }
            Self::Many(pieces) => pieces.extend_from_slice(&chunk),
        }
    }

    fn into_bytes(self) -> Bytes {
        match self {
            Self::Empty => Bytes::new(),
            Self::One(piece) => piece,
            Self::Many(pieces) => pieces.freeze(),
        }
    }
}
