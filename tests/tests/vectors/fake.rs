//! A fake transport with a vector's responses, and the requests it received.

use std::time::Duration;

use bytes::Bytes;
use http::Response;
use openrouter_keys_core::error::{Delivery, TimeoutPhase, TransportError, TransportErrorKind};
use openrouter_keys_core::test_util::{FakeTransport, Reply};
use openrouter_keys_tests::vectors::{FailureName, ScriptedResponse, Vector, WireRequest};

use crate::call::valid_response;

pub(crate) fn transport(vector: &Vector) -> Result<FakeTransport, String> {
    if vector.responses.is_empty() {
        let body = valid_response(vector.operation);
        return Ok(FakeTransport::scripted([Reply::status(200).json(body)]));
    }
    let mut replies = Vec::new();
    for response in &vector.responses {
        let reply = reply(response)?;
        replies.extend(std::iter::repeat_n(reply, response.times.unwrap_or(1)));
    }
    // An additional request is a problem of the vector, not a panic.
    let overrun = Reply::failure(Delivery::NotSent, TransportErrorKind::Other);
    replies.extend(std::iter::repeat_n(overrun, 100));
    Ok(FakeTransport::scripted(replies))
}

/// The requests so far, in the format of vectors.
pub(crate) fn requests(transport: &FakeTransport) -> Vec<WireRequest> {
    transport.requests().iter().map(WireRequest::of).collect()
}

fn reply(response: &ScriptedResponse) -> Result<Reply, String> {
    let mut reply = match (response.failure, response.status) {
        (Some(failure), status) => failed(failure, status)?,
        (None, Some(status)) => Reply::status(status),
        (None, None) => return Err("a response has neither a status nor a failure".to_owned()),
    };
    for (name, value) in response.header_pairs()? {
        reply = reply.header(name, value);
    }
    if let Some(body) = response.bytes()? {
        reply = reply.body(body);
    }
    Ok(match response.after_ms {
        Some(time) => reply.after(Duration::from_millis(time)),
        None => reply,
    })
}

fn failed(failure: FailureName, status: Option<u16>) -> Result<Reply, String> {
    use Delivery::{NotSent, Unknown};
    use TransportErrorKind as Kind;

    let (delivery, kind) = match (failure, status) {
        (FailureName::Never, Some(status)) => return Ok(Reply::stalled(status)),
        (FailureName::Never, None) => return Ok(Reply::never()),
        (FailureName::Dns, _) => (NotSent, Kind::Dns),
        (FailureName::Connect, _) => (NotSent, Kind::Connect),
        (FailureName::ConnectTimeout, _) => (NotSent, Kind::Timeout(TimeoutPhase::Connect)),
        (FailureName::Tls, _) => (NotSent, Kind::Tls),
        (FailureName::Proxy, _) => (NotSent, Kind::Proxy),
        (FailureName::Refused, _) => (NotSent, Kind::Refused),
        (FailureName::Setup, _) => (NotSent, Kind::Setup),
        (FailureName::OtherNotSent, _) => (NotSent, Kind::Other),
        (FailureName::Disconnected, _) => (Unknown, Kind::Disconnected),
        (FailureName::IdleTimeout, _) => (Unknown, Kind::Timeout(TimeoutPhase::Idle)),
        (FailureName::Protocol, _) => (Unknown, Kind::Protocol),
        (FailureName::OtherAmbiguous, _) => (Unknown, Kind::Other),
    };
    let Some(status) = status else { return Ok(Reply::failure(delivery, kind)) };
    if delivery == NotSent {
        return Err(format!("{failure:?} takes no status"));
    }
    let head = Response::builder().status(status).body(Bytes::new());
    let head = head.map_err(|_| format!("{status} is not a valid status"))?;
    Ok(Err(TransportError::ambiguous(kind).with_response(head)).into())
}
