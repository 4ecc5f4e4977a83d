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
use openrouter_keys_fleet::{Fleet, Outcome, Report, Rule, Shard, Sinks, Store, Work};
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
        let shard = Shard::new(index, 4).unwrap();
        let work = Work::matching(Rule::older_than(Duration::from_secs(3600)))
            .into_sink("memory")
            .settings(at_once)
            .shard(shard);
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
    let logs = store.list().await.unwrap();
    assert_eq!(logs.len(), 20);
    for (hash, is_done) in logs {
        assert!(is_done);
        let entries = store.log(&hash).entries().await.unwrap();
        assert_eq!(entries.last().unwrap().rotation.step, RotationStep::Done);
        let text = serde_json::to_string(&entries).unwrap();
        assert!(!secrets.values().any(|secret| text.contains(secret.as_str())), "{text}");
    }
}

#[tokio::test]
async fn a_rotation_sends_ten_requests() {
    let emulator = Emulator::builder().keys(1).start().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (store, sinks) = (Store::folder(folder.path()).unwrap(), Memory::default());
    let old = KeyHash::new(&emulator.keys().first().unwrap().hash).unwrap();
    let work = Work::keys([old.clone()]).into_sink("memory").settings(at_once);
    let report = fleet(&emulator, &store, &sinks).run(work).await.unwrap();
    assert_eq!(done(&report), 1, "{report:?}");
    let new = emulator.keys().first().unwrap().hash.clone();
    let sent = emulator.requests().into_iter().map(|request| {
        let path = request.path_and_query.replace("/api/v1/", "");
        format!("{} {path}", request.method).replace(old.as_str(), "OLD").replace(&new, "NEW")
    });
    let expected = [
        // What the new key needs.
        "GET keys/OLD",
        "POST keys",
        // The new key works.
        "GET key",
        // The old one is not used, and the new one still exists.
        "GET keys/OLD",
        "GET keys/NEW",
        "PATCH keys/OLD",
        // Nobody enabled the old one, and the new one still exists.
        "GET keys/OLD",
        "GET keys/NEW",
        "DELETE keys/OLD",
        // Its own name.
        "PATCH keys/NEW",
    ];
    assert_eq!(sent.collect::<Vec<_>>(), expected);
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
    // As after a lost response, for which the store's client repeats the write.
    assert!(log.append(&first).await.unwrap());
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

#[tokio::test]
async fn a_key_that_is_not_in_this_account_is_left_open_for_the_right_one() {
    let emulator = Emulator::builder().start().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (store, sinks) = (Store::folder(folder.path()).unwrap(), Memory::default());
    let old = KeyHash::new("0e6f44a4").unwrap();
    for _ in 0..2 {
        let work = Work::keys([old.clone()]).into_sink("memory").settings(at_once);
        let report = fleet(&emulator, &store, &sinks).run(work).await.unwrap();
        let outcome = &report.rows.first().unwrap().outcome;
        assert!(matches!(outcome, Outcome::Gone), "{outcome}");
        assert_eq!(store.list().await.unwrap().get(&old), Some(&false));
    }
    assert!(emulator.requests().iter().all(|request| request.method == "GET"));
}

#[tokio::test]
async fn two_passes_of_one_machine_rotate_a_key_once() {
    let emulator = Emulator::builder().keys(3).start().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (store, sinks) = (Store::folder(folder.path()).unwrap(), Memory::default());
    let hashes: Vec<KeyHash> =
        emulator.keys().iter().map(|key| KeyHash::new(&key.hash).unwrap()).collect();
    let fleet = fleet(&emulator, &store, &sinks).patience(Duration::ZERO);
    let work = || {
        let twice = hashes.iter().chain(&hashes).cloned();
        Work::keys(twice).into_sink("memory").settings(at_once)
    };
    let first = fleet.run(work().at_most(1)).await.unwrap();
    assert_eq!((first.rows.len(), done(&first)), (1, 1));
    let (one, other) = tokio::join!(fleet.run(work()), fleet.run(work()));
    // What one of them has, or had, is busy or done for the other.
    for row in one.unwrap().rows.iter().chain(&other.unwrap().rows) {
        assert!(matches!(row.outcome, Outcome::Done { .. } | Outcome::Busy { .. }), "{row:?}");
    }
    let requests = emulator.requests();
    assert_eq!(requests.iter().filter(|request| request.method == "POST").count(), 3);
    assert_eq!((emulator.keys().len(), sinks.0.lock().unwrap().len()), (3, 3));
}

#[tokio::test]
async fn a_rule_selects_by_name_and_workspace_and_no_marked_key() {
    const WORKSPACE: &str = "6f1c0d7e-0000-4000-8000-000000000002";
    let marked = "ada #0123456789abcdef0123456789abcdef";
    let key = |name: &str| {
        format!(
            r#"{{"name":"{name}","created_at":"2025-01-01T00:00:00Z","workspace_id":"{WORKSPACE}"}}"#
        )
    };
    let keys = ["ada", "adam", marked, "bob"].map(key).join(",");
    let seeds = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(seeds.path(), format!(r#"{{"workspaces":["{WORKSPACE}"],"keys":[{keys}]}}"#))
        .unwrap();
    let emulator = Emulator::builder().seed_file(seeds.path()).start().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (store, sinks) = (Store::folder(folder.path()).unwrap(), Memory::default());
    let rule = || Rule::older_than(Duration::from_secs(3600)).name_prefix("ada");
    let run = async |rule| {
        let work = Work::matching(rule).into_sink("memory").settings(at_once);
        fleet(&emulator, &store, &sinks).in_flight(1).run(work).await.unwrap()
    };
    assert!(run(rule()).await.rows.is_empty());
    assert_eq!(done(&run(rule().workspaces([WORKSPACE])).await), 2);
    let names: Vec<String> = sinks.0.lock().unwrap().keys().cloned().collect();
    assert_eq!(names, ["ada", "adam"]);
}

#[test]
fn debug_output_shows_no_store_and_no_key_that_was_given_as_a_name() {
    let store = Store::new(Arc::new(object_store::memory::InMemory::new()), "team");
    let log = store.log(&KeyHash::new("0e6f44a4").unwrap());
    assert_eq!(format!("{store:?}"), r#"Store(Path { raw: "team" })"#);
    assert!(!format!("{log:?}").contains("InMemory"));
    let secret = format!("sk-or-v1-{}", "5eed".repeat(16));
    let new = KeyHash::new("0e6f44a4").unwrap();
    let outcome = Outcome::Done { new, unconfirmed: vec![secret.clone()] };
    assert!(!format!("{outcome:?}").contains(&secret), "{outcome:?}");
}
