//! Temporary keys.

use std::panic::{AssertUnwindSafe, catch_unwind};

use bytes::Bytes;
use http::{Request, Response};
use openrouter_keys_core::client::Scoped;
use openrouter_keys_core::error::TransportError;
use openrouter_keys_core::transport::{BlockingTransport, SendContext};
use openrouter_keys_core::workflow::{CloseTemporary, Temporary};
use openrouter_keys_core::{CallOptions, Error, Headers, Timestamp};

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
async fn the_key_is_requested_with_an_expiry_and_its_own_marker() {
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
async fn nothing_that_is_printed_shows_the_secret() {
    let refusing = || scripted([made(CREATED), Reply::status(403).json("{}").into()]);
    let key = client(&refusing()).temporary(temporary()).await.unwrap();
    let info = format!("{key:?} {key:#?} {:?} {:?}", *key, key.closing());
    let closing = key.close();
    let run = format!("{closing:?} {:?}", client(&refusing()).temporary(temporary()));
    let error = closing.await.unwrap_err();
    let scope = client(&refusing()).temporary(temporary()).scope(async |_| 1).await;
    let printed = [info, run, format!("{error} {error:?} {error:#?} {scope:?}")].concat();
    assert!(!printed.contains("1c96") && printed.contains("[redacted]"), "{printed}");
}

#[tokio::test]
async fn close_deletes_by_the_hash_and_succeeds_if_the_key_is_gone() {
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
async fn without_a_hash_close_looks_for_the_marked_name_until_it_is_found() {
    let transport = server(|number, name| match number {
        1 => made(WITHOUT_HASH),
        2 => Reaction::Keys(vec![row("cc", "ci")]),
        3 => Reaction::Keys(vec![row("cc", "ci"), row("bb", name), row("dd", &format!("{name}0"))]),
        _ => deleted(),
    });
    client(&transport).temporary(temporary()).await.unwrap().close().await.unwrap();
    let requests = sent(&transport);
    assert_eq!(requests.last().unwrap(), "DELETE /keys/bb");
    assert_eq!(requests.iter().filter(|line| line.starts_with("DELETE")).count(), 1);
    assert_eq!(seconds(&transport), [2]);
}

#[tokio::test]
async fn without_a_hash_a_key_that_is_never_listed_counts_as_gone_after_14_seconds() {
    let transport = server(|number, _| match number {
        1 => made(WITHOUT_HASH),
        _ => Reaction::Keys(vec![row("cc", "ci")]),
    });
    client(&transport).temporary(temporary()).await.unwrap().close().await.unwrap();
    assert_eq!(seconds(&transport), [2, 4, 8]);
    assert!(sent(&transport).iter().all(|line| !line.starts_with("DELETE")));
}

#[tokio::test]
async fn a_close_that_fails_reports_the_name_and_hash_of_what_is_left() {
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
            "close_temporary: the server returned 403 Forbidden with JSON that is not the API's own; a key named \"{name}\" \
             exists, with the hash aa; delete the key with this hash"
        )
    );

    let transport = server(|number, _| match number {
        1 => made(CREATED),
        _ => Reply::status(503).into(),
    });
    let key = client(&transport).temporary(temporary()).await.unwrap();
    assert!(key.close().await.unwrap_err().is_retryable());

    // Found by its name, but not deleted.
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
    assert!(error.to_string().ends_with("may exist; pass these names to `sweep` later"));
}

#[tokio::test]
async fn a_lost_response_leaves_no_key_and_each_round_gets_the_whole_lifetime() {
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
async fn close_looks_once_more_for_unconfirmed_names() {
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
    // It looks once, without waiting.
    assert_eq!(seconds(&transport), [2, 4, 8]);
}

#[tokio::test]
async fn a_close_whose_deletion_and_look_fail_reports_every_name() {
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
async fn three_lost_rounds_end_with_an_error_whose_names_can_be_swept() {
    let transport = server(|number, _| match number {
        1 | 5 | 9 => Reply::disconnected().into(),
        _ => Reaction::Keys(vec![]),
    });
    let error = client(&transport).temporary(temporary()).await.unwrap_err();
    assert_eq!(error.operation(), "temporary");
    assert!(error.to_string().ends_with("pass these names to `sweep` later"), "{error}");
    let left = error.may_have_created().unwrap();
    assert_eq!(left.names().count(), 3);
    assert!(left.names().all(|name| name.starts_with("ci #temp-")));
    let swept = client(&transport).sweep(Sweep::new(left.names())).await.unwrap();
    assert_eq!(swept.absent.len(), 3);
}

#[tokio::test]
async fn invalid_temporary_keys_are_refused_before_anything_is_sent() {
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

/// A transport without a clock, which must not be asked to send anything.
struct Timeless;

impl BlockingTransport for Timeless {
    fn send(&self, _: Request<Bytes>, _: &SendContext) -> Result<Response<Bytes>, TransportError> {
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
fn a_temporary_key_is_refused_without_a_clock() {
    let client = blocking::Client::new(Timeless, key());
    let error = client.temporary(temporary()).finish().unwrap_err();
    assert_eq!(
        error.to_string(),
        "temporary: a temporary key's expiry needs a clock, and the transport has none; \
         nothing was created or changed; check the transport"
    );
}

#[tokio::test]
async fn a_scope_closes_its_key_even_if_the_work_fails() {
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
async fn a_scope_closes_its_key_even_if_the_work_panics() {
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
async fn a_scope_that_gets_no_key_does_not_run_the_work() {
    let transport = scripted([Reply::status(403).json("{}").into()]);
    let work = async |_: &_| panic!("it has no key");
    let error = client(&transport).temporary(temporary()).scope::<()>(work).await.unwrap_err();
    assert_eq!((error.operation(), transport.requests().len()), ("temporary", 1));
}

#[tokio::test]
async fn a_dropped_or_detached_key_is_left_to_expire() {
    let transport = scripted([made(CREATED), made(CREATED), made(CREATED)]);
    drop(client(&transport).temporary(temporary()).await.unwrap());
    let info = client(&transport).temporary(temporary()).await.unwrap().into_info();
    drop(blocking::Client::new(transport.clone(), key()).temporary(temporary()).finish());
    assert_eq!(sent(&transport), ["POST /keys"; 3]);

    // The info is enough to close it.
    let transport = scripted([deleted()]);
    client(&transport).run(info.closing()).await.unwrap();
    assert_eq!(sent(&transport), ["DELETE /keys/aa"]);
}

#[tokio::test]
async fn a_key_is_closed_with_the_options_it_was_created_with() {
    let transport = scripted([made(CREATED), deleted()]);
    let headers = Headers::new().header("x-job", "7").unwrap();
    let options = CallOptions::new().headers(headers);
    let key = client(&transport).temporary(temporary()).options(options).await.unwrap();
    key.close().await.unwrap();
    assert!(transport.requests().iter().all(|request| request.headers()["x-job"] == "7"));
}

#[tokio::test]
async fn a_key_in_another_workspace_is_looked_up_there() {
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
async fn a_sweep_deletes_expired_temporary_keys_and_nothing_else() {
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
async fn without_the_servers_date_a_sweep_uses_this_machines_clock() {
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
fn without_any_clock_a_sweep_deletes_nothing_and_says_so() {
    let transport = FakeTransport::always(Reply::status(200).json(NOTHING));
    let error = by_hand(Sweep::temporary(), &transport).unwrap_err();
    assert!(error.to_string().starts_with("sweep: cannot tell which keys have expired"), "{error}");
}

#[test]
fn the_futures_are_send() {
    fn is_send<T: Send>(_: T) {}
    let transport = FakeTransport::never();
    is_send(client(&transport).temporary(temporary()).into_future());
    is_send(client(&transport).temporary(temporary()).scope(async |key| {
        tokio::task::yield_now().await;
        key.name.clone()
    }));
    is_send(client(&transport).run(temporary()).into_future());
}
