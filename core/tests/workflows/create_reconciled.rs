//! A create whose response is lost.

use super::*;

/// A marked name of an earlier request.
fn name(transport: &FakeTransport, number: usize) -> String {
    body(transport, number)["name"].as_str().unwrap().to_owned()
}

/// Lists the requested key, under the hash `bb`, among others.
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
async fn a_create_whose_response_arrives_is_one_request_with_a_marked_name() {
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
async fn all_calls_have_different_markers_even_with_poor_entropy() {
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
async fn a_seed_tells_all_names_before_anything_is_sent() {
    let transport = server(|number, name| match number {
        1 | 4 => Reply::disconnected().into(),
        2 | 5 => listed(name),
        3 | 6 => deleted(),
        _ => created(),
    });
    let wanted = CreateReconciled::new(create()).seed(7);
    let names = wanted.names();
    assert_eq!(CreateReconciled::new(create()).names(), Vec::<String>::new());
    let done = client(&transport).create_reconciled(wanted).await.unwrap();
    assert!(names.len() == 3 && names.contains(&done.name), "{names:?}");
    assert!(names.contains(&name(&transport, 0)), "{names:?}");
}

#[tokio::test]
async fn a_lost_key_is_found_by_its_exact_name_deleted_and_created_again_under_another() {
    let transport = server(|number, name| match number {
        1 => Reply::disconnected().into(),
        2 => listed(name),
        3 => deleted(),
        _ => created(),
    });
    let done = client(&transport).create_reconciled(create()).await.unwrap();
    // A page of three is not the last until the next is empty.
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
async fn a_key_that_three_looks_do_not_find_is_reported_and_another_is_created() {
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
async fn three_lost_rounds_end_with_an_error_that_lists_every_name() {
    let transport = server(|_, _| Reply::status(502).into());
    let no_retry = openrouter_keys_core::CallOptions::new().retry(RetryPolicy::none());
    let error = client(&transport).create_reconciled(create()).options(no_retry).await.unwrap_err();
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
            "create_reconciled: the server returned 502 Bad Gateway without a body; \
             keys named \"{}\", \"{}\", \"{}\" may exist; pass these names to `sweep` later",
            names[0], names[1], names[2]
        )
    );
}

#[tokio::test]
async fn lost_keys_that_were_all_deleted_leave_nothing_to_report() {
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
async fn a_call_cancelled_between_two_looks_reports_what_it_left() {
    let transport = server(|_, _| Reply::disconnected().into());
    // Ready once the create was sent.
    let seen = transport.clone();
    let cancel = poll_fn(move |context| {
        context.waker().wake_by_ref();
        if seen.requests().is_empty() { Poll::Pending } else { Poll::Ready(()) }
    });
    let error = client(&transport).create_reconciled(create()).cancel_on(cancel).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Cancelled));
    assert_eq!(error.may_have_created().unwrap().name, name(&transport, 0));
    assert_eq!(sent(&transport), ["POST /keys"]);
}

#[tokio::test]
async fn a_call_cancelled_in_its_last_look_says_so() {
    for is_found in [false, true] {
        // Nine looks: three in each round.
        let transport = server(move |number, name| match number {
            1 | 5 | 9 => Reply::disconnected().into(),
            12 if is_found => listed(name),
            12.. => Reply::never().into(),
            _ => Reaction::Keys(Vec::new()),
        });
        // Ready once the request that gets no reply was sent.
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
async fn a_lost_key_whose_deletion_is_refused_is_found_again_and_deleted() {
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
async fn the_workspace_of_the_create_is_searched() {
    const WORKSPACE: &str = "0df9e665-d932-5740-b2c7-b52af166bc11";
    let transport = server(|number, _| match number {
        1 => Reply::disconnected().into(),
        2..=4 => Reaction::Keys(Vec::new()),
        _ => created(),
    });
    client(&transport).create_reconciled(create().workspace_id(WORKSPACE)).await.unwrap();
    assert_eq!(sent(&transport)[1], format!("{EVERYTHING}&workspace_id={WORKSPACE}"));
}
