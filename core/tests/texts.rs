//! Error messages: they agree with the error's methods, mention the account only if the API
//! itself responded, and stay short whatever they quote.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use std::time::Duration;

use openrouter_keys_core::error::{BuildError, Delivery, TimeoutPhase, TransportErrorKind};
use openrouter_keys_core::operation::Get;
use openrouter_keys_core::test_util::{FakeTransport, Reply};
use openrouter_keys_core::types::KeyKind;
use openrouter_keys_core::workflow::{
    Audit, CheckKey, CloseTemporary, CreateReconciled, Ensure, FindBySecret, Rotate, Sweep,
    Temporary,
};
use openrouter_keys_core::{
    ApiKey, Client, Config, Create, Effect, Error, ErrorKind, KeyHash, KeySource, Limit, List,
    RetryPolicy, Update,
};

const HASH: &str = "f01d52606dc8f0a8303a7b5cc3fa07109c2e346cec7c0a16b40de462992ce943";
const DOCUMENTED: &str = r#"{"error":{"code":1,"message":"Said so"}}"#;
const PAGE: &str = "<html><body>Sign in to the company's network</body></html>";

fn client(transport: &FakeTransport) -> Client {
    Client::new(transport.clone(), ApiKey::new("sk-or-v1-test").unwrap())
}

/// A server that lists these keys and refuses everything else.
fn listing(rows: Vec<String>) -> FakeTransport {
    FakeTransport::answering(move |_, request| {
        let query = request.uri().query().unwrap_or_default();
        let offset = query.split_once("offset=").map_or(0, |(_, number)| number.parse().unwrap());
        let page = rows.get(offset..).unwrap_or_default().join(",");
        Reply::status(200).body(format!("{{\"data\":[{page}]}}"))
    })
}

/// The error of each operation, each sent once and given this reply.
async fn errors(reply: Reply, policy: RetryPolicy) -> Vec<Error> {
    let config = Config::new().retry(policy).timeout(Duration::from_secs(10_000));
    let key = ApiKey::new("sk-or-v1-test").unwrap();
    let client = Client::with_config(FakeTransport::always(reply), key, config).unwrap();
    vec![
        client.list(List::new()).await.unwrap_err(),
        client.create(Create::new("ci", Limit::usd(1.0))).await.unwrap_err(),
        client.get(Get::new(HASH)).await.unwrap_err(),
        client.update(Update::new(HASH).name("cd")).await.unwrap_err(),
        client.delete(HASH).await.unwrap_err(),
        client.get_current_key_metadata().await.unwrap_err(),
    ]
}

/// Checks that the message agrees with the methods.
fn check(error: &Error, about: &str) {
    let text = error.to_string();
    let about = format!("{about}: {text}");
    assert_eq!(text.contains("try again"), error.is_retryable(), "{about}");
    let waits = text.contains("the server asks to wait");
    assert_eq!(waits, error.is_retryable() && error.retry_after().is_some(), "{about}");
    for (words, effect) in [
        ("nothing was created or changed", matches!(error.effect(), Effect::Nothing)),
        ("the change may have been made", matches!(error.effect(), Effect::MayHaveChanged)),
        ("a key named \"ci\" may exist", matches!(error.effect(), Effect::MayHaveCreated(_))),
    ] {
        assert_eq!(text.contains(words), effect, "{about}");
    }
    if matches!(error.effect(), Effect::MayHaveCreated(_)) {
        assert!(!error.is_retryable(), "{about}");
    }
    for odd in ["<unknown", "::", "()", "; ;", ";;", "  "] {
        assert!(!text.contains(odd), "{about}");
    }
}

#[tokio::test]
async fn no_message_contradicts_the_errors_methods_whatever_the_status() {
    let bodies = ["", DOCUMENTED, PAGE, "{\"message\":\"no\"}", "no"];
    let headers = [
        ("x-none", ""),
        ("retry-after", "7"),
        ("retry-after", "86400"),
        ("x-should-retry", "false"),
    ];
    let known = [400, 401, 403, 404, 408, 409, 425, 429, 444, 500, 501, 502, 503, 520, 529, 599];
    for code in (100..=199).chain(300..=999) {
        for (place, body) in bodies.into_iter().enumerate() {
            for (other, (name, value)) in headers.into_iter().enumerate() {
                // All combinations for the statuses that mean something, one for the others.
                if !known.contains(&code) && (usize::from(code) + place) % 5 != other {
                    continue;
                }
                let reply = Reply::status(code).header(name, value).body(body);
                for error in errors(reply, RetryPolicy::none()).await {
                    check(&error, &format!("{code} {body} {name}: {value}"));
                }
            }
        }
    }
}

#[tokio::test]
async fn no_message_contradicts_the_errors_methods_whatever_fails_below_http() {
    use TransportErrorKind as Kind;
    for kind in [
        Kind::Dns,
        Kind::Connect,
        Kind::Tls,
        Kind::Proxy,
        Kind::Timeout(TimeoutPhase::Connect),
        Kind::Timeout(TimeoutPhase::Attempt),
        Kind::Timeout(TimeoutPhase::Idle),
        Kind::Timeout(TimeoutPhase::Call),
        Kind::Disconnected,
        Kind::Refused,
        Kind::Protocol,
        Kind::BodyTooLarge(7),
        Kind::HiddenRedirect,
        Kind::Setup,
        Kind::Other,
    ] {
        for delivery in [Delivery::NotSent, Delivery::Unknown] {
            for policy in [RetryPolicy::none(), RetryPolicy::default()] {
                for error in errors(Reply::failure(delivery, kind), policy).await {
                    check(&error, &format!("{kind:?} {delivery:?}"));
                }
            }
        }
    }
    for status in [200, 201, 400, 404, 409, 429, 500, 501, 503] {
        for reply in [Reply::stalled(status), Reply::status(status).body(vec![b' '; 5 << 20])] {
            for error in errors(reply, RetryPolicy::none()).await {
                check(&error, &format!("{status} that breaks off"));
            }
        }
    }
}

#[tokio::test]
async fn no_message_of_a_workflow_contradicts_the_errors_methods() {
    let create = || Create::new("ci", Limit::usd(1.0));
    let marked = "ci #temp-0123456789abcdef0123456789abcdef";
    let hash = || KeyHash::new(HASH).unwrap();
    for reply in [
        Reply::status(401).body(DOCUMENTED),
        Reply::status(403).body(PAGE),
        Reply::status(409).body(DOCUMENTED),
        Reply::status(429),
        Reply::status(500).body(DOCUMENTED),
        Reply::status(501),
        Reply::status(503).header("x-should-retry", "false"),
        Reply::status(200).body("{"),
        Reply::status(200).body("{}"),
        Reply::status(302),
        Reply::refused(),
        Reply::disconnected(),
        Reply::stalled(200),
        Reply::failure(Delivery::NotSent, TransportErrorKind::Tls),
    ] {
        let client = client(&FakeTransport::always(reply));
        let hour = Duration::from_secs(3600);
        let errors = [
            client.run(CreateReconciled::new(create())).await.err(),
            client.run(Temporary::new(create(), hour)).await.err(),
            client.run(CloseTemporary::named(marked)).await.err(),
            client.run(CloseTemporary::named(marked).hash(hash())).await.err(),
            client.run(Ensure::new(create())).await.err(),
            client.run(Sweep::new([marked])).await.err(),
            client.run(Sweep::temporary()).await.err(),
            client.run(Audit::new()).await.err(),
            client.run(FindBySecret::new("sk-or-v1-other")).await.err(),
            client.run(CheckKey::new(KeyKind::Management)).await.err(),
            client.run(Rotate::new(HASH)).await.err(),
            client.run(Rotate::new(HASH).leaked()).await.err(),
        ];
        for error in errors.into_iter().flatten() {
            let text = error.to_string();
            assert_eq!(text.contains("try again"), error.is_retryable(), "{text}");
            let says_nothing = text.contains("nothing was created or changed");
            assert_eq!(says_nothing, matches!(error.effect(), Effect::Nothing), "{text}");
            is_short(&error);
        }
    }
}

#[tokio::test]
async fn a_status_is_shown_as_a_number_with_its_reason_if_known() {
    for (code, shown) in [
        (404, "404 Not Found "),
        (429, "429 Too Many Requests "),
        (444, "444 "),
        (460, "460 "),
        (499, "499 "),
        (520, "520 "),
        (529, "529 "),
        (530, "530 "),
        (599, "599 "),
        (999, "999 "),
    ] {
        let error = &errors(Reply::status(code), RetryPolicy::none()).await[0];
        let expected = format!("list: the server returned {shown}without a body; ");
        assert!(error.to_string().starts_with(&expected), "{error}");
    }
    let error = &errors(Reply::status(399), RetryPolicy::none()).await[0];
    assert!(error.to_string().contains("without naming the target (399);"), "{error}");
}

#[tokio::test]
async fn only_the_apis_own_body_leads_to_advice_about_the_account() {
    let account =
        ["credit", "management key", "the API key", "the hash", "parameters", "current state"];
    for code in [400, 401, 402, 403, 404, 409, 410, 413, 422, 451, 501] {
        for (body, says) in [
            (PAGE, " with an HTML page, not the API's own body; "),
            ("  \n<!DOCTYPE html>", " with an HTML page, not the API's own body; "),
            ("Forbidden", " with a body that is not the API's own; "),
            ("{\"message\":\"Forbidden\"}", " with JSON that is not the API's own; "),
            ("[]", " with JSON that is not the API's own; "),
            ("{\"error\":\"Forbidden\"}", " (Forbidden); "),
            ("", " without a body; "),
        ] {
            for error in errors(Reply::status(code).body(body), RetryPolicy::none()).await {
                let text = error.to_string();
                assert!(text.contains(says), "{text}");
                assert!(!account.iter().any(|word| text.contains(word)), "{text}");
                let advice = "check the base URL, and the gateway or proxy that may have sent this";
                let is_advised = matches!(error.effect(), Effect::MayHaveCreated(_))
                    || error.is_retryable()
                    || text.ends_with(advice);
                assert!(is_advised, "{text}");
            }
        }
    }
    for (code, advice) in [
        (400, "correct the parameters"),
        (401, "check the API key: it may be wrong, disabled or expired"),
        (402, "add credit to the account"),
        (403, "use a management key that is allowed to do this"),
        (404, "check the base URL and, for single-key calls, the hash"),
        (407, "check the proxy's address and credentials"),
    ] {
        for error in errors(Reply::status(code).body(DOCUMENTED), RetryPolicy::none()).await {
            assert!(error.to_string().ends_with(advice), "{error}");
        }
    }
}

#[tokio::test]
async fn retrying_an_update_after_a_conflict_is_left_to_the_caller() {
    let transport = FakeTransport::always(Reply::status(409).body(DOCUMENTED));
    let error = client(&transport).update(Update::new(HASH).name("cd")).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "update: the server returned 409 Conflict (Said so); nothing was created or changed; \
         try again later"
    );
    assert!(error.is_retryable());
    assert_eq!(transport.requests().len(), 1);

    let listed = RetryPolicy::default().statuses([409]);
    let error = &errors(Reply::status(409).body(DOCUMENTED), listed).await[3];
    assert_eq!((error.attempts(), error.is_retryable()), (3, true));

    let error = client(&transport).create(Create::new("ci", Limit::usd(1.0))).await.unwrap_err();
    assert!(!error.is_retryable(), "{error}");
}

/// No error is longer than this, whatever it quotes.
fn is_short(error: &Error) {
    for text in [error.to_string(), format!("{error:?}")] {
        assert!(text.len() < 4_000, "{} {}", text.len(), &text[..200]);
    }
    let parts = format!("{error:#?}");
    let longest = parts.lines().map(|line| line.chars().count()).max();
    assert!(longest <= Some(500), "{longest:?}");
}

#[tokio::test]
async fn a_long_name_is_cut_in_messages_and_whole_in_fields() {
    let name = "é".repeat(200_000);
    let transport = FakeTransport::always(Reply::disconnected());
    let create =
        Create::new(&name, Limit::usd(1.0)).workspace_id("0df9e665-d932-5740-b2c7-b52af166bc11");
    let error = client(&transport).create(create).await.unwrap_err();
    let shown = format!("a key named \"{}…\" (200000 characters) may exist", "é".repeat(100));
    assert!(error.to_string().contains(&shown), "{error}");
    assert_eq!(error.may_have_created().unwrap().name, name);
    assert!(format!("{:?}", error.may_have_created()).len() < 500);
    is_short(&error);
}

#[tokio::test]
async fn everything_that_an_error_quotes_is_cut() {
    let long = "x".repeat(200_000);
    let (row, body) = (
        format!(
            "{{\"hash\":\"aa\",\"name\":\"{long}\",\"label\":\"{long}\",\"created_at\":\"2020-01-01T00:00:00Z\"}}"
        ),
        format!(
            "{{\"error\":{{\"message\":\"{long}\",\"metadata\":\"{long}\"}},\
             \"user_id\":\"{long}\",\"openrouter_metadata\":\"{long}\"}}"
        ),
    );
    let config = Config::new().max_error_body(10 << 20);
    let with = |reply: Reply| {
        let key = ApiKey::new("sk-or-v1-test").unwrap();
        Client::with_config(FakeTransport::always(reply), key, config.clone()).unwrap()
    };
    let said = with(Reply::status(400).header("x-request-id", &long).body(body));
    let error = said.list(List::new()).await.unwrap_err();
    let ErrorKind::Api(api) = error.kind() else { panic!("{error}") };
    assert_eq!(api.message.as_ref().map(String::len), Some(200_000));
    assert!(format!("{api:?}").len() < 4_000);
    is_short(&error);

    let several = client(&listing(vec![row.clone(), row.replacen("\"aa\"", "\"bb\"", 1)]));
    let error = several.ensure(Ensure::new(Create::new(&long, Limit::usd(1.0)))).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::SeveralKeys { .. }), "{error}");
    is_short(&error);
    let elsewhere = format!("https://{long}.example/");
    is_short(
        &with(Reply::status(302).header("location", &elsewhere))
            .list(List::new())
            .await
            .unwrap_err(),
    );
    is_short(&with(Reply::status(200)).get(&long).await.unwrap_err());
    is_short(
        &with(Reply::status(200))
            .sweep(openrouter_keys_core::workflow::Sweep::new([&long]))
            .await
            .unwrap_err(),
    );
    let named = CloseTemporary::named(format!("{long} #temp-0123456789abcdef0123456789abcdef"));
    is_short(&with(Reply::status(403)).run(named).await.unwrap_err());
    let hour = Duration::from_secs(3600);
    is_short(
        &with(Reply::status(500))
            .temporary(Temporary::new(Create::new(&long, Limit::usd(1.0)), hour))
            .await
            .unwrap_err(),
    );
    is_short(
        &with(Reply::status(500))
            .create_reconciled(CreateReconciled::new(Create::new(&long, Limit::usd(1.0))))
            .await
            .unwrap_err(),
    );

    let vault = long.clone();
    let keys = KeySource::provider(move || {
        let vault = vault.clone();
        async move { Err(vault.into()) }
    });
    let asked = Client::with_config(FakeTransport::never(), keys, Config::new()).unwrap();
    is_short(&asked.list(List::new()).await.unwrap_err());

    let header = openrouter_keys_core::Headers::new().header(&long, "\n").unwrap_err();
    assert!(header.to_string().len() < 300, "{header}");
}

#[tokio::test]
async fn only_the_first_ten_of_many_names_or_keys_are_listed() {
    let rows: Vec<String> = (0..50)
        .map(|n| {
            format!(
                "{{\"hash\":\"{n:064}\",\"name\":\"ci\",\"created_at\":\"2020-01-01T00:00:00Z\"}}"
            )
        })
        .collect();
    let ensure = Ensure::new(Create::new("ci", Limit::usd(1.0)));
    let error = client(&listing(rows)).ensure(ensure).await.unwrap_err();
    let text = error.to_string();
    assert!(text.contains("50 keys are named \"ci\": 000"), "{text}");
    assert!(text.contains("9 and 40 more; nothing was created or changed; "), "{text}");
    let ErrorKind::SeveralKeys { keys, .. } = error.kind() else { panic!("{error}") };
    assert_eq!(keys.len(), 50);

    let names: Vec<String> = (0..30).map(|n| format!("ci #temp-{n:032x}")).collect();
    let close =
        CloseTemporary::named("ci #temp-0123456789abcdef0123456789abcdef").unconfirmed(names);
    let transport = FakeTransport::always(Reply::status(403));
    let error = client(&transport).run(close).await.unwrap_err();
    assert!(error.to_string().contains("008\" and 21 more may exist"), "{error}");
    assert_eq!(error.may_have_created().unwrap().names().count(), 31);
}

#[tokio::test]
async fn the_error_says_what_is_wrong_with_a_key_providers_key() {
    let keys = KeySource::provider(|| async { Ok(ApiKey::new("sk-or-v1-s3cr3t\n")?) });
    let client = Client::with_config(FakeTransport::never(), keys, Config::new()).unwrap();
    let error = client.list(List::new()).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "list: the key provider returned no API key: the API key ends with a line break; trim it; \
         nothing was created or changed; correct what the key provider returns"
    );
    assert_eq!(error.anchor(), "the-key-provider-failed");
}

#[test]
fn a_foreign_error_message_stays_on_one_line() {
    let kind = openrouter_keys_core::error::BuildErrorKind::Other;
    let error = BuildError::new(kind, "first\nsecond\u{1b}[2J");
    assert_eq!(error.to_string(), "first\\u{a}second\\u{1b}[2J; no request was made with it");
}
