//! One story: machines that rotate the same keys until all are done, and what befalls them.

#![allow(clippy::unwrap_used, clippy::missing_panics_doc, reason = "a model for tests")]

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use object_store::memory::InMemory;
use openrouter_keys_core::error::BoxError;
use openrouter_keys_core::types::Secret;
use openrouter_keys_core::workflow::{Delivery, PutError, SecretSink};
use openrouter_keys_core::{ApiKey, Config, KeyHash};
use openrouter_keys_fleet::{Fleet, Outcome, Report, Shard, Store, Work};
use openrouter_keys_tests::chance::Chance;
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::machine::Machine;
use super::network::Network;
use super::objects::Objects;
use super::world::{FenceRule, Tally, World};

const DAY: Duration = Duration::from_secs(86_400);

/// What befalls a machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// It is killed.
    Kill,
    /// It does nothing for this long, and goes on.
    Sleep(Duration),
    /// It has no network for this long.
    Cut(Duration),
}

/// The conditions of a story.
#[derive(Clone, Copy, Debug)]
pub struct Scenario {
    /// How many machines.
    pub machines: u32,
    /// How many names.
    pub keys: usize,
    /// How many times the key of each name is replaced.
    pub times: usize,
    /// What befalls the first machine.
    pub trouble: Trouble,
    /// At which of its moments; 0 for never.
    pub moment: u64,
    /// Whether the other machines are troubled as well, at moments of chance.
    pub all: bool,
    /// Of 1,000 requests to the API, how many are lost.
    pub loss: u64,
    /// Of 1,000 requests to the store and to the sink, how many fail in each way.
    pub failures: u64,
    /// Whether each machine has a shard of the keys of its own.
    pub shared_out: bool,
    /// Which calls the sink refuses.
    pub fence: FenceRule,
    /// The seed of all chance.
    pub seed: u64,
}

impl Scenario {
    /// A scenario of chance: 2 to 8 machines and 1 to 200 keys.
    pub fn of_chance(seed: u64) -> Self {
        let mut chance = Chance::new(seed);
        let mut draw = |from: u64, to: u64| from + chance.bits() % (to - from);
        let time = Duration::from_secs(draw(10, 900));
        let keys = match draw(0, 100) {
            0 => draw(50, 201),
            1..10 => draw(10, 50),
            _ => draw(1, 6),
        };
        Self {
            machines: draw(2, 9).try_into().unwrap(),
            keys: keys.try_into().unwrap(),
            trouble: match draw(0, 3) {
                0 => Trouble::Kill,
                1 => Trouble::Sleep(time),
                _ => Trouble::Cut(time),
            },
            // A machine has some 30 moments for each of its keys.
            moment: draw(1, 60 + 20 * keys),
            all: draw(0, 2) == 0,
            loss: draw(0, 60),
            failures: draw(0, 60),
            shared_out: draw(0, 2) == 0,
            times: draw(1, if keys < 10 { 4 } else { 2 }).try_into().unwrap(),
            fence: FenceRule::Rotation,
            seed,
        }
    }
}

/// The services' secrets, as a machine reaches them.
struct Sink {
    world: World,
    machine: Machine,
    failures: u64,
}

#[async_trait]
impl SecretSink for Sink {
    async fn check(&mut self, key: &Delivery) -> Result<(), BoxError> {
        self.machine.moment().await;
        let passes = self.world.lock().passes_fence(key);
        if passes { Ok(()) } else { Err("another machine is ahead".into()) }
    }

    async fn put(&mut self, secret: &Secret, key: &Delivery) -> Result<(), PutError> {
        self.machine.moment().await;
        sleep(self.machine.time(5, 60)).await;
        if self.machine.is_cut() || self.machine.happens(self.failures) {
            return Err(PutError::NotStored("the sink refused the secret".into()));
        }
        if !self.world.lock().store(secret.reveal(), key) {
            return Err(PutError::NotStored("another machine is ahead".into()));
        }
        sleep(self.machine.time(5, 60)).await;
        self.machine.moment().await;
        if self.machine.is_cut() || self.machine.happens(self.failures) {
            return Err(PutError::Unknown("the sink's response was lost".into()));
        }
        Ok(())
    }

    async fn was_put(&mut self, key: &Delivery) -> Result<Option<bool>, BoxError> {
        self.machine.moment().await;
        sleep(self.machine.time(5, 60)).await;
        if self.machine.is_cut() || self.machine.happens(self.failures) {
            return Err("the sink cannot be reached".into());
        }
        let mut world = self.world.lock();
        if !world.passes_fence(key) {
            return Err("another machine is ahead".into());
        }
        Ok(Some(world.sink.get(&key.name).is_some_and(|secret| key.is_secret(secret))))
    }
}

/// Plays a story to its end.
pub fn play(scenario: &Scenario) -> Tally {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_time().start_paused(true).build().unwrap().block_on(async {
        let world = World::new(scenario.keys, scenario.fence);
        let objects = Arc::new(InMemory::new());
        let mut machines = JoinSet::new();
        for index in 0..scenario.machines {
            machines.spawn(live(world.clone(), Arc::clone(&objects), *scenario, index));
        }
        while let Some(ended) = machines.join_next().await {
            ended.unwrap();
        }
        // Whatever is still on its way arrives.
        sleep(Duration::from_secs(600)).await;
        let mut world = world.lock();
        world.judge(scenario.times);
        world.tally.clone()
    })
}

/// A machine that makes passes until nothing is open. If it is killed, it starts again.
async fn live(world: World, objects: Arc<InMemory>, scenario: Scenario, index: u32) {
    let mut chance = Chance::new(scenario.seed ^ (u64::from(index) << 32));
    let skew = Duration::from_secs(chance.bits() % 600);
    let shards = if scenario.shared_out { scenario.machines } else { 1 };
    let shard = Shard::new(index % shards, shards).unwrap();
    let keys = u64::try_from(scenario.keys).unwrap();
    for life in 0.. {
        if world.lock().now() > DAY {
            break;
        }
        let moment = match (index, life) {
            (0, 0) => Some(scenario.moment).filter(|moment| *moment > 0),
            _ if scenario.all && life < 3 => Some(1 + chance.bits() % (60 + 20 * keys)),
            _ => None,
        };
        let machine = Machine::new(Chance::new(chance.bits()), scenario.trouble, moment);
        let owner = format!("machine {index}, life {life}");
        let passes = passes(&world, &objects, scenario, &machine, owner, skew, shard);
        let ended = machine.run(passes).await;
        world.lock().tally.troubles += u64::from(machine.lock().was_troubled);
        if ended.is_some() {
            break;
        }
        sleep(Duration::from_secs(30)).await;
    }
}

async fn passes(
    world: &World,
    objects: &Arc<InMemory>,
    scenario: Scenario,
    machine: &Machine,
    owner: String,
    skew: Duration,
    shard: Shard,
) {
    let network = Network {
        world: world.clone(),
        machine: machine.clone(),
        owner: owner.clone(),
        skew,
        loss: scenario.loss,
    };
    let objects = Objects {
        inner: Arc::clone(objects),
        world: world.clone(),
        machine: machine.clone(),
        failures: scenario.failures,
    };
    let store = Store::new(Arc::new(objects), "fleet");
    let sink = {
        let (world, machine) = (world.clone(), machine.clone());
        move |_: &str, _: &KeyHash| -> Result<Box<dyn SecretSink>, BoxError> {
            let (world, machine) = (world.clone(), machine.clone());
            Ok(Box::new(Sink { world, machine, failures: scenario.failures }))
        }
    };
    let key = ApiKey::new("sk-or-v1-management").unwrap();
    let fleet = Fleet::new(network, key, Config::new(), store, sink).unwrap().owner(owner);
    while world.lock().now() < DAY {
        let keys = world.lock().wanted(scenario.times);
        let work = Work::keys(keys).into_sink("services").shard(shard);
        let work = work.settings(|rotation| {
            (rotation.grace_ms, rotation.quiet_ms, rotation.watch_ms) = (30_000, 0, 10_000);
        });
        if let Ok(report) = fleet.run(work).await {
            note(world, &report);
            if !report.is_open() && world.lock().wanted(scenario.times).is_empty() {
                break;
            }
        }
        sleep(Duration::from_secs(60)).await;
    }
}

/// What a reader of the report knows of keys that nobody has.
fn note(world: &World, report: &Report) {
    let mut world = world.lock();
    for row in &report.rows {
        match &row.outcome {
            Outcome::Done { unconfirmed, .. } => {
                world.reported.extend(unconfirmed.iter().cloned());
            }
            Outcome::Failed(error) => {
                let left = error.may_have_created();
                let names = left.iter().flat_map(|left| left.names()).map(str::to_owned);
                world.reported.extend(names.collect::<Vec<_>>());
            }
            _ => {}
        }
    }
}
