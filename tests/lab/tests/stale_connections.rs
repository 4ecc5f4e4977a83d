//! The lab of stale connections in small: `examples/stale_connections`.

#![allow(clippy::unwrap_used, reason = "tests")]

#[path = "../examples/stale_connections/lab.rs"]
mod lab;

const CREATES: usize = 100;

#[tokio::test]
async fn a_stale_connection_costs_no_create_and_doubles_none() {
    for tally in [lab::async_client(CREATES).await.unwrap(), lab::blocking_client(CREATES).unwrap()]
    {
        assert_eq!((tally.errors, tally.on_server, tally.beyond_those_in_hand()), (0, CREATES, 0));
    }
}
