//! Turns an `http::Request` into one for `fetch`.

use bytes::Bytes;
use gloo_net::http::{Headers, RequestBuilder};
use http::Method;
use js_sys::{Object, Reflect, Uint8Array};
use openrouter_keys_core::error::{TransportError, TransportErrorKind};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{
    AbortSignal, ReadableStream, ReadableWritablePair, ReferrerPolicy, RequestCache,
    RequestCredentials, RequestInit, RequestRedirect, TransformStream,
};

use crate::failure::Thrown;

/// The request with every option that keeps a browser from adding to it.
///
/// workerd refuses options that it does not know (cookies, referrers, some caches); if the
/// request cannot be built with these, it is built without.
pub(crate) fn fetchable(
    request: &http::Request<Bytes>,
    signal: Option<&AbortSignal>,
) -> Result<web_sys::Request, TransportError> {
    let guarded = builder(request, signal)
        .credentials(RequestCredentials::Omit)
        .cache(RequestCache::NoStore)
        .referrer_policy(ReferrerPolicy::NoReferrer);
    let body = body_of(request);
    build(guarded, body.as_ref())
        .or_else(|_| build(builder(request, signal), body.as_ref()))
        .map_err(|error| {
            let text = Thrown::from(error.to_string().as_str());
            TransportError::not_sent(TransportErrorKind::Setup).with_source(text)
        })
}

/// The same for a custom `fetch`, which may not know `Request` or the browser's options.
pub(crate) fn init(request: &http::Request<Bytes>, signal: Option<&AbortSignal>) -> RequestInit {
    let headers = Object::new();
    for (name, value) in readable(request) {
        // This cannot fail on our own object.
        let _ = Reflect::set(&headers, &name.into(), &value.into());
    }
    let init = RequestInit::new();
    init.set_method(request.method().as_str());
    init.set_headers(&headers);
    init.set_redirect(RequestRedirect::Manual);
    init.set_signal(signal);
    match std::str::from_utf8(request.body()) {
        Ok(text) if !text.is_empty() => init.set_body(&text.into()),
        _ => {}
    }
    init
}

pub(crate) fn url(request: &http::Request<Bytes>) -> JsValue {
    request.uri().to_string().into()
}

/// The core accepts only visible ASCII in values.
fn readable(request: &http::Request<Bytes>) -> impl Iterator<Item = (&str, &str)> {
    let headers = request.headers().iter();
    headers.filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)))
}

fn builder(request: &http::Request<Bytes>, signal: Option<&AbortSignal>) -> RequestBuilder {
    let headers = Headers::new();
    for (name, value) in readable(request) {
        headers.set(name, value);
    }
    RequestBuilder::new(&request.uri().to_string())
        .method(request.method().clone())
        .headers(headers)
        .redirect(RequestRedirect::Manual)
        .abort_signal(signal)
}

fn build(
    builder: RequestBuilder,
    body: Option<&JsValue>,
) -> Result<web_sys::Request, gloo_net::Error> {
    let request = match body {
        Some(body) => builder.body(body)?,
        None => builder.build()?,
    };
    Ok(request.into())
}

fn body_of(request: &http::Request<Bytes>) -> Option<JsValue> {
    let bytes = request.body();
    if bytes.is_empty() {
        return None;
    }
    let bytes = Uint8Array::from(&**bytes);
    let stream = if request.method() == Method::POST { sent_once(&bytes) } else { None };
    Some(stream.map_or_else(|| bytes.into(), JsValue::from))
}

/// Deno resends a request by itself when a reused connection breaks before the response starts,
/// even a create, unless the body is a stream, which cannot be sent twice. (Browsers do the
/// same, and accept no streams over HTTP/1.1.)
fn sent_once(bytes: &Uint8Array) -> Option<ReadableStream> {
    if !Reflect::has(&js_sys::global(), &"Deno".into()).ok()? {
        return None;
    }
    let body = web_sys::Response::new_with_opt_js_u8_array(Some(bytes)).ok()?.body()?;
    // Without the pipe, Deno still knows the bytes behind the stream.
    let pipe = TransformStream::new().ok()?;
    Some(body.pipe_through(pipe.unchecked_ref::<ReadableWritablePair>()))
}
