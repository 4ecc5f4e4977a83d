//! What all machines share: the server, the sink, and what is known about both.

#![allow(clippy::unwrap_used, clippy::missing_panics_doc, reason = "a model for tests")]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use openrouter_keys_core::KeyHash;
use openrouter_keys_core::workflow::{Delivery, Rotation};
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
    /// What the sink knows about each name besides.
    fences: BTreeMap<String, Fence>,
    rule: FenceRule,
    /// Who wrote the newest entry of each rotation's log, by the old key's hash.
    pub(super) owners: BTreeMap<String, String>,
    /// The old keys whose logs say that their rotations are done, by name and oldest first, and the
    /// key that each name has now.
    pub(super) generations: BTreeMap<String, Vec<String>>,
    /// Names under which reports said that a key may exist.
    pub(super) reported: BTreeSet<String>,
    pub(super) tally: Tally,
}

/// Which calls a sink refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FenceRule {
    /// Those that `SecretSink` says: fences are compared within a rotation, and another rotation
    /// must replace the key that the sink has.
    Rotation,
    /// Those with a lower fence than any before for the same name, in whichever rotation.
    Name,
    /// Those with a lower fence in the same rotation, and none of another rotation.
    SameRotation,
}

/// What a sink stores beside a secret.
#[derive(Default)]
struct Fence {
    /// The hash of the key that it has.
    hash: String,
    /// The rotation that called it last, by the old key's hash.
    rotation: String,
    /// The highest fence that this rotation called it with.
    highest: u64,
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
    /// How often a machine was killed, fell asleep or lost its network.
    pub troubles: u64,
    /// Calls that the sink refused because of the fence.
    pub refused: u64,
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
            troubles,
            refused,
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
        self.troubles += troubles;
        self.refused += refused;
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
    pub(super) fn new(keys: usize, rule: FenceRule) -> Self {
        let mut server = Server::without_faults();
        let (mut sink, mut fences) = (BTreeMap::new(), BTreeMap::new());
        let mut generations = BTreeMap::new();
        for number in 0..keys {
            let secret = format!("sk-or-v1-old{number:061x}");
            sink.insert(name(number), secret.clone());
            fences.insert(name(number), Fence { hash: hash(number), ..Fence::default() });
            generations.insert(name(number), vec![hash(number)]);
            server.keys.push(ServerKey::new(&name(number), secret, Duration::ZERO));
        }
        Self(Arc::new(Mutex::new(Inner {
            began: Instant::now(),
            server,
            sink,
            fences,
            rule,
            owners: BTreeMap::new(),
            generations,
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

    /// Who owns the newest rotation of the name that a key with this marked name is to get.
    pub(super) fn owner_of(&self, key: &str) -> Option<&String> {
        let mut names = self.generations.iter();
        let (_, hashes) = names.find(|(name, _)| key.starts_with(name.as_str()))?;
        hashes.iter().rev().find_map(|old| self.owners.get(old))
    }

    /// Notes that the log of a rotation says that it is done.
    pub(super) fn complete(&mut self, rotation: &Rotation) {
        let name = rotation.name.as_ref().unwrap();
        let hashes = self.generations.get_mut(name).unwrap();
        if hashes.last() == Some(&rotation.old.to_string()) {
            hashes.push(rotation.new.as_ref().unwrap().to_string());
        }
    }

    /// The keys to rotate, if each name is to be rotated so many times.
    pub(super) fn wanted(&self, times: usize) -> Vec<KeyHash> {
        let open = self.generations.values().filter(|hashes| hashes.len() <= times);
        open.filter_map(|hashes| KeyHash::new(hashes.last()?).ok()).collect()
    }

    /// Whether the sink accepts the call; from then on it refuses earlier ones.
    pub(super) fn passes_fence(&mut self, key: &Delivery) -> bool {
        let fence = self.fences.get_mut(&key.name).unwrap();
        let passes = match self.rule {
            _ if fence.rotation == key.replaces => fence.highest <= key.fence,
            FenceRule::Rotation => fence.hash == key.replaces,
            FenceRule::Name => fence.highest <= key.fence,
            FenceRule::SameRotation => true,
        };
        self.tally.refused += u64::from(!passes);
        if passes {
            (fence.rotation, fence.highest) = (key.replaces.clone(), key.fence);
        }
        passes
    }

    /// Stores the secret, if the sink accepts the call.
    pub(super) fn store(&mut self, secret: &str, key: &Delivery) -> bool {
        let passes = self.passes_fence(key);
        if passes {
            self.sink.insert(key.name.clone(), secret.to_owned());
            self.fences.get_mut(&key.name).unwrap().hash.clone_from(&key.hash);
            self.check(&key.name);
        }
        passes
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
    pub(super) fn judge(&mut self, times: usize) {
        let now = self.now();
        let done = self.generations.values().map(|hashes| hashes.len() - 1).sum();
        self.tally.rotations = count(done);
        self.tally.unfinished = count(self.wanted(times).len());
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
