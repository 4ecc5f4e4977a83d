//! Machines that rotate the same keys, killed, put to sleep and cut off at every moment.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::time::Duration;

use openrouter_keys_lab::rotations::{FenceRule, Scenario, Tally, Trouble, play};

const QUIET: Scenario = Scenario {
    machines: 2,
    keys: 1,
    times: 1,
    trouble: Trouble::Kill,
    moment: 0,
    all: false,
    loss: 0,
    failures: 0,
    shared_out: false,
    fence: FenceRule::Rotation,
    seed: 1,
};

#[test]
fn machines_without_trouble_rotate_each_key_once() {
    let tally = play(&Scenario { keys: 5, machines: 3, ..QUIET });
    assert_eq!(tally.faults(), 0, "{tally:?}");
    assert_eq!(tally.rotations, 5, "{tally:?}");
}

#[test]
fn one_machine_is_troubled_at_every_moment() {
    for trouble in [
        Trouble::Kill,
        Trouble::Sleep(Duration::from_secs(600)),
        Trouble::Cut(Duration::from_secs(600)),
    ] {
        let mut sum = Tally::default();
        for moment in 1..=120 {
            let tally = play(&Scenario { trouble, moment, ..QUIET });
            assert_eq!(tally.faults(), 0, "{trouble:?} {moment}: {tally:?}");
            sum.add(&tally);
        }
        assert!(sum.troubles > 60, "{trouble:?}: {sum:?}");
    }
}

#[test]
fn whatever_befalls_the_machines_no_key_is_lost_or_doubled() {
    for seed in 0..150 {
        let scenario = Scenario::of_chance(seed);
        let tally = play(&scenario);
        assert_eq!(tally.faults(), 0, "{scenario:?}: {tally:?}");
    }
}

#[test]
fn a_sink_that_compares_fences_by_name_refuses_the_next_rotation() {
    let refused = [FenceRule::Rotation, FenceRule::Name].map(|fence| {
        let tally = play(&Scenario { machines: 1, times: 3, fence, ..QUIET });
        assert_eq!((tally.rotations, tally.faults()), (3, 0), "{tally:?}");
        tally.refused
    });
    assert!(refused[0] == 0 && refused[1] > 0, "{refused:?}");
}

#[test]
fn a_sink_that_accepts_any_other_rotation_lets_a_late_machine_replace_a_newer_secret() {
    let mut faults = [0, 0];
    for moment in 1..=40 {
        let trouble = Trouble::Sleep(Duration::from_secs(1200));
        for (sum, fence) in faults.iter_mut().zip([FenceRule::Rotation, FenceRule::SameRotation]) {
            *sum += play(&Scenario { trouble, moment, times: 3, fence, ..QUIET }).faults();
        }
    }
    assert!(faults[0] == 0 && faults[1] > 0, "{faults:?}");
}
