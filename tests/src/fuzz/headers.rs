//! Custom headers: the API key on the first line, `name: value` on the others.

use http::HeaderMap;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HOST};
use openrouter_keys_core::error::BuildError;
use openrouter_keys_core::machine::{Attempt, Seed};
use openrouter_keys_core::{ApiKey, CallOptions, Config, Create, Headers, Limit};

/// Builds a request with these headers.
pub fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let mut lines = text.split('\n');
    let key = lines.next().unwrap_or_default();
    let mut headers = Headers::new();
    for line in lines {
        let (name, value) = line.split_once(": ").unwrap_or((line, ""));
        headers = with(headers, name, value);
    }
    let Some(key) = api_key(key) else { return };
    let sent = request(&headers, &key);
    for value in sent.values() {
        assert!(value.as_bytes().iter().all(|byte| (b' '..0x7f).contains(byte) || *byte == b'\t'));
    }
    let all = |name| sent.get_all(name).iter().collect::<Vec<_>>();
    let bearer = format!("Bearer {}", key.reveal());
    assert_eq!(all(AUTHORIZATION), [bearer.as_str()]);
    assert_eq!(all(ACCEPT), ["application/json"]);
    assert_eq!(all(CONTENT_TYPE), ["application/json"]);
    assert!(all(HOST).is_empty());
    // What is shown does not depend on the key.
    let other = request(&headers, &ApiKey::new("another").unwrap());
    assert_eq!(format!("{sent:?}"), format!("{other:?}"));
    assert_eq!(format!("{key:?}"), "ApiKey([redacted])");
}

fn request(headers: &Headers, key: &ApiKey) -> HeaderMap {
    let config = Config::new().headers(headers.clone());
    let create = Create::new("x", Limit::unlimited());
    let mut attempt =
        Attempt::first(&config, &CallOptions::new(), create, Seed::default()).unwrap();
    attempt.request(key).headers().clone()
}

fn api_key(text: &str) -> Option<ApiKey> {
    match ApiKey::new(text) {
        Ok(key) => {
            assert_eq!(key.reveal(), text);
            Some(key)
        }
        Err(error) => {
            same_message(&error, &ApiKey::new(masked(text)));
            None
        }
    }
}

/// The headers with one more, if it is accepted.
fn with(headers: Headers, name: &str, value: &str) -> Headers {
    let shown = format!("{headers:?}");
    let masked = masked(value);
    match headers.clone().header(name, value) {
        Ok(accepted) => {
            let other = headers.header(name, &masked).unwrap();
            assert_eq!(format!("{accepted:?}"), format!("{other:?}"), "a value is shown");
            let config = Config::new().headers(accepted.clone());
            assert!(format!("{config:?}").contains(&format!("{accepted:?}")));
            let sent = request(&accepted, &ApiKey::new("a-key").unwrap());
            assert_eq!(sent.get(name).unwrap(), value);
            accepted
        }
        Err(error) => {
            assert!(!error.to_string().chars().any(char::is_control), "{error:?}");
            same_message(&error, &headers.clone().header(name, &masked));
            assert_eq!(format!("{headers:?}"), shown);
            headers
        }
    }
}

/// Another value of the same length and the same kinds of characters.
fn masked(value: &str) -> String {
    value.chars().map(|c| if c.is_ascii_alphanumeric() { 'x' } else { c }).collect()
}

/// The message does not depend on the characters of the refused value.
fn same_message<T>(error: &BuildError, other: &Result<T, BuildError>) {
    let other = other.as_ref().err().map(ToString::to_string);
    assert_eq!(Some(error.to_string()), other, "a value is shown");
}
