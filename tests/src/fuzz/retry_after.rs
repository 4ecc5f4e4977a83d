//! How long a server asks to wait: lines of `name: value`, the headers of a 429.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Response};
use openrouter_keys_core::machine::{Attempt, Seed, Step};
use openrouter_keys_core::{ApiKey, CallOptions, Config, List, RetryPolicy};

/// The longest wait of the default policy.
const LONGEST: Duration = Duration::from_secs(60);
/// The longest backoff after one 429.
const BACKOFF: Duration = Duration::from_secs(1);

/// Answers a list with these headers.
pub fn run(data: &[u8]) {
    let headers: Vec<_> = data.split(|byte| *byte == b'\n').filter_map(header).collect();
    let map: HeaderMap = joined(headers.iter());
    let asked = asked(&map);

    for (name, value) in &headers {
        if let Some(least) = plain_number(name, value) {
            assert!(asked >= Some(least), "{asked:?} is less than {name}: {value:?}");
        }
    }
    if let Some(wait) = date(&map) {
        assert!(asked >= Some(wait), "{asked:?} is less than the time between two dates");
    }
    // The order does not matter, except that the first `Date` counts.
    let (dates, others): (Vec<_>, Vec<_>) = headers.iter().partition(|(name, _)| name == "date");
    assert_eq!(self::asked(&joined(dates.into_iter().chain(others.into_iter().rev()))), asked);
    // An additional value never shortens the wait.
    let mut more = map.clone();
    more.append("retry-after", HeaderValue::from_static("30"));
    assert_eq!(self::asked(&more), asked.max(Some(Duration::from_secs(30))));

    // `fetch` joins values of the same name with commas.
    let is_false = |text: &str| text.trim().eq_ignore_ascii_case("false");
    let forbidden = headers.iter().any(|(name, value)| {
        name == "x-should-retry" && value.to_str().is_ok_and(|text| text.split(',').any(is_false))
    });
    match finish(&map, RetryPolicy::default()) {
        Step::Retry { after, .. } => {
            assert!(!forbidden, "the server forbade another attempt");
            let least = asked.unwrap_or_default();
            assert!(least <= LONGEST && after >= least && after <= least + BACKOFF, "{after:?}");
        }
        Step::Done(result) => {
            assert_eq!(result.unwrap_err().retry_after(), asked);
            assert!(forbidden || asked >= Some(LONGEST), "{asked:?} is within the policy's limit");
        }
    }
}

fn header(line: &[u8]) -> Option<(HeaderName, HeaderValue)> {
    let at = line.iter().position(|byte| *byte == b':')?;
    let name = HeaderName::from_bytes(&line[..at]).ok()?;
    let value = HeaderValue::from_bytes(line[at + 1..].trim_ascii()).ok()?;
    Some((name, value))
}

fn joined<'a>(headers: impl Iterator<Item = &'a (HeaderName, HeaderValue)>) -> HeaderMap {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.append(name, value.clone());
    }
    map
}

fn finish(headers: &HeaderMap, policy: RetryPolicy) -> Step<List> {
    let config = Config::new().retry(policy);
    let mut attempt =
        Attempt::first(&config, &CallOptions::new(), List::new(), Seed::default()).unwrap();
    let _ = attempt.request(&ApiKey::new("sk-or-v1-test").unwrap());
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = http::StatusCode::TOO_MANY_REQUESTS;
    *response.headers_mut() = headers.clone();
    attempt.finish(Ok(response), Duration::ZERO)
}

/// How long the library understands the server to ask for.
fn asked(headers: &HeaderMap) -> Option<Duration> {
    match finish(headers, RetryPolicy::none()) {
        Step::Done(result) => result.unwrap_err().retry_after(),
        Step::Retry { .. } => panic!("the policy allows one attempt"),
    }
}

/// A whole number of up to nine digits, which needs no second parser.
fn plain_number(name: &HeaderName, value: &HeaderValue) -> Option<Duration> {
    let text = value.to_str().ok()?;
    let is_plain = (1..10).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = text.parse().ok().filter(|_| is_plain)?;
    match name.as_str() {
        "retry-after" => Some(Duration::from_secs(number)),
        "retry-after-ms" => Some(Duration::from_millis(number)),
        _ => None,
    }
}

/// The time between `Date` and `Retry-After`, if another library parses both as dates in the
/// format servers use today.
fn date(headers: &HeaderMap) -> Option<Duration> {
    let read = |name: &str| {
        let text = headers.get(name)?.to_str().ok()?;
        let time = httpdate::parse_http_date(text).ok()?;
        (httpdate::fmt_http_date(time) == text).then_some(time)
    };
    let (then, now) = (read("retry-after")?, read("date")?);
    Some(then.duration_since(now).unwrap_or_default())
}
