//! Reading the body of a response as bytes, within the limits.

use std::cell::Cell;
use std::pin::pin;
use std::time::Duration;

use bytes::Bytes;
use http::header::CONTENT_LENGTH;
use http::{HeaderMap, Response, StatusCode};
use js_sys::{ArrayBuffer, Reflect, Uint8Array};
use openrouter_keys_core::error::{TimeoutPhase, TransportError, TransportErrorKind};
use openrouter_keys_core::internal::race;
use openrouter_keys_core::transport::SendContext;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::ReadableStream;

use crate::clock::Timekeeper;
use crate::failure::Thrown;
use crate::fetch_response::FetchResponse;
use crate::reader::Reader;
use crate::timer::sleep;

#[wasm_bindgen]
extern "C" {
    // js-sys's version traps if a view is not what it claims to be.
    #[wasm_bindgen(js_name = Uint8Array, extends = Uint8Array)]
    type Octets;

    #[wasm_bindgen(constructor, catch, js_class = "Uint8Array")]
    fn new(buffer: &JsValue, offset: &JsValue, length: &JsValue) -> Result<Octets, JsValue>;
}

/// A stream that is always ready lets no timer fire, so only this limit ends one that yields
/// empty pieces forever. Reading this many takes tenths of a second.
const MOST_EMPTY: usize = 10_000;

/// Reads the body. One that is larger than allowed is abandoned. The error has the part that
/// arrived.
pub(crate) async fn read(
    response: &FetchResponse,
    status: StatusCode,
    headers: HeaderMap,
    context: &SendContext,
    clock: &Timekeeper,
) -> Result<Response<Bytes>, TransportError> {
    let pieces = Pieces::default();
    let mut reading = Reading { status, headers, pieces, context, is_over: false };
    let Reading { pieces, headers, .. } = &mut reading;
    let end = read_into(pieces, response, status, headers, context, clock).await;
    reading.is_over = true;
    let response = reading.response();
    match end {
        Ok(()) => Ok(response),
        Err(error) => Err(error.with_response(response)),
    }
}

/// Keeps what it has read if it is dropped before the end.
struct Reading<'a> {
    status: StatusCode,
    headers: HeaderMap,
    pieces: Pieces,
    context: &'a SendContext,
    is_over: bool,
}

impl Reading<'_> {
    fn response(&mut self) -> Response<Bytes> {
        let limit = self.context.max_body(self.status);
        let pieces = std::mem::take(&mut self.pieces);
        let is_of_use = pieces.length <= limit || self.context.keeps_partial(self.status);
        let body = if is_of_use { pieces.into_bytes(limit) } else { Bytes::new() };
        let mut response = Response::new(body);
        *response.status_mut() = self.status;
        *response.headers_mut() = std::mem::take(&mut self.headers);
        response
    }
}

impl Drop for Reading<'_> {
    fn drop(&mut self) {
        if !self.is_over && self.context.keeps_partial(self.status) {
            let response = self.response();
            self.context.keep_partial(response);
        }
    }
}

async fn read_into(
    pieces: &mut Pieces,
    response: &FetchResponse,
    status: StatusCode,
    headers: &HeaderMap,
    context: &SendContext,
    clock: &Timekeeper,
) -> Result<(), TransportError> {
    let Some(stream) = response.body()? else {
        return Ok(());
    };
    // How many pieces have arrived, and when the last one did.
    let last = Cell::new((0_u64, Duration::ZERO));
    let idle = async {
        let mut quiet = Duration::ZERO;
        loop {
            let (count, _) = last.get();
            sleep(clock, context.idle_timeout().saturating_sub(quiet)).await;
            // Not by the clock: the caller may have supplied one that stands still.
            let (came, came_at) = last.get();
            if came == count {
                return;
            }
            quiet = clock.now().saturating_sub(came_at);
        }
    };
    let came = || last.set((last.get().0.wrapping_add(1), clock.now()));
    let reading = read_stream(pieces, &stream, status, headers, context, came);
    race(pin!(reading), pin!(idle)).await.unwrap_or_else(|| {
        let idle = TransportErrorKind::Timeout(TimeoutPhase::Idle);
        Err(TransportError::ambiguous(idle).with_status(Some(status)))
    })
}

/// Calls `came` for each piece.
async fn read_stream(
    pieces: &mut Pieces,
    stream: &ReadableStream,
    status: StatusCode,
    headers: &HeaderMap,
    context: &SendContext,
    came: impl Fn(),
) -> Result<(), TransportError> {
    let broken = |thrown: JsValue| {
        TransportError::ambiguous(TransportErrorKind::Disconnected)
            .with_status(Some(status))
            .with_source(Thrown::look(&thrown))
    };
    let reader = Reader::new(stream).map_err(broken)?;
    let limit = context.max_body(status);
    let announced = announced(headers);
    if announced > limit && !context.keeps_partial(status) {
        return Err(context.body_too_large(status));
    }
    loop {
        let piece = JsFuture::from(reader.read()).await.map_err(broken)?;
        let part = |name: &str| Reflect::get(&piece, &name.into()).map_err(broken);
        if part("done")?.is_truthy() {
            reader.done();
            return Ok(());
        }
        came();
        let no_body = |problem: &str| {
            TransportError::ambiguous(TransportErrorKind::Protocol)
                .with_status(Some(status))
                .with_source(Thrown::from(problem))
        };
        let bytes = octets(&part("value")?).map_err(broken)?;
        pieces.push(bytes.ok_or_else(|| no_body("the body is not made of bytes"))?);
        if pieces.length > limit || pieces.length == limit && announced > limit {
            return Err(context.body_too_large(status));
        }
        if pieces.empty > MOST_EMPTY {
            return Err(no_body("the body is made of empty pieces"));
        }
    }
}

/// The bytes behind a view, whichever realm it comes from.
fn octets(piece: &JsValue) -> Result<Option<Uint8Array>, JsValue> {
    if !ArrayBuffer::is_view(piece) {
        return Ok(None);
    }
    let part = |name: &str| Reflect::get(piece, &name.into());
    let octets = Octets::new(&part("buffer")?, &part("byteOffset")?, &part("byteLength")?)?;
    Ok(Some(octets.into()))
}

/// The pieces read so far, as the platform returned them: a module's memory never shrinks, so
/// nothing is copied there before all of it is known to fit.
#[derive(Default)]
struct Pieces {
    kept: Vec<Uint8Array>,
    length: usize,
    /// How many pieces were empty.
    empty: usize,
}

impl Pieces {
    fn push(&mut self, piece: Uint8Array) {
        let length = usize::try_from(piece.length()).unwrap_or(usize::MAX);
        if length == 0 {
            self.empty = self.empty.saturating_add(1);
            return;
        }
        self.length = self.length.saturating_add(length);
        self.kept.push(piece);
    }

    /// At most this many of them.
    fn into_bytes(self, limit: usize) -> Bytes {
        let mut body = vec![0; self.length.min(limit)];
        let mut rest = body.as_mut_slice();
        for piece in self.kept {
            let room = u32::try_from(rest.len()).unwrap_or(u32::MAX);
            let piece = piece.subarray(0, piece.length().min(room));
            let length = usize::try_from(piece.length()).unwrap_or(usize::MAX);
            let Some((room, after)) = rest.split_at_mut_checked(length) else { break };
            piece.copy_to(room);
            rest = after;
        }
        body.into()
    }
}

fn announced(headers: &HeaderMap) -> usize {
    let length = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok());
    let length: u64 = length.and_then(|length| length.parse().ok()).unwrap_or_default();
    usize::try_from(length).unwrap_or(usize::MAX)
}
