//! Temporary keys over every schedule of three faults, on a model of the server in virtual time.

#![cfg(not(all(target_family = "wasm", target_os = "unknown")))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::time::Duration;

use openrouter_keys_core::{ApiKey, Client, blocking};
use openrouter_keys_tests::model::{Ending, Schedule, TemporaryCall, schedules};

const SECOND: Duration = Duration::from_secs(1);

/// Every schedule, alternating between the async and the blocking client, and between the endings.
fn every_call(
    endings: [Ending; 2],
    lag: Duration,
    mut check: impl FnMut(Schedule, &TemporaryCall),
) {
    let key = ApiKey::new("sk-or-v1-management").unwrap();
    for (entropy, schedule) in (0..).zip(schedules()) {
        let [one, other] = endings;
        let ending = if entropy / 2 % 2 == 0 { one } else { other };
        let call = if entropy % 2 == 0 {
            let client = |transport| Client::new(transport, key.clone());
            pollster::block_on(TemporaryCall::make(client, schedule, ending, lag, entropy))
        } else {
            let client = |transport| blocking::Client::new(transport, key.clone());
            pollster::block_on(TemporaryCall::make(client, schedule, ending, lag, entropy))
        };
        check(schedule, &call);
    }
}

/// The conditions that hold whatever the ending.
fn nothing_is_left(schedule: Schedule, call: &TemporaryCall) {
    let swept = call.swept.as_ref().unwrap();
    assert!(swept.failed.is_empty(), "{schedule:?}");
    // Somebody else's key without an expiry is reported and left alone.
    assert_eq!(swept.endless.len(), 1, "{schedule:?}");
    for key in call.own() {
        let end = key.expires_at.unwrap();
        // Each round has its own expiry.
        assert!(!key.works(end), "{schedule:?}");
        assert!(!key.is_live(call.now), "{schedule:?}: {key:?}");
        assert!(
            end <= key.committed_at + TemporaryCall::LIFETIME + SECOND,
            "{schedule:?}: {key:?}"
        );
    }
    assert_eq!(
        call.foreign(),
        TemporaryCall::FOREIGN - TemporaryCall::FOREIGN_AND_OVER,
        "{schedule:?}"
    );
}

#[test]
fn after_a_close_no_key_is_left_and_after_a_failure_none_beyond_its_expiry() {
    closed(Duration::ZERO);
}

#[test]
fn a_lagging_listing_changes_nothing() {
    closed(3 * SECOND);
}

fn closed(lag: Duration) {
    let mut returned = 0;
    every_call([Ending::ByHash, Ending::ByName], lag, |schedule, call| {
        nothing_is_left(schedule, call);
        if call.result.is_ok() {
            call.closed.as_ref().unwrap().as_ref().unwrap();
            let left = call.own().filter(|key| key.is_live(call.ended)).count();
            assert_eq!(left, 0, "{schedule:?}: {call:?}");
            returned += 1;
        }
    });
    // As many as in the reconciled creates.
    assert_eq!(returned, 1_441);
}

#[test]
fn a_key_left_by_a_dead_process_works_until_it_expires_and_is_then_swept() {
    let mut left = 0;
    every_call([Ending::Death; 2], Duration::ZERO, |schedule, call| {
        nothing_is_left(schedule, call);
        left += call.own().filter(|key| key.works(call.ended)).count();
    });
    assert!(left > 1_441, "{left}");
}
