//! Listing all keys while keys are created and deleted.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::thread::ThreadId;

use openrouter_keys_core::operation::{Operation, Page};
use openrouter_keys_core::test_util::{FakeTransport, Reply, samples};
use openrouter_keys_core::workflow::{Pages, Progress};
use openrouter_keys_core::{ApiKey, Client, ErrorKind, List, blocking};
use proptest::prelude::*;

fn client(transport: &FakeTransport) -> Client {
    Client::new(transport.clone(), ApiKey::new("sk-or-v1-test").unwrap())
}

fn offset_of(request: &http::Request<bytes::Bytes>) -> usize {
    let query = request.uri().query().unwrap_or_default();
    let offset = query.split('&').find_map(|pair| pair.strip_prefix("offset="));
    offset.map_or(0, |text| text.parse().unwrap())
}

fn body(hashes: &[u32]) -> String {
    let rows: Vec<String> =
        hashes.iter().map(|hash| format!(r#"{{"hash":"{hash:08x}"}}"#)).collect();
    format!(r#"{{"data":[{}]}}"#, rows.join(","))
}

/// The changes on the server between two pages.
#[derive(Clone, Debug)]
struct Churn {
    created: usize,
    /// Positions at which keys are deleted, newest first, wrapped around.
    deleted: Vec<usize>,
}

/// A server that keeps its keys newest first and changes after each page.
struct Server {
    keys: Vec<u32>,
    next: u32,
    churn: Vec<Churn>,
}

impl Server {
    fn page(&mut self, offset: usize) -> String {
        let end = self.keys.len().min(offset + 100);
        let page = body(self.keys.get(offset..end).unwrap_or_default());
        if let Some(Churn { created, deleted }) = self.churn.pop() {
            for position in deleted {
                if !self.keys.is_empty() {
                    let position = position % self.keys.len();
                    self.keys.remove(position);
                }
            }
            for _ in 0..created {
                self.keys.insert(0, self.next);
                self.next += 1;
            }
        }
        page
    }
}

/// Few or very many. With 99 new keys the second page repeats the first, and is taken for that
/// of a server that ignores the offset.
fn created() -> impl Strategy<Value = usize> {
    prop_oneof![9 => 0_usize..30, 1 => 100_usize..400]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn every_key_that_existed_throughout_is_listed_exactly_once(
        initial in 0_u32..650,
        churn in proptest::collection::vec(
            (created(), proptest::collection::vec(any::<usize>(), 0..40))
                .prop_map(|(created, deleted)| Churn { created, deleted }),
            0..12,
        ),
        stops_short in any::<bool>(),
    ) {
        let keys: Vec<u32> = (0..initial).rev().collect();
        let server = Arc::new(Mutex::new(Server { keys: keys.clone(), next: initial, churn }));
        let state = server.clone();
        let transport = FakeTransport::answering(move |_, request| {
            Reply::status(200).json(state.lock().unwrap().page(offset_of(request)))
        });
        let blocking = blocking::Client::new(transport, ApiKey::new("sk-or-v1-test").unwrap());
        let mut pages = Pages::new(List::new());
        if stops_short {
            pages = pages.stop_at_short_page();
        }
        let mut listed: Vec<u32> = blocking.list_all(pages)
            .map(|key| u32::from_str_radix(key.unwrap().hash.as_deref().unwrap(), 16).unwrap())
            .collect();
        listed.sort_unstable();
        let distinct = listed.len();
        listed.dedup();
        prop_assert_eq!(listed.len(), distinct, "a key came twice");
        let left = &server.lock().unwrap().keys;
        for key in keys.iter().filter(|key| left.contains(key)) {
            prop_assert!(listed.binary_search(key).is_ok(), "key {} was missed", key);
        }
    }
}

/// A page of a listing by offset.
fn page_of(server: &mut Server, list: &List) -> Page {
    let parts = list.parts().unwrap();
    let offset = parts.path().split_once("offset=").map_or(0, |(_, text)| text.parse().unwrap());
    list.parse(server.page(offset).as_bytes()).unwrap().output
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    /// Reads the pages in any order; the server changes after each.
    #[test]
    fn every_key_that_existed_throughout_is_listed_once_however_many_pages_are_in_flight(
        initial in 0_u32..650,
        churn in proptest::collection::vec(
            (0_usize..8, proptest::collection::vec(any::<usize>(), 0..40))
                .prop_map(|(created, deleted)| Churn { created, deleted }),
            0..12,
        ),
        stops_short in any::<bool>(),
        prefetch in 1_usize..10,
        order in proptest::collection::vec(any::<usize>(), 64),
    ) {
        let keys: Vec<u32> = (0..initial).rev().collect();
        let mut server = Server { keys: keys.clone(), next: initial, churn };
        let mut pages = Pages::new(List::new()).prefetch(prefetch);
        if stops_short {
            pages = pages.stop_at_short_page();
        }
        let mut order = order.into_iter().cycle();
        let mut under_way: Vec<(List, Option<Page>)> = Vec::new();
        let mut listed = Vec::new();
        loop {
            while let Some(list) = pages.next_request() {
                under_way.push((list, None));
            }
            prop_assert!(under_way.len() <= prefetch);
            if under_way.is_empty() {
                break;
            }
            while under_way.first().is_some_and(|(_, page)| page.is_none()) {
                // One of the unread pages: a fixed order might never read the first.
                let unread: Vec<usize> =
                    (0..under_way.len()).filter(|place| under_way[*place].1.is_none()).collect();
                let place = unread[order.next().unwrap() % unread.len()];
                let (list, page) = &mut under_way[place];
                *page = Some(page_of(&mut server, list));
            }
            let (_, page) = under_way.remove(0);
            pages.accept(Ok(page.unwrap())).unwrap();
            under_way.truncate(pages.awaited());
            while let Some(key) = pages.next_key() {
                listed.push(u32::from_str_radix(key.hash.as_deref().unwrap(), 16).unwrap());
            }
        }
        prop_assert_eq!(u64::try_from(listed.len()).unwrap(), pages.progress().keys);
        listed.sort_unstable();
        let distinct = listed.len();
        listed.dedup();
        prop_assert_eq!(listed.len(), distinct, "a key came twice");
        for key in keys.iter().filter(|key| server.keys.contains(key)) {
            prop_assert!(listed.binary_search(key).is_ok(), "key {} was missed", key);
        }
    }
}

/// A server with this many keys that never change.
fn still(keys: u32) -> FakeTransport {
    FakeTransport::answering(move |_, request| {
        let keys: Vec<u32> = (0..keys).rev().skip(offset_of(request)).take(100).collect();
        Reply::status(200).json(body(&keys))
    })
}

#[tokio::test]
async fn pages_fetched_at_once_come_in_order_and_no_more_than_asked_for() {
    let transport = still(1000);
    let keys = client(&transport).list_all(Pages::new(List::new()).prefetch(4));
    let keys = keys.collect_all().await.unwrap();
    let hashes: Vec<u32> = keys
        .iter()
        .map(|key| u32::from_str_radix(key.hash.as_deref().unwrap(), 16).unwrap())
        .collect();
    assert_eq!(hashes, (0..1000).rev().collect::<Vec<_>>());
    // 11 pages have all keys; up to 3 more are requested before the last is known, and one
    // after it.
    assert!((12..=15).contains(&transport.requests().len()), "{}", transport.requests().len());
}

#[test]
fn pages_fetched_by_threads_come_in_order() {
    let transport = still(1000);
    let client = blocking::Client::new(transport, ApiKey::new("sk-or-v1-test").unwrap());
    let keys: Vec<u32> = client
        .list_all(Pages::new(List::new()).prefetch(8))
        .map(|key| u32::from_str_radix(key.unwrap().hash.as_deref().unwrap(), 16).unwrap())
        .collect();
    assert_eq!(keys, (0..1000).rev().collect::<Vec<_>>());
}

#[test]
fn pages_use_threads_only_if_several_are_in_flight() {
    for prefetch in [1, 2, 4] {
        let threads: Arc<Mutex<Vec<ThreadId>>> = Arc::default();
        let seen = Arc::clone(&threads);
        let transport = FakeTransport::answering(move |_, request| {
            seen.lock().unwrap().push(std::thread::current().id());
            let keys: Vec<u32> = (0..250).rev().skip(offset_of(request)).take(100).collect();
            Reply::status(200).json(body(&keys))
        });
        let client = blocking::Client::new(transport, ApiKey::new("sk-or-v1-test").unwrap());
        let keys = client.list_all(Pages::new(List::new()).prefetch(prefetch));
        assert_eq!(keys.collect::<Result<Vec<_>, _>>().unwrap().len(), 250);
        let own = std::thread::current().id();
        let threads = threads.lock().unwrap();
        assert!(threads.iter().all(|thread| (*thread == own) == (prefetch == 1)), "{prefetch}");
    }
}

#[tokio::test]
async fn an_error_of_a_page_ahead_comes_in_its_turn() {
    let transport = FakeTransport::answering(|_, request| match offset_of(request) {
        198 => Reply::status(401).json("{}"),
        offset => {
            let keys: Vec<u32> = (0..1000).rev().skip(offset).take(100).collect();
            Reply::status(200).json(body(&keys))
        }
    });
    let mut keys = client(&transport).list_all(Pages::new(List::new()).prefetch(5));
    for _ in 0..199 {
        keys.next().await.unwrap().unwrap();
    }
    assert!(keys.next().await.unwrap().is_err());
    assert!(keys.next().await.is_none());
}

#[tokio::test]
async fn several_workspaces_are_listed_in_turn_and_a_key_in_two_comes_once() {
    const ONE: &str = "0df9e665-d932-5740-b2c7-b52af166bc11";
    const OTHER: &str = "11111111-d932-5740-b2c7-b52af166bc11";
    let transport = FakeTransport::answering(|_, request| {
        let query = request.uri().query().unwrap();
        let keys: Vec<u32> =
            if query.contains(ONE) { (0..150).collect() } else { (149..260).collect() };
        let keys: Vec<u32> = keys.into_iter().rev().skip(offset_of(request)).take(100).collect();
        Reply::status(200).json(body(&keys))
    });
    let both = Pages::new(List::new().include_disabled(true)).workspaces([ONE, OTHER]).prefetch(3);
    let keys = client(&transport).list_all(both).collect_all().await.unwrap();
    assert_eq!(keys.len(), 260);
    assert!(
        transport
            .requests()
            .iter()
            .all(|request| { request.uri().query().unwrap().contains("include_disabled=true") })
    );
}

#[tokio::test]
async fn a_listing_sends_no_more_requests_than_allowed() {
    for prefetch in [1, 4] {
        let transport = still(1000);
        let pages = Pages::new(List::new()).max_requests(5).prefetch(prefetch);
        let error = client(&transport).list_all(pages).collect_all().await.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::TooManyPages { requests: 5 }), "{error}");
        assert_eq!(transport.requests().len(), 5);
        // Exactly as many as needed are enough.
        let pages = Pages::new(List::new()).max_requests(11).prefetch(prefetch);
        assert_eq!(client(&transport).list_all(pages).collect_all().await.unwrap().len(), 1000);
    }
}

/// No setting makes an empty listing look like a success, or sends a flood of requests.
#[tokio::test]
async fn a_setting_out_of_range_counts_as_the_nearest_valid_one() {
    let transport = still(1000);
    let pages = Pages::new(List::new()).max_requests(0);
    let error = client(&transport).list_all(pages).collect_all().await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::TooManyPages { requests: 1 }), "{error}");

    let mut pages = Pages::new(List::new()).prefetch(usize::MAX);
    assert_eq!(std::iter::from_fn(|| pages.next_request()).count(), 64);
    let mut pages = Pages::new(List::new()).prefetch(0);
    assert_eq!(std::iter::from_fn(|| pages.next_request()).count(), 1);
}

#[tokio::test]
async fn both_clients_report_progress_after_each_page() {
    let seen: Arc<Mutex<Vec<Progress>>> = Arc::default();
    let report = |seen: &Arc<Mutex<Vec<Progress>>>| {
        let seen = Arc::clone(seen);
        move |progress| seen.lock().unwrap().push(progress)
    };
    client(&still(250))
        .list_all(List::new())
        .on_progress(report(&seen))
        .collect_all()
        .await
        .unwrap();
    let blocking = blocking::Client::new(still(250), ApiKey::new("sk-or-v1-test").unwrap());
    assert_eq!(blocking.list_all(List::new()).on_progress(report(&seen)).count(), 250);
    let told: Vec<(u64, u64, u64)> = seen
        .lock()
        .unwrap()
        .iter()
        .map(|progress| (progress.requests, progress.pages, progress.keys))
        .collect();
    let once = [(1, 1, 100), (2, 2, 199), (3, 3, 250), (4, 4, 250)];
    assert_eq!(told, [once, once].concat());
}

#[tokio::test]
async fn a_cancelled_listing_says_so_and_ends() {
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let mut keys = client(&still(250)).list_all(List::new()).cancel_on(async {
        let _ = stopped.await;
    });
    for _ in 0..100 {
        keys.next().await.unwrap().unwrap();
    }
    stop.send(()).unwrap();
    let error = keys.next().await.unwrap().unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Cancelled));
    assert_eq!(
        error.to_string(),
        "list: the call was cancelled; nothing was created or changed; \
         make a new call if you still need the result"
    );
    assert!(keys.next().await.is_none());
}

#[tokio::test]
async fn a_listing_cancelled_within_a_page_ends_at_the_next_key() {
    for taken in [1, 99, 120, 250] {
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let mut keys = client(&still(250)).list_all(List::new()).cancel_on(async {
            let _ = stopped.await;
        });
        for _ in 0..taken {
            keys.next().await.unwrap().unwrap();
        }
        stop.send(()).unwrap();
        let error = keys.next().await.unwrap().unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Cancelled), "after {taken} keys: {error}");
        assert!(keys.next().await.is_none());
    }
}

#[tokio::test]
async fn a_server_that_ignores_the_offset_is_noticed_after_two_requests() {
    let transport = FakeTransport::always(Reply::status(200).json(samples::page(100)));
    let error = client(&transport).list_all(List::new()).collect_all().await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::PaginationStalled { offset: 99 }));
    assert_eq!(transport.requests().len(), 2);
}

#[tokio::test]
async fn a_server_that_ignores_the_offset_is_noticed_even_if_no_row_can_be_read() {
    let rows: Vec<String> = (0..100).map(|row| row.to_string()).collect();
    let page = format!(r#"{{"data":[{}]}}"#, rows.join(","));
    let transport = FakeTransport::always(Reply::status(200).json(page));
    let error = client(&transport).list_all(List::new()).collect_all().await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::PaginationStalled { offset: 99 }), "{error}");
    assert_eq!(transport.requests().len(), 2);
}

#[tokio::test]
async fn a_listing_whose_pages_all_bring_keys_does_not_stall_however_long_it_is() {
    let keys = client(&still(5000)).list_all(List::new()).collect_all().await.unwrap();
    assert_eq!(keys.len(), 5000);
}

#[tokio::test]
async fn a_server_with_nothing_after_its_first_page_is_not_asked_forever() {
    let transport = FakeTransport::answering(|_, request| {
        let keys = if offset_of(request) == 0 { 100 } else { 0 };
        Reply::status(200).json(samples::page(keys))
    });
    let error = client(&transport).list_all(List::new()).collect_all().await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::PaginationStalled { .. }));
    assert!(transport.requests().len() <= 40);
}

#[tokio::test]
async fn pages_are_requested_no_sooner_than_their_keys_are_needed() {
    let transport = FakeTransport::answering(|_, request| {
        let page = |from: u32, to: u32| body(&(from..to).rev().collect::<Vec<_>>());
        Reply::status(200).json(match offset_of(request) {
            0 => page(50, 150),
            99 => page(0, 51),
            _ => page(0, 1),
        })
    });
    let mut keys = client(&transport).list_all(List::new().include_disabled(true));
    assert_eq!(transport.requests().len(), 0);
    for _ in 0..100 {
        keys.next().await.unwrap().unwrap();
    }
    assert_eq!(transport.requests().len(), 1);
    let mut rest = 0;
    while let Some(key) = keys.next().await {
        key.unwrap();
        rest += 1;
    }
    assert_eq!((rest, transport.requests().len()), (50, 3));
    let paths: Vec<String> = transport
        .requests()
        .iter()
        .map(|request| request.uri().query().unwrap().to_owned())
        .collect();
    let further = |offset| format!("include_disabled=true&offset={offset}");
    assert_eq!(paths, ["include_disabled=true".to_owned(), further(99), further(149)]);
}

#[tokio::test]
async fn an_error_ends_the_listing_and_keeps_what_came_before() {
    use futures_util::StreamExt;

    let transport = FakeTransport::scripted([
        Reply::status(200).json(samples::page(100)),
        Reply::status(401).json("{}"),
    ]);
    let items: Vec<_> = client(&transport).list_all(List::new()).collect().await;
    assert_eq!(items.len(), 101);
    assert_eq!(items.iter().filter(|item| item.is_ok()).count(), 100);
    assert!(items.last().unwrap().is_err());
}

#[tokio::test]
async fn a_row_without_a_hash_does_not_stop_a_listing_and_comes_once() {
    for odd in [r#"{"name":"x"}"#, r#"{"name":"x","hash":"a/b"}"#, "null", "7"] {
        for at in [0, 98, 99, 100, 198, 249] {
            let transport = FakeTransport::answering(move |_, request| {
                let rows: Vec<String> = (0..250)
                    .map(|row| {
                        if row == at {
                            odd.to_owned()
                        } else {
                            format!(r#"{{"hash":"{row:08x}"}}"#)
                        }
                    })
                    .skip(offset_of(request))
                    .take(100)
                    .collect();
                Reply::status(200).json(format!(r#"{{"data":[{}]}}"#, rows.join(",")))
            });
            let keys = client(&transport).list_all(List::new()).collect_all().await.unwrap();
            let expected = if odd.starts_with('{') { 250 } else { 249 };
            assert_eq!((keys.len(), transport.requests().len()), (expected, 4), "{odd} at {at}");
        }
    }
}

/// A gateway that filters rows after the server has paged, and so sends short pages before the
/// end.
fn filtered(keys: u32, passes: impl Fn(u32) -> bool + Send + Sync + 'static) -> FakeTransport {
    FakeTransport::answering(move |_, request| {
        let raw = (0..keys).rev().skip(offset_of(request)).take(100);
        Reply::status(200).json(body(&raw.filter(|key| passes(*key)).collect::<Vec<_>>()))
    })
}

#[tokio::test]
async fn a_server_that_filters_its_pages_loses_no_key() {
    for every in [2_u32, 4, 17, 60, 99] {
        let wanted = (0..437).filter(|key| key % every == 0).count();
        for prefetch in [1, 4] {
            let transport = filtered(437, move |key| key % every == 0);
            let pages = Pages::new(List::new()).prefetch(prefetch);
            let keys = client(&transport).list_all(pages).collect_all().await.unwrap();
            assert_eq!(keys.len(), wanted, "{every} {prefetch}");
            let requests = transport.requests().len();
            assert!(requests <= 24, "{every} {prefetch}: {requests}");
        }
        let transport = filtered(437, move |key| key % every == 0);
        let blocking = blocking::Client::new(transport, ApiKey::new("sk-or-v1-test").unwrap());
        assert_eq!(blocking.list_all(List::new()).flatten().count(), wanted);
    }
}

/// A gateway whose pages are smaller than the API's.
#[tokio::test]
async fn a_server_with_small_pages_loses_no_key() {
    for size in [1, 2, 25, 99] {
        let transport = FakeTransport::answering(move |_, request| {
            let page = (0..130).rev().skip(offset_of(request)).take(size);
            Reply::status(200).json(body(&page.collect::<Vec<_>>()))
        });
        let keys = client(&transport).list_all(List::new()).collect_all().await.unwrap();
        assert_eq!(keys.len(), 130, "{size}");
    }
}

#[tokio::test]
async fn stopping_at_a_short_page_saves_a_request_and_may_miss_keys() {
    for (keys, read_on, stopped) in [(0, 1, 1), (1, 2, 1), (2, 2, 1), (99, 2, 1), (100, 2, 2)] {
        let pages = Pages::new(List::new());
        for (pages, requests) in [(pages.clone(), read_on), (pages.stop_at_short_page(), stopped)] {
            let transport = still(keys);
            let listed = client(&transport).list_all(pages).collect_all().await.unwrap();
            assert_eq!(u32::try_from(listed.len()).unwrap(), keys);
            assert_eq!(transport.requests().len(), requests, "{keys}");
        }
    }
    let stopped = Pages::new(List::new()).stop_at_short_page();
    let transport = filtered(437, |key| key % 4 == 0);
    assert_eq!(client(&transport).list_all(stopped).collect_all().await.unwrap().len(), 25);
}

#[tokio::test]
async fn a_short_page_that_is_repeated_is_the_whole_listing() {
    for rows in [1, 2, 99] {
        let transport = FakeTransport::always(Reply::status(200).json(samples::page(rows)));
        let keys = client(&transport).list_all(List::new()).collect_all().await.unwrap();
        assert_eq!((keys.len(), transport.requests().len()), (rows, 4));
    }
}

#[tokio::test]
async fn a_server_that_refuses_the_page_after_a_short_one_has_no_more() {
    for status in [400, 404, 416, 422] {
        for rows in [1, 2] {
            let transport = FakeTransport::answering(move |_, request| match offset_of(request) {
                0 => Reply::status(200).json(samples::page(rows)),
                _ => Reply::status(status).json("{}"),
            });
            let keys = client(&transport).list_all(List::new()).collect_all().await.unwrap();
            assert_eq!((keys.len(), transport.requests().len()), (rows, 2), "{status}");
        }
    }
    for code in [400, 404, 416, 422] {
        let transport = FakeTransport::answering(move |_, request| match offset_of(request) {
            0 => Reply::status(200).json(samples::page(2)),
            _ => Reply::status(200).json(samples::api_error(code, "no such page")),
        });
        let keys = client(&transport).list_all(List::new()).collect_all().await.unwrap();
        assert_eq!(keys.len(), 2, "{code}");
    }
    // A full page is not the last, and a server that is down proves nothing.
    for (rows, status) in [(100, 400), (2, 403), (2, 500)] {
        let transport = FakeTransport::answering(move |_, request| match offset_of(request) {
            0 => Reply::status(200).json(samples::page(rows)),
            _ => Reply::status(status).json("{}"),
        });
        let error = client(&transport).list_all(List::new()).collect_all().await.unwrap_err();
        assert_eq!(error.status().unwrap().as_u16(), status);
    }
}

/// A server whose list is endless, with rows that cannot be recognised.
fn endless(row: impl Fn(usize) -> String + Send + Sync + 'static) -> FakeTransport {
    FakeTransport::answering(move |_, request| {
        let from = offset_of(request);
        let rows: Vec<String> = (from..from + 100).map(&row).collect();
        Reply::status(200).json(format!(r#"{{"data":[{}]}}"#, rows.join(",")))
    })
}

#[tokio::test]
async fn a_listing_that_never_ends_is_stopped_by_its_requests_or_by_its_size() {
    let name = |size: usize| "n".repeat(size);
    for (transport, requests) in [
        (endless(|n| format!(r#"{{"name":"{n}"}}"#)), 50),
        (endless(|n| n.to_string()), 50),
        // 8 MiB and 50 × 128 KiB, at 400 kB per page.
        (endless(move |n| format!(r#"{{"name":"{n}{}"}}"#, name(4000))), 38),
    ] {
        let mut keys = client(&transport).list_all(Pages::new(List::new()).max_requests(50));
        let mut last = keys.next().await.unwrap();
        while let Some(next) = keys.next().await {
            last = next;
        }
        let error = last.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::TooManyPages { requests: 50 }), "{error}");
        assert!(error.to_string().contains("; allow more requests if"), "{error}");
        assert_eq!(transport.requests().len(), requests);
    }
}

#[tokio::test]
async fn rows_repeated_within_a_page_come_once_and_stop_nothing() {
    for (count, size) in [(2, 100), (60, 100), (100, 100), (437, 100), (120, 50)] {
        let transport = FakeTransport::answering(move |_, request| {
            let from = offset_of(request).min(count);
            let row = |n: usize| match n % 7 {
                3 => format!(r#"{{"name":"{n}"}}"#),
                _ => format!(r#"{{"hash":"{n:064}","name":"{n}"}}"#),
            };
            let mut rows: Vec<String> = (from..count.min(from + size)).map(row).collect();
            rows.extend(rows.clone().into_iter().step_by(3));
            Reply::status(200).json(format!(r#"{{"data":[{}]}}"#, rows.join(",")))
        });
        let keys = client(&transport).list_all(List::new()).collect_all().await.unwrap();
        // Equal rows without a hash may be different keys.
        let names: BTreeSet<_> = keys.iter().filter_map(|key| key.name.as_deref()).collect();
        let hashes: Vec<_> = keys.iter().filter_map(|key| key.hash.get()).collect();
        assert_eq!((names.len(), hashes.len()), (count, count - (count + 3) / 7), "{size}");
        assert!(transport.requests().len() <= count.div_ceil(size) + 2, "{count} {size}");
    }
}

#[tokio::test]
async fn a_short_page_that_is_repeated_in_another_order_is_the_whole_listing() {
    let transport = FakeTransport::answering(|number, _| {
        let mut rows: Vec<String> =
            (0..60).map(|n| format!(r#"{{"hash":"{n:064}","name":"n"}}"#)).collect();
        rows.rotate_left(7 * number % 60);
        Reply::status(200).json(format!(r#"{{"data":[{}]}}"#, rows.join(",")))
    });
    let keys = client(&transport).list_all(List::new()).collect_all().await.unwrap();
    assert_eq!((keys.len(), transport.requests().len()), (60, 4));
}
