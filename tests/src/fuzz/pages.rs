//! A listing from a server that changes between pages, as the bytes say: five bytes for the
//! server, then three for what happens after each page.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use openrouter_keys_core::operation::Operation;
use openrouter_keys_core::workflow::Pages;
use openrouter_keys_core::{ErrorKind, Key, List};

/// The documented page size.
const DOCUMENTED: usize = 100;
/// How many pages in a row may return nothing new.
const FRUITLESS: usize = 32;

/// Lists all keys of such a server.
pub fn run(data: &[u8]) {
    let mut script = data.iter().map(|byte| usize::from(*byte));
    let mut next = || script.next().unwrap_or_default();
    let initial = next() * 2;
    let size = match next() {
        0 => DOCUMENTED,
        other => other,
    };
    let flags = next();
    let exhaustive = flags & 1 > 0;
    let ignores_offset = flags & 2 > 0;
    let jumps = flags & 4 > 0;
    let some_unnamed = flags & 8 > 0;
    let start = if flags & 16 > 0 { next() } else { 0 };

    let mut keys: Vec<usize> = (0..initial).rev().collect();
    let mut made = initial;
    let mut pages = Pages::new(List::new().offset(u64::try_from(start).unwrap()));
    if !exhaustive {
        pages = pages.stop_at_short_page();
    }
    let throughout_from = start;
    let mut listed = Vec::new();
    let mut stalled = false;
    // Keys created in between repeated a page, as a server does that ignores the offset or filters
    // its pages.
    let mut repeated = false;
    let mut last = String::new();
    let mut requests: usize = 0;
    while let Some(list) = pages.next_request() {
        requests += 1;
        assert!(requests <= FRUITLESS * (made + 2), "{requests} requests for {made} keys");
        let asked = offset(&list);
        let (created, deleted, position) = (next() % 32, next() % 32, next());
        let from = if ignores_offset { 0 } else { asked + if jumps { position } else { 0 } };
        let end = keys.len().min(from + size);
        let page = body(keys.get(from..end).unwrap_or_default(), some_unnamed);
        repeated |= size < DOCUMENTED && from < end && page == last;
        last.clone_from(&page);
        let page = List::new().parse(page.as_bytes()).unwrap().output;
        if let Err(error) = pages.accept(Ok(page)) {
            assert!(matches!(error.kind(), ErrorKind::PaginationStalled { .. }), "{error}");
            assert!(pages.next_request().is_none(), "an error ends the listing");
            stalled = true;
        }
        listed.extend(std::iter::from_fn(|| pages.next_key()).map(|key| number(&key)));
        for _ in 0..deleted.min(keys.len()) {
            keys.remove(position * 7 % keys.len());
        }
        for _ in 0..created {
            keys.insert(0, made);
            made += 1;
        }
    }
    let distinct: BTreeSet<usize> = listed.iter().copied().collect();
    assert_eq!(distinct.len(), listed.len(), "a key came twice");
    let pages_overlap = size >= if exhaustive { 2 } else { DOCUMENTED };
    if !stalled && !repeated && pages_overlap && !ignores_offset && !jumps && throughout_from == 0 {
        for key in keys.iter().filter(|key| **key < initial) {
            assert!(distinct.contains(key), "key {key} was missed");
        }
    }
}

fn offset(list: &List) -> usize {
    let parts = list.parts().unwrap();
    let path = parts.path();
    path.split_once("offset=").map_or(0, |(_, offset)| offset.parse().unwrap())
}

fn body(keys: &[usize], some_unnamed: bool) -> String {
    let mut body = String::from(r#"{"data":["#);
    for (at, key) in keys.iter().enumerate() {
        body.push_str(if at > 0 { "," } else { "" });
        if some_unnamed && key % 7 == 3 {
            write!(body, r#"{{"name":"{key}"}}"#).unwrap();
        } else {
            write!(body, r#"{{"hash":"h{key}","name":"{key}"}}"#).unwrap();
        }
    }
    body.push_str("]}");
    body
}

fn number(key: &Key) -> usize {
    key.name.as_deref().unwrap().parse().unwrap()
}
