//! The workflows over a fake transport: their requests, pauses and errors.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use std::future::{IntoFuture, poll_fn};
use std::sync::Mutex;
use std::task::Poll;
use std::time::Duration;

use openrouter_keys_core::error::BuildErrorKind;
use openrouter_keys_core::machine::{Action, CallMachine, Event, Machine, Seed};
use openrouter_keys_core::test_util::{FakeTransport, Reply};
use openrouter_keys_core::transport::BlockingTransport;
use openrouter_keys_core::workflow::{
    Audit, CloseTemporary, CreateReconciled, Ensure, Ensured, FindBySecret, OnDuplicate, Sweep,
    Temporary, Workflow,
};
use openrouter_keys_core::{
    ApiKey, CallOptions, Client, Config, Create, Effect, Error, ErrorKind, Limit, LimitReset, List,
    RetryPolicy, blocking,
};

const CREATED: &str =
    r#"{"key":"sk-or-v1-0e6000000000000000000000000001c96","data":{"hash":"aa"}}"#;
const NOTHING: &str = r#"{"data":[]}"#;

fn key() -> ApiKey {
    ApiKey::new("sk-or-v1-management").unwrap()
}

fn client(transport: &FakeTransport) -> Client {
    Client::new(transport.clone(), key())
}

fn create() -> Create {
    Create::new("ci", Limit::usd(5.0))
}

/// The requests so far, each as `METHOD path?query`.
fn sent(transport: &FakeTransport) -> Vec<String> {
    let line = |request: &http::Request<bytes::Bytes>| {
        let path = request.uri().path_and_query().unwrap().as_str();
        format!("{} {}", request.method(), path.trim_start_matches("/api/v1"))
    };
    transport.requests().iter().map(line).collect()
}

/// The JSON body of a request.
fn body(transport: &FakeTransport, number: usize) -> serde_json::Value {
    serde_json::from_slice(transport.requests()[number].body()).unwrap()
}

fn seconds(transport: &FakeTransport) -> Vec<u64> {
    transport.pauses().iter().map(Duration::as_secs).filter(|&pause| pause < 30).collect()
}

/// A server's reply: keys, paged by offset, or something else.
#[derive(Clone)]
enum Reaction {
    Keys(Vec<String>),
    Other(Reply),
}

impl From<Reply> for Reaction {
    fn from(reply: Reply) -> Self {
        Self::Other(reply)
    }
}

const DATE: &str = "Fri, 01 Jan 2027 00:01:00 GMT";

/// A server that reacts to the number of the request and the name of the newest create. Further
/// pages of a listing are not numbered.
fn server(react: impl Fn(usize, &str) -> Reaction + Send + Sync + 'static) -> FakeTransport {
    let state = Mutex::new((0, String::new(), Vec::<String>::new()));
    FakeTransport::answering(move |_, request| {
        let mut state = state.lock().unwrap();
        let (number, name, keys) = &mut *state;
        if request.method() == http::Method::POST {
            let body: serde_json::Value = serde_json::from_slice(request.body()).unwrap();
            body["name"].as_str().unwrap().clone_into(name);
        }
        let query = request.uri().query().unwrap_or_default();
        let offset = query.split('&').find_map(|pair| pair.strip_prefix("offset="));
        if offset.is_none() {
            *number += 1;
            match react(*number, name) {
                Reaction::Keys(listed) => *keys = listed,
                Reaction::Other(reply) => return reply,
            }
        }
        let offset = offset.map_or(0, |text| text.parse().unwrap());
        let rows = keys.get(offset..).unwrap_or_default().join(",");
        Reply::status(200).header("date", DATE).json(format!(r#"{{"data":[{rows}]}}"#))
    })
}

/// A server with these reactions, in this order.
fn scripted<const N: usize>(reactions: [Reaction; N]) -> FakeTransport {
    let last = Reply::status(500).header("x-should-retry", "false");
    server(move |number, _| reactions.get(number - 1).cloned().unwrap_or(last.clone().into()))
}

const EVERYTHING: &str = "GET /keys?include_disabled=true&include_expired=true";

/// A server whose listing never ends, and whose creates are lost.
fn endless() -> FakeTransport {
    FakeTransport::answering(|_, request| {
        let query = request.uri().query().unwrap_or_default();
        let offset = query.split('&').find_map(|pair| pair.strip_prefix("offset="));
        let from = offset.map_or(0, |text| text.parse().unwrap_or_default());
        let rows: Vec<String> =
            (from..from + 100).map(|n: u64| format!(r#"{{"n":{n}}}"#)).collect();
        match (request.method().as_str(), request.uri().path()) {
            ("GET", "/api/v1/keys") => {
                Reply::status(200).json(format!(r#"{{"data":[{}]}}"#, rows.join(",")))
            }
            ("GET", "/api/v1/key") => Reply::status(401),
            _ => Reply::disconnected(),
        }
    })
}

#[tokio::test]
async fn no_workflow_follows_an_endless_listing() {
    const LISTING: usize = 7;
    let hour = Duration::from_secs(3600);
    let temp = "ci #temp-00000000000000000000000000000001";
    let (most, create) = (7, create());
    let transport = endless();
    let keys = client(&transport);
    let too_long = |error: openrouter_keys_core::Error| {
        assert!(matches!(error.kind(), ErrorKind::TooManyPages { requests: 7 }), "{error}");
    };
    too_long(keys.audit(Audit::new().max_requests(most)).await.unwrap_err());
    too_long(keys.sweep(Sweep::temporary().max_requests(most)).await.unwrap_err());
    too_long(keys.ensure(Ensure::new(create.clone()).max_requests(most)).await.unwrap_err());
    let find = FindBySecret::new("sk-or-v1-0e6000000000000000000000000001c96").max_requests(most);
    too_long(keys.find_by_secret(find).await.unwrap_err());
    too_long(keys.run(CloseTemporary::named(temp).max_requests(most)).await.unwrap_err());
    let listings = |transport: &FakeTransport| {
        let is_listing = |line: &&String| line.starts_with("GET /keys");
        sent(transport).iter().filter(is_listing).count()
    };
    assert_eq!(listings(&transport), 5 * LISTING);

    // A look that fails counts as one that found nothing: three rounds of three looks.
    let transport = endless();
    let reconciled = CreateReconciled::new(create.clone()).max_requests(most);
    let error = client(&transport).create_reconciled(reconciled).await.unwrap_err();
    assert_eq!(error.may_have_created().unwrap().names().count(), 3);
    assert_eq!(listings(&transport), 9 * LISTING);
    let transport = endless();
    let request = client(&transport).temporary(Temporary::new(create, hour).max_requests(most));
    assert_eq!(request.await.unwrap_err().may_have_created().unwrap().names().count(), 3);
    assert_eq!(listings(&transport), 9 * LISTING);
}

mod arrived;

mod create_reconciled;

mod sweep;

mod temporary;

mod ensure;

/// Drives a workflow without a client and without a wall clock.
fn by_hand<W: Workflow>(workflow: W, transport: &FakeTransport) -> Result<W::Output, Error> {
    let mut machine = workflow.begin(&Config::new(), &CallOptions::new());
    let mut event = Event::Begin(Seed::default());
    loop {
        event = match machine.resume(event, transport.clock().now()) {
            Action::Authenticate(_) => Event::Key(Ok(key())),
            Action::Send(context) => {
                Event::Response(BlockingTransport::send(transport, machine.request(), &context))
            }
            Action::Sleep(time) => {
                BlockingTransport::sleep(transport, time);
                Event::Slept
            }
            Action::Ask(question) => Event::Answer(Err(format!("{question:?}").into())),
            Action::Done(result) => return result,
        };
    }
}

#[test]
fn the_response_of_another_operation_is_an_error_not_a_panic() {
    let transport = FakeTransport::always(Reply::status(201).json(CREATED));
    let sweep = Sweep::new(["ci #00000000000000000000000000000001"]);
    let error = by_hand(sweep, &transport).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Decode(_)), "{error}");
}

#[test]
fn an_event_that_no_action_asked_for_never_sends_a_create_twice() {
    let events = || {
        [
            Event::Begin(Seed::default()),
            Event::Slept,
            Event::Answer(Ok(true)),
            Event::Key(Ok(key())),
            Event::Key(Err("no key".into())),
            Event::Response(Ok(http::Response::default())),
            Event::Cancelled(None),
        ]
    };
    for first in 0..events().len() {
        for second in 0..events().len() {
            let workflow = CreateReconciled::new(create());
            let mut machine = workflow.begin(&Config::new(), &CallOptions::new());
            let mut creates = 0;
            for event in [first, second, second, second, second, second] {
                let event = events().into_iter().nth(event).unwrap();
                if let Action::Send(_) = machine.resume(event, Duration::ZERO) {
                    creates += u32::from(machine.request().method() == http::Method::POST);
                }
                // Outside of a send, it has no request.
                assert_eq!(machine.request().uri(), "/");
            }
            assert!(creates <= 1, "{first} {second}");
        }
    }
}

#[test]
fn a_call_has_one_request_per_send_and_none_at_any_other_time() {
    let mut call = CallMachine::new(&Config::new(), &CallOptions::new(), create());
    let mut resume = |event| {
        let is_send = matches!(call.resume(event, Duration::ZERO), Action::Send(_));
        let requests = [call.request(), call.request()];
        let posts = requests.iter().filter(|request| request.method() == http::Method::POST);
        (is_send, posts.count())
    };
    let refusal = || http::Response::builder().status(429).body(bytes::Bytes::new()).unwrap();
    for event in [Event::Begin(Seed::default()), Event::Slept] {
        assert_eq!(resume(event), (false, 0));
    }
    assert_eq!(resume(Event::Key(Ok(key()))), (true, 1));
    assert_eq!(resume(Event::Response(Ok(refusal()))), (false, 0));
    assert_eq!(resume(Event::Slept), (false, 0));
    assert_eq!(resume(Event::Key(Ok(key()))), (true, 1));
}

#[test]
fn a_create_whose_request_was_never_taken_has_created_nothing() {
    let mut machine = CreateReconciled::new(create()).begin(&Config::new(), &CallOptions::new());
    let action = machine.resume(Event::Begin(Seed::default()), Duration::ZERO);
    assert!(matches!(action, Action::Authenticate(_)), "{action:?}");
    let action = machine.resume(Event::Key(Ok(key())), Duration::ZERO);
    let Action::Send(context) = action else { panic!("{action:?}") };
    let action = machine.resume(Event::Cancelled(Some(context)), Duration::ZERO);
    let Action::Done(Err(error)) = action else { panic!("{action:?}") };
    assert_eq!((error.effect(), error.attempts()), (&Effect::Nothing, 0), "{error}");
}

#[tokio::test]
async fn a_client_with_another_key_shares_the_rest() {
    let transport = FakeTransport::always(Reply::status(200).json(NOTHING));
    let other = client(&transport).with_key(ApiKey::new("sk-or-v1-other").unwrap());
    other.list(List::new()).await.unwrap();
    let blocking = blocking::Client::new(transport.clone(), key());
    blocking.with_key(ApiKey::new("sk-or-v1-third").unwrap()).list(List::new()).send().unwrap();
    let keys: Vec<String> = transport
        .requests()
        .iter()
        .map(|request| request.headers()["authorization"].to_str().unwrap().to_owned())
        .collect();
    assert_eq!(keys, ["Bearer sk-or-v1-other", "Bearer sk-or-v1-third"]);
}
