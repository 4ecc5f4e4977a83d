//! The retry rule as a table: every operation, every outcome, every attempt.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use std::time::Duration;

use bytes::Bytes;
use openrouter_keys_core::error::{TransportError, TransportErrorKind};
use openrouter_keys_core::machine::{Attempt, Seed, Step};
use openrouter_keys_core::operation::{Delete, Get, GetCurrentKeyMetadata, Operation};
use openrouter_keys_core::{ApiKey, CallOptions, Config, Create, Effect, Limit, List, Update};

/// Every way in which an attempt can fail, as far as the rule distinguishes them.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    Refused,
    Tls,
    Disconnected,
    TimedOut,
    TooLarge,
    Status(u16),
    StatusWithRetryAfter(u16),
    StatusThatForbidsRetry(u16),
    GarbageInsideSuccess,
}

const STATUSES: [u16; 27] = [
    301, 308, 400, 401, 402, 403, 404, 408, 409, 410, 413, 422, 425, 429, 500, 501, 502, 503, 504,
    505, 519, 520, 525, 530, 531, 599, 418,
];

fn faults() -> Vec<Fault> {
    let plain = [
        Fault::Refused,
        Fault::Tls,
        Fault::Disconnected,
        Fault::TimedOut,
        Fault::TooLarge,
        Fault::GarbageInsideSuccess,
    ];
    let of_statuses = STATUSES.into_iter().flat_map(|status| {
        [
            Fault::Status(status),
            Fault::StatusWithRetryAfter(status),
            Fault::StatusThatForbidsRetry(status),
        ]
    });
    plain.into_iter().chain(of_statuses).collect()
}

/// The rule, written a second time and without a wildcard, so that a new fault does not compile
/// until it is decided.
#[derive(Debug, PartialEq)]
struct Rule {
    safe_goes_again: bool,
    create_goes_again: bool,
    may_have_happened: bool,
}

fn rule(fault: Fault) -> Rule {
    let rule = |safe_goes_again, create_goes_again, may_have_happened| Rule {
        safe_goes_again,
        create_goes_again,
        may_have_happened,
    };
    match fault {
        Fault::Refused => rule(true, true, false),
        Fault::Tls => rule(false, false, false),

        Fault::TooLarge | Fault::GarbageInsideSuccess => rule(false, false, true),
        Fault::Status(425 | 429) | Fault::StatusWithRetryAfter(425 | 429 | 503) => {
            rule(true, true, false)
        }
        Fault::Disconnected
        | Fault::TimedOut
        | Fault::Status(408 | 500 | 502..=504 | 520..=530)
        | Fault::StatusWithRetryAfter(408 | 500 | 502 | 504 | 520..=530) => rule(true, false, true),
        Fault::Status(status) | Fault::StatusWithRetryAfter(status) => {
            rule(false, false, !(400..500).contains(&status))
        }
        Fault::StatusThatForbidsRetry(status) => {
            let plain = self::rule(Fault::Status(status));
            rule(false, false, plain.may_have_happened)
        }
    }
}

fn outcome(fault: Fault) -> Result<http::Response<Bytes>, TransportError> {
    let response = |status: u16, header: Option<(&str, &str)>| {
        let mut builder = http::Response::builder().status(status);
        if let Some((name, value)) = header {
            builder = builder.header(name, value);
        }
        Ok(builder.body(Bytes::from_static(b"garbage")).unwrap())
    };
    match fault {
        Fault::Refused => Err(TransportError::not_sent(TransportErrorKind::Connect)),
        Fault::Tls => Err(TransportError::not_sent(TransportErrorKind::Tls)),
        Fault::Disconnected => Err(TransportError::ambiguous(TransportErrorKind::Disconnected)),
        Fault::TimedOut => Err(openrouter_keys_core::transport::SendContext::default().timed_out()),
        Fault::TooLarge => Err(TransportError::ambiguous(TransportErrorKind::BodyTooLarge(1))),
        Fault::Status(status) => response(status, None),
        Fault::StatusWithRetryAfter(status) => response(status, Some(("retry-after", "1"))),
        Fault::StatusThatForbidsRetry(status) => {
            response(status, Some(("x-should-retry", "false")))
        }
        Fault::GarbageInsideSuccess => response(200, None),
    }
}

/// Applies one fault to every attempt and checks each step against the rule.
fn check<O: Operation + Clone>(operation: &O, fault: Fault, is_create: bool, changes: bool) {
    let Rule { safe_goes_again, create_goes_again, may_have_happened } = rule(fault);
    let goes_again = if is_create { create_goes_again } else { safe_goes_again };
    let context = format!("{} {fault:?}", operation.name());
    let key = ApiKey::new("sk-or-v1-test").unwrap();
    let mut attempt =
        Attempt::first(&Config::new(), &CallOptions::new(), operation.clone(), Seed::default())
            .unwrap();
    for number in 1..=3 {
        assert_eq!(attempt.number(), number, "{context}");
        let _request = attempt.request(&key);
        match attempt.finish(outcome(fault), Duration::ZERO) {
            Step::Retry { next, .. } => {
                assert!(
                    goes_again && number < 3,
                    "{context}: attempt {number} is followed by another"
                );
                attempt = next;
            }
            Step::Done(result) => {
                let Err(error) = result else { panic!("{context}: a fault is no success") };
                assert_eq!(number, if goes_again { 3 } else { 1 }, "{context}");
                assert_eq!(error.attempts(), number, "{context}");
                // It may be temporary, but is not retried automatically.
                let is_conflict = error.operation() == "update"
                    && matches!(fault, Fault::Status(409) | Fault::StatusWithRetryAfter(409));
                assert_eq!(error.is_retryable(), goes_again || is_conflict, "{context}");
                assert_eq!(
                    error.may_have_been_created(),
                    is_create && may_have_happened,
                    "{context}"
                );
                let effect_is_open = *error.effect() != Effect::Nothing;
                assert_eq!(
                    effect_is_open,
                    (is_create || changes) && may_have_happened,
                    "{context}"
                );
                return;
            }
        }
    }
    panic!("{context}: a fourth attempt");
}

#[test]
fn every_operation_follows_the_rule_after_every_fault() {
    for fault in faults() {
        check(&List::new(), fault, false, false);
        check(&Get::new("abc"), fault, false, false);
        check(&GetCurrentKeyMetadata::new(), fault, false, false);
        check(&Update::new("abc").disabled(true), fault, false, true);
        check(&Delete::new("abc"), fault, false, true);
        check(&Create::new("name", Limit::usd(1.0)), fault, true, true);
    }
}

#[test]
fn a_policy_can_add_statuses_for_safe_requests_but_never_for_a_create() {
    let options = CallOptions::new()
        .retry(openrouter_keys_core::RetryPolicy::default().statuses([409, 418, 500, 501]));
    for status in [409, 418, 500, 501] {
        let list = Attempt::first(&Config::new(), &options, List::new(), Seed::default()).unwrap();
        assert!(
            matches!(
                list.finish(outcome(Fault::Status(status)), Duration::ZERO),
                Step::Retry { .. }
            ),
            "{status}"
        );
        let create = Create::new("name", Limit::usd(1.0));
        let create = Attempt::first(&Config::new(), &options, create, Seed::default()).unwrap();
        assert!(
            matches!(
                create.finish(outcome(Fault::Status(status)), Duration::ZERO),
                Step::Done(Err(_))
            ),
            "{status}"
        );
    }
    let list = Attempt::first(&Config::new(), &options, List::new(), Seed::default()).unwrap();
    assert!(matches!(list.finish(outcome(Fault::Status(503)), Duration::ZERO), Step::Done(Err(_))));
}

#[test]
fn retries_after_connection_errors_can_be_turned_off() {
    let options = CallOptions::new()
        .retry(openrouter_keys_core::RetryPolicy::default().connection_errors(false));
    let list = Attempt::first(&Config::new(), &options, List::new(), Seed::default()).unwrap();
    assert!(matches!(list.finish(outcome(Fault::Refused), Duration::ZERO), Step::Done(Err(_))));
}

#[test]
fn a_key_removed_by_the_calls_own_lost_delete_is_already_gone() {
    let delete = || {
        Attempt::first(&Config::new(), &CallOptions::new(), Delete::new("abc"), Seed::default())
            .unwrap()
    };
    let response = |body: &'static [u8]| {
        Ok(http::Response::builder().status(404).body(Bytes::from_static(body)).unwrap())
    };
    let not_found = || response(br#"{"error":{"code":404,"message":"There is no such key."}}"#);

    let Step::Done(Err(error)) = delete().finish(not_found(), Duration::ZERO) else {
        panic!("a first 404 is an error")
    };
    assert_eq!(error.status().unwrap(), 404);

    for (first, expected) in
        [(Fault::Disconnected, true), (Fault::Status(500), true), (Fault::Refused, false)]
    {
        let Step::Retry { next, .. } = delete().finish(outcome(first), Duration::ZERO) else {
            panic!("{first:?}")
        };
        let Step::Done(result) = next.finish(not_found(), Duration::ZERO) else {
            panic!("{first:?}")
        };
        assert_eq!(result.is_ok_and(|deleted| deleted.output.already_gone), expected, "{first:?}");
    }

    // A proxy's page does not speak for the API.
    let Step::Retry { next, .. } = delete().finish(outcome(Fault::Disconnected), Duration::ZERO)
    else {
        panic!("again")
    };
    let Step::Done(Err(error)) = next.finish(response(b"<html>"), Duration::ZERO) else {
        panic!("an error")
    };
    assert_eq!(error.effect(), &Effect::MayHaveChanged);
}

#[test]
fn a_retry_sends_the_same_bytes_and_copies_none() {
    let update = Update::new("abc").name("x".repeat(10_000));
    let key = ApiKey::new("sk-or-v1-test").unwrap();
    let mut first =
        Attempt::first(&Config::new(), &CallOptions::new(), update, Seed::default()).unwrap();
    let sent = first.request(&key);
    let Step::Retry { mut next, .. } = first.finish(outcome(Fault::Status(503)), Duration::ZERO)
    else {
        panic!("again")
    };
    let again = next.request(&key);
    assert_eq!(sent.body().as_ptr(), again.body().as_ptr());
    assert_eq!(
        (sent.method(), sent.uri(), sent.headers()),
        (again.method(), again.uri(), again.headers())
    );
}

#[test]
fn a_refusal_whose_body_breaks_off_is_still_a_refusal() {
    for status in [400, 401, 403, 404, 413] {
        let broken = TransportError::ambiguous(TransportErrorKind::Disconnected)
            .with_status(http::StatusCode::from_u16(status).ok());
        let create = Create::new("x", Limit::usd(1.0));
        let attempt =
            Attempt::first(&Config::new(), &CallOptions::new(), create, Seed::default()).unwrap();
        let Step::Done(Err(error)) = attempt.finish(Err(broken), Duration::ZERO) else {
            panic!("{status}")
        };
        assert_eq!((error.effect(), error.is_retryable()), (&Effect::Nothing, false), "{status}");
    }
}

#[test]
fn one_of_several_headers_is_enough_to_forbid_a_retry() {
    let response = http::Response::builder()
        .status(503)
        .header("x-should-retry", "true")
        .header("x-should-retry", "false")
        .body(Bytes::new())
        .unwrap();
    let attempt =
        Attempt::first(&Config::new(), &CallOptions::new(), List::new(), Seed::default()).unwrap();
    assert!(matches!(attempt.finish(Ok(response), Duration::ZERO), Step::Done(Err(_))));
}

#[test]
fn only_a_create_asks_for_a_fresh_connection() {
    fn asks(operation: impl Operation) -> bool {
        let seed = Seed::default();
        let attempt = Attempt::first(&Config::new(), &CallOptions::new(), operation, seed).unwrap();
        attempt.context(Duration::ZERO).wants_fresh_connection()
    }
    assert!(asks(Create::new("ci", Limit::usd(1.0))));
    assert!(![asks(List::new()), asks(Get::new("a")), asks(Delete::new("a"))].contains(&true));
    assert!(!asks(Update::new("a").name("cd")));
}
