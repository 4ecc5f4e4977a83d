//! From `http::Request` to what `fetch` takes.

use bytes::Bytes;
use gloo_net::http::{Headers, RequestBuilder};
use openrouter_keys_core::{TransportError, TransportErrorKind};
use wasm_bindgen::JsValue;
use web_sys::{AbortSignal, ReferrerPolicy, RequestCache, RequestCredentials, RequestRedirect};

use crate::failure::Thrown;

/// The request with everything that keeps a browser from adding to it.
///
/// workerd refuses what it does not know (cookies, referrers, some of the
/// caches), so that a request is built without these where it cannot be built
/// with them.
pub(crate) fn fetchable(
    request: &http::Request<Bytes>,
    signal: Option<&AbortSignal>,
) -> Result<web_sys::Request, TransportError> {
    let guarded = builder(request, signal)
        .credentials(RequestCredentials::Omit)
        .cache(RequestCache::NoStore)
        .referrer_policy(ReferrerPolicy::NoReferrer);
    build(guarded, request.body())
        .or_else(|_| build(builder(request, signal), request.body()))
        .map_err(|error| {
            let text = Thrown::from(error.to_string().as_str());
            TransportError::not_sent(TransportErrorKind::Setup).with_source(text)
        })
}

fn builder(request: &http::Request<Bytes>, signal: Option<&AbortSignal>) -> RequestBuilder {
    let headers = Headers::new();
    for (name, value) in request.headers() {
        // The core lets no value in that is not visible ASCII.
        if let Ok(value) = value.to_str() {
            headers.set(name.as_str(), value);
        }
    }
    RequestBuilder::new(&request.uri().to_string())
        .method(request.method().clone())
        .headers(headers)
        .redirect(RequestRedirect::Manual)
        .abort_signal(signal)
}

fn build(builder: RequestBuilder, body: &Bytes) -> Result<web_sys::Request, gloo_net::Error> {
    let request = if body.is_empty() {
        builder.build()?
    } else {
        builder.body(JsValue::from(js_sys::Uint8Array::from(&**body)))?
    };
    Ok(request.into())
}
