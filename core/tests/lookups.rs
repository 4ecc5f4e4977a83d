//! Finding a key by its secret, and recognising the wrong kind of key.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use openrouter_keys_core::error::DuplicateBy;
use openrouter_keys_core::test_util::{FakeTransport, Reply};
use openrouter_keys_core::types::KeyKind;
use openrouter_keys_core::workflow::FindBySecret;
use openrouter_keys_core::{ApiKey, Client, Effect, Error, ErrorKind, List, blocking};

const SECRET: &str = "sk-or-v1-0e6000000000000000000000000001c96";
const LABEL: &str = "sk-or-v1-0e6...1c96";

fn client(transport: &FakeTransport) -> Client {
    Client::new(transport.clone(), ApiKey::new("sk-or-v1-management").unwrap())
}

fn row(hash: &str, label: &str) -> String {
    format!(r#"{{"hash":"{hash}","label":"{label}"}}"#)
}

fn page(rows: &[String]) -> Reply {
    Reply::status(200).json(format!(r#"{{"data":[{}]}}"#, rows.join(",")))
}

fn current(fields: &str) -> Reply {
    Reply::status(200).json(format!(r#"{{"data":{{{fields}}}}}"#))
}

/// The requests, each with the API key it was sent with.
fn sent(transport: &FakeTransport) -> Vec<(String, String)> {
    let requests = transport.requests();
    let line = |request: &http::Request<bytes::Bytes>| {
        let path = request.uri().path_and_query().unwrap().as_str();
        let key = request.headers()["authorization"].to_str().unwrap();
        (path.trim_start_matches("/api/v1").to_owned(), key["Bearer ".len()..].to_owned())
    };
    requests.iter().map(line).collect()
}

#[tokio::test]
async fn a_secret_leads_to_the_key_whose_label_the_api_returns() {
    let id = "0df9e665-d932-5740-b2c7-b52af166bc11";
    let transport = FakeTransport::scripted([
        current(&format!(r#""label":"{LABEL}","workspace_id":"{id}""#)),
        page(&[row("aa", "sk-or-v1-111...2222"), row("bb", LABEL)]),
        page(&[row("bb", LABEL)]),
    ]);
    let found = client(&transport).find_by_secret(SECRET).await.unwrap();
    assert_eq!(found.key.unwrap().hash.as_deref(), Some("bb"));
    assert_eq!(found.current.unwrap().label.as_deref(), Some(LABEL));
    let sent = sent(&transport);
    // One request is made with the secret, and the listing is of its workspace.
    assert_eq!(sent[0], ("/key".to_owned(), SECRET.to_owned()));
    assert!(sent[1].0.contains(id) && sent[1].0.contains("include_disabled=true"), "{sent:?}");
    assert!(sent[1..].iter().all(|(_, key)| key == "sk-or-v1-management"));
}

#[tokio::test]
async fn a_secret_that_the_api_refuses_is_searched_by_both_its_ends() {
    let transport = FakeTransport::scripted([
        Reply::status(401),
        page(&[row("aa", "sk-or-v1-0e6...0000"), row("bb", LABEL), row("cc", "...")]),
        page(&[row("cc", "...")]),
    ]);
    let found = client(&transport).find_by_secret(SECRET).await.unwrap();
    assert_eq!(found.key.unwrap().hash.as_deref(), Some("bb"));
    assert_eq!(found.current, None);
}

#[tokio::test]
async fn a_secret_of_no_listed_key_finds_none() {
    let transport = FakeTransport::scripted([
        current(r#""label":"sk-or-v1-0e6...1c96","is_management_key":true"#),
        page(&[]),
    ]);
    let found = client(&transport).find_by_secret(SECRET).await.unwrap();
    assert_eq!(found.key, None);
    assert_eq!(found.current.unwrap().manages_keys(), Some(true));
}

#[tokio::test]
async fn several_keys_with_one_label_are_an_error_that_lists_them() {
    let transport = FakeTransport::scripted([
        current(&format!(r#""label":"{LABEL}""#)),
        page(&[row("aa", LABEL), row("bb", LABEL)]),
        page(&[row("bb", LABEL)]),
    ]);
    let error = client(&transport).find_by_secret(SECRET).await.unwrap_err();
    let ErrorKind::SeveralKeys { by, keys } = error.kind() else { panic!("{error}") };
    assert_eq!(by, &DuplicateBy::Label(LABEL.to_owned()));
    assert_eq!(keys.len(), 2);
    let text = error.to_string();
    assert!(text.contains("2 keys have the label") && text.contains("aa, bb"), "{text}");
    assert_eq!(error.effect(), &Effect::Nothing);
}

#[tokio::test]
async fn the_workspaces_to_search_can_be_named() {
    let (one, two) =
        ("0df9e665-d932-5740-b2c7-b52af166bc11", "1df9e665-d932-5740-b2c7-b52af166bc11");
    let transport = FakeTransport::scripted([
        current(&format!(r#""label":"{LABEL}","workspace_id":"{two}""#)),
        page(&[]),
        page(&[row("bb", LABEL)]),
        page(&[]),
    ]);
    let find = FindBySecret::new(SECRET).workspaces([one, two]);
    let found = client(&transport).find_by_secret(find).await.unwrap();
    assert_eq!(found.key.unwrap().hash.as_deref(), Some("bb"));
    let sent = sent(&transport);
    assert!(sent[1].0.contains(one) && sent[2].0.contains(two), "{sent:?}");
}

#[tokio::test]
async fn a_failure_other_than_a_refusal_ends_the_search_and_shows_no_secret() {
    let body = format!(r#"{{"error":{{"code":403,"message":"{SECRET} is blocked"}}}}"#);
    let transport = FakeTransport::scripted([Reply::status(403).json(body)]);
    let find = FindBySecret::new(SECRET);
    assert!(!format!("{find:?}").contains("0e6"), "{find:?}");
    let error = client(&transport).find_by_secret(find).await.unwrap_err();
    assert_eq!((error.operation(), error.status().unwrap().as_u16()), ("find_by_secret", 403));
    assert!(!format!("{error} {error:?} {error:#?}").contains(SECRET), "{error:#?}");
    assert_eq!(transport.requests().len(), 1);
}

#[test]
fn a_string_that_is_not_a_secret_is_refused_before_anything_is_sent() {
    let transport = FakeTransport::never();
    let client = blocking::Client::new(transport.clone(), ApiKey::new("sk-or-v1-m").unwrap());
    let error = client.find_by_secret("two words").finish().unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Build(_)), "{error}");
    assert!(transport.requests().is_empty());
}

mod wrong_kind {
    use super::*;

    fn refused(status: u16, message: &str) -> FakeTransport {
        let body = format!(r#"{{"error":{{"code":{status},"message":"{message}"}}}}"#);
        FakeTransport::always(Reply::status(status).json(body))
    }

    fn kind_of(error: &Error) -> Option<KeyKind> {
        match error.kind() {
            ErrorKind::Api(api) => api.key_kind,
            _ => None,
        }
    }

    #[tokio::test]
    async fn a_refusal_that_asks_for_a_management_key_says_where_to_get_one() {
        let transport = refused(403, "Only a management key may manage keys.");
        let error = client(&transport).list(List::new()).await.unwrap_err();
        assert_eq!(kind_of(&error), Some(KeyKind::Inference));
        assert_eq!(error.anchor(), "the-wrong-kind-of-key");
        assert_eq!(
            error.to_string(),
            "list: the server returned 403 Forbidden to an inference key \
             (Only a management key may manage keys.); nothing was created or changed; \
             use a management key; create one at https://openrouter.ai/settings/management-keys"
        );
    }

    #[tokio::test]
    async fn any_other_refusal_says_nothing_about_the_kind() {
        let transport = refused(403, "The account is closed.");
        let error = client(&transport).list(List::new()).await.unwrap_err();
        assert_eq!((kind_of(&error), error.anchor()), (None, "401-402-403-404"));
    }

    #[tokio::test]
    async fn a_check_sends_one_request_and_distinguishes_both_kinds() {
        use KeyKind::{Inference, Management};
        for (fields, is) in [
            (r#""is_management_key":true"#, Management),
            (r#""is_management_key":false"#, Inference),
            (r#""is_provisioning_key":true"#, Management),
        ] {
            let transport = FakeTransport::always(current(fields));
            let client = client(&transport);
            let needed = if is == Management { Inference } else { Management };
            assert_eq!(client.check_key(is).await.unwrap().manages_keys(), Some(is == Management));
            let error = client.check_key(needed).await.unwrap_err();
            assert!(matches!(error.kind(), ErrorKind::WrongKeyKind { .. }), "{error}");
            assert_eq!(error.anchor(), "the-wrong-kind-of-key");
            let text = error.to_string();
            let says = match needed {
                Inference => "this is a management key; an inference key is required; ",
                _ => "this is an inference key; a management key is required; ",
            };
            assert!(text.contains(says), "{text}");
            assert!(text.contains("https://openrouter.ai/settings/"), "{text}");
            assert_eq!(transport.requests().len(), 2);
        }
    }

    #[test]
    fn a_response_that_does_not_say_the_kind_passes() {
        let transport = FakeTransport::always(current(r#""label":"x""#));
        let key = ApiKey::new("sk-or-v1-m").unwrap();
        let client = blocking::Client::new(transport, key);
        let told = client.check_key(KeyKind::Management).finish().unwrap();
        assert_eq!(told.manages_keys(), None);
    }
}
