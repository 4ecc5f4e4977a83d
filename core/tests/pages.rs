//! Listing everything while keys are made and deleted.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use std::sync::{Arc, Mutex};

use openrouter_keys_core::test_util::{FakeTransport, Reply, samples};
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

/// What happens on the server between two pages.
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

/// Few or a flood. With 99 new keys the second page is the first one once more,
/// as it is where a server ignores the offset: that is taken for this.
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
        exhaustive in any::<bool>(),
    ) {
        let keys: Vec<u32> = (0..initial).rev().collect();
        let server = Arc::new(Mutex::new(Server { keys: keys.clone(), next: initial, churn }));
        let state = server.clone();
        let transport = FakeTransport::answering(move |_, request| {
            Reply::status(200).json(state.lock().unwrap().page(offset_of(request)))
        });
        let blocking = blocking::Client::new(transport, ApiKey::new("sk-or-v1-test").unwrap());
        let mut listing = blocking.list_all(List::new());
        if exhaustive {
            listing = listing.exhaustive();
        }
        let mut listed: Vec<u32> = listing
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

#[tokio::test]
async fn a_server_that_ignores_the_offset_is_noticed_after_two_requests() {
    let transport = FakeTransport::always(Reply::status(200).json(samples::page(100)));
    let error = client(&transport).list_all(List::new()).collect_all().await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::PaginationStalled { offset: 99 }));
    assert_eq!(transport.requests().len(), 2);
}

#[tokio::test]
async fn a_server_that_is_empty_beyond_its_first_page_is_not_asked_forever() {
    let transport = FakeTransport::answering(|_, request| {
        let keys = if offset_of(request) == 0 { 100 } else { 0 };
        Reply::status(200).json(samples::page(keys))
    });
    let error = client(&transport).list_all(List::new()).collect_all().await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::PaginationStalled { .. }));
    assert!(transport.requests().len() <= 40);
}

#[tokio::test]
async fn pages_are_asked_for_no_sooner_than_their_keys_are_wanted() {
    let transport = FakeTransport::answering(|_, request| {
        let page = |from: u32, to: u32| body(&(from..to).rev().collect::<Vec<_>>());
        Reply::status(200).json(if offset_of(request) == 0 { page(50, 150) } else { page(0, 51) })
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
    assert_eq!((rest, transport.requests().len()), (50, 2));
    let paths: Vec<String> = transport
        .requests()
        .iter()
        .map(|request| request.uri().query().unwrap().to_owned())
        .collect();
    assert_eq!(paths, ["include_disabled=true", "include_disabled=true&offset=99"]);
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
async fn a_row_without_a_hash_stops_no_listing_and_comes_once() {
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
            assert_eq!((keys.len(), transport.requests().len()), (expected, 3), "{odd} at {at}");
        }
    }
}
