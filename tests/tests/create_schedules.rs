//! The create rule over every schedule of three faults, on a model of the server
//! in virtual time.

#![cfg(not(all(target_family = "wasm", target_os = "unknown")))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::collections::BTreeSet;
use std::time::{Duration, SystemTime};

use openrouter_keys_core::{ApiKey, CallOptions, Client, RetryPolicy, blocking};
use openrouter_keys_tests::model::{Call, Fault, NAME, Schedule, schedules};

const SECOND: Duration = Duration::from_secs(1);

/// The settings of a call, said twice: to the client and to the test.
#[derive(Clone, Debug)]
struct Settings {
    options: CallOptions,
    attempts: usize,
    attempt_timeout: Duration,
    deadline: Duration,
}

/// The defaults.
fn default() -> Settings {
    Settings {
        options: CallOptions::new(),
        attempts: 3,
        attempt_timeout: 30 * SECOND,
        deadline: 60 * SECOND,
    }
}

/// So patient that even a response after 60 s counts, and so eager that every
/// error would be sent again if the rule let it.
fn patient() -> Settings {
    let (attempts, attempt_timeout, deadline) = (10, 300 * SECOND, 3600 * SECOND);
    let policy = RetryPolicy::default().max_attempts(10).statuses(400..=599);
    Settings {
        options: CallOptions::new()
            .retry(policy)
            .timeout(deadline)
            .attempt_timeout(attempt_timeout),
        attempts,
        attempt_timeout,
        deadline,
    }
}

/// So hasty that the deadline cuts off attempts and pauses.
fn hasty() -> Settings {
    let deadline = 3 * SECOND;
    Settings { options: CallOptions::new().timeout(deadline), deadline, ..default() }
}

/// Makes the call of every schedule, by both clients.
fn every_call(settings: &Settings, mut check: impl FnMut(Schedule, &Call)) {
    let key = ApiKey::new("sk-or-v1-management").unwrap();
    for (entropy, schedule) in (0..).zip(schedules()) {
        let options = || settings.options.clone();
        check(
            schedule,
            &pollster::block_on(Call::make(
                |transport| Client::new(transport, key.clone()),
                options(),
                schedule,
                entropy,
            )),
        );
        check(
            schedule,
            &pollster::block_on(Call::make(
                |transport| blocking::Client::new(transport, key.clone()),
                options(),
                schedule,
                entropy,
            )),
        );
    }
}

/// The same under all settings.
fn every_call_under_all_settings(mut check: impl FnMut(Schedule, &Settings, &Call)) {
    for settings in [default(), patient(), hasty()] {
        every_call(&settings, |schedule, call| check(schedule, &settings, call));
    }
}

/// The time of day by the clock of [`FakeTransport`], which begins with 2027.
///
/// [`FakeTransport`]: openrouter_keys_core::test_util::FakeTransport
fn time_of_day(time: Duration) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_798_761_600) + time
}

#[test]
fn there_are_2197_schedules_and_no_two_are_alike() {
    let distinct: BTreeSet<String> = schedules().map(|schedule| format!("{schedule:?}")).collect();
    assert_eq!((distinct.len(), schedules().count()), (2197, 2197));
}

#[test]
fn a_create_is_followed_by_another_only_if_it_surely_did_nothing() {
    every_call_under_all_settings(|schedule, _, call| {
        let (_last, earlier) = call.server.posts.split_last().unwrap();
        for post in earlier {
            assert!(post.fault.unwrap().surely_did_nothing(), "{schedule:?}");
        }
    });
}

#[test]
fn at_most_one_key_is_in_nobodys_hands_and_then_the_error_tells_of_it() {
    every_call_under_all_settings(|schedule, _, call| {
        // Keys that are made after the call has ended count too.
        let strays = call.server.keys_beside(call.secret()).count();
        assert!(strays <= usize::from(call.has_told()), "{schedule:?}: {:?}", call.result);
    });
}

#[test]
fn a_create_that_may_have_made_a_key_is_never_called_retryable() {
    every_call_under_all_settings(|schedule, _, call| {
        if let Err(error) = &call.result {
            let is_safe = call.server.keys.is_empty() && !error.may_have_been_created();
            assert!(is_safe || !error.is_retryable(), "{schedule:?}");
        }
    });
}

#[test]
fn the_error_tells_of_a_key_only_after_a_create_that_left_it_open() {
    every_call_under_all_settings(|schedule, _, call| {
        let last = call.server.posts.last().unwrap();
        let is_open = last.fault.is_some_and(|fault| !fault.surely_did_nothing());
        assert_eq!(call.has_told(), is_open && call.result.is_err(), "{schedule:?}");
    });
}

#[test]
fn the_error_names_the_key_and_a_window_in_which_it_was_made() {
    every_call_under_all_settings(|schedule, _, call| {
        let Err(error) = &call.result else { return };
        let Some(orphan) = error.may_have_created() else { return };
        let (from, until) = (orphan.from.unwrap(), orphan.until.unwrap());
        assert_eq!((from, until), (time_of_day(call.began), time_of_day(call.ended)));
        for key in &call.server.keys {
            assert_eq!((&orphan.name, key.name.as_str()), (&key.name, NAME));
            // No client can know when a late one is made.
            if key.committed_at <= call.ended {
                let made = time_of_day(key.committed_at);
                assert!((from..=until).contains(&made), "{schedule:?}");
            } else {
                let last = call.server.posts.last().unwrap().fault;
                let late = [Some(Fault::Commit5sLate), Some(Fault::Commit60sLate)];
                assert!(late.contains(&last), "{schedule:?}");
            }
        }
    });
}

#[test]
fn the_secret_that_comes_back_is_that_of_the_only_key() {
    every_call_under_all_settings(|schedule, _, call| {
        let Some(secret) = call.secret() else { return };
        let kept: Vec<&str> = call.server.keys.iter().map(|key| key.secret.as_str()).collect();
        assert_eq!(kept, [secret], "{schedule:?}");
    });
}

#[test]
fn no_call_outlives_its_deadline_or_sends_more_than_its_attempts() {
    every_call_under_all_settings(|schedule, settings, call| {
        assert!(call.ended <= call.began + settings.deadline, "{schedule:?}");
        assert!(call.server.posts.len() <= settings.attempts, "{schedule:?}");
        if let Err(error) = &call.result {
            let told = usize::try_from(error.attempts()).unwrap();
            assert_eq!(told, call.server.posts.len(), "{schedule:?}");
        }
    });
}

/// Safety alone would let a client give up at once.
#[test]
fn a_create_goes_on_through_refusals_and_returns_the_key_if_a_response_comes_in_time() {
    for settings in [default(), patient()] {
        every_call(&settings, |schedule, call| {
            let refusals = schedule.iter().take_while(|fault| fault.surely_did_nothing()).count();
            assert_eq!(call.server.posts.len(), (refusals + 1).min(settings.attempts));
            let is_answered = match call.server.posts.last().unwrap().fault {
                None => true,
                Some(Fault::Commit5sLate) => 5 * SECOND < settings.attempt_timeout,
                Some(Fault::Commit60sLate) => 60 * SECOND < settings.attempt_timeout,
                Some(_) => false,
            };
            assert_eq!(call.result.is_ok(), is_answered, "{schedule:?}");
        });
    }
}
