//! Stores on servers that speak the protocols of the clouds: processes that race for the numbers
//! of a log.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use futures_util::future::join_all;
use openrouter_keys_core::KeyHash;
use openrouter_keys_core::workflow::{Rotation, RotationEntry, RotationStore as _};
use openrouter_keys_fleet::{Log, Store};
use openrouter_keys_native::NativeTransport;
use reqwest::Client;

use crate::gate::{Gate, Then};
use crate::servers::{Server, moto};

const PROCESSES: usize = 3;
/// How many entries each process tries to append with the same number at the same time.
const AT_ONCE: usize = 4;
const NUMBERS: u64 = 40;
const URL: &str = "TEST_STORE";
const WINS: &str = "TEST_WINS";

fn log(store: &Store) -> Log {
    store.log(&KeyHash::new("0e6f44a4").unwrap())
}

/// A process that runs this test with these variables.
fn process(test: &str, url: &str, variables: &[(&str, &str)]) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args([test, "--exact", "--include-ignored", "--nocapture"]);
    command.envs(variables.iter().copied()).env(URL, url);
    // Not its count of tests; a panic is on standard error.
    command.stdout(Stdio::null());
    command
}

/// Runs processes with these variables against the store; each number must have one winner.
fn race(url: &str, variables: &[(&str, &str)]) {
    let folder = tempfile::tempdir().unwrap();
    let mut machines = Vec::new();
    for number in 0..PROCESSES {
        let wins = folder.path().join(number.to_string());
        let mut command = process("stores::machine", url, variables);
        command.env(WINS, &wins);
        machines.push((command.spawn().unwrap(), wins));
    }
    let mut winners = BTreeMap::new();
    for (mut machine, wins) in machines {
        assert!(machine.wait().unwrap().success());
        for line in std::fs::read_to_string(wins).unwrap().lines() {
            let (number, owner) = line.split_once(' ').unwrap();
            let before = winners.insert(number.parse::<u64>().unwrap(), owner.to_owned());
            assert_eq!(before, None, "two entries with the number {number} were confirmed");
        }
    }
    assert!(winners.keys().copied().eq(1..=NUMBERS), "{winners:?}");
    let owners: std::collections::BTreeSet<_> = winners
        .values()
        .filter_map(|owner| owner.split_once('.'))
        .map(|(process, _)| process)
        .collect();
    assert!(owners.len() > 1, "they did not race: {winners:?}");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a machine of the other tests"]
async fn machine() {
    let (Ok(url), Some(wins)) = (std::env::var(URL), std::env::var_os(WINS)) else { return };
    let store = Store::open(&url).unwrap();
    append_in_competition(&store, Path::new(&wins)).await;
    journal(&store).await;
}

async fn append_in_competition(store: &Store, wins: &Path) {
    let mut lines = Vec::new();
    let first = RotationEntry::before(Rotation::new(KeyHash::new("0e6f44a4").unwrap()), "memory");
    let mut newest = 0;
    while newest < NUMBERS {
        let sequence = newest + 1;
        let appends = (0..AT_ONCE).map(|number| {
            let (mut log, mut entry) = (log(store), first.clone());
            entry.sequence = sequence;
            entry.owner = format!("{}.{number}", std::process::id());
            async move { log.append(&entry).await.unwrap().then_some(entry) }
        });
        let won: Vec<_> = join_all(appends).await.into_iter().flatten().collect();
        let now = log(store).load().await.unwrap().expect("a listing shows a write at once");
        assert!(now.sequence >= sequence, "the listing lacks {sequence}");
        for entry in won {
            assert!(now.sequence > sequence || now == entry);
            lines.push(format!("{sequence} {}", entry.owner));
        }
        newest = now.sequence;
    }
    std::fs::write(wins, lines.join("\n")).unwrap();
}

/// Each process has a journal of its own, and continues it.
async fn journal(store: &Store) {
    let name = format!("machine {}", std::process::id());
    let clock = Arc::new(NativeTransport::new().unwrap());
    for run in 0..2_usize {
        let (journal, events) = store.journal(&name).open(clock.clone()).await.unwrap();
        assert_eq!(events.len(), run * 20);
        let appends = (0..20).map(|number| journal.append(&[format!("{number}")]));
        assert!(join_all(appends).await.into_iter().all(|appended| appended.is_ok()));
        journal.close().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs moto; run by the step services"]
async fn one_process_wins_each_number_on_s3_as_moto_has_it() {
    let server = bucket().await;
    race("s3://logs/team a", &variables(&server.address));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs moto; run by the step services"]
async fn a_write_whose_response_is_lost_is_recognised() {
    let server = bucket().await;
    let gate = Gate::before(&server.address, "PUT /logs/", Then::LosesResponse).await;
    let test = "stores::machine_whose_responses_are_lost";
    let mut machine = process(test, "s3://logs/lost", &variables(&gate.address)).spawn().unwrap();
    let ended = tokio::task::spawn_blocking(move || machine.wait().unwrap().success());
    assert!(ended.await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a machine of the other tests"]
async fn machine_whose_responses_are_lost() {
    let Ok(url) = std::env::var(URL) else { return };
    let store = Store::open(&url).unwrap();
    journal(&store).await;
    let mut log = log(&store);
    let mut entry =
        RotationEntry::before(Rotation::new(KeyHash::new("0e6f44a4").unwrap()), "memory");
    entry.sequence = 1;
    let appended = log.append(&entry).await;
    assert!(appended.is_err() || appended.is_ok_and(|appended| appended));
    // By which a rotation recognises it.
    assert_eq!(log.load().await.unwrap(), Some(entry));
}

/// moto's S3 with the bucket `logs`.
async fn bucket() -> Server {
    let server = moto();
    let signature = "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0";
    let bucket = Client::new().put(format!("{}/logs", server.address));
    let created = bucket.header("authorization", signature).send().await.unwrap();
    assert!(created.status().is_success(), "{created:?}");
    server
}

fn variables(address: &str) -> [(&str, &str); 5] {
    [
        ("AWS_ENDPOINT", address),
        ("AWS_ALLOW_HTTP", "true"),
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "test-secret"),
        ("AWS_REGION", "us-east-1"),
    ]
}

#[test]
#[ignore = "slow; run by the step services"]
fn one_process_wins_each_number_in_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    race(folder.path().to_str().unwrap(), &[]);
}

/// Any other store: `OPENROUTER_KEYS_TEST_STORE=s3://bucket/new-prefix`, and what its client needs.
#[test]
#[ignore = "needs a store that the environment names"]
fn one_process_wins_each_number_on_the_store_of_the_environment() {
    if let Ok(url) = std::env::var("OPENROUTER_KEYS_TEST_STORE") {
        race(&url, &[]);
    }
}
