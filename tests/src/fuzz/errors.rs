//! Responses that end a call with an error: `STATUS\nLOCATION\nBODY`. The second line is the
//! target of a redirect and the server's id of the request.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode};
use openrouter_keys_core::machine::{Attempt, Seed, Step};
use openrouter_keys_core::operation::{External, Get, Operation};
use openrouter_keys_core::{
    ApiKey, CallOptions, Config, Create, Error, ErrorKind, Limit, RetryPolicy,
};

use super::secrets::{KEY, PLAIN, hidden_in_debug, hidden_in_json, hidden_in_text};

const LONGEST: usize = 64 * 1024;

/// Answers a read and a create with the bytes.
pub fn run(data: &[u8]) {
    let mut parts = data.splitn(3, |byte| *byte == b'\n');
    let status = parts.next().and_then(|status| StatusCode::from_bytes(status).ok());
    let (Some(status), Some(location), Some(body)) = (status, parts.next(), parts.next()) else {
        return;
    };
    for key in [KEY, PLAIN] {
        let external = External::new("u").api_key(if key == KEY { PLAIN } else { KEY });
        let create = Create::new("x", Limit::unlimited()).external(external);
        check(key, create, status, location, body);
        check(key, Get::new("a"), status, location, body);
    }
}

fn check<O: Operation>(key: &str, operation: O, status: StatusCode, location: &[u8], body: &[u8]) {
    let secret = operation.request_secret().map(str::to_owned);
    let config = Config::new().retry(RetryPolicy::none()).max_error_body(LONGEST);
    let mut attempt =
        Attempt::first(&config, &CallOptions::new(), operation, Seed::default()).unwrap();
    let _ = attempt.request(&ApiKey::new(key).unwrap());
    let mut response = Response::new(Bytes::copy_from_slice(body));
    *response.status_mut() = status;
    if let Ok(value) = HeaderValue::from_bytes(location) {
        response.headers_mut().insert("location", value.clone());
        response.headers_mut().insert("x-request-id", value);
    }
    let error = match attempt.finish(Ok(response), Duration::ZERO) {
        Step::Done(Err(error)) => error,
        Step::Done(Ok(_)) => return assert!(status.is_success(), "{status} is not a success"),
        Step::Retry { .. } => panic!("the policy allows one attempt"),
    };
    assert_eq!((error.status(), error.attempts()), (Some(status), 1));
    for secret in [Some(key), secret.as_deref()].into_iter().flatten() {
        hides(&error, secret);
    }
}

fn hides(error: &Error, secret: &str) {
    hidden_in_debug(error, secret);
    hidden_in_text(&error.to_string(), secret);
    hidden_in_text(error.request_id().unwrap_or_default(), secret);
    match error.kind() {
        ErrorKind::Api(api) => {
            for text in [&api.message, &api.user_id].into_iter().flatten() {
                hidden_in_text(text, secret);
            }
            for json in [&api.metadata, &api.openrouter_metadata].into_iter().flatten() {
                hidden_in_json(json.as_str(), secret);
            }
        }
        ErrorKind::UnexpectedRedirect { origin: Some(origin), .. } => {
            hidden_in_text(origin, secret);
        }
        _ => {}
    }
}
