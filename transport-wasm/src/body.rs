//! Reading the body of an answer as bytes, within the limits of the exchange.

use bytes::Bytes;
use http::StatusCode;
use js_sys::{Reflect, Uint8Array};
use openrouter_keys_core::{Exchange, TimeoutPhase, TransportError, TransportErrorKind, race};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::ReadableStreamDefaultReader;

use crate::answer::Answer;
use crate::clock::Timekeeper;
use crate::failure::Thrown;
use crate::timer::sleep;

/// Reads the body piece by piece.
pub(crate) async fn read(
    answer: &Answer,
    status: StatusCode,
    exchange: &Exchange,
    clock: &Timekeeper,
) -> Result<Bytes, TransportError> {
    let Some(stream) = answer.body()? else {
        return Ok(Bytes::new());
    };
    let broken = |thrown: JsValue| {
        TransportError::ambiguous(TransportErrorKind::Disconnected)
            .with_status(Some(status))
            .with_source(Thrown::look(&thrown))
    };
    let reader = ReadableStreamDefaultReader::new(&stream).map_err(broken)?;
    let limit = exchange.max_body(status);
    let mut body = Vec::new();
    loop {
        let piece = race(JsFuture::from(reader.read()), sleep(clock, exchange.idle_timeout()))
            .await
            .ok_or_else(|| {
                TransportError::ambiguous(TransportErrorKind::Timeout(TimeoutPhase::Idle))
                    .with_status(Some(status))
            })?
            .map_err(broken)?;
        let part = |name: &str| Reflect::get(&piece, &name.into()).map_err(broken);
        if part("done")?.is_truthy() {
            return Ok(body.into());
        }
        let Ok(bytes) = part("value")?.dyn_into::<Uint8Array>() else {
            return Err(TransportError::ambiguous(TransportErrorKind::Protocol)
                .with_status(Some(status))
                .with_source(Thrown::from("the body is not made of bytes")));
        };
        let length = usize::try_from(bytes.length()).unwrap_or(usize::MAX);
        if length > limit.saturating_sub(body.len()) {
            return Err(exchange.body_too_large(status));
        }
        let piece = bytes.to_vec();
        if body.is_empty() {
            body = piece;
        } else {
            body.extend_from_slice(&piece);
        }
    }
}
