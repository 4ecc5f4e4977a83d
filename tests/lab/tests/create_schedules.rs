//! The table of `docs/create-schedules.md`.

#![allow(clippy::unwrap_used, reason = "tests")]

use openrouter_keys_lab::schedules;

#[test]
fn the_page_shows_the_table_that_is_computed() {
    let page = include_str!("../../../docs/create-schedules.md");
    let computed = pollster::block_on(schedules::table()).unwrap();
    assert!(page.contains(&computed), "the page should show:\n{computed}");
}
