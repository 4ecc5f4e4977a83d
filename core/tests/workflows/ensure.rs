//! One key per name.

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
async fn a_missing_key_is_created_and_the_listing_checked_again() {
    let transport =
        scripted([list(&[]), Reply::status(201).json(CREATED).into(), list(&[row("aa", "")])]);
    let ensured = client(&transport).ensure(Ensure::new(create())).await.unwrap();
    let Ensured::Created { created, unsettled: None } = ensured else { panic!("{ensured:?}") };
    assert_eq!(created.key().reveal().len(), 42);
    assert_eq!(seconds(&transport), [5]);
    let look = "GET /keys?include_disabled=true";
    let further = format!("{look}&offset=1");
    assert_eq!(sent(&transport), [look, "POST /keys", look, &further]);
    assert_eq!(body(&transport, 1)["name"], "ci");
}

#[tokio::test]
async fn a_key_with_the_wanted_settings_is_not_changed() {
    let other = old("bb").replace("\"ci\"", "\"ci \"");
    let transport = scripted([list(&[old("aa"), other])]);
    let ensured = client(&transport).ensure(Ensure::new(create())).await.unwrap();
    let Ensured::Existing { key, changed } = ensured else { panic!("{ensured:?}") };
    assert_eq!((key.hash.as_deref(), changed.len()), (Some("aa"), 0));
    assert!(sent(&transport).iter().all(|line| line.starts_with("GET")));
}

#[tokio::test]
async fn only_what_differs_is_changed() {
    let response = r#"{"data":{"hash":"aa","limit":9}}"#;
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
        let transport = scripted([list(&[key]), Reply::status(200).json(response).into()]);
        let ensured = client(&transport).ensure(wanted).await.unwrap();
        let Ensured::Existing { key, changed } = ensured else { panic!("{ensured:?}") };
        assert_eq!(sent(&transport)[2], "PATCH /keys/aa");
        let sent = body(&transport, 2);
        assert_eq!(sent, serde_json::from_str::<serde_json::Value>(expected).unwrap());
        let names: Vec<&String> = sent.as_object().unwrap().keys().collect();
        let mut changed = changed;
        changed.sort_unstable();
        assert_eq!(changed, names);
        assert_eq!(key.limit.copied(), Some(9.0));
    }
}

#[tokio::test]
async fn a_disabled_key_stays_disabled_unless_told_otherwise() {
    let off = old("aa").replace("\"disabled\":false", "\"disabled\":true");
    let transport = scripted([
        list(std::slice::from_ref(&off)),
        list(&[off]),
        Reply::status(200).json(r#"{"data":{"hash":"aa"}}"#).into(),
    ]);
    let ensured = client(&transport).ensure(Ensure::new(create())).await.unwrap();
    assert!(matches!(ensured, Ensured::Existing { changed, .. } if changed.is_empty()));
    client(&transport).ensure(Ensure::new(create()).disabled(false)).await.unwrap();
    assert_eq!(body(&transport, 4), serde_json::json!({ "disabled": false }));
}

#[tokio::test]
async fn several_old_keys_are_an_error_that_lists_them_or_the_newest_counts() {
    let newer = row("bb", r#","created_at":"2026-02-01T00:00:00Z""#);
    let keys = [newer, old("cc"), old("aa")];
    let transport = scripted([list(&keys), list(&keys)]);
    let error = client(&transport).ensure(Ensure::new(create())).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "ensure: 3 keys are named \"ci\": aa, cc, bb; nothing was created or changed; \
         delete or rename all but one, or say which one to use"
    );
    let ErrorKind::SeveralKeys { keys, .. } = error.kind() else { panic!("{error}") };
    assert_eq!(keys.len(), 3);
    let newest = Ensure::new(create()).on_duplicate(OnDuplicate::Newest);
    let ensured = client(&transport).ensure(newest).await.unwrap();
    assert!(matches!(ensured, Ensured::Existing { key, .. } if key.hash.as_deref() == Some("bb")));
    assert_eq!(seconds(&transport), [0_u64; 0]);
}

#[tokio::test]
async fn the_servers_clock_decides_how_old_a_key_is() {
    // By this machine's clock it will be created in half a minute.
    let key = row("aa", r#","created_at":"2027-01-01T00:00:30Z""#);
    let transport = scripted([list(&[key])]);
    let ensured = client(&transport).ensure(Ensure::new(create())).await.unwrap();
    assert!(matches!(ensured, Ensured::Existing { .. }), "{ensured:?}");
    assert_eq!(seconds(&transport), [0_u64; 0]);
}

#[tokio::test]
async fn keys_that_may_still_change_are_checked_again() {
    // By the server's clock it is one minute past midnight.
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
async fn the_caller_with_the_later_key_deletes_it_and_returns_the_other() {
    let own = row("aa", r#","created_at":"2027-01-01T00:00:50Z""#);
    let rival = row("bb", r#","created_at":"2027-01-01T00:00:49Z""#);
    let transport = scripted([
        list(&[]),
        Reply::status(201).json(CREATED).into(),
        list(&[own.clone(), rival.clone()]),
        Reply::status(200).json(r#"{"deleted":true}"#).into(),
    ]);
    let ensured = client(&transport).ensure(Ensure::new(create())).await.unwrap();
    assert!(matches!(ensured, Ensured::Existing { key, .. } if key.hash.as_deref() == Some("bb")));
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
        "ensure: the server returned 403 Forbidden with JSON that is not the API's own; \
         a key named \"ci\" exists, with the hash aa; delete the key with this hash"
    );
}

#[tokio::test]
async fn the_new_secret_is_returned_even_if_the_check_after_it_fails() {
    let nobody = r#"{"key":"sk-or-v1-0e6000000000000000000000000001c96"}"#;
    let labelled = |label: &str| row("bb", &format!(r#","label":"{label}","created_at":"{OLD}""#));
    for (created, look, is_settled) in [
        (CREATED, Reply::status(403).json("{}").into(), false),
        // The listing has another key instead.
        (CREATED, list(&[old("bb")]), false),
        (CREATED, list(&[]), true),
        // Without a hash, its label identifies it.
        (nobody, list(&[labelled("sk-or-v1-0e6...1c96")]), true),
        (nobody, list(&[labelled("sk-or-v1-0e7...1c96")]), false),
    ] {
        let transport = scripted([list(&[]), Reply::status(201).json(created).into(), look]);
        let ensured = client(&transport).ensure(Ensure::new(create())).await.unwrap();
        let Ensured::Created { created, unsettled } = ensured else { panic!("{ensured:?}") };
        assert_eq!(created.key().reveal().len(), 42);
        assert_eq!(unsettled.is_none(), is_settled, "{unsettled:?}");
        if let Some(error) = unsettled {
            let text = error.to_string();
            assert!(text.contains("; a key was created and is in the result; "), "{text}");
        }
    }
}

#[tokio::test]
async fn a_listed_key_without_a_hash_is_an_error_about_the_response() {
    let bare = format!(r#"{{"name":"ci","created_at":"{OLD}"}}"#);
    let transport = scripted([list(std::slice::from_ref(&bare))]);
    let error = client(&transport).ensure(Ensure::new(create())).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "ensure: the response describes a key without a usable hash; nothing was created or \
         changed; list the keys and find it by its name"
    );
    // The caller's key is the later one, and is deleted again before the missing hash is noticed.
    let own = row("aa", r#","created_at":"2027-01-01T00:00:50Z""#);
    let transport = scripted([
        list(&[]),
        Reply::status(201).json(CREATED).into(),
        list(&[own, bare]),
        Reply::status(200).json(r#"{"deleted":true}"#).into(),
    ]);
    let error = client(&transport).ensure(Ensure::new(create())).await.unwrap_err();
    let text = error.to_string();
    assert!(text.contains("; a key was created and deleted again; list the keys"), "{text}");
}

#[tokio::test]
async fn a_lost_create_reports_the_name_and_is_not_repeated() {
    let transport = scripted([list(&[]), Reply::disconnected().into()]);
    let error = client(&transport).ensure(Ensure::new(create())).await.unwrap_err();
    assert_eq!(error.may_have_created().unwrap().name, "ci");
    assert_eq!((error.operation(), transport.requests().len()), ("ensure", 2));
}

#[tokio::test]
async fn a_key_that_disappears_before_its_change_is_created_again() {
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
async fn a_key_that_keeps_disappearing_is_looked_up_three_times() {
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
