//! What all machines share: the server, the sink, and what is known about both.

#![allow(clippy::unwrap_used, clippy::missing_panics_doc, reason = "a model for tests")]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use openrouter_keys_core::workflow::Delivery;
use openrouter_keys_tests::model::{Server, ServerKey};
use tokio::time::Instant;

/// The world of one story. Clones share it.
#[derive(Clone)]
pub(super) struct World(Arc<Mutex<Inner>>);

pub(super) struct Inner {
    began: Instant,
    pub(super) server: Server,
    /// The secret of each name, as the services read it.
    pub(super) sink: BTreeMap<String, String>,
    /// The highest fence that the sink was called with, by name.
    fences: BTreeMap<String, u64>,
    /// Who wrote the newest entry of each rotation's log, by the old key's hash.
    pub(super) owners: BTreeMap<String, String>,
    /// The old keys whose logs say that their rotations are done.
    pub(super) done: BTreeSet<String>,
    /// Names under which reports said that a key may exist.
    pub(super) reported: BTreeSet<String>,
    pub(super) tally: Tally,
}

/// What happened in one story or in many.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Stories.
    pub schedules: u64,
    /// Rotations that were completed.
    pub rotations: u64,
    /// Requests to the API.
    pub requests: u64,
    /// Machines that were killed.
    pub kills: u64,
    /// Machines that slept, most of them through their lease.
    pub sleeps: u64,
    /// Machines whose network was cut off.
    pub cuts: u64,
    /// Moments at which the secret of a name did not work.
    pub outages: u64,
    /// Changes sent by a machine whose rotation was another's.
    pub trespasses: u64,
    /// Names that did not end with exactly one live key, whose secret is in the sink.
    pub wrong: u64,
    /// Live keys that nobody has and that no report names.
    pub orphans: u64,
    /// Live keys that nobody has, but that a report names.
    pub named_orphans: u64,
    /// Rotations that did not end within a day.
    pub unfinished: u64,
    /// Log entries that contain a secret.
    pub leaks: u64,
}

impl Tally {
    /// Adds another story's.
    pub fn add(&mut self, other: &Self) {
        let Self {
            schedules,
            rotations,
            requests,
            kills,
            sleeps,
            cuts,
            outages,
            trespasses,
            wrong,
            orphans,
            named_orphans,
            unfinished,
            leaks,
        } = other;
        self.schedules += schedules;
        self.rotations += rotations;
        self.requests += requests;
        self.kills += kills;
        self.sleeps += sleeps;
        self.cuts += cuts;
        self.outages += outages;
        self.trespasses += trespasses;
        self.wrong += wrong;
        self.orphans += orphans;
        self.named_orphans += named_orphans;
        self.unfinished += unfinished;
        self.leaks += leaks;
    }

    /// Everything that must never happen.
    pub fn faults(&self) -> u64 {
        self.outages + self.trespasses + self.wrong + self.orphans + self.unfinished + self.leaks
    }
}

/// The name of a key that is rotated.
pub(super) fn name(number: usize) -> String {
    format!("customer-{number:03}")
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

/// The hash that the model server gives to a key.
pub(super) fn hash(place: usize) -> String {
    format!("{place:064x}")
}

impl World {
    pub(super) fn new(keys: usize) -> Self {
        let mut server = Server::without_faults();
        let mut sink = BTreeMap::new();
        for number in 0..keys {
            let secret = format!("sk-or-v1-old{number:061x}");
            sink.insert(name(number), secret.clone());
            server.keys.push(ServerKey::new(&name(number), secret, Duration::ZERO));
        }
        Self(Arc::new(Mutex::new(Inner {
            began: Instant::now(),
            server,
            sink,
            fences: BTreeMap::new(),
            owners: BTreeMap::new(),
            done: BTreeSet::new(),
            reported: BTreeSet::new(),
            tally: Tally { schedules: 1, ..Tally::default() },
        })))
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap()
    }
}

impl Inner {
    pub(super) fn now(&self) -> Duration {
        self.began.elapsed()
    }

    /// The hash of the old key whose rotation a key with this name belongs to.
    pub(super) fn rotation_of(&self, key: &str) -> Option<String> {
        let number = self.sink.keys().position(|name| key.starts_with(name.as_str()))?;
        Some(hash(number))
    }

    /// Whether no machine has called the sink with a higher fence.
    pub(super) fn passes_fence(&mut self, key: &Delivery) -> bool {
        let fence = self.fences.entry(key.name.clone()).or_default();
        *fence = key.fence.max(*fence);
        *fence == key.fence
    }

    /// Checks that the services' secret of this name works.
    pub(super) fn check(&mut self, name: &str) {
        let now = self.now();
        let Some(secret) = self.sink.get(name) else { return };
        let works = |key: &ServerKey| key.secret == *secret && key.works(now);
        if !self.server.keys.iter().any(works) {
            self.tally.outages += 1;
        }
    }

    /// Judges the end of the story.
    pub(super) fn judge(&mut self) {
        let now = self.now();
        let (keys, done) = (count(self.sink.len()), count(self.done.len()));
        (self.tally.rotations, self.tally.unfinished) = (done, keys.saturating_sub(done));
        for (name, secret) in &self.sink {
            let mut live = self.server.keys.iter().filter(|key| key.is_live(now));
            let is_right = live.any(|key| key.name == *name && key.secret == *secret);
            self.tally.wrong += u64::from(!is_right);
        }
        for key in self.server.keys.iter().filter(|key| key.is_live(now)) {
            if self.sink.values().any(|secret| *secret == key.secret) {
                continue;
            }
            if self.reported.contains(&key.name) {
                self.tally.named_orphans += 1;
            } else {
                self.tally.orphans += 1;
            }
        }
    }
}
