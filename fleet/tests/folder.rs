//! Machines that share a folder and rotate the keys of an emulator over real HTTP.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use openrouter_keys_core::error::BoxError;
use openrouter_keys_core::types::Secret;
use openrouter_keys_core::workflow::{
    Delivery, PutError, Rotation, RotationEntry, RotationStep, RotationStore, SecretSink,
};
use openrouter_keys_core::{ApiKey, BaseUrl, Config, KeyHash};
use openrouter_keys_emulator::Emulator;
use openrouter_keys_fleet::{Fleet, Outcome, Report, Rule, Share, Sinks, Store, Work};
use openrouter_keys_native::NativeTransport;

/// Secrets by the keys' names.
#[derive(Clone, Default)]
struct Memory(Arc<Mutex<BTreeMap<String, String>>>);

#[async_trait]
impl SecretSink for Memory {
    async fn put(&mut self, secret: &Secret, key: &Delivery) -> Result<(), PutError> {
        self.0.lock().unwrap().insert(key.name.clone(), secret.reveal().to_owned());
        Ok(())
    }

    async fn was_put(&mut self, key: &Delivery) -> Result<Option<bool>, BoxError> {
        let secrets = self.0.lock().unwrap();
        Ok(Some(secrets.get(&key.name).is_some_and(|secret| key.is_secret(secret))))
    }
}

impl Sinks for Memory {
    fn open(&self, sink: &str, _: &KeyHash) -> Result<Box<dyn SecretSink>, BoxError> {
        assert_eq!(sink, "memory");
        Ok(Box::new(self.clone()))
    }
}

fn fleet(emulator: &Emulator, store: &Store, sinks: &Memory) -> Fleet {
    let config = Config::new().base_url(BaseUrl::new(emulator.base_url()).unwrap());
    let key = ApiKey::new(emulator.management_key()).unwrap();
    let transport = NativeTransport::new().unwrap();
    Fleet::new(transport, key, config, store.clone(), sinks.clone()).unwrap()
}

/// Without pauses.
fn at_once(rotation: &mut Rotation) {
    (rotation.grace_ms, rotation.quiet_ms, rotation.watch_ms) = (0, 0, 0);
}

fn done(report: &Report) -> usize {
    report.rows.iter().filter(|row| matches!(row.outcome, Outcome::Done { .. })).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn four_machines_rotate_every_key_once() {
    let seeds = tempfile::NamedTempFile::new().unwrap();
    let seed =
        |number| format!(r#"{{"name":"customer {number}","created_at":"2025-01-01T00:00:00Z"}}"#);
    let keys: Vec<String> = (0..20).map(seed).collect();
    std::fs::write(seeds.path(), format!(r#"{{"keys":[{}]}}"#, keys.join(","))).unwrap();
    let emulator = Emulator::builder().seed_file(seeds.path()).start().unwrap();
    let old: BTreeMap<String, String> =
        emulator.keys().into_iter().map(|key| (key.name, key.hash)).collect();
    let folder = tempfile::tempdir().unwrap();
    let (store, sinks) = (Store::folder(folder.path()).unwrap(), Memory::default());
    let mut machines = Vec::new();
    for index in 0..4 {
        let fleet = fleet(&emulator, &store, &sinks).patience(Duration::ZERO);
        let share = Share::new(index, 4).unwrap();
        let work = Work::matching(Rule::older_than(Duration::from_secs(3600)))
            .into_sink("memory")
            .settings(at_once)
            .share(share);
        machines.push(tokio::spawn(async move { fleet.run(work).await.unwrap() }));
    }
    let mut rotated = 0;
    for machine in machines {
        let report = machine.await.unwrap();
        assert!(!report.is_open(), "{report:?}");
        rotated += done(&report);
    }
    assert_eq!(rotated, 20);
    let secrets = sinks.0.lock().unwrap().clone();
    assert_eq!(secrets.len(), 20);
    let keys = emulator.keys();
    assert_eq!(keys.len(), 20);
    for key in keys {
        assert_ne!(old.get(&key.name), Some(&key.hash));
        assert!(secrets.contains_key(&key.name), "{}", key.name);
    }
    // Each log is an audit trail without secrets.
    for (hash, is_done) in store.list().await.unwrap() {
        assert!(is_done);
        let entries = store.log(&hash).entries().await.unwrap();
        assert_eq!(entries.last().unwrap().rotation.step, RotationStep::Done);
        let text = serde_json::to_string(&entries).unwrap();
        assert!(!secrets.values().any(|secret| text.contains(secret.as_str())), "{text}");
    }
}

#[tokio::test]
async fn of_two_entries_with_one_number_the_first_stays() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::folder(folder.path()).unwrap();
    let old = KeyHash::new("0e6f44a4").unwrap();
    let mut log = store.log(&old);
    assert_eq!(log.load().await.unwrap(), None);
    let first = RotationEntry::before(Rotation::new(old.clone()), "memory").released();
    assert!(log.append(&first).await.unwrap());
    let mut second = first.clone();
    "another machine".clone_into(&mut second.owner);
    assert!(!log.append(&second).await.unwrap());
    assert_eq!(log.load().await.unwrap(), Some(first));
}

#[tokio::test]
async fn a_damaged_log_is_refused_and_nothing_is_changed() {
    let emulator = Emulator::builder().keys(1).start().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (store, sinks) = (Store::folder(folder.path()).unwrap(), Memory::default());
    let hash = emulator.keys().first().unwrap().hash.clone();
    let log = folder.path().join("rotations").join(&hash);
    std::fs::create_dir_all(&log).unwrap();
    std::fs::write(log.join("0000000001.json"), "{\"sequence\":1,").unwrap();
    let report = fleet(&emulator, &store, &sinks).run(Work::open()).await.unwrap();
    let outcome = report.rows.first().unwrap().outcome.to_string();
    assert!(outcome.contains("is not an entry of a rotation's log"), "{outcome}");
    assert_eq!(emulator.requests().len(), 0);
}

#[tokio::test]
async fn a_rotation_that_another_machine_has_is_left_to_it() {
    let emulator = Emulator::builder().keys(1).start().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (store, sinks) = (Store::folder(folder.path()).unwrap(), Memory::default());
    let old = KeyHash::new(&emulator.keys().first().unwrap().hash).unwrap();
    let mut entry = RotationEntry::before(Rotation::new(old.clone()), "memory").released();
    "another machine".clone_into(&mut entry.owner);
    entry.lease_ms = 180_000;
    assert!(store.log(&old).append(&entry).await.unwrap());
    let fleet = fleet(&emulator, &store, &sinks).patience(Duration::ZERO);
    let report = fleet.run(Work::open()).await.unwrap();
    let outcome = &report.rows.first().unwrap().outcome;
    assert!(matches!(outcome, Outcome::Busy { owner } if owner == "another machine"), "{outcome}");
    assert_eq!(emulator.requests().len(), 0);
}
