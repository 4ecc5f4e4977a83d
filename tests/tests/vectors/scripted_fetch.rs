//! A `fetch` function with a vector's responses, and the requests it received.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::future::pending;
use std::rc::Rc;
use std::time::Duration;

use js_sys::{Array, Function, Object, Promise, Reflect, TypeError, Uint8Array};
use openrouter_keys_tests::vectors::{FailureName, ScriptedResponse, Vector, WireRequest};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, future_to_promise};
use web_sys::{Headers, ReadableStream, Request, RequestInit, Response, ResponseInit};

use crate::call::valid_response;
use crate::virtual_clock::VirtualClock;

/// The statuses whose `Response` has no body, not even an empty one.
const WITHOUT_BODY: [u16; 3] = [204, 205, 304];

/// Why a vector cannot be run over `fetch`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum LeftOut {
    /// No code of a rejection distinguishes the failure.
    Failure,
    /// The constructor of `Response` refuses the status.
    Status,
}

impl LeftOut {
    pub(crate) fn reason(vector: &Vector) -> Option<Self> {
        let any = |is_it: fn(&ScriptedResponse) -> bool| vector.responses.iter().any(is_it);
        if any(|response| response.failure.is_some_and(|failure| sign(failure) == Sign::None)) {
            Some(Self::Failure)
        } else if any(|response| {
            response.status.is_some_and(|status| !(200..600).contains(&status))
        }) {
            Some(Self::Status)
        } else {
            None
        }
    }
}

/// Clones share everything.
#[derive(Clone)]
pub(crate) struct ScriptedFetch {
    replies: Rc<RefCell<VecDeque<Reply>>>,
    requests: Rc<RefCell<Vec<WireRequest>>>,
    clock: VirtualClock,
}

#[derive(Clone)]
struct Reply {
    after_ms: u64,
    end: End,
}

#[derive(Clone)]
enum End {
    Response { status: u16, headers: Vec<(String, String)>, body: Body },
    Rejection(&'static str),
    Never,
}

#[derive(Clone)]
enum Body {
    None,
    Bytes(Vec<u8>),
    /// After this many bytes, with this code.
    BreaksOff(Vec<u8>, &'static str),
    /// After this many bytes.
    Stalls(Vec<u8>),
}

impl ScriptedFetch {
    pub(crate) fn new(vector: &Vector, clock: VirtualClock) -> Result<Self, String> {
        let mut replies = VecDeque::new();
        for response in &vector.responses {
            let reply = reply(response)?;
            replies.extend(std::iter::repeat_n(reply, response.times.unwrap_or(1)));
        }
        if vector.responses.is_empty() {
            let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
            let body = Body::Bytes(valid_response(vector.operation).into());
            replies.push_back(Reply {
                after_ms: 0,
                end: End::Response { status: 200, headers, body },
            });
        }
        Ok(Self { replies: Rc::new(RefCell::new(replies)), requests: Rc::default(), clock })
    }

    /// The function for the transport.
    pub(crate) fn function(&self) -> Function {
        let this = self.clone();
        let fetch = Closure::<dyn Fn(String, RequestInit) -> Promise>::new(move |url, init| {
            let this = this.clone();
            this.clock.stop();
            future_to_promise(async move { this.respond(url, init).await.map(JsValue::from) })
        });
        fetch.into_js_value().unchecked_into()
    }

    /// Takes the requests so far, in the format of vectors.
    pub(crate) fn take_requests(&self) -> Vec<WireRequest> {
        std::mem::take(&mut self.requests.borrow_mut())
    }

    async fn respond(&self, url: String, init: RequestInit) -> Result<Response, JsValue> {
        let seen = written(&Request::new_with_str_and_init(&url, &init)?).await?;
        self.requests.borrow_mut().push(seen);
        let reply = self.replies.borrow_mut().pop_front();
        let Reply { after_ms, end } =
            reply.ok_or_else(|| JsValue::from("the script has no more replies"))?;
        if after_ms > 0 {
            self.clock.delay(Duration::from_millis(after_ms)).await?;
        }
        match end {
            End::Response { status, headers, body } => {
                response(status, &headers, body, self.clock.clone())
            }
            End::Rejection(code) => Err(thrown(code)?),
            End::Never => {
                self.clock.go_on();
                pending().await
            }
        }
    }
}

async fn written(request: &Request) -> Result<WireRequest, JsValue> {
    let mut headers = Vec::new();
    for entry in js_sys::try_iter(&request.headers())?.into_iter().flatten() {
        let pair: Array = entry?.unchecked_into();
        let text = |index| pair.get(index).as_string().unwrap_or_default();
        headers.push(format!("{}: {}", text(0), text(1)));
    }
    headers.sort_unstable();
    let body = JsFuture::from(request.text()?).await?.as_string();
    Ok(WireRequest {
        method: request.method(),
        url: request.url(),
        headers,
        body: body.filter(|body| !body.is_empty()),
    })
}

fn response(
    status: u16,
    pairs: &[(String, String)],
    body: Body,
    clock: VirtualClock,
) -> Result<Response, JsValue> {
    let headers = Headers::new()?;
    for (name, value) in pairs {
        headers.append(name, value)?;
    }
    let init = ResponseInit::new();
    init.set_status(status);
    init.set_headers(&headers);
    let stream = match body {
        Body::None => None,
        Body::Bytes(bytes) => {
            let bytes = Uint8Array::from(&*bytes);
            return Response::new_with_opt_buffer_source_and_init(Some(&bytes), &init);
        }
        Body::BreaksOff(bytes, code) => {
            let (bytes, thrown) = (RefCell::new(bytes), thrown(code)?);
            Some(stream(move |controller| match bytes.take() {
                bytes if bytes.is_empty() => Promise::reject(&thrown),
                bytes => enqueued(controller, &bytes),
            })?)
        }
        Body::Stalls(bytes) => {
            let bytes = RefCell::new(bytes);
            Some(stream(move |controller| match bytes.take() {
                bytes if bytes.is_empty() => {
                    clock.go_on();
                    Promise::new(&mut |_, _| {})
                }
                bytes => enqueued(controller, &bytes),
            })?)
        }
    };
    Response::new_with_opt_readable_stream_and_init(stream.as_ref(), &init)
}

/// A byte stream, because that pulls only when somebody reads.
fn stream(pull: impl Fn(&JsValue) -> Promise + 'static) -> Result<ReadableStream, JsValue> {
    let pull = move |controller: JsValue| pull(&controller);
    let pull = Closure::<dyn Fn(JsValue) -> Promise>::new(pull).into_js_value();
    let source = Object::new();
    Reflect::set(&source, &"type".into(), &"bytes".into())?;
    Reflect::set(&source, &"pull".into(), &pull)?;
    ReadableStream::new_with_underlying_source(&source)
}

fn enqueued(controller: &JsValue, bytes: &[u8]) -> Promise {
    let enqueue = Reflect::get(controller, &"enqueue".into()).map(Function::from);
    match enqueue.and_then(|enqueue| enqueue.call1(controller, &Uint8Array::from(bytes))) {
        Ok(_) => Promise::resolve(&JsValue::UNDEFINED),
        Err(thrown) => Promise::reject(&thrown),
    }
}

fn reply(response: &ScriptedResponse) -> Result<Reply, String> {
    let body = match (response.failure.map(sign), response.bytes()?) {
        (None, None) => Body::None,
        (None, Some(bytes)) => Body::Bytes(bytes),
        (Some(Sign::Code(code)), bytes) => Body::BreaksOff(bytes.unwrap_or_default(), code),
        (Some(Sign::Silence), bytes) => Body::Stalls(bytes.unwrap_or_default()),
        (Some(Sign::None), _) => return Err("fetch shows no such failure".to_owned()),
    };
    let end = match (response.status, body) {
        (Some(status), Body::Bytes(_)) if WITHOUT_BODY.contains(&status) => {
            return Err(format!("no Response of status {status} has a body"));
        }
        (Some(status), body) => {
            let pairs = response.header_pairs()?.into_iter();
            let headers = pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
            End::Response { status, headers, body }
        }
        (None, Body::BreaksOff(_, code)) => End::Rejection(code),
        (None, Body::Stalls(_)) => End::Never,
        (None, _) => return Err("a response has neither a status nor a failure".to_owned()),
    };
    Ok(Reply { after_ms: response.after_ms.unwrap_or(0), end })
}

/// How the transport recognises a failure.
#[derive(PartialEq, Eq)]
enum Sign {
    /// The code of the cause of Node's error.
    Code(&'static str),
    /// Nothing ever happens.
    Silence,
    None,
}

fn sign(failure: FailureName) -> Sign {
    Sign::Code(match failure {
        FailureName::Dns => "ENOTFOUND",
        FailureName::Connect => "ECONNREFUSED",
        FailureName::ConnectTimeout => "UND_ERR_CONNECT_TIMEOUT",
        FailureName::Tls => "ERR_TLS_CERT_ALTNAME_INVALID",
        FailureName::Disconnected => "ECONNRESET",
        FailureName::IdleTimeout => "UND_ERR_BODY_TIMEOUT",
        FailureName::Protocol => "HPE_INVALID_CONSTANT",
        FailureName::OtherAmbiguous => "SOMETHING_ELSE",
        FailureName::Never => return Sign::Silence,
        FailureName::Proxy
        | FailureName::Refused
        | FailureName::Setup
        | FailureName::OtherNotSent => return Sign::None,
    })
}

fn thrown(code: &str) -> Result<JsValue, JsValue> {
    let (cause, error) = (js_sys::Error::new(code), TypeError::new("fetch failed"));
    Reflect::set(&cause, &"code".into(), &code.into())?;
    Reflect::set(&error, &"cause".into(), &cause)?;
    Ok(error.into())
}
