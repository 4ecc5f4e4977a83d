//! Machines that rotate the same keys, killed, put to sleep and cut off at every moment.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::time::Duration;

use openrouter_keys_lab::rotations::{Scenario, Tally, Trouble, play};

const QUIET: Scenario = Scenario {
    machines: 2,
    keys: 1,
    trouble: Trouble::Kill,
    moment: 0,
    all: false,
    loss: 0,
    failures: 0,
    shared_out: false,
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
        assert!(sum.kills + sum.sleeps + sum.cuts > 60, "{trouble:?}: {sum:?}");
    }
}

#[test]
fn whatever_befalls_the_machines_no_key_is_lost_or_doubled() {
    let mut sum = Tally::default();
    for seed in 0..150 {
        let scenario = Scenario::of_chance(seed);
        let tally = play(&scenario);
        assert_eq!(tally.faults(), 0, "{scenario:?}: {tally:?}");
        sum.add(&tally);
    }
    assert!(sum.kills > 0 && sum.sleeps > 0 && sum.cuts > 0, "{sum:?}");
}
