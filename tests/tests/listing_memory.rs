//! The memory of a listing, whatever its rows contain and however many there are.

#![cfg(not(all(target_family = "wasm", target_os = "unknown")))]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use std::hint::black_box;

use allocation_counter::measure;
use openrouter_keys_core::operation::Operation;
use openrouter_keys_core::test_util::{FakeTransport, Reply};
use openrouter_keys_core::workflow::{Pages, Sweep};
use openrouter_keys_core::{ApiKey, ErrorKind, List, blocking};

const PAGES: u64 = 40;
/// The bytes of one row: 40 pages are 32 MB.
const ROW: usize = 8_000;
const MIB: u64 = 1 << 20;

/// A page of rows without a hash, all different.
fn page(number: u64, row: impl Fn(u64, &str) -> String) -> String {
    let filler = "n".repeat(ROW);
    let rows: Vec<String> = (0..100).map(|n| row(number * 99 + n, &filler)).collect();
    format!(r#"{{"data":[{}]}}"#, rows.join(","))
}

fn object(number: u64, filler: &str) -> String {
    format!(r#"{{"name":"{number} {filler}"}}"#)
}

fn text(number: u64, filler: &str) -> String {
    format!(r#""{number} {filler}""#)
}

#[test]
fn a_listing_whose_keys_are_dropped_uses_no_more_memory_than_a_page() {
    for row in [object, text] {
        let info = measure(|| {
            let mut pages = Pages::new(List::new());
            for number in 0..PAGES {
                let list = pages.next_request().unwrap();
                let body = page(number, row);
                pages.accept(Ok(list.parse(body.as_bytes()).unwrap().output)).unwrap();
                while let Some(key) = pages.next_key() {
                    drop(black_box(key));
                }
            }
            drop(black_box(pages));
        });
        assert!(info.bytes_total > 30 * MIB, "{info:?}");
        assert!(info.bytes_max < 6 * MIB, "{info:?}");
    }
}

#[test]
fn a_workflow_uses_memory_only_for_the_keys_it_keeps() {
    let info = measure(|| {
        let transport = FakeTransport::answering(|number, _| {
            Reply::status(200).json(page(u64::try_from(number).unwrap() - 1, object))
        });
        let client = blocking::Client::new(transport, ApiKey::new("sk-or-v1-test").unwrap());
        let swept = client.sweep(Sweep::temporary().max_requests(PAGES)).finish();
        let error = swept.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::TooManyPages { requests: PAGES }), "{error}");
    });
    // 8 MiB plus 40 times 128 KiB are read, and no more.
    assert!(info.bytes_total > 13 * MIB, "{info:?}");
    assert!(info.bytes_max < 6 * MIB, "{info:?}");
}
