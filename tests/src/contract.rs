//! The contract suite: the rules every transport keeps.
//!
//! A case needs only a client with an emulator's management key: it requests faults with a
//! header and inspects the server through the client, so it runs wherever a client can.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    reason = "a test suite; the names are the documentation"
)]

use std::time::Duration;

use http::StatusCode;
use openrouter_keys_core::error::{ApiErrorKind, ErrorBody, TimeoutPhase, TransportErrorKind};
use openrouter_keys_core::operation::{
    Created, Delete, External, Get, GetCurrentKeyMetadata, Operation,
};
use openrouter_keys_core::types::KeyKind;
use openrouter_keys_core::workflow::{
    Audit, AuditFinding, CheckKey, CloseTemporary, CreateReconciled, Ensure, Ensured, FindBySecret,
    Pages, Rotate, Rotated, Sweep, Temporary,
};
use openrouter_keys_core::{
    ApiKey, CallOptions, Create, Effect, Error, ErrorKind, Field, Headers, Key, KeyHash, Limit,
    LimitReset, List, RetryPolicy, Timestamp, Update,
};

use crate::caller::Caller;
use crate::vault::Vault;

/// Calls the macro with the arguments and the name of every case.
#[macro_export]
macro_rules! for_each_case {
    ($run:ident, $($argument:tt)*) => {
        $run! {
            $($argument)*;
            a_key_is_created_found_changed_and_deleted,
            every_parameter_of_create_arrives,
            an_update_leaves_clears_and_sets,
            disabled_and_expired_keys_are_listed_when_asked_for,
            all_pages_return_each_of_250_keys_once,
            a_listing_that_makes_no_progress_ends_after_two_requests,
            another_workspace_is_listed_separately,
            every_key_can_read_its_own_metadata,
            refusals_are_typed_and_sent_once,
            the_response_has_status_request_id_and_attempts,
            names_come_back_byte_for_byte,
            a_create_whose_response_is_lost_is_sent_once_and_can_be_found,
            a_create_is_sent_again_only_after_a_refusal_to_process_it,
            safe_requests_are_sent_three_times_at_most,
            a_redirect_is_not_followed,
            an_html_page_is_not_an_api_message,
            a_truncated_response_is_never_returned_in_part,
            an_endless_response_is_read_up_to_the_limit,
            a_response_that_never_comes_ends_at_its_timeout,
            every_shape_of_a_response_is_read,
            a_delete_that_is_not_confirmed_is_an_error,
            prefetched_pages_return_each_key_once,
            a_reconciled_create_creates_one_marked_key_that_a_sweep_deletes,
            a_temporary_key_expires_and_is_deleted_when_closed,
            a_sweep_deletes_only_expired_temporary_keys,
            ensuring_a_key_twice_creates_it_once,
            a_rotation_creates_a_key_with_the_same_name_and_settings,
            a_key_is_found_by_its_secret,
            check_key_reports_the_kind_of_key,
            an_audit_reports_each_problem_and_changes_nothing,
        }
    };
}

/// Where the suite creates keys outside the default workspace.
pub const OTHER_WORKSPACE: &str = "6f1c2d3e-4b5a-4988-b7a6-c5d4e3f2a1b0";

/// Options that make the emulator break the response.
fn spoiled(fault: &str) -> CallOptions {
    CallOptions::new().headers(Headers::new().header("x-emulator-fault", fault).unwrap())
}

fn without_retry(fault: &str) -> CallOptions {
    spoiled(fault).retry(RetryPolicy::none())
}

fn create(name: &str) -> Create {
    Create::new(name, Limit::usd(5.0))
}

async fn fails<C: Caller, O>(client: &C, operation: O, options: CallOptions) -> Error
where
    O: Operation + openrouter_keys_core::transport::MaybeSendSync + 'static,
    O::Output: openrouter_keys_core::transport::MaybeSend + std::fmt::Debug,
{
    client
        .send(operation, options)
        .await
        .map(|response| response.output)
        .expect_err("the call fails")
}

fn hash_of(created: &Created) -> KeyHash {
    created.data.get().unwrap().require_hash().unwrap().clone()
}

fn names(keys: &[Key]) -> Vec<&str> {
    keys.iter().filter_map(|key| key.name.as_deref()).collect()
}

pub async fn a_key_is_created_found_changed_and_deleted<C: Caller>(client: &C) {
    let created = client.call(create("life").limit_reset(LimitReset::Weekly)).await.unwrap();
    assert!(created.key().reveal().starts_with("sk-or-v1-"));
    assert_eq!(created.problem, None);
    let hash = hash_of(&created);

    let got = client.call(Get::new(&hash)).await.unwrap();
    assert_eq!(got, *created.data.get().unwrap());
    assert_eq!((got.limit.copied(), got.limit_reset.get()), (Some(5.0), Some(&LimitReset::Weekly)));
    assert_eq!(names(&client.call(List::new()).await.unwrap().data), ["life"]);

    let changed = client.call(Update::new(&hash).name("second life")).await.unwrap();
    assert_eq!(changed.name.as_deref(), Some("second life"));
    assert!(!client.call(Delete::new(&hash)).await.unwrap().already_gone);
    assert!(client.call(List::new()).await.unwrap().data.is_empty());
    assert_eq!(
        fails(client, Get::new(&hash), CallOptions::new()).await.status(),
        Some(StatusCode::NOT_FOUND)
    );
}

pub async fn every_parameter_of_create_arrives<C: Caller>(client: &C) {
    let full = Create::new("full", Limit::usd(12.5))
        .limit_reset(LimitReset::Daily)
        .include_byok_in_limit(true)
        .expires_at(Timestamp::parse("2099-01-01T02:00+02:00").unwrap())
        .workspace_id(OTHER_WORKSPACE)
        .creator_user_id("user_42")
        .external(
            External::new("partner-user").api_key("partner-secret-of-more-than-32-characters"),
        );
    let created = client.call(full).await.unwrap();
    let key = created.data.get().unwrap();
    assert_eq!(key.limit.copied(), Some(12.5));
    assert_eq!(key.limit_reset.get(), Some(&LimitReset::Daily));
    assert_eq!(key.include_byok_in_limit.copied(), Some(true));
    assert_eq!(key.expires_at.get(), Some(&Timestamp::parse("2099-01-01T00:00:00Z").unwrap()));
    assert_eq!(key.workspace_id.as_deref(), Some(OTHER_WORKSPACE));
    assert_eq!(key.creator_user_id.as_deref(), Some("user_42"));
    assert_eq!(key.external_user.as_deref(), Some("partner-user"));
    assert!(!serde_json::to_string(&created).unwrap().contains("partner-secret"));
    assert_eq!(key.unexpected_fields().count(), 0);
    assert!(key.extra.is_empty());
}

pub async fn an_update_leaves_clears_and_sets<C: Caller>(client: &C) {
    let created = client.call(create("three states").limit_reset(LimitReset::Daily)).await.unwrap();
    let hash = hash_of(&created);

    let left = client.call(Update::new(&hash).disabled(true)).await.unwrap();
    assert_eq!(
        (left.limit.copied(), left.limit_reset.get()),
        (Some(5.0), Some(&LimitReset::Daily))
    );
    assert_eq!(left.disabled.copied(), Some(true));

    let set = client
        .call(Update::new(&hash).limit(Limit::usd(0.0)).limit_reset(LimitReset::Monthly))
        .await
        .unwrap();
    assert_eq!(
        (set.limit.copied(), set.limit_reset.get()),
        (Some(0.0), Some(&LimitReset::Monthly))
    );

    let cleared =
        client.call(Update::new(&hash).limit(Limit::unlimited()).no_limit_reset()).await.unwrap();
    assert_eq!((cleared.limit, cleared.limit_reset), (Field::Null, Field::Null));

    let moved = client
        .call(Update::new(&hash).workspace_id(OTHER_WORKSPACE).include_byok_in_limit(true))
        .await;
    let moved = moved.unwrap();
    assert_eq!(moved.workspace_id.as_deref(), Some(OTHER_WORKSPACE));
    assert_eq!(moved.include_byok_in_limit.copied(), Some(true));
}

pub async fn disabled_and_expired_keys_are_listed_when_asked_for<C: Caller>(client: &C) {
    client.call(create("plain")).await.unwrap();
    let off = client.call(create("off")).await.unwrap();
    client.call(Update::new(hash_of(&off)).disabled(true)).await.unwrap();

    assert_eq!(names(&client.call(List::new()).await.unwrap().data), ["plain"]);
    let with_disabled = client.call(List::new().include_disabled(true)).await.unwrap();
    assert_eq!(names(&with_disabled.data), ["off", "plain"]);
    let with_expired =
        client.call(List::new().include_expired(true).include_disabled(false)).await.unwrap();
    assert_eq!(names(&with_expired.data), ["plain"]);
}

pub async fn all_pages_return_each_of_250_keys_once<C: Caller>(client: &C) {
    for number in 0..250 {
        client.call(create(&format!("key {number:03}"))).await.unwrap();
    }
    assert_eq!(client.call(List::new()).await.unwrap().data.len(), 100);
    let keys = client.all(List::new()).await.unwrap();
    let expected: Vec<String> = (0..250).rev().map(|number| format!("key {number:03}")).collect();
    assert_eq!(names(&keys), expected);
    assert_eq!(names(&client.all(List::new().offset(240)).await.unwrap()), expected[240..]);
}

pub async fn a_listing_that_makes_no_progress_ends_after_two_requests<C: Caller>(client: &C) {
    // The same full page, whatever the offset.
    let rows: Vec<String> = (0..100).map(|number| format!(r#"{{"hash":"k{number}"}}"#)).collect();
    let fault = format!("body=200 {{\"data\":[{}]}}", rows.join("\\,"));
    let mut pages = Pages::new(List::new());
    let mut requests = 0;
    let mut end = Ok(());
    while let Some(list) = pages.next_request() {
        requests += 1;
        let page = client.send(list, spoiled(&fault)).await.map(|response| response.output);
        end = pages.accept(page);
    }
    let error = end.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::PaginationStalled { .. }), "{error:?}");
    assert_eq!(requests, 2);
    assert_eq!(std::iter::from_fn(|| pages.next_key()).count(), 100);
}

pub async fn another_workspace_is_listed_separately<C: Caller>(client: &C) {
    client.call(create("here")).await.unwrap();
    client.call(create("there").workspace_id(OTHER_WORKSPACE)).await.unwrap();
    assert_eq!(names(&client.call(List::new()).await.unwrap().data), ["here"]);
    let there = client.call(List::new().workspace_id(OTHER_WORKSPACE)).await.unwrap();
    assert_eq!(names(&there.data), ["there"]);
}

pub async fn every_key_can_read_its_own_metadata<C: Caller>(client: &C) {
    let own = client.call(GetCurrentKeyMetadata::new()).await.unwrap();
    assert_eq!(own.manages_keys(), Some(true));
    assert_eq!(own.unexpected_fields().count(), 0);
    assert!(own.extra.is_empty(), "{:?}", own.extra);
    assert!(own.free_model_daily_requests.get().is_some());
    assert!(own.rate_limit.get().is_some());
    assert!(own.allowed_data_regions.get().is_some());
    assert!(own.budgets.get().is_some());
}

pub async fn refusals_are_typed_and_sent_once<C: Caller>(client: &C) {
    let missing = "0".repeat(64);
    for (fault, kind) in [
        ("status=400", ApiErrorKind::BadRequest),
        ("status=401", ApiErrorKind::Unauthorized),
        ("status=402", ApiErrorKind::PaymentRequired),
        ("status=403", ApiErrorKind::Forbidden),
        ("status=404", ApiErrorKind::NotFound),
        ("status=409", ApiErrorKind::Conflict),
        ("status=413", ApiErrorKind::PayloadTooLarge),
        ("status=422", ApiErrorKind::Unprocessable),
    ] {
        for error in [
            fails(client, Get::new(&missing), spoiled(fault)).await,
            fails(client, create("refused"), spoiled(fault)).await,
        ] {
            let ErrorKind::Api(api) = error.kind() else { panic!("{error:?}") };
            assert_eq!(api.kind, kind);
            assert!(api.message.is_some());
            assert_eq!(
                (error.attempts(), error.effect(), error.is_retryable()),
                (1, &Effect::Nothing, false)
            );
        }
    }
    let error = fails(client, Delete::new(&missing), CallOptions::new()).await;
    assert_eq!(error.status(), Some(StatusCode::NOT_FOUND), "a first 404 is not a success");
    assert!(client.all(List::new()).await.unwrap().is_empty());
}

pub async fn the_response_has_status_request_id_and_attempts<C: Caller>(client: &C) {
    let created = client.send(create("meta"), CallOptions::new()).await.unwrap();
    assert_eq!(created.meta.status, StatusCode::CREATED);
    let first = created.meta.request_id().unwrap().to_owned();
    let listed = client.send(List::new(), CallOptions::new()).await.unwrap();
    assert_eq!((listed.meta.status, listed.meta.attempts), (StatusCode::OK, 1));
    assert_ne!(listed.meta.request_id().unwrap(), first);
    let error = fails(client, Get::new("0"), CallOptions::new()).await;
    assert!(error.request_id().is_some());
}

pub async fn names_come_back_byte_for_byte<C: Caller>(client: &C) {
    for name in [
        "🔑 clé",
        "\"quoted\\\"",
        "</script>",
        "nul \0 and tab \t",
        "a\nb",
        "ÿ",
        &"x".repeat(5_000),
    ] {
        let created = client.call(create(name)).await.unwrap();
        assert_eq!(created.data.get().unwrap().name.as_deref(), Some(name));
    }
}

pub async fn a_create_whose_response_is_lost_is_sent_once_and_can_be_found<C: Caller>(client: &C) {
    for (fault, is_made) in [
        ("reset-before-commit", false),
        ("reset-after-commit", true),
        ("close-after-commit", true),
        ("truncate=10", true),
        ("truncate-chunked=10", true),
        ("empty=201", false),
        ("status=500", false),
        ("html=502", false),
    ] {
        let error = fails(client, create(fault), spoiled(fault)).await;
        let orphan = error.may_have_created().unwrap_or_else(|| panic!("{fault}: {error:?}"));
        assert_eq!(
            (orphan.name.as_str(), error.attempts(), error.is_retryable()),
            (fault, 1, false)
        );
        let found = client
            .all(List::new())
            .await
            .unwrap()
            .iter()
            .filter(|key| key.name.as_deref() == Some(fault))
            .count();
        assert_eq!(found > 0, is_made, "{fault}");
        assert!(found <= 1 || client.is_in_browser(), "{fault}: {found} keys");
    }
}

pub async fn a_create_is_sent_again_only_after_a_refusal_to_process_it<C: Caller>(client: &C) {
    for (fault, attempts) in [
        ("status=429,header=retry-after-ms: 1", 3),
        ("status=503,retry-after=0", 3),
        ("status=503", 1),
        ("status=500", 1),
    ] {
        let quick = spoiled(fault)
            .retry(RetryPolicy::default().throttled_interval(Duration::from_millis(1)));
        let error = fails(client, create("again"), quick).await;
        assert_eq!(error.attempts(), attempts, "{fault}");
        assert_eq!(error.may_have_been_created(), attempts == 1, "{fault}");
    }
    assert!(client.all(List::new()).await.unwrap().is_empty());
}

pub async fn safe_requests_are_sent_three_times_at_most<C: Caller>(client: &C) {
    for fault in [
        "reset-before-commit",
        "close-before-commit",
        "status=500",
        "html=502",
        "status=503",
        "status=408",
    ] {
        let error = fails(client, List::new(), spoiled(fault)).await;
        assert_eq!((error.attempts(), error.is_retryable()), (3, true), "{fault}");
        assert_eq!(error.effect(), &Effect::Nothing, "{fault}");
        assert_eq!(fails(client, List::new(), without_retry(fault)).await.attempts(), 1, "{fault}");
    }
    let created = client.call(create("changing")).await.unwrap();
    let update = Update::new(hash_of(&created)).disabled(true);
    let error = fails(client, update, spoiled("reset-after-commit")).await;
    assert_eq!((error.attempts(), error.effect()), (3, &Effect::MayHaveChanged));
}

pub async fn a_redirect_is_not_followed<C: Caller>(client: &C) {
    for status in [301, 302, 303, 307, 308] {
        let fault = format!("redirect={status} http://user:pw@127.0.0.1:1/secret?x");
        let error = fails(client, create("moved"), spoiled(&fault)).await;
        let ErrorKind::UnexpectedRedirect { origin, .. } = error.kind() else {
            panic!("{error:?}")
        };
        let expected = (!client.is_in_browser()).then_some("http://127.0.0.1:1");
        assert_eq!(origin.as_deref(), expected);
        assert_eq!(error.attempts(), 1);
        assert!(!format!("{error} {error:?} {error:#?}").contains("pw"));
    }
}

pub async fn an_html_page_is_not_an_api_message<C: Caller>(client: &C) {
    for status in [403, 502, 520] {
        let error = fails(client, List::new(), without_retry(&format!("html={status}"))).await;
        let ErrorKind::Api(api) = error.kind() else { panic!("{error:?}") };
        assert_eq!((api.status.as_u16(), api.body, &api.message), (status, ErrorBody::Html, &None));
        assert!(error.request_id().is_some());
        assert!(!format!("{error} {error:?} {error:#?}").contains("<h1>"));
    }
    let error = fails(client, List::new(), spoiled("html=200")).await;
    assert!(matches!(error.kind(), ErrorKind::Decode(_)), "{error:?}");
}

pub async fn a_truncated_response_is_never_returned_in_part<C: Caller>(client: &C) {
    client.call(create("whole")).await.unwrap();
    for fault in ["truncate=20", "truncate-chunked=20", "truncate=0"] {
        let error = fails(client, List::new(), without_retry(fault)).await;
        let ErrorKind::Transport(transport) = error.kind() else { panic!("{fault}: {error:?}") };
        assert_eq!(transport.kind(), TransportErrorKind::Disconnected, "{fault}");
        assert_eq!(error.status(), Some(StatusCode::OK), "{fault}");
    }
}

pub async fn an_endless_response_is_read_up_to_the_limit<C: Caller>(client: &C) {
    for fault in ["endless-body", "body-bytes=52428800"] {
        let error = fails(client, List::new(), spoiled(fault)).await;
        let ErrorKind::Transport(transport) = error.kind() else { panic!("{fault}: {error:?}") };
        assert_eq!(transport.kind(), TransportErrorKind::BodyTooLarge(4 << 20), "{fault}");
        assert_eq!(error.attempts(), 1, "{fault}");
    }
    // The status of an error decides.
    let error = fails(client, List::new(), spoiled("status=500,endless-body")).await;
    assert!(matches!(error.kind(), ErrorKind::Api(_)), "{error:?}");
    assert_eq!(error.status(), Some(StatusCode::INTERNAL_SERVER_ERROR));
    assert_eq!(error.attempts(), 3);
}

pub async fn a_response_that_never_comes_ends_at_its_timeout<C: Caller>(client: &C) {
    let short = |fault| without_retry(fault).attempt_timeout(Duration::from_millis(150));
    let error = fails(client, create("silence"), short("stall-headers")).await;
    let ErrorKind::Transport(transport) = error.kind() else { panic!("{error:?}") };
    assert_eq!(transport.kind(), TransportErrorKind::Timeout(TimeoutPhase::Attempt));
    assert!(error.may_have_been_created());
    assert_eq!(error.status(), None);

    let error = fails(client, create("half"), short("stall-body=10")).await;
    assert!(error.may_have_been_created());
    assert_eq!(error.status(), Some(StatusCode::CREATED), "the headers arrived");
}

pub async fn every_shape_of_a_response_is_read<C: Caller>(client: &C) {
    for shape in ["1", "2", "3", "4", "5", "6", "7", "8", "newer"] {
        let fault = format!("shape={shape}");
        let created = client.send(create(&fault), spoiled(&fault)).await.unwrap().output;
        assert_eq!(created.problem, None);
        assert!(ApiKey::try_from(created.key()).is_ok());
        let hash = hash_of(&created);
        let key = client.send(Get::new(&hash), spoiled(&fault)).await.unwrap().output;
        assert_eq!(key.unexpected_fields().count(), 0, "{fault}");
        assert_eq!(!key.extra.is_empty(), shape == "newer", "{fault}");
        assert_eq!(key.last_used_at.is_absent(), !matches!(shape, "8" | "newer"), "{fault}");
        assert_eq!(key.workspace_id.is_absent(), matches!(shape, "1" | "2" | "3"), "{fault}");
        let listed = client.send(List::new(), spoiled(&fault)).await.unwrap().output;
        assert!(names(&listed.data).contains(&fault.as_str()), "{fault}");
        let updated =
            client.send(Update::new(&hash).disabled(false), spoiled(&fault)).await.unwrap().output;
        assert_eq!(updated.hash.get(), Some(&hash), "{fault}");
        let own = client.send(GetCurrentKeyMetadata::new(), spoiled(&fault)).await.unwrap().output;
        assert_eq!(own.manages_keys(), Some(true), "{fault}");
        assert_eq!(
            own.unexpected_fields().count(),
            0,
            "{fault}: {:?}",
            own.unexpected_fields().collect::<Vec<_>>()
        );
        client.send(Delete::new(&hash), spoiled(&fault)).await.unwrap();
    }
}

pub async fn a_delete_that_is_not_confirmed_is_an_error<C: Caller>(client: &C) {
    let created = client.call(create("stays")).await.unwrap();
    let hash = hash_of(&created);
    for (fault, attempts) in [
        ("body=200 {\"deleted\":false}", 1),
        ("body=200 {\"error\":{\"code\":500\\,\"message\":\"no\"}}", 3),
        ("html=200", 1),
    ] {
        let error = fails(client, Delete::new(&hash), spoiled(fault)).await;
        let seen = (error.attempts(), error.effect());
        assert_eq!(seen, (attempts, &Effect::MayHaveChanged), "{fault}");
    }
    assert!(client.send(Delete::new(&hash), spoiled("empty=204,commit")).await.is_ok());
    assert!(client.all(List::new()).await.unwrap().is_empty());
}

pub async fn prefetched_pages_return_each_key_once<C: Caller>(client: &C) {
    for number in 0..250 {
        client.call(create(&format!("key {number}"))).await.unwrap();
    }
    let ahead = Pages::new(List::new()).prefetch(4).exhaustive();
    let listed = client.all(ahead).await.unwrap();
    let names: Vec<&str> = listed.iter().filter_map(|key| key.name.as_deref()).collect();
    let expected: Vec<String> = (0..250).rev().map(|number| format!("key {number}")).collect();
    assert_eq!(names, expected);
}

pub async fn a_reconciled_create_creates_one_marked_key_that_a_sweep_deletes<C: Caller>(
    client: &C,
) {
    client.call(create("ci")).await.unwrap();
    let reconciled = CreateReconciled::new(create("ci"));
    let done = client.run(reconciled, CallOptions::new()).await.unwrap();
    let listed = client.call(List::new()).await.unwrap().data;
    assert_eq!(names(&listed), [done.name.as_str(), "ci"]);
    let swept = client.run(Sweep::new([done.name]), CallOptions::new()).await.unwrap();
    assert_eq!((swept.deleted.len(), swept.failed.len(), swept.absent.len()), (1, 0, 0));
    assert_eq!(names(&client.call(List::new()).await.unwrap().data), ["ci"]);
}

pub async fn a_temporary_key_expires_and_is_deleted_when_closed<C: Caller>(client: &C) {
    client.call(create("ci")).await.unwrap();
    let temporary = || Temporary::new(create("ci"), Duration::from_secs(3600));
    let by_hash = client.run(temporary(), CallOptions::new()).await.unwrap();
    let by_name = client.run(temporary(), CallOptions::new()).await.unwrap();
    let listed = client.call(List::new()).await.unwrap().data;
    assert_eq!(names(&listed), [by_name.name.as_str(), by_hash.name.as_str(), "ci"]);
    assert_eq!(listed[0].expires_at.get(), Some(&by_name.expires_at));
    client.run(by_hash.closing(), CallOptions::new()).await.unwrap();
    client.run(CloseTemporary::named(&by_name.name), CallOptions::new()).await.unwrap();
    assert_eq!(names(&client.call(List::new()).await.unwrap().data), ["ci"]);
    // Closing twice is fine.
    client.run(by_hash.closing(), CallOptions::new()).await.unwrap();
}

pub async fn a_sweep_deletes_only_expired_temporary_keys<C: Caller>(client: &C) {
    const MARKED: &str = "ci #temp-00000000000000000000000000000001";
    let over = Timestamp::parse("2020-01-01T00:00:00Z").unwrap();
    client.call(create(MARKED).expires_at(over.clone())).await.unwrap();
    client.call(create("over").expires_at(over)).await.unwrap();
    client.call(create(MARKED)).await.unwrap();
    let temporary = Temporary::new(create("ci"), Duration::from_secs(3600));
    let info = client.run(temporary, CallOptions::new()).await.unwrap();
    let swept = client.run(Sweep::temporary(), CallOptions::new()).await.unwrap();
    assert_eq!((names(&swept.deleted), names(&swept.endless)), (vec![MARKED], vec![MARKED]));
    assert!(swept.failed.is_empty() && swept.absent.is_empty());
    let remaining = client.call(List::new().include_expired(true)).await.unwrap().data;
    assert_eq!(names(&remaining), [info.name.as_str(), MARKED, "over"]);
}

pub async fn ensuring_a_key_twice_creates_it_once<C: Caller>(client: &C) {
    // There are no rivals, so the test need not wait for one.
    let wanted = || Ensure::new(create("ci").limit_reset(LimitReset::Daily)).settle(Duration::ZERO);
    let ensured = client.run(wanted(), CallOptions::new()).await.unwrap();
    let Ensured::Created { created, unsettled: None } = ensured else { panic!("{ensured:?}") };
    let hash = created.data.get().unwrap().hash.clone();
    client.call(Update::new(hash.as_deref().unwrap()).limit(Limit::usd(1.0))).await.unwrap();
    let ensured = client.run(wanted(), CallOptions::new()).await.unwrap();
    let Ensured::Existing { key, changed } = ensured else { panic!("{ensured:?}") };
    assert_eq!((&key.hash, changed), (&hash, vec!["limit"]));
    assert_eq!(
        client.call(Get::new(hash.as_deref().unwrap())).await.unwrap().limit.copied(),
        Some(5.0)
    );
}

pub async fn a_rotation_creates_a_key_with_the_same_name_and_settings<C: Caller>(client: &C) {
    let old = client.call(create("billing").limit_reset(LimitReset::Weekly)).await.unwrap();
    let hash = old.data.get().unwrap().hash.get().unwrap().clone();
    let vault = Vault::default();
    // Nobody uses the key, so the test need not wait.
    let zero = Duration::ZERO;
    let rotate = Rotate::new(&hash).grace(zero).quiet(zero).watch(zero);
    let rotated = client.run_with(rotate, vault.clone(), CallOptions::new()).await.unwrap();
    let Rotated::Done { new, .. } = rotated else { panic!("{rotated:?}") };
    let listed = client.call(List::new().include_disabled(true)).await.unwrap().data;
    assert_eq!(names(&listed), ["billing"]);
    let key = &listed[0];
    assert_eq!(key.hash.get(), Some(&new));
    assert_ne!(new, hash);
    assert_eq!(key.limit.copied(), Some(5.0));
    assert_eq!(key.limit_reset.get(), Some(&LimitReset::Weekly));
    let stored = vault.stored();
    assert!(stored.states.iter().all(|state| !format!("{state:?}").contains(&stored.secret)));
    assert!(stored.states.last().unwrap().is_new_key(&stored.secret));
    let found = client.run(FindBySecret::new(stored.secret), CallOptions::new()).await.unwrap();
    assert_eq!(found.key.unwrap().hash.get(), Some(&new));
}

pub async fn a_key_is_found_by_its_secret<C: Caller>(client: &C) {
    client.call(create("other")).await.unwrap();
    let created = client.call(create("billing")).await.unwrap();
    let find = || FindBySecret::new(created.key().clone());
    let found = client.run(find(), CallOptions::new()).await.unwrap();
    let hash = found.key.unwrap().hash.get().unwrap().clone();
    assert_eq!(Some(&hash), created.data.get().unwrap().hash.get());
    assert_eq!(found.current.unwrap().manages_keys(), Some(false));

    client.call(Update::new(&hash).disabled(true)).await.unwrap();
    let found = client.run(find(), CallOptions::new()).await.unwrap();
    assert_eq!((found.key.unwrap().hash.get(), found.current), (Some(&hash), None));

    client.call(Delete::new(&hash)).await.unwrap();
    let found = client.run(find(), CallOptions::new()).await.unwrap();
    assert_eq!((found.key, found.current), (None, None));
}

pub async fn check_key_reports_the_kind_of_key<C: Caller>(client: &C) {
    let check = |kind| client.run(CheckKey::new(kind), CallOptions::new());
    assert_eq!(check(KeyKind::Management).await.unwrap().manages_keys(), Some(true));
    let error = check(KeyKind::Inference).await.unwrap_err();
    assert!(
        matches!(
            error.kind(),
            ErrorKind::WrongKeyKind { is: KeyKind::Management, needed: KeyKind::Inference }
        ),
        "{error}"
    );
}

pub async fn an_audit_reports_each_problem_and_changes_nothing<C: Caller>(client: &C) {
    client.call(create("fine")).await.unwrap();
    client.call(create("twice")).await.unwrap();
    client.call(create("twice")).await.unwrap();
    client.call(Create::new("open", Limit::unlimited())).await.unwrap();
    client.call(Create::new("spent", Limit::usd(0.0))).await.unwrap();
    let off = hash_of(&client.call(create("off")).await.unwrap());
    client.call(Update::new(&off).disabled(true)).await.unwrap();
    let everything = || List::new().include_disabled(true).include_expired(true);
    let before = client.call(everything()).await.unwrap();

    let report = client.run(Audit::new().unused_for(1), CallOptions::new()).await.unwrap();
    let found: Vec<_> = report
        .keys
        .iter()
        .map(|audited| (audited.key.name.as_deref().unwrap(), audited.findings.clone()))
        .collect();
    let twice = || vec![AuditFinding::DuplicateName { keys: 2 }];
    assert_eq!(
        found,
        [
            ("off", vec![AuditFinding::Disabled { days: Some(0) }]),
            ("spent", vec![AuditFinding::LimitReached]),
            ("open", vec![AuditFinding::NoLimit]),
            ("twice", twice()),
            ("twice", twice()),
            ("fine", vec![]),
        ]
    );
    assert_eq!(client.call(everything()).await.unwrap(), before);
}
