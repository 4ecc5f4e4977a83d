//! The retry rule of create over every schedule of three faults, on a model of the server in
//! virtual time.

#![cfg(not(all(target_family = "wasm", target_os = "unknown")))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::collections::BTreeSet;
use std::time::{Duration, SystemTime};

use openrouter_keys_core::{ApiKey, CallOptions, Client, RetryPolicy, blocking};
use openrouter_keys_tests::model::{Call, Fault, NAME, Schedule, schedules};

const SECOND: Duration = Duration::from_secs(1);

/// The settings of a call, for the client and for the test.
#[derive(Clone, Debug)]
struct Settings {
    options: CallOptions,
    attempts: usize,
    attempt_timeout: Duration,
    deadline: Duration,
}

/// The default settings.
fn default() -> Settings {
    Settings {
        options: CallOptions::new(),
        attempts: 3,
        attempt_timeout: 30 * SECOND,
        deadline: 60 * SECOND,
    }
}

/// Patient enough for a response after 60 s, and eager enough to resend after every error if the
/// rule allowed it.
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

/// Impatient enough for the deadline to cut off attempts and pauses.
fn hasty() -> Settings {
    let deadline = 3 * SECOND;
    Settings { options: CallOptions::new().timeout(deadline), deadline, ..default() }
}

/// Makes the call under every schedule, with both clients.
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

/// The time of day on the clock of [`FakeTransport`], which begins with 2027.
///
/// [`FakeTransport`]: openrouter_keys_core::test_util::FakeTransport
fn time_of_day(time: Duration) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_798_761_600) + time
}

#[test]
fn there_are_2197_distinct_schedules() {
    let distinct: BTreeSet<String> = schedules().map(|schedule| format!("{schedule:?}")).collect();
    assert_eq!((distinct.len(), schedules().count()), (2197, 2197));
}

#[test]
fn a_create_is_resent_only_if_it_certainly_did_nothing() {
    every_call_under_all_settings(|schedule, _, call| {
        let (_last, earlier) = call.server.posts.split_last().unwrap();
        for post in earlier {
            assert!(post.fault.unwrap().certainly_did_nothing(), "{schedule:?}");
        }
    });
}

#[test]
fn at_most_one_key_is_orphaned_and_then_the_error_reports_it() {
    every_call_under_all_settings(|schedule, _, call| {
        // Keys created after the end of the call count too.
        let strays = call.server.keys_beside(call.secret()).count();
        assert!(strays <= usize::from(call.has_told()), "{schedule:?}: {:?}", call.result);
    });
}

#[test]
fn a_create_that_may_have_created_a_key_is_never_retryable() {
    every_call_under_all_settings(|schedule, _, call| {
        if let Err(error) = &call.result {
            let is_safe = call.server.keys.is_empty() && !error.may_have_been_created();
            assert!(is_safe || !error.is_retryable(), "{schedule:?}");
        }
    });
}

#[test]
fn the_error_reports_a_possible_key_only_after_an_ambiguous_create() {
    every_call_under_all_settings(|schedule, _, call| {
        let last = call.server.posts.last().unwrap();
        let is_open = last.fault.is_some_and(|fault| !fault.certainly_did_nothing());
        assert_eq!(call.has_told(), is_open && call.result.is_err(), "{schedule:?}");
    });
}

#[test]
fn the_error_names_the_key_and_the_time_window_of_its_creation() {
    every_call_under_all_settings(|schedule, _, call| {
        let Err(error) = &call.result else { return };
        let Some(orphan) = error.may_have_created() else { return };
        let (from, until) = (orphan.from.unwrap(), orphan.until.unwrap());
        assert_eq!((from, until), (time_of_day(call.began), time_of_day(call.ended)));
        for key in &call.server.keys {
            assert_eq!((&orphan.name, key.name.as_str()), (&key.name, NAME));
            // The client cannot know when a late key is created.
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
fn the_returned_secret_is_that_of_the_only_key() {
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
            let reported = usize::try_from(error.attempts()).unwrap();
            assert_eq!(reported, call.server.posts.len(), "{schedule:?}");
        }
    });
}

/// Giving up immediately would be safe too.
#[test]
fn a_create_is_resent_after_refusals_and_returns_the_key_if_a_response_arrives_in_time() {
    for settings in [default(), patient()] {
        every_call(&settings, |schedule, call| {
            let refusals =
                schedule.iter().take_while(|fault| fault.certainly_did_nothing()).count();
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
