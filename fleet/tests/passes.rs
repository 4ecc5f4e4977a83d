//! Passes that stop, wait and sweep: one machine, an emulator over real HTTP and a folder.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use openrouter_keys_core::error::BoxError;
use openrouter_keys_core::types::Secret;
use openrouter_keys_core::workflow::{
    Delivery, PutError, Rotation, RotationEntry, RotationStep, RotationStore as _, SecretSink,
};
use openrouter_keys_core::{ApiKey, BaseUrl, Config, KeyHash, Timestamp};
use openrouter_keys_emulator::Emulator;
use openrouter_keys_fleet::{Account, Event, Fleet, Outcome, Report, Rule, Sinks, Store, Work};
use openrouter_keys_native::NativeTransport;
use tempfile::TempDir;
use tokio::sync::oneshot;

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
    fn open(&self, _: &str, _: &KeyHash) -> Result<Box<dyn SecretSink>, BoxError> {
        Ok(Box::new(self.clone()))
    }
}

struct Place {
    emulator: Emulator,
    folder: TempDir,
    store: Store,
    sinks: Memory,
}

impl Place {
    fn with_keys(count: usize) -> Self {
        let emulator = Emulator::builder().keys(count).start().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let store = Store::folder(folder.path()).unwrap();
        Self { emulator, folder, store, sinks: Memory::default() }
    }

    fn fleet(&self) -> Fleet {
        let config = Config::new().base_url(BaseUrl::new(self.emulator.base_url()).unwrap());
        let key = ApiKey::new(self.emulator.management_key()).unwrap();
        let transport = NativeTransport::new().unwrap();
        let fleet =
            Fleet::new(transport, key, config, self.store.clone(), self.sinks.clone()).unwrap();
        // Another machine's lease is never waited for.
        fleet.patience(Duration::ZERO)
    }

    fn hashes(&self) -> Vec<KeyHash> {
        self.emulator.keys().iter().map(|key| KeyHash::new(&key.hash).unwrap()).collect()
    }

    fn creates(&self) -> usize {
        self.emulator.requests().iter().filter(|request| request.method == "POST").count()
    }
}

fn outcomes(report: &Report) -> Vec<String> {
    let name = |outcome: &Outcome| match outcome {
        Outcome::Done { .. } => "done".to_owned(),
        Outcome::Waiting { .. } => "waiting".to_owned(),
        Outcome::Stopped => "stopped".to_owned(),
        Outcome::Gone => "gone".to_owned(),
        other => other.to_string(),
    };
    report.rows.iter().map(|row| name(&row.outcome)).collect()
}

fn pauses(grace: Duration) -> impl Fn(&mut Rotation) + Send + Sync {
    move |rotation| {
        rotation.grace_ms = u64::try_from(grace.as_millis()).unwrap();
        (rotation.quiet_ms, rotation.watch_ms) = (0, 0);
    }
}

const HOUR: Duration = Duration::from_secs(3600);

#[tokio::test]
async fn a_stopped_pass_gives_its_rotations_up_so_that_any_machine_continues_them_at_once() {
    let place = Place::with_keys(2);
    let (stop, stopped) = oneshot::channel::<()>();
    let stop = Mutex::new((Some(stop), 0));
    // Both rotations are in their grace period.
    let observe = move |event: Event<'_>| {
        if let Event::Saved(entry) = event
            && entry.rotation.step == RotationStep::HandedOver
        {
            let mut stop = stop.lock().unwrap();
            stop.1 += 1;
            if stop.1 == 2 {
                stop.0.take().unwrap().send(()).unwrap();
            }
        }
    };
    let work = Work::keys(place.hashes()).settings(pauses(HOUR)).observe(observe);
    let work = work.stop_on(async move { drop(stopped.await) });
    let report = place.fleet().run(work).await.unwrap();
    assert_eq!(outcomes(&report), ["stopped", "stopped"]);
    assert!(report.is_open());
    for row in &report.rows {
        let newest = place.store.log(&row.old).load().await.unwrap().unwrap();
        assert_eq!((newest.owner.as_str(), newest.rotation.step), ("", RotationStep::HandedOver));
        assert!(row.name.as_deref().is_some_and(|name| name.starts_with("key ")), "{row:?}");
    }
    // Nothing was created twice, and the other machine waits for nobody.
    let report = place.fleet().longest_pause(Duration::ZERO).run(Work::open()).await.unwrap();
    assert_eq!(outcomes(&report), ["waiting", "waiting"]);
    assert_eq!(place.creates(), 2);
}

#[tokio::test]
async fn a_pass_that_is_stopped_begins_nothing_more() {
    let place = Place::with_keys(5);
    let (stop, stopped) = oneshot::channel::<()>();
    let stop = Mutex::new(Some(stop));
    let observe = move |event: Event<'_>| {
        if let Event::Ended(_) = event
            && let Some(stop) = stop.lock().unwrap().take()
        {
            stop.send(()).unwrap();
        }
    };
    let work = Work::keys(place.hashes()).settings(pauses(Duration::ZERO)).observe(observe);
    let work = work.stop_on(async move { drop(stopped.await) });
    let report = place.fleet().in_flight(1).run(work).await.unwrap();
    let outcomes = outcomes(&report);
    assert_eq!(outcomes.iter().filter(|outcome| *outcome == "done").count(), 1, "{outcomes:?}");
    assert_eq!(outcomes.iter().filter(|outcome| *outcome == "stopped").count(), 4);
    assert_eq!((place.creates(), place.store.list().await.unwrap().len()), (1, 1));
}

#[tokio::test]
async fn a_rotation_in_a_long_pause_is_given_up_and_continued_when_the_pause_is_over() {
    let place = Place::with_keys(1);
    let fleet = || place.fleet().longest_pause(Duration::from_secs(60));
    let work = Work::keys(place.hashes()).settings(pauses(HOUR));
    let report = fleet().run(work).await.unwrap();
    assert_eq!(outcomes(&report), ["waiting"]);
    let old = report.rows.first().unwrap().old.clone();
    assert_eq!(outcomes(&fleet().run(Work::open()).await.unwrap()), ["waiting"]);
    // As if the hand-over had been an hour ago.
    let mut log = place.store.log(&old);
    let mut newest = log.load().await.unwrap().unwrap().released();
    newest.rotation.since = newest.rotation.since.map(|since| since - 3600);
    assert!(log.append(&newest).await.unwrap());
    assert_eq!(outcomes(&fleet().run(Work::open()).await.unwrap()), ["done"]);
    assert_eq!((place.creates(), place.emulator.keys().len()), (1, 1));
}

fn account(owner: &str) -> Account {
    Account { server: "http://127.0.0.1/api/v1".to_owned(), owner: owner.to_owned() }
}

#[tokio::test]
async fn a_store_of_another_account_is_refused_and_nothing_is_changed() {
    let place = Place::with_keys(1);
    let run = async |owner: &str, work: Work| place.fleet().account(account(owner)).run(work).await;
    run("org_one", Work::open()).await.unwrap();
    let begun = place.emulator.requests().len();
    let work = || Work::keys(place.hashes()).settings(pauses(Duration::ZERO));
    let refused = run("org_two", work()).await.unwrap_err().to_string();
    assert!(refused.contains("org_one at http://127.0.0.1/api/v1"), "{refused}");
    let plan = place.fleet().account(account("org_two")).plan(&work()).await;
    assert!(plan.is_err());
    assert_eq!(place.emulator.requests().len(), begun);
    assert!(place.store.list().await.unwrap().is_empty());
    assert_eq!(outcomes(&run("org_one", work()).await.unwrap()), ["done"]);
}

#[tokio::test]
async fn a_key_that_is_gone_from_the_right_account_is_not_looked_for_again() {
    let place = Place::with_keys(0);
    let work = Work::keys([KeyHash::new("0e6f44a4").unwrap()]);
    let fleet = place.fleet().account(account("org_one"));
    assert_eq!(outcomes(&fleet.run(work).await.unwrap()), ["gone"]);
    assert!(fleet.run(Work::open()).await.unwrap().rows.is_empty());
}

/// A log whose rotation was done so many seconds ago, and may have created this key.
async fn done_log(place: &Place, old: &str, late: &str, seconds: i64) {
    let now = Timestamp::try_from(std::time::SystemTime::now()).unwrap().unix_seconds();
    let mut rotation = Rotation::new(KeyHash::new(old).unwrap());
    rotation.step = RotationStep::Done;
    rotation.new = Some(KeyHash::new("0c5e7a1b").unwrap());
    rotation.unconfirmed = vec![late.to_owned()];
    rotation.since = Some(now - seconds);
    let entry = RotationEntry::before(rotation, "memory").released();
    assert!(place.store.log(&entry.rotation.old).append(&entry).await.unwrap());
}

#[tokio::test]
async fn a_key_that_appears_after_its_rotation_was_done_is_deleted_for_24_hours() {
    const LATE: &str = "ada #0123456789abcdef0123456789abcdef";
    let place = Place::with_keys(1);
    done_log(&place, "0e6f44a4", LATE, 60).await;
    let report = place.fleet().run(Work::open()).await.unwrap();
    assert_eq!(outcomes(&report), ["done"]);
    // Nothing has appeared yet.
    assert!(place.fleet().run(Work::open()).await.unwrap().swept.is_empty());
    let create = openrouter_keys_core::Create::new(LATE, openrouter_keys_core::Limit::usd(1.0));
    let config = Config::new().base_url(BaseUrl::new(place.emulator.base_url()).unwrap());
    let key = ApiKey::new(place.emulator.management_key()).unwrap();
    let transport = NativeTransport::new().unwrap();
    let client = openrouter_keys_core::Client::with_config(transport, key, config).unwrap();
    client.create(create).await.unwrap();
    let report = place.fleet().run(Work::open()).await.unwrap();
    assert_eq!((report.swept.as_slice(), report.rows.len()), ([LATE.to_owned()].as_slice(), 0));
    assert!(place.emulator.keys().iter().all(|key| key.name != LATE));
    // After a day, nothing is listed for it any more.
    done_log(&place, "1e6f44a4", LATE, 90_000).await;
    std::fs::remove_dir_all(place.folder.path().join("rotations/0e6f44a4")).unwrap();
    let is_late = || place.folder.path().join("rotations/1e6f44a4/late").exists();
    for expected in [true, false] {
        place.fleet().run(Work::open()).await.unwrap();
        assert_eq!(is_late(), expected);
    }
    let begun = place.emulator.requests().len();
    place.fleet().run(Work::open()).await.unwrap();
    assert_eq!(place.emulator.requests().len(), begun);
}

#[tokio::test]
async fn a_time_limit_ends_a_pass_whose_rotations_pause_for_longer() {
    let place = Place::with_keys(1);
    let work = Work::keys(place.hashes()).settings(pauses(HOUR));
    match place.fleet().run(work.time_limit(Duration::from_millis(300))).await {
        Ok(report) => assert_eq!(outcomes(&report), ["stopped"]),
        Err(error) => assert!(error.to_string().contains("stopped before it began"), "{error}"),
    }
}

#[tokio::test]
async fn the_status_needs_no_request_and_a_damaged_log_hides_no_other() {
    let place = Place::with_keys(2);
    let fleet = place.fleet().longest_pause(Duration::ZERO);
    fleet.run(Work::keys(place.hashes()).settings(pauses(HOUR))).await.unwrap();
    let rotations = place.folder.path().join("rotations");
    for (folder, content) in [("00c0ffee", "{"), ("lost+found", ""), ("..x", "")] {
        std::fs::create_dir_all(rotations.join(folder)).unwrap();
        std::fs::write(rotations.join(folder).join("0000000001.json"), content).unwrap();
    }
    let begun = place.emulator.requests().len();
    let logs = place.store.status(false).await.unwrap();
    let shown = |log: &openrouter_keys_fleet::LogStatus| match &log.newest {
        Ok(entry) => entry.rotation.step.as_str().to_owned(),
        Err(error) => error.to_string(),
    };
    let damaged = logs.iter().find(|log| log.old.as_str() == "00c0ffee").unwrap();
    assert!(shown(damaged).contains("is not an entry"), "{damaged:?}");
    let readable = logs.iter().filter(|log| shown(log) == "handed_over" && log.written.is_some());
    assert_eq!(readable.count(), 2, "{logs:?}");
    assert_eq!(place.emulator.requests().len(), begun);
    // The others are continued.
    let report = fleet.run(Work::open()).await.unwrap();
    let waiting = outcomes(&report).iter().filter(|outcome| *outcome == "waiting").count();
    assert_eq!(waiting, 2, "{report:?}");
}

#[tokio::test]
async fn keys_created_before_a_moment_are_rotated_once_and_only_those_that_pass_the_filter() {
    let place = Place::with_keys(3);
    let created = place.emulator.keys().iter().map(|key| key.created_at.clone()).max().unwrap();
    let moment: Timestamp = created.parse().unwrap();
    let moment = Timestamp::from_unix(moment.unix_seconds() + 1, 0).unwrap();
    let last = |key: &openrouter_keys_core::Key| key.name.as_deref() != Some("key 002");
    let rule = || Rule::created_before(moment.clone()).only(last);
    let work = || Work::matching(rule()).settings(pauses(Duration::ZERO));
    let planned = place.fleet().plan(&work()).await.unwrap();
    assert!(planned.iter().all(|job| !job.is_open && job.name.is_some()), "{planned:?}");
    assert_eq!((planned.len(), place.creates()), (2, 0));
    let before = Rule::created_before("2020-01-01T00:00:00Z".parse().unwrap());
    assert!(place.fleet().plan(&Work::matching(before)).await.unwrap().is_empty());
    assert_eq!(outcomes(&place.fleet().run(work()).await.unwrap()), ["done", "done"]);
}

#[tokio::test]
async fn other_open_rotations_can_be_left_alone() {
    let place = Place::with_keys(2);
    let fleet = place.fleet().longest_pause(Duration::ZERO);
    let hashes = place.hashes();
    fleet.run(Work::keys(hashes.clone()).settings(pauses(HOUR))).await.unwrap();
    let first = hashes.first().unwrap().clone();
    let report = fleet.run(Work::only_keys([first.clone()])).await.unwrap();
    assert_eq!(report.rows.iter().map(|row| &row.old).collect::<Vec<_>>(), [&first]);
}

#[tokio::test]
async fn a_lease_that_is_not_longer_than_a_call_is_refused() {
    let place = Place::with_keys(1);
    let fleet = place.fleet().lease(Duration::from_secs(30));
    assert!(fleet.run(Work::open()).await.is_err());
    let fleet = place.fleet().lease(Duration::from_secs(30)).timeout(Duration::from_secs(20));
    fleet.run(Work::open()).await.unwrap();
}
