//! The table in `docs/create-schedules.md`.

#![allow(clippy::unwrap_used, reason = "tests")]

use openrouter_keys_lab::schedules;

#[test]
fn the_page_contains_the_computed_table() {
    let page = include_str!("../../../docs/create-schedules.md");
    let computed = pollster::block_on(schedules::table()).unwrap();
    assert!(page.contains(&computed), "the page should contain:\n{computed}");
}
