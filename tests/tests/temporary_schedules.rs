//! Temporary keys over every schedule of three faults, on a model of the server in
//! virtual time.

#![cfg(not(all(target_family = "wasm", target_os = "unknown")))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::time::Duration;

use openrouter_keys_core::{ApiKey, Client, blocking};
use openrouter_keys_tests::model::{Ending, Loan, Schedule, schedules};

const SECOND: Duration = Duration::from_secs(1);

/// Every schedule, by turns with the async and the blocking client, and by turns
/// with these endings.
fn every_loan(endings: [Ending; 2], lag: Duration, mut check: impl FnMut(Schedule, &Loan)) {
    let key = ApiKey::new("sk-or-v1-management").unwrap();
    for (entropy, schedule) in (0..).zip(schedules()) {
        let [one, other] = endings;
        let ending = if entropy / 2 % 2 == 0 { one } else { other };
        let loan = if entropy % 2 == 0 {
            let client = |transport| Client::new(transport, key.clone());
            pollster::block_on(Loan::make(client, schedule, ending, lag, entropy))
        } else {
            let client = |transport| blocking::Client::new(transport, key.clone());
            pollster::block_on(Loan::make(client, schedule, ending, lag, entropy))
        };
        check(schedule, &loan);
    }
}

/// What holds whatever the ending is.
fn nothing_is_left(schedule: Schedule, loan: &Loan) {
    let swept = loan.swept.as_ref().unwrap();
    assert!(swept.failed.is_empty(), "{schedule:?}");
    // The one of somebody else that never ends is told of, and left alone.
    assert_eq!(swept.endless.len(), 1, "{schedule:?}");
    for key in loan.own() {
        let end = key.expires_at.unwrap();
        // Each round counts its own.
        assert!(!key.works(end), "{schedule:?}");
        assert!(!key.is_live(loan.now), "{schedule:?}: {key:?}");
        assert!(end <= key.committed_at + Loan::LIFETIME + SECOND, "{schedule:?}: {key:?}");
    }
    assert_eq!(loan.foreign(), Loan::FOREIGN - Loan::FOREIGN_AND_OVER, "{schedule:?}");
}

#[test]
fn after_a_close_nothing_of_the_call_is_left_and_after_a_failure_nothing_beyond_its_end() {
    closed(Duration::ZERO);
}

#[test]
fn a_listing_that_lags_changes_nothing_of_that() {
    closed(3 * SECOND);
}

fn closed(lag: Duration) {
    let mut returned = 0;
    every_loan([Ending::ByHash, Ending::ByName], lag, |schedule, loan| {
        nothing_is_left(schedule, loan);
        if loan.result.is_ok() {
            loan.closed.as_ref().unwrap().as_ref().unwrap();
            let left = loan.own().filter(|key| key.is_live(loan.ended)).count();
            assert_eq!(left, 0, "{schedule:?}: {loan:?}");
            returned += 1;
        }
    });
    // As many as of the reconciled creates.
    assert_eq!(returned, 1_441);
}

#[test]
fn what_a_process_that_died_left_works_until_its_end_and_is_swept_then() {
    let mut left = 0;
    every_loan([Ending::Death; 2], Duration::ZERO, |schedule, loan| {
        nothing_is_left(schedule, loan);
        left += loan.own().filter(|key| key.works(loan.ended)).count();
    });
    assert!(left > 1_441, "{left}");
}
