//! The workflows over a fake transport: what they send, when, and what they say.

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

use openrouter_keys_core::test_util::{FakeTransport, Reply};
use openrouter_keys_core::{
    ApiKey, BuildErrorKind, Client, Create, Effect, Ensure, Ensured, ErrorKind, Limit, LimitReset,
    List, Opening, Pick, RetryPolicy, Sweep, Turn, Workflow, blocking,
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

/// What the JSON body of a request says.
fn body(transport: &FakeTransport, number: usize) -> serde_json::Value {
    serde_json::from_slice(transport.requests()[number].body()).unwrap()
}

fn seconds(transport: &FakeTransport) -> Vec<u64> {
    transport.pauses().iter().map(Duration::as_secs).filter(|&pause| pause < 30).collect()
}

/// What a server replies: keys, of which it pages by offset, or something else.
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

/// A server that reacts by the number of the request and by the name of the
/// newest create. Further pages of a listing have no number.
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

/// A server that reacts in this order.
fn scripted<const N: usize>(reactions: [Reaction; N]) -> FakeTransport {
    let last = Reply::status(500).header("x-should-retry", "false");
    server(move |number, _| reactions.get(number - 1).cloned().unwrap_or(last.clone().into()))
}

const EVERYTHING: &str = "GET /keys?include_disabled=true&include_expired=true";

mod create_reconciled {
    use super::*;

    /// A marked name of an earlier request.
    fn name(transport: &FakeTransport, number: usize) -> String {
        body(transport, number)["name"].as_str().unwrap().to_owned()
    }

    /// Lists the key that was asked for, under the hash `bb`, among others.
    fn listed(name: &str) -> Reaction {
        let row = |hash: &str, name: &str| format!(r#"{{"hash":"{hash}","name":"{name}"}}"#);
        Reaction::Keys(vec![row("cc", "ci"), row("bb", name), row("dd", &format!("{name}0"))])
    }

    fn created() -> Reaction {
        Reply::status(201).json(CREATED).into()
    }

    fn deleted() -> Reaction {
        Reply::status(200).json(r#"{"deleted":true}"#).into()
    }

    #[tokio::test]
    async fn a_create_that_is_answered_is_one_request_whose_name_has_a_marker() {
        let transport = FakeTransport::always(Reply::status(201).json(CREATED));
        let done = client(&transport).create_reconciled(create()).await.unwrap();
        assert_eq!(sent(&transport), ["POST /keys"]);
        let marker = done.name.strip_prefix("ci #").unwrap();
        assert!(marker.len() == 32 && u128::from_str_radix(marker, 16).is_ok(), "{marker}");
        assert_eq!(done.name, name(&transport, 0));
        assert_eq!(done.created.key().reveal().len(), 42);
        assert!(done.swept.is_empty() && done.unconfirmed.is_empty());
        assert!(!format!("{done:?}").contains("1c96"));
    }

    #[tokio::test]
    async fn no_two_calls_have_the_same_marker_however_poor_the_entropy_is() {
        let transport = FakeTransport::always(Reply::status(201).json(CREATED));
        let blocking = blocking::Client::new(transport.clone(), key());
        let mut names = Vec::new();
        for _ in 0..50 {
            names.push(client(&transport).create_reconciled(create()).await.unwrap().name);
            names.push(blocking.create_reconciled(create()).finish().unwrap().name);
        }
        names.sort();
        names.dedup();
        assert_eq!(names.len(), 100);
    }

    #[tokio::test]
    async fn a_lost_key_is_found_by_its_exact_name_deleted_and_made_again_under_another() {
        let transport = server(|number, name| match number {
            1 => Reply::disconnected().into(),
            2 => listed(name),
            3 => deleted(),
            _ => created(),
        });
        let done = client(&transport).create_reconciled(create()).await.unwrap();
        // A page of three is not the last as long as the next is not empty.
        assert_eq!(
            sent(&transport),
            [
                "POST /keys",
                EVERYTHING,
                &format!("{EVERYTHING}&offset=2"),
                "DELETE /keys/bb",
                "POST /keys"
            ]
            .map(str::to_owned)
        );
        assert_eq!(seconds(&transport), [2]);
        assert_ne!(name(&transport, 0), name(&transport, 4));
        assert_eq!(done.swept[0].hash.as_deref(), Some("bb"));
        assert!(done.unconfirmed.is_empty());
    }

    #[tokio::test]
    async fn a_key_that_is_not_to_be_seen_after_three_looks_is_told_and_another_is_made() {
        let transport = server(|number, _| match number {
            1 => Reply::status(502).into(),
            2..=4 => Reaction::Keys(Vec::new()),
            _ => created(),
        });
        let done = client(&transport).create_reconciled(create()).await.unwrap();
        assert_eq!(seconds(&transport), [2, 4, 8]);
        assert_eq!(done.unconfirmed, [name(&transport, 0)]);
        assert!(done.swept.is_empty());
    }

    #[tokio::test]
    async fn three_lost_rounds_end_with_an_error_that_tells_every_name() {
        let transport = server(|_, _| Reply::status(502).into());
        let no_retry = openrouter_keys_core::CallOptions::new().retry(RetryPolicy::none());
        let error =
            client(&transport).create_reconciled(create()).options(no_retry).await.unwrap_err();
        let posts: Vec<usize> = (0..)
            .zip(sent(&transport))
            .filter(|(_, line)| line == "POST /keys")
            .map(|(n, _)| n)
            .collect();
        assert_eq!(posts.len(), 3);
        let names: Vec<String> = posts.iter().map(|&number| name(&transport, number)).collect();
        let left = error.may_have_created().unwrap();
        assert_eq!(left.names().collect::<Vec<_>>(), names);
        assert!(left.from.unwrap() < left.until.unwrap());
        assert!(!error.is_retryable());
        assert_eq!(
            error.to_string(),
            format!(
                "create_reconciled: the server answered 502 Bad Gateway; \
                 keys named \"{}\", \"{}\", \"{}\" may exist; give these names to sweep later",
                names[0], names[1], names[2]
            )
        );
    }

    #[tokio::test]
    async fn lost_keys_that_were_all_deleted_leave_nothing_to_tell_of() {
        let transport = server(|number, name| match number % 3 {
            1 => Reply::disconnected().into(),
            2 => listed(name),
            _ => deleted(),
        });
        let error = client(&transport).create_reconciled(create()).await.unwrap_err();
        assert_eq!(transport.requests().len(), 12);
        assert_eq!((error.effect(), error.is_retryable()), (&Effect::Nothing, true));
    }

    #[tokio::test]
    async fn a_refusal_ends_it_at_once() {
        let transport = server(|_, _| Reply::status(401).json("{}").into());
        let error = client(&transport).create_reconciled(create()).await.unwrap_err();
        assert_eq!((transport.requests().len(), error.effect()), (1, &Effect::Nothing));
        assert_eq!(error.operation(), "create_reconciled");
    }

    #[test]
    fn a_create_that_is_refused_sends_nothing() {
        for bad in [Create::new("", Limit::usd(1.0)), Create::new("ci", Limit::usd(f64::NAN))] {
            let transport = FakeTransport::never();
            let client = blocking::Client::new(transport.clone(), key());
            let error = client.create_reconciled(bad).finish().unwrap_err();
            assert!(matches!(error.kind(), ErrorKind::Build(_)), "{error}");
            assert!(transport.requests().is_empty());
        }
    }

    #[tokio::test]
    async fn a_call_that_is_called_off_between_two_looks_tells_what_it_left() {
        let transport = server(|_, _| Reply::disconnected().into());
        // Ready as soon as the create went out.
        let seen = transport.clone();
        let cancel = poll_fn(move |context| {
            context.waker().wake_by_ref();
            if seen.requests().is_empty() { Poll::Pending } else { Poll::Ready(()) }
        });
        let error =
            client(&transport).create_reconciled(create()).cancel_on(cancel).await.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Cancelled));
        assert_eq!(error.may_have_created().unwrap().name, name(&transport, 0));
        assert_eq!(sent(&transport), ["POST /keys"]);
    }

    #[tokio::test]
    async fn a_call_that_is_called_off_in_its_very_last_look_says_so() {
        for is_found in [false, true] {
            // Nine looks: three in each round.
            let transport = server(move |number, name| match number {
                1 | 5 | 9 => Reply::disconnected().into(),
                12 if is_found => listed(name),
                12.. => Reply::never().into(),
                _ => Reaction::Keys(Vec::new()),
            });
            // Ready as soon as the request is out that is never answered.
            let seen = transport.clone();
            let cancel = poll_fn(move |context| {
                context.waker().wake_by_ref();
                let count = seen.requests().len();
                if count < if is_found { 14 } else { 12 } { Poll::Pending } else { Poll::Ready(()) }
            });
            let error =
                client(&transport).create_reconciled(create()).cancel_on(cancel).await.unwrap_err();
            let last = sent(&transport).pop().unwrap();
            assert_eq!(last, if is_found { "DELETE /keys/bb" } else { EVERYTHING });
            assert!(matches!(error.kind(), ErrorKind::Cancelled), "{error}");
            assert_eq!(error.may_have_created().unwrap().names().count(), 3);
        }
    }

    #[tokio::test]
    async fn a_lost_key_whose_deletion_is_refused_is_found_and_deleted_once_more() {
        let transport = server(|number, name| match number {
            1 => Reply::disconnected().into(),
            2 | 4 => listed(name),
            3 => Reply::status(403).json("{}").into(),
            5 => deleted(),
            _ => created(),
        });
        let done = client(&transport).create_reconciled(create()).await.unwrap();
        assert_eq!(seconds(&transport), [2, 4]);
        assert_eq!((done.swept.len(), done.unconfirmed.len()), (1, 0));
    }

    #[tokio::test]
    async fn keys_of_the_creates_own_workspace_are_looked_through() {
        const WORKSPACE: &str = "0df9e665-d932-5740-b2c7-b52af166bc11";
        let transport = server(|number, _| match number {
            1 => Reply::disconnected().into(),
            2..=4 => Reaction::Keys(Vec::new()),
            _ => created(),
        });
        client(&transport).create_reconciled(create().workspace_id(WORKSPACE)).await.unwrap();
        assert_eq!(sent(&transport)[1], format!("{EVERYTHING}&workspace_id={WORKSPACE}"));
    }
}

mod sweep {
    use super::*;

    const ONE: &str = "ci #00000000000000000000000000000001";
    const OTHER: &str = "ci #00000000000000000000000000000002";
    const THIRD: &str = "ci #00000000000000000000000000000003";

    #[tokio::test]
    async fn what_has_one_of_the_names_is_deleted_and_the_rest_is_told() {
        let row = |hash: &str, name: &str| format!(r#"{{"hash":"{hash}","name":"{name}"}}"#);
        let transport = scripted([
            Reaction::Keys(vec![row("aa", ONE), row("bb", OTHER), row("cc", "ci")]),
            Reply::status(404).json(r#"{"error":{"code":404,"message":"gone"}}"#).into(),
            Reply::status(403).json("{}").into(),
        ]);
        let swept = client(&transport).sweep(Sweep::new([ONE, OTHER, THIRD])).await.unwrap();
        assert_eq!(sent(&transport)[2..], ["DELETE /keys/aa", "DELETE /keys/bb"]);
        assert_eq!(swept.deleted[0].name.as_deref(), Some(ONE));
        assert_eq!((swept.failed[0].0.name.as_deref(), swept.failed.len()), (Some(OTHER), 1));
        assert_eq!(swept.absent, [THIRD]);
    }

    #[tokio::test]
    async fn a_name_without_a_marker_is_refused_and_nothing_is_sent() {
        let transport = FakeTransport::never();
        let error = client(&transport).sweep(Sweep::new([ONE, "production"])).await.unwrap_err();
        assert!(
            matches!(error.kind(), ErrorKind::Build(error) if error.kind() == BuildErrorKind::Name)
        );
        assert!(
            error.to_string().starts_with("sweep: a name to sweep carries no marker"),
            "{error}"
        );
        assert!(transport.requests().is_empty());
        let swept = client(&transport).sweep(Sweep::new([""; 0])).await.unwrap();
        assert!(swept.deleted.is_empty() && transport.requests().is_empty());
    }
}

mod temporary {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use bytes::Bytes;
    use http::{Request, Response};
    use openrouter_keys_core::{
        BlockingTransport, CallOptions, CloseTemporary, Error, Exchange, Headers, Scoped,
        Temporary, Timestamp, TransportError,
    };

    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);
    const WITHOUT_HASH: &str = r#"{"key":"sk-or-v1-0e6000000000000000000000000001c96","data":{}}"#;
    const GONE: &str = r#"{"error":{"code":404,"message":"gone"}}"#;

    fn temporary() -> Temporary {
        Temporary::new(create(), HOUR)
    }

    fn made(body: &'static str) -> Reaction {
        Reply::status(201).json(body).into()
    }

    fn deleted() -> Reaction {
        Reply::status(200).json(r#"{"deleted":true}"#).into()
    }

    fn row(hash: &str, name: &str) -> String {
        format!(r#"{{"hash":"{hash}","name":"{name}"}}"#)
    }

    fn text<'a>(body: &'a serde_json::Value, field: &str) -> &'a str {
        body[field].as_str().unwrap()
    }

    #[tokio::test]
    async fn the_key_is_asked_for_with_an_end_and_a_marker_of_its_own() {
        let transport = scripted([made(CREATED)]);
        let key = client(&transport).temporary(temporary()).await.unwrap();
        assert_eq!(sent(&transport), ["POST /keys"]);
        let body = body(&transport, 0);
        assert_eq!(text(&body, "expires_at"), "2027-01-01T01:00:00Z");
        assert_eq!(key.expires_at.as_str(), "2027-01-01T01:00:00Z");
        let marker = key.name.strip_prefix("ci #temp-").unwrap();
        assert!(marker.len() == 32 && u128::from_str_radix(marker, 16).is_ok(), "{marker}");
        assert_eq!(key.name, text(&body, "name"));
        assert_eq!(key.key().reveal().len(), 42);
        assert!(key.swept.is_empty() && key.unconfirmed.is_empty());
    }

    #[tokio::test]
    async fn nothing_that_is_printed_holds_the_secret() {
        let refusing = || scripted([made(CREATED), Reply::status(403).json("{}").into()]);
        let key = client(&refusing()).temporary(temporary()).await.unwrap();
        let lent = format!("{key:?} {key:#?} {:?} {:?}", *key, key.closing());
        let closing = key.close();
        let run = format!("{closing:?} {:?}", client(&refusing()).temporary(temporary()));
        let error = closing.await.unwrap_err();
        let scope = client(&refusing()).temporary(temporary()).scope(async |_| 1).await;
        let printed = [lent, run, format!("{error} {error:?} {error:#?} {scope:?}")].concat();
        assert!(!printed.contains("1c96") && printed.contains("[redacted]"), "{printed}");
    }

    #[tokio::test]
    async fn close_deletes_by_the_hash_and_a_key_that_is_gone_is_closed() {
        for reaction in [deleted(), Reply::status(404).json(GONE).into()] {
            let transport = scripted([made(CREATED), reaction]);
            let key = client(&transport).temporary(temporary()).await.unwrap();
            key.close().await.unwrap();
            assert_eq!(sent(&transport), ["POST /keys", "DELETE /keys/aa"]);
        }
        let transport = scripted([made(CREATED), deleted()]);
        let blocking = blocking::Client::new(transport.clone(), key());
        let key = blocking.temporary(temporary()).finish().unwrap();
        key.close().finish().unwrap();
        assert_eq!(sent(&transport), ["POST /keys", "DELETE /keys/aa"]);
    }

    #[tokio::test]
    async fn without_a_hash_close_looks_for_the_marked_name_until_it_is_seen() {
        let transport = server(|number, name| match number {
            1 => made(WITHOUT_HASH),
            2 => Reaction::Keys(vec![row("cc", "ci")]),
            3 => Reaction::Keys(vec![
                row("cc", "ci"),
                row("bb", name),
                row("dd", &format!("{name}0")),
            ]),
            _ => deleted(),
        });
        client(&transport).temporary(temporary()).await.unwrap().close().await.unwrap();
        let requests = sent(&transport);
        assert_eq!(requests.last().unwrap(), "DELETE /keys/bb");
        assert_eq!(requests.iter().filter(|line| line.starts_with("DELETE")).count(), 1);
        assert_eq!(seconds(&transport), [2]);
    }

    #[tokio::test]
    async fn without_a_hash_a_key_that_is_never_seen_is_gone_after_14_seconds() {
        let transport = server(|number, _| match number {
            1 => made(WITHOUT_HASH),
            _ => Reaction::Keys(vec![row("cc", "ci")]),
        });
        client(&transport).temporary(temporary()).await.unwrap().close().await.unwrap();
        assert_eq!(seconds(&transport), [2, 4, 8]);
        assert!(sent(&transport).iter().all(|line| !line.starts_with("DELETE")));
    }

    #[tokio::test]
    async fn a_close_that_fails_tells_the_name_and_the_hash_of_what_is_left() {
        let transport = scripted([made(CREATED), Reply::status(403).json("{}").into()]);
        let key = client(&transport).temporary(temporary()).await.unwrap();
        let name = key.name.clone();
        let error = key.close().await.unwrap_err();
        let left = error.may_have_created().unwrap();
        assert_eq!((left.name.as_str(), left.hash.as_deref()), (name.as_str(), Some("aa")));
        assert!(!error.is_retryable());
        assert_eq!(
            error.to_string(),
            format!(
                "close_temporary: the server answered 403 Forbidden; a key named \"{name}\" \
                 exists, with the hash aa; delete the key of this hash"
            )
        );

        let transport = server(|number, _| match number {
            1 => made(CREATED),
            _ => Reply::status(503).into(),
        });
        let key = client(&transport).temporary(temporary()).await.unwrap();
        assert!(key.close().await.unwrap_err().is_retryable());

        // Found by its name, and not deleted.
        let transport = server(|number, name| match number {
            1 => made(WITHOUT_HASH),
            2 => Reaction::Keys(vec![row("bb", name)]),
            _ => Reply::status(403).json("{}").into(),
        });
        let key = client(&transport).temporary(temporary()).await.unwrap();
        let name = key.name.clone();
        let error = key.close().await.unwrap_err();
        let left = error.may_have_created().unwrap();
        assert_eq!((left.name.as_str(), left.hash.as_deref()), (name.as_str(), Some("bb")));

        // Not even looked for.
        let transport = scripted([made(WITHOUT_HASH), Reply::status(403).json("{}").into()]);
        let key = client(&transport).temporary(temporary()).await.unwrap();
        let name = key.name.clone();
        let error = key.close().await.unwrap_err();
        assert_eq!(error.may_have_created().unwrap().name, name);
        assert!(error.to_string().ends_with("may exist; give these names to sweep later"));
    }

    #[tokio::test]
    async fn a_lost_answer_leaves_no_key_and_each_round_has_the_whole_lifetime() {
        let transport = server(|number, name| match number {
            1 => Reply::disconnected().into(),
            2 => Reaction::Keys(vec![row("cc", "ci"), row("bb", name)]),
            4 => made(CREATED),
            _ => deleted(),
        });
        let key = client(&transport).temporary(temporary()).await.unwrap();
        assert_eq!(key.swept[0].hash.as_deref(), Some("bb"));
        assert_eq!(text(&body(&transport, 0), "expires_at"), "2027-01-01T01:00:00Z");
        let last = body(&transport, transport.requests().len() - 1);
        assert_eq!(text(&last, "expires_at"), "2027-01-01T01:00:02Z");
        assert_eq!(key.expires_at.as_str(), "2027-01-01T01:00:02Z");
        assert_eq!(key.name, text(&last, "name"));
        key.close().await.unwrap();
        assert_eq!(sent(&transport).last().unwrap(), "DELETE /keys/aa");
    }

    #[tokio::test]
    async fn close_looks_once_more_for_what_was_never_found() {
        let first = std::sync::Arc::new(Mutex::new(String::new()));
        let transport = server({
            let first = std::sync::Arc::clone(&first);
            move |number, name| match number {
                1 => {
                    name.clone_into(&mut first.lock().unwrap());
                    Reply::disconnected().into()
                }
                2..=4 => Reaction::Keys(vec![]),
                5 => made(CREATED),
                7 => Reaction::Keys(vec![row("bb", &first.lock().unwrap()), row("aa", name)]),
                _ => deleted(),
            }
        });
        let key = client(&transport).temporary(temporary()).await.unwrap();
        assert_eq!(key.unconfirmed, [first.lock().unwrap().clone()]);
        key.close().await.unwrap();
        let requests = sent(&transport);
        let deletions: Vec<&String> =
            requests.iter().filter(|line| line.starts_with("DELETE")).collect();
        assert_eq!(deletions, ["DELETE /keys/aa", "DELETE /keys/bb"]);
        // It looks once, and waits for nothing.
        assert_eq!(seconds(&transport), [2, 4, 8]);
    }

    #[tokio::test]
    async fn a_close_whose_hash_and_whose_look_fail_tells_every_name() {
        let transport = server(|number, _| match number {
            1 => Reply::disconnected().into(),
            2..=4 => Reaction::Keys(vec![]),
            5 => made(CREATED),
            _ => Reply::status(403).json("{}").into(),
        });
        let key = client(&transport).temporary(temporary()).await.unwrap();
        let names = [key.name.clone(), key.unconfirmed[0].clone()];
        let error = key.close().await.unwrap_err();
        assert_eq!(error.may_have_created().unwrap().names().collect::<Vec<_>>(), names);
        assert!(error.to_string().contains("may exist, the first with the hash aa;"), "{error}");
    }

    #[tokio::test]
    async fn three_lost_rounds_end_with_an_error_whose_names_a_sweep_takes() {
        let transport = server(|number, _| match number {
            1 | 5 | 9 => Reply::disconnected().into(),
            _ => Reaction::Keys(vec![]),
        });
        let error = client(&transport).temporary(temporary()).await.unwrap_err();
        assert_eq!(error.operation(), "temporary");
        assert!(error.to_string().ends_with("give these names to sweep later"), "{error}");
        let left = error.may_have_created().unwrap();
        assert_eq!(left.names().count(), 3);
        assert!(left.names().all(|name| name.starts_with("ci #temp-")));
        let swept = client(&transport).sweep(Sweep::new(left.names())).await.unwrap();
        assert_eq!(swept.absent.len(), 3);
    }

    #[tokio::test]
    async fn what_cannot_be_temporary_is_refused_before_anything_is_sent() {
        let never = Timestamp::parse("2099-01-01T00:00:00Z").unwrap();
        for (refused, kind) in [
            (Temporary::new(create(), Duration::ZERO), BuildErrorKind::Lifetime),
            (Temporary::new(create(), Duration::MAX), BuildErrorKind::Lifetime),
            (Temporary::new(create().expires_at(never), HOUR), BuildErrorKind::Timestamp),
            (Temporary::new(Create::new("", Limit::usd(1.0)), HOUR), BuildErrorKind::Name),
        ] {
            let transport = FakeTransport::never();
            let error = client(&transport).temporary(refused).await.unwrap_err();
            let ErrorKind::Build(build) = error.kind() else { panic!("{error}") };
            assert_eq!((build.kind(), error.operation()), (kind, "temporary"));
            assert!(transport.requests().is_empty());
        }
        let transport = FakeTransport::never();
        for closing in [
            CloseTemporary::named("ci"),
            CloseTemporary::named("ci #00000000000000000000000000000001"),
            CloseTemporary::named("ci #temp-00000000000000000000000000000001").unconfirmed(["ci"]),
        ] {
            let error = client(&transport).run(closing).await.unwrap_err();
            assert!(matches!(error.kind(), ErrorKind::Build(_)), "{error}");
        }
        assert!(transport.requests().is_empty());
    }

    /// Knows no time of day, and must not be asked to send anything.
    struct Timeless;

    impl BlockingTransport for Timeless {
        fn send(&self, _: Request<Bytes>, _: &Exchange) -> Result<Response<Bytes>, TransportError> {
            panic!("nothing is sent")
        }
        fn sleep(&self, _: Duration) {}
        fn now(&self) -> Duration {
            Duration::ZERO
        }
        fn entropy(&self) -> u64 {
            4
        }
    }

    #[test]
    fn where_the_time_of_day_is_not_known_it_is_refused() {
        let client = blocking::Client::new(Timeless, key());
        let error = client.temporary(temporary()).finish().unwrap_err();
        assert_eq!(
            error.to_string(),
            "temporary: the transport does not tell the time of day, which a temporary key's end \
             is counted from; nothing was created or changed; correct the argument"
        );
    }

    #[tokio::test]
    async fn a_scope_closes_its_key_also_when_the_work_fails() {
        let transport = scripted([made(CREATED), deleted()]);
        let scoped = client(&transport)
            .temporary(temporary())
            .scope(async |key| {
                tokio::task::yield_now().await;
                Err::<(), usize>(key.key().reveal().len())
            })
            .await
            .unwrap();
        assert_eq!(scoped.output, Err(42));
        assert!(scoped.unclosed.is_none());
        assert_eq!(sent(&transport), ["POST /keys", "DELETE /keys/aa"]);

        let transport = scripted([made(CREATED), deleted()]);
        let blocking = blocking::Client::new(transport.clone(), key());
        let scoped = blocking.temporary(temporary()).scope(|_| Err::<(), &str>("no")).unwrap();
        assert_eq!((scoped.output, scoped.unclosed.is_none()), (Err("no"), true));
        assert_eq!(sent(&transport), ["POST /keys", "DELETE /keys/aa"]);
    }

    #[tokio::test]
    async fn a_scope_closes_its_key_also_when_the_work_panics() {
        let transport = scripted([made(CREATED), deleted()]);
        let client = client(&transport);
        let panicked = tokio::spawn(async move {
            let work = async |_: &_| panic!("the work's own");
            client.temporary(temporary()).scope::<()>(work).await
        });
        assert!(panicked.await.unwrap_err().is_panic());
        assert_eq!(sent(&transport), ["POST /keys", "DELETE /keys/aa"]);

        let transport = scripted([made(CREATED), deleted()]);
        let blocking = blocking::Client::new(transport.clone(), key());
        let scope = || blocking.temporary(temporary()).scope::<()>(|_| panic!("the work's own"));
        assert!(catch_unwind(AssertUnwindSafe(scope)).is_err());
        assert_eq!(sent(&transport), ["POST /keys", "DELETE /keys/aa"]);
    }

    #[tokio::test]
    async fn a_scope_whose_close_fails_keeps_the_works_result() {
        let transport = scripted([made(CREATED), Reply::status(403).json("{}").into()]);
        let Scoped { output, unclosed, .. } =
            client(&transport).temporary(temporary()).scope(async |_| "done").await.unwrap();
        assert_eq!(output, "done");
        let unclosed: Error = unclosed.unwrap();
        assert_eq!(unclosed.may_have_created().unwrap().hash.as_deref(), Some("aa"));
    }

    #[tokio::test]
    async fn a_scope_that_gets_no_key_does_no_work() {
        let transport = scripted([Reply::status(403).json("{}").into()]);
        let work = async |_: &_| panic!("it has no key");
        let error = client(&transport).temporary(temporary()).scope::<()>(work).await.unwrap_err();
        assert_eq!((error.operation(), transport.requests().len()), ("temporary", 1));
    }

    #[tokio::test]
    async fn a_key_that_is_dropped_or_given_up_is_left_to_its_end() {
        let transport = scripted([made(CREATED), made(CREATED), made(CREATED)]);
        drop(client(&transport).temporary(temporary()).await.unwrap());
        let lent = client(&transport).temporary(temporary()).await.unwrap().into_lent();
        drop(blocking::Client::new(transport.clone(), key()).temporary(temporary()).finish());
        assert_eq!(sent(&transport), ["POST /keys"; 3]);

        // Who has what is known of it can close it.
        let transport = scripted([deleted()]);
        client(&transport).run(lent.closing()).await.unwrap();
        assert_eq!(sent(&transport), ["DELETE /keys/aa"]);
    }

    #[tokio::test]
    async fn a_key_is_closed_with_the_options_with_which_it_was_made() {
        let transport = scripted([made(CREATED), deleted()]);
        let headers = Headers::new().header("x-job", "7").unwrap();
        let options = CallOptions::new().headers(headers);
        let key = client(&transport).temporary(temporary()).options(options).await.unwrap();
        key.close().await.unwrap();
        assert!(transport.requests().iter().all(|request| request.headers()["x-job"] == "7"));
    }

    #[tokio::test]
    async fn a_key_of_another_workspace_is_looked_for_there() {
        const WORKSPACE: &str = "0df9e665-d932-5740-b2c7-b52af166bc11";
        let transport = server(|number, name| match number {
            1 => made(WITHOUT_HASH),
            2 => Reaction::Keys(vec![row("bb", name)]),
            _ => deleted(),
        });
        let there = Temporary::new(create().workspace_id(WORKSPACE), HOUR);
        client(&transport).temporary(there).await.unwrap().close().await.unwrap();
        assert_eq!(sent(&transport)[1], format!("{EVERYTHING}&workspace_id={WORKSPACE}"));
    }

    #[tokio::test]
    async fn a_sweep_deletes_the_temporary_keys_that_have_expired_and_nothing_else() {
        const MARKED: &str = "ci #temp-00000000000000000000000000000001";
        let ending = |hash: &str, name: &str, end: &str| {
            format!(r#"{{"hash":"{hash}","name":"{name}","expires_at":{end}}}"#)
        };
        // The server's clock says 00:01:00.
        let (past, now) = ("\"2026-12-31T23:59:59Z\"", "\"2027-01-01T00:01:00Z\"");
        let later = "\"2027-01-01T00:01:00.001Z\"";
        let transport = server(move |number, _| match number {
            1 => Reaction::Keys(vec![
                ending("01", MARKED, past),
                ending("02", MARKED, now),
                ending("03", MARKED, past),
                ending("10", MARKED, later),
                ending("11", "production", past),
                ending("12", "ci #00000000000000000000000000000001", past),
                ending("13", "ci #temp-0000000000000000000000000000001", past),
                ending("20", MARKED, "null"),
                ending("21", MARKED, "\"soon\""),
                ending("22", MARKED, "7"),
                row("23", MARKED),
            ]),
            4 => Reply::status(403).json("{}").into(),
            _ => deleted(),
        });
        let swept = client(&transport).sweep(Sweep::temporary()).await.unwrap();
        let requests = sent(&transport);
        assert_eq!(requests[0], EVERYTHING);
        assert_eq!(requests[2..], ["DELETE /keys/01", "DELETE /keys/02", "DELETE /keys/03"]);
        let hashes = |keys: &[openrouter_keys_core::Key]| -> Vec<String> {
            keys.iter().map(|key| key.hash.get().unwrap().to_string()).collect()
        };
        assert_eq!(hashes(&swept.deleted), ["01", "02"]);
        assert_eq!((swept.failed.len(), swept.failed[0].0.hash.as_deref()), (1, Some("03")));
        assert_eq!(hashes(&swept.endless), ["20", "21", "22", "23"]);
        assert!(swept.absent.is_empty());
    }

    #[tokio::test]
    async fn without_the_servers_date_a_sweep_goes_by_this_machines_clock() {
        let row = |hash: &str, end: &str| {
            let name = format!("ci #temp-{:032x}", 1);
            format!(r#"{{"hash":"{hash}","name":"{name}","expires_at":"{end}"}}"#)
        };
        let rows = [row("02", "2027-01-01T00:00:01Z"), row("01", "2026-12-31T23:59:59Z")];
        let transport = FakeTransport::answering(move |_, request| {
            if request.method() == http::Method::DELETE {
                return Reply::status(200).json(r#"{"deleted":true}"#);
            }
            let overlaps = request.uri().query().unwrap_or_default().contains("offset=");
            let rows = rows[usize::from(overlaps)..].join(",");
            Reply::status(200).json(format!(r#"{{"data":[{rows}]}}"#))
        });
        let swept = client(&transport).sweep(Sweep::temporary()).await.unwrap();
        assert_eq!(sent(&transport).last().unwrap(), "DELETE /keys/01");
        assert_eq!(swept.deleted.len(), 1);
    }

    #[test]
    fn where_nobody_knows_the_time_a_sweep_deletes_nothing_and_says_so() {
        let turn = Sweep::temporary().begin(Opening::default());
        let Turn::Send(sending) = turn else { panic!("{turn:?}") };
        let (_, sent) = sending.into_parts();
        let transport = FakeTransport::always(Reply::status(200).json(NOTHING));
        let outcome = blocking::Client::new(transport, key())
            .call(openrouter_keys_core::AnyOperation::List(List::new()))
            .with_response()
            .send();
        let turn = sent.outcome(outcome, Duration::ZERO);
        let Turn::Done(Err(error)) = turn else { panic!("{turn:?}") };
        assert!(error.to_string().starts_with("sweep: neither the server nor"), "{error}");
    }

    #[test]
    fn the_futures_go_from_thread_to_thread() {
        fn is_send<T: Send>(_: T) {}
        let transport = FakeTransport::never();
        is_send(client(&transport).temporary(temporary()).into_future());
        is_send(client(&transport).temporary(temporary()).scope(async |key| {
            tokio::task::yield_now().await;
            key.name.clone()
        }));
        is_send(client(&transport).run(temporary()).into_future());
    }
}

mod ensure {
    use super::*;

    const OLD: &str = "2026-01-01T00:00:00Z";
    const MISSING: &str = r#"{"error":{"code":404,"message":"no such key"}}"#;

    fn row(hash: &str, rest: &str) -> String {
        format!(r#"{{"hash":"{hash}","name":"ci","limit":5,"disabled":false{rest}}}"#)
    }

    fn list(rows: &[String]) -> Reaction {
        Reaction::Keys(rows.to_vec())
    }

    fn old(hash: &str) -> String {
        row(hash, &format!(r#","created_at":"{OLD}""#))
    }

    #[tokio::test]
    async fn where_there_is_none_it_is_made_and_looked_for_once_more() {
        let transport =
            scripted([list(&[]), Reply::status(201).json(CREATED).into(), list(&[row("aa", "")])]);
        let ensured = client(&transport).ensure(Ensure::new(create())).await.unwrap();
        let Ensured::Created { created, unsettled: None } = ensured else { panic!("{ensured:?}") };
        assert_eq!(created.key().reveal().len(), 42);
        assert_eq!(seconds(&transport), [5]);
        let look = "GET /keys?include_disabled=true";
        assert_eq!(sent(&transport), [look, "POST /keys", look]);
        assert_eq!(body(&transport, 1)["name"], "ci");
    }

    #[tokio::test]
    async fn where_there_is_one_as_wanted_nothing_is_changed() {
        let other = old("bb").replace("\"ci\"", "\"ci \"");
        let transport = scripted([list(&[old("aa"), other])]);
        let ensured = client(&transport).ensure(Ensure::new(create())).await.unwrap();
        let Ensured::Existing { key, changed } = ensured else { panic!("{ensured:?}") };
        assert_eq!((key.hash.as_deref(), changed.len()), (Some("aa"), 0));
        assert!(sent(&transport).iter().all(|line| line.starts_with("GET")));
    }

    #[tokio::test]
    async fn only_what_differs_is_changed() {
        let answer = r#"{"data":{"hash":"aa","limit":9}}"#;
        for (wanted, expected) in [
            (Ensure::new(Create::new("ci", Limit::usd(9.0))), r#"{"limit":9}"#),
            (Ensure::new(Create::new("ci", Limit::unlimited())), r#"{"limit":null}"#),
            (Ensure::new(create().limit_reset(LimitReset::Daily)), r#"{"limit_reset":"daily"}"#),
            (
                Ensure::new(create().limit_reset(LimitReset::Weekly)).no_limit_reset(),
                r#"{"limit_reset":null}"#,
            ),
            (
                Ensure::new(create().include_byok_in_limit(true)).disabled(true),
                r#"{"disabled":true,"include_byok_in_limit":true}"#,
            ),
        ] {
            let key = row("aa", r#","limit_reset":"monthly","include_byok_in_limit":false"#);
            let transport = scripted([list(&[key]), Reply::status(200).json(answer).into()]);
            let ensured = client(&transport).ensure(wanted).await.unwrap();
            let Ensured::Existing { key, changed } = ensured else { panic!("{ensured:?}") };
            assert_eq!(sent(&transport)[1], "PATCH /keys/aa");
            let sent = body(&transport, 1);
            assert_eq!(sent, serde_json::from_str::<serde_json::Value>(expected).unwrap());
            let names: Vec<&String> = sent.as_object().unwrap().keys().collect();
            let mut changed = changed;
            changed.sort_unstable();
            assert_eq!(changed, names);
            assert_eq!(key.limit.copied(), Some(9.0));
        }
    }

    #[tokio::test]
    async fn a_key_that_was_switched_off_stays_so_unless_it_is_said() {
        let off = old("aa").replace("\"disabled\":false", "\"disabled\":true");
        let transport = scripted([
            list(std::slice::from_ref(&off)),
            list(&[off]),
            Reply::status(200).json(r#"{"data":{"hash":"aa"}}"#).into(),
        ]);
        let ensured = client(&transport).ensure(Ensure::new(create())).await.unwrap();
        assert!(matches!(ensured, Ensured::Existing { changed, .. } if changed.is_empty()));
        client(&transport).ensure(Ensure::new(create()).disabled(false)).await.unwrap();
        assert_eq!(body(&transport, 2), serde_json::json!({ "disabled": false }));
    }

    #[tokio::test]
    async fn several_that_are_old_are_an_error_that_lists_them_or_the_newest_counts() {
        let newer = row("bb", r#","created_at":"2026-02-01T00:00:00Z""#);
        let keys = [newer, old("cc"), old("aa")];
        let transport = scripted([list(&keys), list(&keys)]);
        let error = client(&transport).ensure(Ensure::new(create())).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            "ensure: 3 keys are named \"ci\": aa, cc, bb; nothing was created or changed; \
             delete or rename all but one, or say which counts"
        );
        let ErrorKind::SeveralKeys { keys, .. } = error.kind() else { panic!("{error}") };
        assert_eq!(keys.len(), 3);
        let newest = Ensure::new(create()).pick(Pick::Newest);
        let ensured = client(&transport).ensure(newest).await.unwrap();
        assert!(
            matches!(ensured, Ensured::Existing { key, .. } if key.hash.as_deref() == Some("bb"))
        );
        assert_eq!(seconds(&transport), [0_u64; 0]);
    }

    #[tokio::test]
    async fn how_old_a_key_is_is_told_by_the_clock_of_the_server() {
        // By the clock of this side it will be made in half a minute.
        let key = row("aa", r#","created_at":"2027-01-01T00:00:30Z""#);
        let transport = scripted([list(&[key])]);
        let ensured = client(&transport).ensure(Ensure::new(create())).await.unwrap();
        assert!(matches!(ensured, Ensured::Existing { .. }), "{ensured:?}");
        assert_eq!(seconds(&transport), [0_u64; 0]);
    }

    #[tokio::test]
    async fn what_may_still_change_is_looked_at_once_more_before_it_is_believed() {
        // By the clock of the server it is one minute past midnight.
        let made = |hash: &str, second: u32| {
            row(hash, &format!(r#","created_at":"2027-01-01T00:00:{second}Z""#))
        };
        for keys in [vec![made("aa", 55)], vec![made("aa", 30), old("bb")]] {
            let transport = scripted([list(&keys), list(&[old("bb")])]);
            let ensured = client(&transport).ensure(Ensure::new(create())).await.unwrap();
            let Ensured::Existing { key, .. } = ensured else { panic!("{ensured:?}") };
            assert_eq!((key.hash.as_deref(), seconds(&transport)), (Some("bb"), vec![5]));
        }
    }

    #[tokio::test]
    async fn who_made_the_later_key_deletes_it_and_reports_the_other() {
        let own = row("aa", r#","created_at":"2027-01-01T00:00:50Z""#);
        let rival = row("bb", r#","created_at":"2027-01-01T00:00:49Z""#);
        let transport = scripted([
            list(&[]),
            Reply::status(201).json(CREATED).into(),
            list(&[own.clone(), rival.clone()]),
            Reply::status(200).json(r#"{"deleted":true}"#).into(),
        ]);
        let ensured = client(&transport).ensure(Ensure::new(create())).await.unwrap();
        assert!(
            matches!(ensured, Ensured::Existing { key, .. } if key.hash.as_deref() == Some("bb"))
        );
        assert_eq!(sent(&transport)[4], "DELETE /keys/aa");

        let transport = scripted([
            list(&[]),
            Reply::status(201).json(CREATED).into(),
            list(&[own, rival]),
            Reply::status(403).json("{}").into(),
        ]);
        let error = client(&transport).ensure(Ensure::new(create())).await.unwrap_err();
        assert_eq!(error.may_have_created().unwrap().hash.as_deref(), Some("aa"));
        assert_eq!(
            error.to_string(),
            "ensure: the server answered 403 Forbidden; a key named \"ci\" exists, with the hash aa; \
             delete the key of this hash"
        );
    }

    #[tokio::test]
    async fn the_secret_in_hand_is_kept_whatever_becomes_of_the_look_after_it() {
        let nobody = r#"{"key":"sk-or-v1-0e6000000000000000000000000001c96"}"#;
        let labelled =
            |label: &str| row("bb", &format!(r#","label":"{label}","created_at":"{OLD}""#));
        for (created, look, is_settled) in [
            (CREATED, Reply::status(403).json("{}").into(), false),
            // The listing does not have it, but another.
            (CREATED, list(&[old("bb")]), false),
            (CREATED, list(&[]), true),
            // It came without a hash: its label tells.
            (nobody, list(&[labelled("sk-or-v1-0e6...1c96")]), true),
            (nobody, list(&[labelled("sk-or-v1-0e7...1c96")]), false),
        ] {
            let transport = scripted([list(&[]), Reply::status(201).json(created).into(), look]);
            let ensured = client(&transport).ensure(Ensure::new(create())).await.unwrap();
            let Ensured::Created { created, unsettled } = ensured else { panic!("{ensured:?}") };
            assert_eq!(created.key().reveal().len(), 42);
            assert_eq!(unsettled.is_none(), is_settled, "{unsettled:?}");
        }
    }

    #[tokio::test]
    async fn a_lost_create_tells_of_the_name_and_is_not_made_again() {
        let transport = scripted([list(&[]), Reply::disconnected().into()]);
        let error = client(&transport).ensure(Ensure::new(create())).await.unwrap_err();
        assert_eq!(error.may_have_created().unwrap().name, "ci");
        assert_eq!((error.operation(), transport.requests().len()), ("ensure", 2));
    }

    #[tokio::test]
    async fn a_key_that_goes_away_before_its_change_is_made_anew() {
        let transport = scripted([
            list(&[old("aa")]),
            Reply::status(404).json(MISSING).into(),
            list(&[]),
            Reply::status(201).json(CREATED).into(),
            list(&[row("aa", "")]),
        ]);
        let wanted = Ensure::new(Create::new("ci", Limit::usd(6.0)));
        let ensured = client(&transport).ensure(wanted).await.unwrap();
        assert!(matches!(ensured, Ensured::Created { unsettled: None, .. }), "{ensured:?}");
    }

    #[tokio::test]
    async fn a_key_that_goes_away_again_and_again_is_looked_for_three_times() {
        let transport = server(|number, _| match number {
            20.. => Reply::status(403).into(),
            _ if number % 2 == 1 => list(&[old("aa")]),
            _ => Reply::status(404).json(MISSING).into(),
        });
        let wanted = Ensure::new(Create::new("ci", Limit::usd(6.0)));
        let error = client(&transport).ensure(wanted).await.unwrap_err();
        assert_eq!(error.status().unwrap(), 404);
        let changes = sent(&transport).iter().filter(|line| line.starts_with("PATCH")).count();
        assert_eq!(changes, 3);
    }

    #[tokio::test]
    async fn a_change_that_is_refused_is_not_tried_again() {
        let transport = scripted([list(&[old("aa")]), Reply::status(403).json("{}").into()]);
        let wanted = Ensure::new(Create::new("ci", Limit::usd(6.0)));
        let error = client(&transport).ensure(wanted).await.unwrap_err();
        assert_eq!(error.status().unwrap(), 403);
        assert!(sent(&transport).last().unwrap().starts_with("PATCH"));
    }
}

#[test]
fn the_outcome_of_another_operation_is_an_error_and_no_panic() {
    let turn = Sweep::new(["ci #00000000000000000000000000000001"]).begin(Opening::default());
    let Turn::Send(sending) = turn else { panic!("{turn:?}") };
    let (_, sent) = sending.into_parts();
    let transport = FakeTransport::always(Reply::status(201).json(CREATED));
    let client = blocking::Client::new(transport, key());
    let outcome = client.call(openrouter_keys_core::AnyOperation::Create(create()));
    let turn = sent.outcome(outcome.with_response().send(), Duration::ZERO);
    let Turn::Done(Err(error)) = turn else { panic!("{turn:?}") };
    assert!(matches!(error.kind(), ErrorKind::Decode(_)), "{error}");
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
