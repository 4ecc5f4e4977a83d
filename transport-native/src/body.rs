//! Reading a body under the exchange's limits on size and pauses.

use std::pin::pin;

use bytes::{Bytes, BytesMut};
use http::Response;
use openrouter_keys_core::{Exchange, TimeoutPhase, TransportError, TransportErrorKind, race};

use crate::failure;

/// How much is reserved on a server's word.
const RESERVED_AT_MOST: usize = 1 << 20;

/// Reads the whole body. One that is or says that it is larger than allowed is
/// given up, and with it the connection. The error has what came of it.
pub(crate) async fn read(
    answer: &mut reqwest::Response,
    exchange: &Exchange,
) -> Result<Response<Bytes>, TransportError> {
    let mut body = Body::Empty;
    let end = read_into(&mut body, answer, exchange).await;
    let mut response = Response::new(body.into_bytes());
    *response.status_mut() = answer.status();
    *response.headers_mut() = std::mem::take(answer.headers_mut());
    match end {
        Ok(()) => Ok(response),
        Err(error) => Err(error.with_answer(response)),
    }
}

async fn read_into(
    body: &mut Body,
    answer: &mut reqwest::Response,
    exchange: &Exchange,
) -> Result<(), TransportError> {
    let status = answer.status();
    let limit = exchange.max_body(status);
    let announced =
        usize::try_from(answer.content_length().unwrap_or_default()).unwrap_or(usize::MAX);
    if announced > limit {
        return Err(exchange.body_too_large(status));
    }
    while let Some(chunk) = next_chunk(answer, exchange).await? {
        if body.len().saturating_add(chunk.len()) > limit {
            return Err(exchange.body_too_large(status));
        }
        *body = std::mem::replace(body, Body::Empty).with(chunk, announced);
    }
    Ok(())
}

async fn next_chunk(
    answer: &mut reqwest::Response,
    exchange: &Exchange,
) -> Result<Option<Bytes>, TransportError> {
    let status = answer.status();
    // The timer is made when the piece is waited for; most pieces are there at once.
    let idle = async { tokio::time::sleep(exchange.idle_timeout()).await };
    let chunk = race(pin!(answer.chunk()), pin!(idle)).await.ok_or_else(|| {
        let kind = TransportErrorKind::Timeout(TimeoutPhase::Idle);
        TransportError::ambiguous(kind).with_status(Some(status))
    })?;
    chunk.map_err(|error| failure::within_the_body(error, status))
}

/// What has come so far. A body in one piece, which most are, is not copied.
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

    fn with(self, chunk: Bytes, announced: usize) -> Self {
        match self {
            Self::Empty => Self::One(chunk),
            Self::One(first) => {
                let mut pieces = BytesMut::with_capacity(
                    announced.min(RESERVED_AT_MOST).max(first.len().saturating_add(chunk.len())),
                );
                pieces.extend_from_slice(&first);
                pieces.extend_from_slice(&chunk);
                Self::Many(pieces)
            }
            Self::Many(mut pieces) => {
                pieces.extend_from_slice(&chunk);
                Self::Many(pieces)
            }
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
