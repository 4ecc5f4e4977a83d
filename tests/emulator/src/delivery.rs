//! How a response travels: whole, cut off, stalled, or not at all.

use std::convert::Infallible;
use std::future::pending;
use std::iter;
use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use futures_util::stream::{self, StreamExt};
use http::header::CONTENT_LENGTH;

use crate::attend::WireResponse;
use crate::connection::{Connection, Ending};
use crate::fault::{Content, Delivery};

/// JSON white space, because it is the hardest body to reject early.
static FILLER: [u8; 64 * 1024] = [b' '; 64 * 1024];

/// How long the bytes before a cut have to leave the machine.
const FLUSHING: Duration = Duration::from_millis(20);

pub(crate) async fn deliver(
    response: WireResponse,
    delivery: Delivery,
    connection: &Connection,
) -> Response {
    let WireResponse { status, headers, content } = response;
    let length = length(&content);
    let (body, announced) = match delivery {
        Delivery::Reset => return ended(connection, Ending::Reset).await,
        Delivery::Closed => return ended(connection, Ending::Close).await,
        Delivery::StalledHeaders => return pending().await,
        Delivery::Whole => match content {
            Content::Bytes(bytes) => (Body::from(bytes), None),
            content => (streamed(chunks(content)), length),
        },
        Delivery::Truncated(at) => (cut(content, at, connection.clone()), length),
        Delivery::TruncatedChunked(at) => (cut(content, at, connection.clone()), None),
        Delivery::StalledBody(at) => (stalled(content, at), length),
    };
    let mut response = Response::new(body);
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    if let Some(length) = announced {
        response.headers_mut().insert(CONTENT_LENGTH, length.into());
    }
    response
}

/// Never returns: the end of the connection drops it.
async fn ended<T>(connection: &Connection, ending: Ending) -> T {
    connection.end(ending);
    pending().await
}

fn cut(content: Content, at: u64, connection: Connection) -> Body {
    let end = async move {
        tokio::time::sleep(FLUSHING).await;
        ended(&connection, Ending::Close).await
    };
    streamed_then(prefix(content, at), end)
}

fn stalled(content: Content, at: u64) -> Body {
    streamed_then(prefix(content, at), pending())
}

fn streamed(chunks: impl Iterator<Item = Bytes> + Send + 'static) -> Body {
    Body::from_stream(stream::iter(chunks.map(Ok::<_, Infallible>)))
}

/// Yields the chunks, then runs `last`, which never yields another.
fn streamed_then(
    chunks: impl Iterator<Item = Bytes> + Send + 'static,
    last: impl Future<Output = Bytes> + Send + 'static,
) -> Body {
    Body::from_stream(stream::iter(chunks).chain(stream::once(last)).map(Ok::<_, Infallible>))
}

fn length(content: &Content) -> Option<u64> {
    match content {
        Content::Bytes(bytes) => u64::try_from(bytes.len()).ok(),
        Content::Filler(length) => Some(*length),
        Content::Endless => None,
    }
}

fn chunks(content: Content) -> Box<dyn Iterator<Item = Bytes> + Send> {
    match content {
        Content::Bytes(bytes) => Box::new(iter::once(bytes)),
        Content::Filler(length) => Box::new(prefix(Content::Endless, length)),
        Content::Endless => Box::new(iter::repeat(Bytes::from_static(&FILLER))),
    }
}

fn prefix(content: Content, length: u64) -> impl Iterator<Item = Bytes> + Send {
    let mut left = length;
    chunks(content).map_while(move |mut chunk| {
        if left == 0 {
            return None;
        }
        chunk.truncate(usize::try_from(left).unwrap_or(usize::MAX));
        left = left.saturating_sub(u64::try_from(chunk.len()).unwrap_or(u64::MAX));
        Some(chunk)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sizes(content: Content, at: u64) -> Vec<usize> {
        prefix(content, at).map(|chunk| chunk.len()).collect()
    }

    #[test]
    fn a_prefix_is_as_long_as_requested_or_available() {
        let text = Content::Bytes(Bytes::from_static(b"0123456789"));
        assert!(sizes(text.clone(), 0).is_empty());
        assert_eq!(sizes(text.clone(), 4), [4]);
        assert_eq!(sizes(text, 40), [10]);
        assert_eq!(sizes(Content::Endless, 65_537), [65_536, 1]);
        assert_eq!(sizes(Content::Filler(3), 65_537), [3]);
    }
}
