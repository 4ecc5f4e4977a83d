//! A rotation over a fake transport: its requests, questions and errors.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use async_trait::async_trait;
use openrouter_keys_core::error::{BoxError, DecodeErrorKind};
use openrouter_keys_core::operation::Created;
use openrouter_keys_core::test_util::{FakeTransport, Reply};
use openrouter_keys_core::workflow::{
    NoHandler, Rotate, Rotated, Rotation, RotationHandler, RotationStep,
};
use openrouter_keys_core::{ApiKey, Client, Config, Effect, Error, ErrorKind, Headers, blocking};

const SECRET: &str = "sk-or-v1-0e6000000000000000000000000001c96";
const LABEL: &str = "sk-or-v1-0e6...1c96";
const OLD: &str = r#""hash":"01d","name":"production","disabled":false,"limit":25,"limit_remaining":7.5,"limit_reset":"monthly","include_byok_in_limit":true,"expires_at":null,"usage":17.5"#;
const CURRENT: &str = r#"{"data":{"label":"sk-or-v1-0e6...1c96","limit":25,"limit_reset":"monthly","is_management_key":false}}"#;

/// A server with two keys. Its replies to `METHOD path` can be replaced.
#[derive(Clone, Default)]
struct World(Arc<Mutex<Inner>>);

#[derive(Default)]
struct Inner {
    responses: BTreeMap<&'static str, Vec<Reply>>,
    is_disabled: bool,
    is_listed: bool,
    made: String,
    asked: Vec<String>,
    /// The question that fails, and from which time on.
    fails: Option<(&'static str, usize)>,
    was_handed_over: bool,
    last: Option<Rotation>,
}

fn data(fields: &str) -> Reply {
    Reply::status(200).json(format!(r#"{{"data":{{{fields}}}}}"#))
}

/// The API's own response that there is no such key.
fn gone() -> Reply {
    Reply::status(404).json(r#"{"error":{"code":404,"message":"There is no such key."}}"#)
}

impl World {
    /// Replies to the next requests of this kind with these.
    fn reply(&self, request: &'static str, replies: impl IntoIterator<Item = Reply>) -> &Self {
        let mut replies: Vec<Reply> = replies.into_iter().collect();
        replies.reverse();
        self.0.lock().unwrap().responses.insert(request, replies);
        self
    }

    /// Makes the listing contain the key that was created last.
    fn list_created(&self) {
        self.0.lock().unwrap().is_listed = true;
    }

    fn fail(&self, question: &'static str) -> &Self {
        self.fail_from(question, 1)
    }

    /// Fails this question from the n-th time on.
    fn fail_from(&self, question: &'static str, n: usize) -> &Self {
        self.0.lock().unwrap().fails = Some((question, n));
        self
    }

    fn transport(&self) -> FakeTransport {
        let world = Arc::clone(&self.0);
        FakeTransport::answering(move |_, request| {
            let mut world = world.lock().unwrap();
            let path = request.uri().path().trim_start_matches("/api/v1");
            let line = format!("{} {path}", request.method());
            if request.method() == http::Method::POST {
                let body: serde_json::Value = serde_json::from_slice(request.body()).unwrap();
                body["name"].as_str().unwrap().clone_into(&mut world.made);
            }
            if let Some(reply) = world.responses.get_mut(line.as_str()).and_then(Vec::pop) {
                return reply;
            }
            match line.as_str() {
                "GET /keys/01d" if world.is_disabled => {
                    data(&OLD.replace(r#""disabled":false"#, r#""disabled":true"#))
                }
                "GET /keys/01d" => data(OLD),
                "PATCH /keys/01d" => {
                    world.is_disabled = true;
                    data(OLD)
                }
                "POST /keys" => Reply::status(201)
                    .json(format!(r#"{{"key":"{SECRET}","data":{{"hash":"aa"}}}}"#)),
                "GET /key" => Reply::status(200).json(CURRENT),
                "GET /keys/aa" | "PATCH /keys/aa" => data(r#""hash":"aa""#),
                "DELETE /keys/aa" | "DELETE /keys/01d" => {
                    Reply::status(200).json(r#"{"deleted":true}"#)
                }
                "GET /keys" if world.is_listed => Reply::status(200)
                    .json(format!(r#"{{"data":[{{"hash":"aa","name":"{}"}}]}}"#, world.made)),
                "GET /keys" => Reply::status(200).json(r#"{"data":[]}"#),
                _ => Reply::status(500).header("x-should-retry", "false"),
            }
        })
    }

    fn asked(&self) -> Vec<String> {
        self.0.lock().unwrap().asked.clone()
    }

    fn ask(&self, question: &'static str, detail: &str) -> Result<bool, BoxError> {
        let mut world = self.0.lock().unwrap();
        world.asked.push(format!("{question} {detail}"));
        let put = world.asked.iter().filter(|asked| asked.starts_with(question)).count();
        if world.fails.is_some_and(|(fails, n)| fails == question && put >= n) {
            return Err(format!("no space for {SECRET}").into());
        }
        Ok(world.was_handed_over)
    }
}

#[async_trait]
impl RotationHandler for World {
    async fn save(&mut self, state: &Rotation) -> Result<(), BoxError> {
        self.0.lock().unwrap().last = Some(state.clone());
        self.ask("save", state.step.as_str()).map(|_| ())
    }

    async fn hand_over(&mut self, new: &Created) -> Result<(), BoxError> {
        self.ask("hand_over", new.key().reveal()).map(|_| ())
    }

    async fn was_handed_over(&mut self, state: &Rotation) -> Result<bool, BoxError> {
        self.ask("was_handed_over", state.new_label.as_deref().unwrap_or_default())
    }
}

impl blocking::RotationHandler for World {
    fn save(&mut self, state: &Rotation) -> Result<(), BoxError> {
        self.ask("save", state.step.as_str()).map(|_| ())
    }

    fn hand_over(&mut self, new: &Created) -> Result<(), BoxError> {
        self.ask("hand_over", new.key().reveal()).map(|_| ())
    }

    fn was_handed_over(&mut self, state: &Rotation) -> Result<bool, BoxError> {
        self.ask("was_handed_over", state.new_label.as_deref().unwrap_or_default())
    }
}

fn client(transport: &FakeTransport) -> Client {
    Client::new(transport.clone(), ApiKey::new("sk-or-v1-management").unwrap())
}

fn sent(transport: &FakeTransport) -> Vec<String> {
    let line = |request: &http::Request<bytes::Bytes>| {
        format!("{} {}", request.method(), request.uri().path().trim_start_matches("/api/v1"))
    };
    transport.requests().iter().map(line).collect()
}

fn body(transport: &FakeTransport, method: &str, place: usize) -> serde_json::Value {
    let requests = transport.requests();
    let of_method: Vec<_> = requests.iter().filter(|request| request.method() == method).collect();
    serde_json::from_slice(of_method[place].body()).unwrap()
}

async fn run(world: &World, rotate: Rotate) -> (FakeTransport, Result<Rotated, Error>) {
    let transport = world.transport();
    let result = client(&transport).rotate(rotate, world.clone()).await;
    (transport, result)
}

const WHOLE: [&str; 12] = [
    "GET /keys/01d",
    "POST /keys",
    "GET /key",
    // The grace period is over: is it quiet?
    "GET /keys/01d",
    "GET /keys/01d",
    "GET /keys/01d",
    "GET /keys/aa",
    "PATCH /keys/01d",
    // The watch is over.
    "GET /keys/01d",
    "GET /keys/aa",
    "DELETE /keys/01d",
    "PATCH /keys/aa",
];

const ASKED: [&str; 8] = [
    "save creating",
    "save handing_over",
    "hand_over sk-or-v1-0e6000000000000000000000000001c96",
    "save handed_over",
    "save disabled",
    // The old key's spend, before it is deleted.
    "save disabled",
    "save deleted",
    "save done",
];

/// The secret arrives, and nothing after it.
fn arrived() -> Reply {
    let body = format!(r#"{{"key":"{SECRET}","data":{{"hash":"aa"}}}}"#);
    Reply::stalled(201).body(body)
}

#[tokio::test]
async fn a_rotation_whose_create_times_out_after_the_secret_continues() {
    let world = World::default();
    world.reply("POST /keys", [arrived()]);
    let (transport, result) = run(&world, Rotate::new("01d")).await;
    assert!(matches!(result, Ok(Rotated::Done { .. })), "{result:?}");
    assert_eq!(sent(&transport), WHOLE);
    assert_eq!(world.asked(), ASKED);
}

#[tokio::test]
async fn a_rotation_cancelled_after_the_secret_names_the_key_it_leaves() {
    let world = World::default();
    world.reply("POST /keys", [arrived()]);
    let transport = world.transport();
    let seen = transport.clone();
    let cancel = poll_fn(move |context| {
        context.waker().wake_by_ref();
        let is_out = seen.requests().iter().any(|request| request.method() == "POST");
        if is_out { Poll::Ready(()) } else { Poll::Pending }
    });
    let rotation = client(&transport).rotate(Rotate::new("01d"), world.clone()).cancel_on(cancel);
    let error = rotation.await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Cancelled), "{error}");
    let name = body(&transport, "POST", 0)["name"].as_str().unwrap().to_owned();
    assert_eq!(error.may_have_created().unwrap().names().collect::<Vec<_>>(), [name.as_str()]);
    assert!(!format!("{error} {error:?} {error:#?}").contains(SECRET));
    // A resumed run deletes it: the saved state has the name too.
    assert_eq!(world.0.lock().unwrap().last.as_ref().unwrap().unconfirmed, [name]);
}

#[tokio::test]
async fn a_rotation_copies_tests_hands_over_waits_disables_and_deletes() {
    let world = World::default();
    let (transport, result) = run(&world, Rotate::new("01d")).await;
    let Ok(Rotated::Done { new, unconfirmed, .. }) = result else { panic!("{result:?}") };
    assert_eq!((new.as_str(), unconfirmed.len()), ("aa", 0));
    assert_eq!(sent(&transport), WHOLE);
    assert_eq!(world.asked(), ASKED);
    let created = body(&transport, "POST", 0);
    let name = created["name"].as_str().unwrap();
    assert!(name.starts_with("production #") && name.len() == 44, "{name}");
    assert_eq!(created["limit"], 25);
    assert_eq!(created["limit_reset"], "monthly");
    assert_eq!(created["include_byok_in_limit"], true);
    assert_eq!(body(&transport, "PATCH", 0), serde_json::json!({"disabled": true}));
    assert_eq!(body(&transport, "PATCH", 1), serde_json::json!({"name": "production"}));
    assert_eq!(transport.pauses().len(), 3, "{:?}", transport.pauses());
    // The new key requests its own metadata.
    let asked = &transport.requests()[2];
    assert_eq!(asked.headers()["authorization"], format!("Bearer {SECRET}"));
}

#[test]
fn the_blocking_client_does_the_same() {
    let world = World::default();
    let transport = world.transport();
    let key = ApiKey::new("sk-or-v1-management").unwrap();
    let client = blocking::Client::new(transport.clone(), key);
    let result = client.rotate(Rotate::new("01d"), world.clone()).finish();
    assert!(matches!(result, Ok(Rotated::Done { .. })), "{result:?}");
    assert_eq!(sent(&transport), WHOLE);
    assert_eq!(world.asked(), ASKED);
}

#[tokio::test]
async fn grace_quiet_and_watch_can_be_set() {
    let world = World::default();
    let rotate = Rotate::new("01d")
        .grace(Duration::from_secs(600))
        .quiet(Duration::from_secs(90))
        .watch(Duration::from_secs(3600));
    let (transport, result) = run(&world, rotate).await;
    assert!(result.is_ok(), "{result:?}");
    let pauses: Vec<u64> = transport.pauses().iter().map(Duration::as_secs).collect();
    assert_eq!(pauses, [600, 90, 3600]);

    let (transport, result) = run(
        &World::default(),
        Rotate::new("01d").grace(Duration::ZERO).quiet(Duration::ZERO).watch(Duration::ZERO),
    )
    .await;
    assert!(result.is_ok(), "{result:?}");
    assert!(transport.pauses().is_empty(), "{:?}", transport.pauses());
}

/// The old key, with another limit.
fn with_limit(limit: &str, left: &str, reset: &str) -> String {
    let old = OLD.replace(r#""limit":25"#, &format!(r#""limit":{limit}"#));
    let old = old.replace(r#""limit_remaining":7.5"#, &format!(r#""limit_remaining":{left}"#));
    old.replace(r#""monthly""#, reset)
}

/// The new key's limit, and the result's `carried`.
async fn limit_of_new(old: &str, rotate: Rotate) -> (serde_json::Value, Option<f64>) {
    let world = World::default();
    world.reply("GET /keys/01d", vec![data(old); 5]);
    world.reply("GET /key", [Reply::status(200).json(r#"{"data":{}}"#)]);
    let (transport, result) = run(&world, rotate.watch(Duration::ZERO)).await;
    // The old key is never disabled in this world: it is enough that the new one exists.
    let carried = match result.unwrap() {
        Rotated::Done { carried, .. } => carried,
        Rotated::StillInUse { state, .. } => state.carried,
        other => panic!("{other:?}"),
    };
    (body(&transport, "POST", 0)["limit"].clone(), carried)
}

#[tokio::test]
async fn a_spent_budget_is_not_renewed_unless_it_resets_or_this_is_requested() {
    type Change = fn(Rotate) -> Rotate;
    let (plain, rest, full): (Change, Change, Change) =
        (|rotate| rotate, Rotate::limit_remaining, Rotate::full_limit);
    for (limit, left, reset, change, expected, carried) in [
        ("25", "7.5", "null", plain, 7.5, Some(7.5)),
        ("25", "0", "null", plain, 0.0, Some(0.0)),
        ("25", "-3", "null", plain, 0.0, Some(0.0)),
        // More than the limit is left, after a refund.
        ("25", "30", "null", plain, 25.0, Some(25.0)),
        ("25", "7.5", "null", rest, 7.5, Some(7.5)),
        ("25", "7.5", "null", full, 25.0, None),
        ("25", "odd", "null", full, 25.0, None),
        ("25", "7.5", r#""monthly""#, plain, 25.0, None),
        ("25", "0", r#""yearly""#, plain, 25.0, None),
        ("25", "7.5", r#""monthly""#, rest, 7.5, Some(7.5)),
        ("25", "7.5", r#""monthly""#, full, 25.0, None),
        ("0", "0", "null", plain, 0.0, Some(0.0)),
    ] {
        let left = if left == "odd" { r#""odd""# } else { left };
        let old = with_limit(limit, left, reset);
        let (limit, reported) = limit_of_new(&old, change(Rotate::new("01d"))).await;
        assert_eq!((limit.as_f64(), reported), (Some(expected), carried), "{old}");
    }
    let (limit, reported) =
        limit_of_new(&with_limit("null", "null", "null"), Rotate::new("01d")).await;
    assert!(limit.is_null() && reported.is_none());
}

#[tokio::test]
async fn a_required_remainder_of_a_limit_is_not_guessed() {
    for (left, kind) in [
        ("", DecodeErrorKind::Missing),
        (r#""limit_remaining":null,"#, DecodeErrorKind::WrongType),
        (r#""limit_remaining":"7.5","#, DecodeErrorKind::WrongType),
    ] {
        let world = World::default();
        let old = with_limit("25", "7.5", "null").replace(r#""limit_remaining":7.5,"#, left);
        world.reply("GET /keys/01d", [data(&old)]);
        let (transport, result) = run(&world, Rotate::new("01d")).await;
        let error = result.unwrap_err();
        let ErrorKind::Decode(reported) = error.kind() else { panic!("{error}") };
        assert_eq!((reported.path(), reported.kind()), ("$.data.limit_remaining", kind));
        assert_eq!(sent(&transport), ["GET /keys/01d"]);
    }
}

#[tokio::test]
async fn what_the_old_key_spends_while_both_work_is_subtracted_from_the_new_limit() {
    let world = World::default();
    let old = |left: &str, usage: &str, disabled: bool| {
        let old = with_limit("25", left, "null").replace("17.5", usage);
        data(&old.replace("false", &disabled.to_string()))
    };
    let reads = [
        old("7.5", "17.5", false),
        old("7", "18", false),
        old("6", "19", false),
        old("6", "19", false),
        old("4.25", "20.75", true),
    ];
    world.reply("GET /keys/01d", reads);
    world.reply("GET /key", [Reply::status(200).json(r#"{"data":{"limit":7.5}}"#)]);
    let (transport, result) = run(&world, Rotate::new("01d")).await;
    let Ok(Rotated::Done { old, carried, .. }) = result else { panic!("{result:?}") };
    assert_eq!(body(&transport, "POST", 0)["limit"], 7.5);
    let settled = serde_json::json!({"name": "production", "limit": 4.25});
    assert_eq!(body(&transport, "PATCH", 1), settled);
    assert_eq!(carried, Some(4.25));
    assert_eq!(old.unwrap().usage.copied(), Some(20.75));
}

#[tokio::test]
async fn the_result_has_the_old_key_as_it_was_before_its_deletion() {
    let world = World::default();
    let (_, result) = run(&world, Rotate::new("01d")).await;
    let Ok(Rotated::Done { old: Some(old), .. }) = result else { panic!("{result:?}") };
    assert_eq!((old.usage.copied(), old.disabled.copied()), (Some(17.5), Some(true)));

    // Killed after the deletion, and resumed from the state that was saved before it.
    let world = World::default();
    world.fail_from("save", 6);
    let (_, result) = run(&world, Rotate::new("01d")).await;
    let text = result.unwrap_err().to_string();
    assert!(text.contains("resume the rotation"), "{text}");
    let kept = serde_json::to_string(world.0.lock().unwrap().last.as_ref().unwrap()).unwrap();
    let gone_world = World::default();
    gone_world.reply("GET /keys/01d", vec![gone(); 9]);
    let kept = serde_json::from_str(&kept.replace(r#""step":"deleted""#, r#""step":"disabled""#));
    let (_, result) = run(&gone_world, Rotate::resume(kept.unwrap())).await;
    let Ok(Rotated::Done { old: Some(old), .. }) = result else { panic!("{result:?}") };
    assert_eq!(old.usage.copied(), Some(17.5));

    // An older version's state has none, and somebody deleted the key.
    let world = World::default();
    world.reply("GET /keys/01d", vec![gone(); 9]);
    let kept = r#"{"old":"01d","step":"handed_over","new":"aa","name":"production"}"#;
    let (_, result) = run(&world, Rotate::resume(serde_json::from_str(kept).unwrap())).await;
    assert!(matches!(result, Ok(Rotated::Done { old: None, .. })), "{result:?}");
}

#[tokio::test]
async fn the_new_limit_is_the_remainder_on_request() {
    let world = World::default();
    let rest = CURRENT.replace(r#""limit":25"#, r#""limit":7.5"#);
    world.reply("GET /key", [Reply::status(200).json(rest)]);
    let (transport, result) = run(&world, Rotate::new("01d").limit_remaining()).await;
    assert!(result.is_ok(), "{result:?}");
    assert_eq!(body(&transport, "POST", 0)["limit"], 7.5);
}

#[tokio::test]
async fn an_unreadable_setting_is_not_guessed() {
    for (from, to, path, kind) in [
        (r#""limit":25,"#, "", "$.data.limit", DecodeErrorKind::Missing),
        (r#""limit":25,"#, r#""limit":"much","#, "$.data.limit", DecodeErrorKind::WrongType),
        (r#""limit":25,"#, r#""limit":-1,"#, "$.data.limit", DecodeErrorKind::WrongType),
        (r#""name":"production","#, "", "$.data.name", DecodeErrorKind::Missing),
        (r#""monthly""#, "7", "$.data.limit_reset", DecodeErrorKind::WrongType),
        (
            r#""include_byok_in_limit":true"#,
            r#""include_byok_in_limit":"y""#,
            "$.data.include_byok_in_limit",
            DecodeErrorKind::WrongType,
        ),
        (r#""expires_at":null,"#, "", "$.data.expires_at", DecodeErrorKind::Missing),
        (r#""limit_reset":"monthly","#, "", "$.data.limit_reset", DecodeErrorKind::Missing),
        (
            r#""expires_at":null"#,
            r#""expires_at":"soon""#,
            "$.data.expires_at",
            DecodeErrorKind::WrongType,
        ),
    ] {
        let world = World::default();
        world.reply("GET /keys/01d", [data(&OLD.replace(from, to))]);
        let (transport, result) = run(&world, Rotate::new("01d")).await;
        let error = result.unwrap_err();
        let ErrorKind::Decode(reported) = error.kind() else { panic!("{error}") };
        assert_eq!((reported.path(), reported.kind()), (path, kind));
        assert_eq!(error.effect(), &Effect::Nothing);
        assert_eq!(sent(&transport), ["GET /keys/01d"]);
        assert_eq!(world.asked().len(), 0);
    }
}

#[tokio::test]
async fn a_key_without_a_limit_is_replaced_by_one_without() {
    let world = World::default();
    world.reply("GET /keys/01d", [data(&OLD.replace(":25,", ":null,"))]);
    world.reply("GET /key", [Reply::status(200).json(CURRENT.replace(":25,", ":null,"))]);
    let (transport, result) = run(&world, Rotate::new("01d").limit_remaining()).await;
    assert!(result.is_ok(), "{result:?}");
    assert!(body(&transport, "POST", 0)["limit"].is_null());
}

#[tokio::test]
async fn a_new_key_that_does_not_work_at_once_is_tried_five_times_within_30_seconds() {
    let world = World::default();
    world.reply("GET /key", vec![Reply::status(401); 4]);
    let (transport, result) = run(&world, Rotate::new("01d")).await;
    assert!(result.is_ok(), "{result:?}");
    let pauses: Vec<u64> = transport.pauses().iter().map(Duration::as_secs).collect();
    assert_eq!(pauses, [2, 4, 8, 16, 60, 60, 60]);
}

#[tokio::test]
async fn a_new_key_that_never_works_is_deleted() {
    let world = World::default();
    world.reply("GET /key", vec![Reply::status(401); 5]);
    let (transport, result) = run(&world, Rotate::new("01d")).await;
    let error = result.unwrap_err();
    assert_eq!((error.operation(), error.status().unwrap().as_u16()), ("rotate", 401));
    assert_eq!(error.effect(), &Effect::Nothing);
    assert_eq!(sent(&transport).last().unwrap(), "DELETE /keys/aa");
    assert_eq!(world.asked(), ["save creating", "save begun"]);
}

#[tokio::test]
async fn a_new_key_that_is_not_as_requested_is_deleted() {
    for (from, to, problem) in [
        (r#""limit":25"#, r#""limit":null"#, "its limit differs"),
        (r#""limit":25"#, r#""limit":26"#, "its limit differs"),
        (r#""limit":25"#, r#""limit":"25""#, "its limit differs"),
        ("monthly", "daily", "its limit reset differs"),
        ("1c96", "1c97", "its label is that of another key"),
        (r#""is_management_key":false"#, r#""is_management_key":true"#, "it is a management key"),
    ] {
        let world = World::default();
        world.reply("GET /key", [Reply::status(200).json(CURRENT.replace(from, to))]);
        let (transport, result) = run(&world, Rotate::new("01d")).await;
        let error = result.unwrap_err();
        let ErrorKind::Unverified { problem: reported } = error.kind() else { panic!("{error}") };
        assert_eq!(*reported, problem);
        assert_eq!(error.anchor(), "the-new-key-does-not-work");
        assert_eq!(sent(&transport).last().unwrap(), "DELETE /keys/aa");
    }
}

#[tokio::test]
async fn a_new_key_whose_response_has_no_hash_is_found_by_its_name() {
    let bare = || Reply::status(201).json(format!(r#"{{"key":"{SECRET}"}}"#));
    let world = World::default();
    world.reply("POST /keys", [bare()]).list_created();
    let (transport, result) = run(&world, Rotate::new("01d")).await;
    assert!(matches!(result, Ok(Rotated::Done { .. })), "{result:?}");
    // This server ignores the offset.
    assert_eq!(sent(&transport)[..2], ["GET /keys/01d", "POST /keys"]);
    assert_eq!(sent(&transport)[2..6], ["GET /keys"; 4]);
    assert_eq!(sent(&transport)[6], "GET /key");

    // If the listing does not have it either, nothing is handed over.
    let world = World::default();
    world.reply("POST /keys", [bare()]);
    let (_, result) = run(&world, Rotate::new("01d")).await;
    let error = result.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Unverified { .. }), "{error}");
    assert!(error.may_have_created().unwrap().name.starts_with("production #"), "{error}");
    assert_eq!(world.asked(), ["save creating"]);
}

#[tokio::test]
async fn a_failed_hand_over_deletes_the_new_key_and_its_error_hides_the_secret() {
    let world = World::default();
    world.fail("hand_over");
    let (transport, result) = run(&world, Rotate::new("01d")).await;
    let error = result.unwrap_err();
    assert!(
        matches!(error.kind(), ErrorKind::RotationHandler { method: "hand_over", .. }),
        "{error}"
    );
    assert_eq!(sent(&transport).last().unwrap(), "DELETE /keys/aa");
    assert_eq!(world.asked().last().unwrap(), "save begun");
    let shown = format!("{error} {error:?} {error:#?}");
    assert!(shown.contains("no space for [redacted]") && !shown.contains(SECRET), "{shown}");
    assert_eq!(
        error.to_string(),
        "rotate: the rotation handler could not take the new key; nothing was created or changed; \
         see the rotation handler's error"
    );
}

/// A handler whose errors contain secrets that it should never have known.
struct Telltale;

const MANAGEMENT: &str = "hunter2-the-management-key";

#[async_trait]
impl RotationHandler for Telltale {
    async fn save(&mut self, _: &Rotation) -> Result<(), BoxError> {
        Err(format!("no access with {MANAGEMENT} through gateway-token-0123456789").into())
    }

    async fn hand_over(&mut self, _: &Created) -> Result<(), BoxError> {
        Ok(())
    }

    async fn was_handed_over(&mut self, _: &Rotation) -> Result<bool, BoxError> {
        Ok(false)
    }
}

impl blocking::RotationHandler for Telltale {
    fn save(&mut self, _: &Rotation) -> Result<(), BoxError> {
        Err(format!("no access with {MANAGEMENT} through gateway-token-0123456789").into())
    }

    fn hand_over(&mut self, _: &Created) -> Result<(), BoxError> {
        Ok(())
    }

    fn was_handed_over(&mut self, _: &Rotation) -> Result<bool, BoxError> {
        Ok(false)
    }
}

#[tokio::test]
async fn an_error_of_the_rotation_handler_shows_neither_the_management_key_nor_a_header() {
    let config = Config::new()
        .headers(Headers::new().header("x-gateway", "gateway-token-0123456789").unwrap());
    let key = ApiKey::new(MANAGEMENT).unwrap();
    let transport = World::default().transport();
    let client = Client::with_config(transport.clone(), key.clone(), config.clone()).unwrap();
    let failed = client.rotate(Rotate::new("01d"), Telltale).await.unwrap_err();
    let blocking = blocking::Client::with_config(transport, key, config).unwrap();
    let blocked = blocking.rotate(Rotate::new("01d"), Telltale).finish().unwrap_err();
    for error in [failed, blocked] {
        let shown = format!("{error:?} {:?}", std::error::Error::source(&error));
        assert!(shown.contains("no access with [redacted] through [redacted]"), "{shown}");
        assert!(!shown.contains("hunter2") && !shown.contains("gateway-token"), "{shown}");
    }
}

#[tokio::test]
async fn a_new_key_that_cannot_be_deleted_is_reported() {
    let world = World::default();
    world.fail("hand_over");
    world.reply("DELETE /keys/aa", [Reply::status(403)]);
    let (_, result) = run(&world, Rotate::new("01d")).await;
    let error = result.unwrap_err();
    let left = error.may_have_created().unwrap();
    assert_eq!(left.hash.as_ref().unwrap().as_str(), "aa");
    assert!(left.name.starts_with("production #"), "{error}");
    assert!(
        error.to_string().ends_with("exists, with the hash aa; delete the key with this hash"),
        "{error}"
    );
}

#[tokio::test]
async fn an_unusable_secret_is_not_reported_as_an_invalid_argument() {
    let world = World::default();
    let odd = r#"{"key":"sk-or-v1-with a space in it 0000000000001c96","data":{"hash":"aa"}}"#;
    world.reply("POST /keys", [Reply::status(201).json(odd)]);
    let (transport, result) = run(&world, Rotate::new("01d")).await;
    let error = result.unwrap_err();
    let ErrorKind::Decode(reported) = error.kind() else { panic!("{error}") };
    assert_eq!((reported.path(), reported.kind()), ("$.key", DecodeErrorKind::WrongType));
    assert!(!error.to_string().contains("argument"), "{error}");
    assert_eq!(sent(&transport).last().unwrap(), "DELETE /keys/aa");
}

/// `null` means that no use is recorded; absent and unexpected values do not.
#[tokio::test]
async fn an_old_key_without_a_recorded_use_is_quiet_although_its_usage_is_unknown() {
    for (last_used, is_quiet) in [("null", true), ("7", false), (r#""2027-01-01T00:00:00Z""#, true)]
    {
        let world = World::default();
        let bare = OLD.replace(r#""usage":17.5"#, &format!(r#""last_used_at":{last_used}"#));
        world.reply("GET /keys/01d", vec![data(&bare); 4]);
        let (_, result) = run(&world, Rotate::new("01d")).await;
        let is_done = matches!(result, Ok(Rotated::Done { .. }));
        assert_eq!(is_done, is_quiet, "{last_used}: {result:?}");
    }
}

#[tokio::test]
async fn a_state_that_cannot_be_saved_stops_the_rotation_before_anything_is_created() {
    let world = World::default();
    world.fail("save");
    let (transport, result) = run(&world, Rotate::new("01d")).await;
    let error = result.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::RotationHandler { method: "save", .. }), "{error}");
    assert_eq!(sent(&transport), ["GET /keys/01d"]);
    let transport = world.transport();
    let result = client(&transport).run(Rotate::new("01d")).await;
    assert!(matches!(result.unwrap_err().kind(), ErrorKind::RotationHandler { .. }));
    assert!(!sent(&transport).contains(&"POST /keys".to_owned()));
}

#[tokio::test]
async fn an_error_after_the_hand_over_says_so_and_the_saved_state_resumes() {
    let world = World::default();
    let forbidden = Reply::status(403);
    world.reply("PATCH /keys/01d", [forbidden]);
    let (transport, result) = run(&world, Rotate::new("01d")).await;
    let error = result.unwrap_err();
    let done = "the new key was handed over, and the old one is still there";
    assert_eq!(error.effect(), &Effect::PartlyDone(done));
    assert_eq!(error.anchor(), "a-rotation-stopped-on-its-way");
    assert!(!error.is_retryable());
    assert!(
        error.to_string().ends_with(&format!("{done}; resume the rotation from its saved state")),
        "{error}"
    );
    assert!(!sent(&transport).contains(&"DELETE /keys/aa".to_owned()));

    let state = world.0.lock().unwrap().last.clone().unwrap();
    assert_eq!(state.step, RotationStep::HandedOver);
    let kept = serde_json::to_string(&state).unwrap();
    assert!(!kept.contains(SECRET), "{kept}");
    let (transport, result) =
        run(&world, Rotate::resume(serde_json::from_str(&kept).unwrap())).await;
    assert!(matches!(result, Ok(Rotated::Done { .. })), "{result:?}");
    assert!(!sent(&transport).contains(&"POST /keys".to_owned()));
}

#[tokio::test]
async fn an_old_key_that_was_used_after_the_grace_stays() {
    let world = World::default();
    let used = OLD.replace("17.5", "17.6");
    world.reply("GET /keys/01d", [data(OLD), data(OLD), data(OLD), data(&used)]);
    let (transport, result) = run(&world, Rotate::new("01d")).await;
    let Ok(Rotated::StillInUse { old, state, .. }) = result else { panic!("{result:?}") };
    assert_eq!(old.usage.copied(), Some(17.6));
    assert_eq!(state.step, RotationStep::HandedOver);
    assert!(
        !sent(&transport)
            .iter()
            .any(|line| line.starts_with("PATCH") || line.starts_with("DELETE"))
    );
}

#[tokio::test]
async fn an_old_key_whose_use_the_api_does_not_report_stays() {
    let world = World::default();
    let unreported = OLD.replace(r#","usage":17.5"#, "");
    world.reply("GET /keys/01d", vec![data(&unreported); 4]);
    let (_, result) = run(&world, Rotate::new("01d")).await;
    assert!(matches!(result, Ok(Rotated::StillInUse { .. })), "{result:?}");
}

#[tokio::test]
async fn an_old_key_that_somebody_enables_again_is_not_deleted() {
    let world = World::default();
    // Four looks before it is disabled; then it is enabled again.
    world.reply("GET /keys/01d", vec![data(OLD); 5]);
    let (transport, result) = run(&world, Rotate::new("01d")).await;
    let Ok(Rotated::StillInUse { state, .. }) = result else { panic!("{result:?}") };
    assert_eq!(state.step, RotationStep::HandedOver);
    assert_eq!(world.asked().last().unwrap(), "save handed_over");
    assert!(!sent(&transport).iter().any(|line| line.starts_with("DELETE")));
}

#[tokio::test]
async fn the_old_key_stays_if_the_new_one_is_gone_or_disabled() {
    for new in [gone(), data(r#""hash":"aa","disabled":true"#)] {
        let world = World::default();
        world.reply("GET /keys/aa", [new]);
        let (transport, result) = run(&world, Rotate::new("01d")).await;
        let error = result.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Unverified { .. }), "{error}");
        assert!(!sent(&transport).iter().any(|line| line.starts_with("PATCH")), "{error}");
    }
}

#[tokio::test]
async fn an_old_key_that_is_not_found_counts_as_deleted_only_if_the_new_one_is_found() {
    // Another account's management key sees neither.
    for step in ["handed_over", "disabled"] {
        let world = World::default();
        world.reply("GET /keys/01d", vec![gone(); 9]).reply("GET /keys/aa", vec![gone(); 9]);
        let kept = format!(r#"{{"old":"01d","step":"{step}","new":"aa"}}"#);
        let (_, result) = run(&world, Rotate::resume(serde_json::from_str(&kept).unwrap())).await;
        let error = result.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Unverified { .. }), "{error}");
        assert_eq!(world.asked(), [""; 0]);
    }
    // An empty 404 is not from the API.
    let world = World::default();
    world.reply("GET /keys/01d", [data(OLD), Reply::status(404)]);
    let (_, result) = run(&world, Rotate::new("01d")).await;
    assert_eq!(result.unwrap_err().status().unwrap().as_u16(), 404);
}

#[tokio::test]
async fn a_rotation_whose_old_key_somebody_deleted_ends_with_the_new_one() {
    let world = World::default();
    world.reply("GET /keys/01d", vec![gone(); 9]);
    let kept = r#"{"old":"01d","step":"handed_over","new":"aa","name":"production"}"#;
    let (transport, result) =
        run(&world, Rotate::resume(serde_json::from_str(kept).unwrap())).await;
    assert!(matches!(result, Ok(Rotated::Done { .. })), "{result:?}");
    assert!(!sent(&transport).contains(&"DELETE /keys/01d".to_owned()));
}

#[tokio::test]
async fn keys_of_a_killed_run_are_reported_if_the_old_key_is_gone() {
    let name = "production #0123456789abcdef0123456789abcdef";
    let kept = format!(r#"{{"old":"01d","step":"creating","unconfirmed":["{name}"]}}"#);
    let world = World::default();
    world.reply("GET /keys/01d", [gone()]);
    let (_, result) = run(&world, Rotate::resume(serde_json::from_str(&kept).unwrap())).await;
    let error = result.unwrap_err();
    assert_eq!(error.may_have_created().unwrap().name, name, "{error}");

    // A new key that was not handed over is deleted before anything else.
    let kept = r#"{"old":"01d","step":"handing_over","new":"aa"}"#;
    let world = World::default();
    world.reply("GET /keys/01d", [gone()]);
    let (transport, result) =
        run(&world, Rotate::resume(serde_json::from_str(kept).unwrap())).await;
    assert_eq!(result.unwrap_err().effect(), &Effect::Nothing);
    assert_eq!(sent(&transport), ["DELETE /keys/aa", "GET /keys/01d"]);
}

#[tokio::test]
async fn a_lost_create_is_reported_whatever_fails_after_it() {
    let lost = || [Reply::disconnected()];
    let world = World::default();
    world.reply("POST /keys", lost()).fail("hand_over");
    let (transport, result) = run(&world, Rotate::new("01d")).await;
    let first = body(&transport, "POST", 0)["name"].as_str().unwrap().to_owned();
    let error = result.unwrap_err();
    let reported: Vec<&str> = error.may_have_created().unwrap().names().collect();
    assert_eq!(reported, [first.as_str()], "{error}");
    let kept = world.0.lock().unwrap().last.clone().unwrap();
    assert_eq!((kept.step, kept.unconfirmed), (RotationStep::Begun, vec![first]));

    // Not even the state can be saved any more.
    let world = World::default();
    world.reply("POST /keys", lost()).fail_from("save", 2);
    let (transport, result) = run(&world, Rotate::new("01d")).await;
    let first = body(&transport, "POST", 0)["name"].as_str().unwrap().to_owned();
    let error = result.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::RotationHandler { method: "save", .. }), "{error}");
    let reported: Vec<&str> = error.may_have_created().unwrap().names().collect();
    assert_eq!(reported, [first.as_str()], "{error}");
}

#[tokio::test]
async fn a_change_whose_response_was_lost_is_reported_as_possibly_made() {
    for (request, reported) in [
        ("PATCH /keys/01d", "the new key was handed over, and the old one may be disabled"),
        ("DELETE /keys/01d", "the new key was handed over, and the old one is disabled or deleted"),
    ] {
        let world = World::default();
        world.reply(request, vec![Reply::disconnected(); 3]);
        let (_, result) = run(&world, Rotate::new("01d")).await;
        assert_eq!(result.unwrap_err().effect(), &Effect::PartlyDone(reported));
    }
}

#[tokio::test]
async fn a_key_whose_label_no_response_has_is_recognised_by_its_ends() {
    let world = World::default();
    let unreported = CURRENT.replace(r#""label":"sk-or-v1-0e6...1c96","#, "");
    world.reply("GET /key", [Reply::status(200).json(unreported)]);
    let (_, result) = run(&world, Rotate::new("01d")).await;
    assert!(result.is_ok(), "{result:?}");
    let state = world.0.lock().unwrap().last.clone().unwrap();
    assert_eq!(state.new_label.as_deref(), Some(LABEL));
    assert!(state.is_new_key(SECRET));
}

#[tokio::test]
async fn a_new_key_whose_create_response_is_not_as_requested_is_deleted() {
    for (fields, problem) in [
        (r#""limit":null"#, "its limit differs"),
        (r#""expires_at":"2027-02-01T00:00:00Z""#, "its expiry differs"),
    ] {
        let world = World::default();
        let made = format!(r#"{{"key":"{SECRET}","data":{{"hash":"aa",{fields}}}}}"#);
        world.reply("POST /keys", [Reply::status(201).json(made)]);
        let (transport, result) = run(&world, Rotate::new("01d")).await;
        let error = result.unwrap_err();
        let ErrorKind::Unverified { problem: reported } = error.kind() else { panic!("{error}") };
        assert_eq!(*reported, problem);
        assert_eq!(sent(&transport).last().unwrap(), "DELETE /keys/aa");
    }
}

#[tokio::test]
async fn a_state_that_no_rotation_saved_is_refused_before_anything_is_sent() {
    for kept in [
        r#"{"old":"01d","step":"handed_over","new":"01d"}"#,
        r#"{"old":"01d","step":"creating","unconfirmed":["production"]}"#,
    ] {
        let world = World::default();
        let state = Rotate::resume(serde_json::from_str(kept).unwrap());
        let (transport, result) = run(&world, state).await;
        assert!(matches!(result.unwrap_err().kind(), ErrorKind::Build(_)));
        assert!(transport.requests().is_empty());
    }
}

#[tokio::test]
async fn a_leaked_key_is_disabled_first_and_deleted_without_grace() {
    let world = World::default();
    let (transport, result) = run(&world, Rotate::new("01d").leaked()).await;
    assert!(matches!(result, Ok(Rotated::Done { .. })), "{result:?}");
    assert_eq!(sent(&transport)[..3], ["PATCH /keys/01d", "GET /keys/01d", "POST /keys"]);
    assert_eq!(transport.pauses(), [Duration::from_secs(60)]);

    let world = World::default();
    world.fail("hand_over");
    let (_, result) = run(&world, Rotate::new("01d").leaked()).await;
    let error = result.unwrap_err();
    assert!(matches!(error.effect(), Effect::PartlyDone(_)), "{error}");
    assert!(error.to_string().contains("the old key may be disabled"), "{error}");
}

#[tokio::test]
async fn a_resumed_hand_over_depends_on_what_the_rotation_handler_knows() {
    let kept = |step: &str| -> Rotation {
        let text = format!(
            r#"{{"old":"01d","step":"{step}","new":"aa","newLabel":"{LABEL}","name":"production"}}"#
        );
        serde_json::from_str(&text).unwrap()
    };
    assert!(kept("handing_over").is_new_key(SECRET));
    assert!(!kept("handing_over").is_new_key("sk-or-v1-another"));

    let world = World::default();
    world.0.lock().unwrap().was_handed_over = true;
    let (transport, result) = run(&world, Rotate::resume(kept("handing_over"))).await;
    assert!(matches!(result, Ok(Rotated::Done { .. })), "{result:?}");
    assert_eq!(world.asked()[0], format!("was_handed_over {LABEL}"));
    assert!(!sent(&transport).contains(&"POST /keys".to_owned()));

    // It was not: the key is deleted, and another created.
    let world = World::default();
    let (transport, result) = run(&world, Rotate::resume(kept("handing_over"))).await;
    assert!(matches!(result, Ok(Rotated::Done { .. })), "{result:?}");
    assert_eq!(sent(&transport)[..3], ["DELETE /keys/aa", "GET /keys/01d", "POST /keys"]);

    // The question is asked whenever there is a new key, whatever the step.
    for step in ["begun", "creating"] {
        let world = World::default();
        world.0.lock().unwrap().was_handed_over = true;
        let (transport, result) = run(&world, Rotate::resume(kept(step))).await;
        assert!(matches!(result, Ok(Rotated::Done { .. })), "{result:?}");
        assert!(!sent(&transport).contains(&"DELETE /keys/aa".to_owned()));
    }

    // It was, and is not visible at once; or it is gone: then nothing is touched.
    for (misses, is_there) in [(4, true), (5, false)] {
        let world = World::default();
        world.0.lock().unwrap().was_handed_over = true;
        world.reply("GET /keys/aa", vec![gone(); misses]);
        let (transport, result) = run(&world, Rotate::resume(kept("handing_over"))).await;
        assert_eq!(result.is_ok(), is_there, "{result:?}");
        let changed = sent(&transport).iter().any(|line| !line.starts_with("GET"));
        assert_eq!(changed, is_there);
        assert!(!sent(&transport).contains(&"DELETE /keys/aa".to_owned()));
    }

    // Unknown, so nothing is touched.
    let world = World::default();
    world.fail("was_handed_over");
    let (transport, result) = run(&world, Rotate::resume(kept("handing_over"))).await;
    assert!(result.is_err());
    assert_eq!(sent(&transport), [""; 0]);

    let (transport, result) = run(&World::default(), Rotate::resume(kept("done"))).await;
    assert!(matches!(result, Ok(Rotated::Done { .. })), "{result:?}");
    assert_eq!(sent(&transport), [""; 0]);
}

#[tokio::test]
async fn a_pause_that_a_killed_run_began_is_only_finished() {
    // The virtual clock begins with 2027; the grace period began 45 s before.
    let since = 1_798_761_600 - 45;
    let text = format!(
        r#"{{"old":"01d","step":"handed_over","new":"aa","since":{since},"graceMs":60000,"quietMs":0,"watchMs":0}}"#
    );
    let (transport, result) =
        run(&World::default(), Rotate::resume(serde_json::from_str(&text).unwrap())).await;
    assert!(matches!(result, Ok(Rotated::Done { .. })), "{result:?}");
    assert_eq!(transport.pauses(), [Duration::from_secs(15)]);
}

/// The state of a run that ended before a long pause, as if so much time had passed since.
fn later(result: Result<Rotated, Error>, seconds: i64) -> (Duration, Rotation) {
    let Ok(Rotated::Waiting { left, state, .. }) = result else { panic!("{result:?}") };
    let mut state = *state;
    state.since = state.since.map(|since| since - seconds);
    state.quiet_since = state.quiet_since.map(|since| since - seconds);
    // What the next run gets is what was saved.
    let json = serde_json::to_string(&state).unwrap();
    (left, serde_json::from_str(&json).unwrap())
}

#[tokio::test]
async fn pauses_of_hours_are_not_waited_for_and_count_from_their_beginning() {
    const HOUR: Duration = Duration::from_secs(3600);
    let minute = Duration::from_secs(60);
    let world = World::default();
    let rotate = Rotate::new("01d").grace(HOUR).quiet(HOUR).watch(HOUR).longest_pause(minute);
    let (transport, result) = run(&world, rotate).await;
    assert!(transport.pauses().is_empty());
    let mut requests = sent(&transport);
    let mut lefts = Vec::new();
    let (left, mut state) = later(result, 1800);
    lefts.push(left);
    // Half of the grace, its rest; half of the quiet time, and so on.
    for seconds in [1800, 1800, 1800, 1800, 1770] {
        let (transport, result) = run(&world, Rotate::resume(state).longest_pause(minute)).await;
        assert!(transport.pauses().is_empty(), "{:?}", transport.pauses());
        requests.extend(sent(&transport));
        let (left, next) = later(result, seconds);
        lefts.push(left);
        state = next;
    }
    assert_eq!(lefts, [HOUR, HOUR / 2, HOUR, HOUR / 2, HOUR, HOUR / 2]);
    // 30 s of the last pause are left.
    let (transport, result) = run(&world, Rotate::resume(state).longest_pause(minute)).await;
    assert!(matches!(result, Ok(Rotated::Done { .. })), "{result:?}");
    assert_eq!(transport.pauses(), [Duration::from_secs(30)]);
    requests.extend(sent(&transport));
    let changes: Vec<_> = requests.iter().filter(|line| !line.starts_with("GET")).collect();
    assert_eq!(changes, ["POST /keys", "PATCH /keys/01d", "DELETE /keys/01d", "PATCH /keys/aa"]);
}

#[tokio::test]
async fn a_use_between_two_runs_of_one_quiet_time_is_noticed_and_the_time_begins_again() {
    let world = World::default();
    let resume = |state| Rotate::resume(state).longest_pause(Duration::ZERO);
    let rotate = Rotate::new("01d").grace(Duration::ZERO).quiet(Duration::from_secs(3600));
    let (_, result) = run(&world, rotate.longest_pause(Duration::ZERO)).await;
    let (_, state) = later(result, 3600);
    let used = OLD.replace("17.5", "17.6");
    world.reply("GET /keys/01d", vec![data(&used); 4]);
    let (_, result) = run(&world, resume(state)).await;
    let Ok(Rotated::StillInUse { state, .. }) = result else { panic!("{result:?}") };
    assert_eq!(world.0.lock().unwrap().last.as_ref(), Some(&*state));
    let (transport, result) = run(&world, resume(*state)).await;
    let (left, _) = later(result, 0);
    assert_eq!(left, Duration::from_secs(3600));
    assert!(sent(&transport).iter().all(|line| line.starts_with("GET")));
}

#[tokio::test]
async fn a_marker_of_an_earlier_rotation_is_not_kept() {
    let world = World::default();
    let marked = "production #0123456789abcdef0123456789abcdef";
    world.reply("GET /keys/01d", [data(&OLD.replace("production", marked))]);
    let (transport, result) = run(&world, Rotate::new("01d")).await;
    assert!(result.is_ok(), "{result:?}");
    let name = body(&transport, "POST", 0)["name"].as_str().unwrap().to_owned();
    assert!(name.starts_with("production #") && name.len() == 44 && name != marked, "{name}");
    assert_eq!(body(&transport, "PATCH", 1)["name"], "production");
}

#[test]
fn an_invalid_hash_is_refused_before_anything_is_sent() {
    let transport = FakeTransport::never();
    let key = ApiKey::new("sk-or-v1-management").unwrap();
    let client = blocking::Client::new(transport.clone(), key);
    let error = client.rotate(Rotate::new("a/b"), NoHandler).finish().unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Build(_)), "{error}");
    assert!(transport.requests().is_empty());
}

#[test]
fn a_state_is_plain_data_and_its_steps_have_their_json_names() {
    let state: Rotation = serde_json::from_str(r#"{"old":"01d"}"#).unwrap();
    assert_eq!(state, Rotation::new("01d".parse().unwrap()));
    for name in ["begun", "creating", "handing_over", "handed_over", "disabled", "deleted", "done"]
    {
        let step = RotationStep::named(name).unwrap();
        assert_eq!(step.as_str(), name);
        assert_eq!(serde_json::to_value(step).unwrap(), name);
    }
    assert_eq!(RotationStep::named("lost"), None);
}
