//! The `Response` that `fetch` returned, or an object with the same properties. The caller may
//! have built it, with a proxy or with custom getters: any access may throw.

use http::header::{HeaderName, HeaderValue};
use http::{HeaderMap, StatusCode};
use js_sys::{Array, Reflect};
use openrouter_keys_core::error::{TransportError, TransportErrorKind};
use wasm_bindgen::prelude::*;
use web_sys::ReadableStream;

use crate::failure::Thrown;

#[wasm_bindgen]
extern "C" {
    // web-sys's getters trap when one throws.
    #[wasm_bindgen(js_name = Response)]
    pub(crate) type FetchResponse;

    #[wasm_bindgen(method, getter, catch, js_name = type)]
    fn raw_type(this: &FetchResponse) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(method, getter, catch, js_name = status)]
    fn raw_status(this: &FetchResponse) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(method, getter, catch, js_name = headers)]
    fn raw_headers(this: &FetchResponse) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(method, getter, catch, js_name = body)]
    fn raw_body(this: &FetchResponse) -> Result<JsValue, JsValue>;

    // So does js-sys's iterator.
    #[wasm_bindgen(catch, js_namespace = Array, js_name = from)]
    fn array_from(iterable: &JsValue) -> Result<Array, JsValue>;
}

impl FetchResponse {
    /// A browser hides everything about a redirect that it did not follow.
    pub(crate) fn is_hidden_redirect(&self) -> Result<bool, TransportError> {
        Ok(self.raw_type().map_err(thrown)? == "opaqueredirect")
    }

    pub(crate) fn status(&self) -> Result<StatusCode, TransportError> {
        let number = self.raw_status().map_err(thrown)?.as_f64();
        // As a `u16`, 65736 would be 200.
        let status = (100_u16..1000).find(|code| number == Some(f64::from(*code)));
        let status = status.and_then(|code| StatusCode::from_u16(code).ok());
        status.ok_or_else(|| not_http(Thrown::from("the response has no status")))
    }

    pub(crate) fn body(&self) -> Result<Option<ReadableStream>, TransportError> {
        let body = self.raw_body().map_err(thrown)?;
        if body.is_null() || body.is_undefined() {
            return Ok(None);
        }
        body.dyn_into().map(Some).map_err(|_| not_http(Thrown::from("the body is not a stream")))
    }

    /// The headers that the platform shows.
    pub(crate) fn headers(&self) -> Result<HeaderMap, TransportError> {
        let headers = self.raw_headers().map_err(thrown)?;
        let entries = array_from(&headers).map_err(thrown)?;
        Ok(entries.iter().filter_map(|entry| header(&entry)).collect())
    }
}

fn header(entry: &JsValue) -> Option<(HeaderName, HeaderValue)> {
    let part = |index| Reflect::get_u32(entry, index).ok()?.as_string();
    Some((HeaderName::try_from(part(0)?).ok()?, HeaderValue::try_from(part(1)?).ok()?))
}

#[expect(clippy::needless_pass_by_value, reason = "for `map_err`")]
fn thrown(thrown: JsValue) -> TransportError {
    not_http(Thrown::look(&thrown))
}

fn not_http(problem: Thrown) -> TransportError {
    TransportError::ambiguous(TransportErrorKind::Protocol).with_source(problem)
}
