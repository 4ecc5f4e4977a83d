//! The reconciled create over every schedule of three faults, on a model of the server in virtual
//! time.

#![cfg(not(all(target_family = "wasm", target_os = "unknown")))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::time::Duration;

use openrouter_keys_core::{ApiKey, Client, blocking};
use openrouter_keys_tests::model::{FOREIGN, Reconciliation, Schedule, schedules};

const SECOND: Duration = Duration::from_secs(1);

/// Every schedule, alternating between the async and the blocking client.
fn every_call(lag: Duration, mut check: impl FnMut(Schedule, &Reconciliation)) {
    let key = ApiKey::new("sk-or-v1-management").unwrap();
    for (entropy, schedule) in (0..).zip(schedules()) {
        let call = if entropy % 2 == 0 {
            let client = |transport| Client::new(transport, key.clone());
            pollster::block_on(Reconciliation::make(client, schedule, lag, entropy))
        } else {
            let client = |transport| blocking::Client::new(transport, key.clone());
            pollster::block_on(Reconciliation::make(client, schedule, lag, entropy))
        };
        check(schedule, &call);
    }
}

#[test]
fn after_a_sweep_the_only_live_key_is_the_callers() {
    one_live_key(Duration::ZERO);
}

#[test]
fn a_lagging_listing_changes_nothing() {
    one_live_key(3 * SECOND);
}

fn one_live_key(lag: Duration) {
    let mut returned = 0;
    every_call(lag, |schedule, call| {
        let held = call.result.as_ref().ok().map(|done| done.created.key().reveal());
        let swept = call.swept.as_ref().unwrap();
        assert!(swept.failed.is_empty(), "{schedule:?}");
        assert_eq!(call.live(), held.into_iter().collect::<Vec<_>>(), "{schedule:?}: {call:?}");
        assert_eq!(call.foreign(), FOREIGN, "{schedule:?}");
        if let Ok(done) = &call.result {
            let deleted = call.own().filter(|key| key.deleted_at.is_some()).count();
            assert_eq!(done.swept.len() + swept.deleted.len(), deleted, "{schedule:?}");
            assert_eq!(call.own().filter(|key| key.name == done.name).count(), 1);
            returned += 1;
        }
        assert!(call.took <= 180 * SECOND, "{schedule:?}: {:?}", call.took);
        // Three rounds of three attempts.
        assert!(call.server.posts.len() <= 9, "{schedule:?}");
    });
    // Otherwise giving up immediately would pass.
    assert_eq!(returned, 1_441);
}
