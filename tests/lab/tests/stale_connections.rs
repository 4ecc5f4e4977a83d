//! A small run of `examples/stale_connections`.

#![allow(clippy::unwrap_used, reason = "tests")]

#[path = "../examples/stale_connections/lab.rs"]
mod lab;

const CREATES: usize = 100;

#[tokio::test]
async fn stale_connections_neither_fail_nor_duplicate_creates() {
    for tally in [lab::async_client(CREATES).await.unwrap(), lab::blocking_client(CREATES).unwrap()]
    {
        assert_eq!((tally.errors, tally.on_server, tally.extra_keys()), (0, CREATES, 0));
    }
}
