//! Rotations killed before and after every request, pause and question, and resumed from their
//! saved state, on a model of the server in virtual time.

#![cfg(not(all(target_family = "wasm", target_os = "unknown")))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use openrouter_keys_core::workflow::{Rotate, Rotated};
use openrouter_keys_tests::model::{Fault, Story, Users};

fn plain(rotate: Rotate) -> Rotate {
    rotate
}

/// The number of moments in a run that is not killed.
fn moments(rotate: fn(Rotate) -> Rotate) -> usize {
    let story = Story::without_faults(rotate, Users::Follow, &[]);
    *story.moments.first().unwrap()
}

/// The conditions that hold however often the rotation was killed.
fn ends_well(story: &Story, kills: &[usize]) {
    let Some(Ok(Rotated::Done { new, old, unconfirmed, .. })) = &story.result else {
        panic!("{kills:?}: {:?}", story.result)
    };
    // The new key gets the old key's remaining budget, and no cent more.
    let keys = &story.server.keys;
    let spent = keys.first().unwrap().usage;
    assert_eq!(old.as_ref().unwrap().usage.copied(), Some(spent), "{kills:?}");
    let limit = keys.iter().find(|key| key.secret == story.vault).unwrap().limit.unwrap();
    assert!((limit - (25.0 - spent)).abs() < 0.015, "{kills:?}: {limit} after {spent}");
    let working = story.working();
    assert_eq!(working, [("production", story.vault.as_str())], "{kills:?}");
    // A create that was killed may never have been sent.
    assert!(unconfirmed.len() <= kills.len(), "{kills:?}: {unconfirmed:?}");
    let number = usize::from_str_radix(new.as_str(), 16).unwrap();
    assert_eq!(story.server.keys.get(number).unwrap().secret, story.vault, "{kills:?}");
    assert_eq!(story.wasted, 0, "{kills:?}: a key was deleted after it was handed over");
    assert!(story.most <= 2, "{kills:?}: {} keys worked at once", story.most);
    for saved in &story.saved {
        assert!(!saved.contains(&story.vault), "{saved}");
    }
}

#[test]
fn a_rotation_killed_at_any_moment_ends_like_one_that_is_not() {
    let count = moments(plain);
    assert!(count >= 16, "{count}");
    for kill in 1..=count {
        let story = Story::without_faults(plain, Users::Follow, &[kill]);
        ends_well(&story, &[kill]);
        assert_eq!(story.outages, 0, "{kill}: no key worked that the services were given");
    }
}

#[test]
fn a_rotation_killed_twice_ends_like_one_that_is_not() {
    for first in 1..=moments(plain) {
        for second in 1.. {
            let kills = [first, second];
            let story = Story::without_faults(plain, Users::Follow, &kills);
            ends_well(&story, &kills);
            assert_eq!(story.outages, 0, "{kills:?}");
            if story.moments.len() < 3 {
                break;
            }
        }
    }
}

#[test]
fn a_leaked_key_stops_working_once_the_rotation_starts_to_create_another() {
    let leaked = |rotate: Rotate| rotate.leaked();
    for kill in 1..=moments(leaked) {
        let story = Story::without_faults(leaked, Users::Follow, &[kill]);
        ends_well(&story, &[kill]);
        assert!(story.most <= 1, "{kill}");
    }
}

#[test]
fn an_old_key_that_is_still_used_is_kept() {
    let count = moments(plain);
    let mut killed = 0;
    for kill in 1..=count {
        let story = Story::without_faults(plain, Users::Stay, &[kill]);
        let Some(Ok(Rotated::StillInUse { state, .. })) = &story.result else {
            panic!("{kill}: {:?}", story.result)
        };
        assert_eq!(story.saved.last().unwrap(), &serde_json::to_string(state).unwrap());
        assert_eq!(story.working().len(), 2, "{kill}");
        assert_eq!((story.wasted, story.outages), (0, 0), "{kill}");
        killed += usize::from(story.moments.len() == 2);
    }
    assert!(killed >= 16, "{killed}");
}

#[test]
fn no_fault_of_the_create_loses_a_key_or_leaves_one_unreported() {
    for fault in Fault::ALL {
        for kill in 1..=moments(plain) {
            let faults = [fault, fault, fault];
            let story = Story::run(plain, Users::Follow, faults, &[kill]);
            assert_eq!((story.wasted, story.outages), (0, 0), "{fault:?} {kill}");
            // A create whose response is lost may create its key late; there are three.
            let most = if fault.certainly_did_nothing() { 2 } else { 2 + 3 };
            assert!(story.most <= most, "{fault:?} {kill}: {} keys worked at once", story.most);
            let reported: Vec<&str> = match story.result.as_ref().unwrap() {
                Ok(Rotated::Done { unconfirmed, .. }) => {
                    unconfirmed.iter().map(String::as_str).collect()
                }
                Ok(_) => panic!("{fault:?} {kill}: {:?}", story.result),
                Err(error) => {
                    error.may_have_created().map(|left| left.names().collect()).unwrap_or_default()
                }
            };
            for (name, secret) in story.working() {
                let is_known =
                    secret == story.vault || secret.contains("old") || reported.contains(&name);
                assert!(is_known, "{fault:?} {kill}: {name} {reported:?} {:?}", story.saved.last());
            }
        }
    }
}
