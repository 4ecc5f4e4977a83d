//! `fleet` and `rotate --store` over HTTP, on a folder that several processes share.

#![cfg(test)]

mod support;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::{Child, Stdio};

use openrouter_keys_emulator::Clock;
use serde_json::Value;
use support::{Ran, Server, assert_snapshot, program};

const TIMES: [&str; 6] = ["--grace", "0s", "--unused", "0s", "--watch", "0s"];
const SINK: [&str; 2] = ["--secret-to", "file:keys/{name}"];
const STORE: [&str; 2] = ["--store", "rotations"];
const DUE: [&str; 2] = ["--older-than", "30d"];

/// A server whose first keys are old, and one new key.
fn server(old: usize) -> Server {
    let old = (0..old)
        .map(|number| format!(r#"{{"name":"old {number}","created_at":"2025-01-01T00:00:00Z"}}"#));
    let keys: Vec<String> = old.chain([r#"{"name":"new"}"#.to_owned()]).collect();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), format!(r#"{{"keys":[{}]}}"#, keys.join(","))).unwrap();
    let server = Server::with(|builder| builder.seed_file(file.path()).clock(Clock::system()));
    std::fs::create_dir(server.path("keys")).unwrap();
    server
}

fn pass<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&["fleet", "run"][..], &STORE, &SINK, &DUE, more].concat()
}

fn json(ran: &Ran) -> Vec<Value> {
    serde_json::from_str(&ran.stdout).unwrap()
}

fn creates(server: &Server) -> usize {
    server.requests().iter().filter(|request| request.starts_with("POST")).count()
}

fn changes(server: &Server) -> usize {
    server.requests().iter().filter(|request| !request.starts_with("GET")).count()
}

/// Whether the secret in the file is the only key of that name.
#[track_caller]
fn assert_rotated(server: &Server, name: &str) {
    let secret = std::fs::read_to_string(server.path("keys").join(name)).unwrap();
    let found = server.run_with_input(&["whose", "--json", "hash"], secret.trim()).expect(0);
    let found: Value = serde_json::from_str(&found.stdout).unwrap();
    assert_eq!(server.hashes_of(name), [found["hash"].as_str().unwrap()]);
}

fn spawned(server: &Server, arguments: &[&str]) -> Child {
    let mut command = server.command(arguments);
    let command = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().unwrap()
}

/// The steps of the open rotations.
fn steps(server: &Server) -> Vec<String> {
    let status = [&["fleet", "status", "--json", "step"][..], &STORE].concat();
    let status = json(&server.run(&status).expect(0));
    status.iter().map(|row| row["step"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_pass_rotates_the_keys_that_are_due_and_the_next_one_none() {
    let server = server(3);
    let ran = server.run(&[&pass(&TIMES)[..], &["--json"]].concat()).expect(0);
    let rows = json(&ran);
    assert_eq!(rows.len(), 3, "{}", ran.shown());
    for (number, row) in rows.iter().enumerate() {
        assert_eq!(row["result"], "done");
        assert!(row["stored_in"].as_str().unwrap().starts_with("file:/"), "{row}");
        assert_rotated(&server, &format!("old {number}"));
    }
    assert_eq!(creates(&server), 3);
    let ran = server.run(&pass(&TIMES)).expect(0);
    assert_eq!((ran.stdout.as_str(), creates(&server)), ("", 3));
    // The store says so without a management key.
    let status = [&["fleet", "status", "--all"][..], &STORE].concat();
    let ran = server.ran(&mut program(server.home(), &status)).expect(0);
    assert_eq!(ran.lines().len(), 3);
    assert!(ran.lines().iter().all(|line| line.contains("\tdone\t")), "{}", ran.shown());
    let log = [&["fleet", "log", "old 1", "--json"][..], &STORE].concat();
    let entries = json(&server.ran(&mut program(server.home(), &log)).expect(0));
    let numbers: Vec<u64> = entries.iter().map(|row| row["entry"].as_u64().unwrap()).collect();
    assert!(numbers.iter().copied().eq((1..).take(numbers.len())), "{numbers:?}");
    assert_eq!(entries.last().unwrap()["step"], "done");
}

#[test]
fn what_is_missing_or_wrong_is_said_before_anything_is_sent() {
    let server = server(1);
    let without_age = [&["fleet", "run"][..], &STORE, &SINK].concat();
    assert_snapshot("fleet-run-without-age", &server.run(&without_age).expect(2));
    assert_snapshot(
        "fleet-run-without-store",
        &server.run(&[&["fleet", "run"][..], &SINK, &DUE].concat()).expect(2),
    );
    let sinks = ["file:all.key", "vault:", "ftp:{name}", "keyring:all"];
    for sink in sinks {
        let wrong = [&["fleet", "run", "--secret-to", sink][..], &STORE, &DUE].concat();
        server.run(&wrong).expect(2);
    }
    for wrong in [
        &["--shard", "0/4"][..],
        &["--shard", "5/4"],
        &["--lease", "30s"],
        &["--timeout", "5m"],
        &["--created-before", "2026-01-01"],
        &["--requests-per-minute", "0"],
        &["--at-once", "0"],
    ] {
        server.run(&pass(wrong)).expect(2);
    }
    let future = [&["fleet", "run", "--created-before", "2999-01-01"][..], &STORE, &SINK].concat();
    server.run(&future).expect(2);
    std::fs::write(server.path("a file"), "").unwrap();
    for command in ["status", "resume"] {
        for store in ["absent", "a file", "ftp://host/x"] {
            server.run(&["fleet", command, "--store", store]).expect(2);
        }
    }
    server.run(&["create", "x", "--no-limit", "--secret-to", "vault:secret/x"]).expect(2);
    assert!(server.requests().is_empty(), "{:?}", server.requests());
}

#[test]
fn a_store_that_does_not_respond_fails_and_nothing_is_changed() {
    let server = server(1);
    let mut command = server.command(&[
        "fleet",
        "run",
        "--store",
        "s3://bucket/x",
        "--secret-to",
        "file:keys/{name}",
        "--older-than",
        "30d",
        "--time-limit",
        "3s",
    ]);
    // Nothing listens on this port.
    command.env("AWS_ENDPOINT", "http://127.0.0.1:1").env("AWS_ALLOW_HTTP", "true");
    command.env("AWS_ACCESS_KEY_ID", "id").env("AWS_SECRET_ACCESS_KEY", "canary");
    let ran = server.ran(&mut command).expect(1);
    assert!(!ran.stderr.contains("canary"), "{}", ran.shown());
    assert!(ran.stderr.contains("nothing was changed"), "{}", ran.shown());
    assert_eq!(changes(&server), 0);
}

#[test]
fn a_wrong_sink_creates_nothing_and_the_next_pass_may_be_given_another() {
    let server = server(1);
    let wrong = [
        &["fleet", "run", "--secret-to", "file:absent/{name}"][..],
        &STORE,
        &DUE,
        &TIMES,
        &["--json"],
    ]
    .concat();
    let ran = server.run(&wrong).expect(1);
    let problem = json(&ran)[0]["problem"].as_str().unwrap().to_owned();
    assert!(problem.contains("does not exist; nothing was created or changed"), "{problem}");
    assert!(!ran.stderr.contains("handler"), "{}", ran.shown());
    // A pass that only continues has no sink of its own.
    server.run(&[&["fleet", "resume"][..], &STORE].concat()).expect(1);
    assert_eq!(changes(&server), 0);
    server.run(&pass(&TIMES)).expect(0);
    assert_rotated(&server, "old 0");
}

#[test]
fn shards_divide_the_keys_and_a_dry_run_changes_nothing() {
    let server = server(8);
    let mut names = BTreeSet::new();
    let mut counts = Vec::new();
    for shard in ["1/2", "2/2"] {
        let plan = ["--shard", shard, "--dry-run", "--json"];
        let rows = json(&server.run(&pass(&plan)).expect(0));
        counts.push(rows.len());
        assert!(rows.iter().all(|row| row["would"] == "begin"), "{rows:?}");
        names.extend(rows.iter().map(|row| row["name"].as_str().unwrap().to_owned()));
    }
    assert_eq!((names.len(), counts.iter().sum::<usize>(), changes(&server)), (8, 8, 0));
    let rotated = server.run(&[&pass(&TIMES)[..], &["--shard", "1/2"]].concat()).expect(0);
    assert_eq!(rotated.lines().len(), counts[0]);
}

#[test]
fn two_processes_at_once_rotate_each_key_once() {
    let server = server(6);
    let arguments = [&pass(&TIMES)[..], &["--patience", "0s", "--at-once", "3"]].concat();
    let both = [spawned(&server, &arguments), spawned(&server, &arguments)];
    for child in both {
        let ended = child.wait_with_output().unwrap();
        // What the other one has is open for this one.
        assert!([Some(0), Some(8)].contains(&ended.status.code()), "{ended:?}");
    }
    server.run(&pass(&TIMES)).expect(0);
    (0..6).for_each(|number| assert_rotated(&server, &format!("old {number}")));
    assert_eq!(creates(&server), 6);
}

#[cfg(unix)]
#[test]
fn a_pass_that_is_terminated_is_continued_at_once_from_another_folder() {
    let server = server(2);
    let times = ["--grace", "1h", "--unused", "0s", "--watch", "0s", "--patience", "2h"];
    let child = spawned(&server, &[&pass(&times)[..], &["--json"]].concat());
    while !server.path("rotations").exists() || steps(&server) != ["handed_over", "handed_over"] {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let id = child.id().to_string();
    assert!(
        std::process::Command::new("kill").args(["-s", "TERM", &id]).status().unwrap().success()
    );
    let ended = child.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(130), "{ended:?}");
    let rows: Vec<Value> = serde_json::from_slice(&ended.stdout).unwrap();
    assert!(rows.iter().all(|row| row["result"] == "stopped"), "{rows:?}");
    let shown = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert!(shown.contains("openrouter-keys fleet resume --store rotations"), "{shown}");
    // An old key that is disabled needs no grace; nobody waits for the lease of the terminated one.
    for row in &rows {
        server.run(&["disable", row["old_hash"].as_str().unwrap()]).expect(0);
    }
    let elsewhere = tempfile::tempdir().unwrap();
    let store = server.path("rotations").display().to_string();
    let resume = ["fleet", "resume", "--store", &store, "--patience", "0s"];
    server.ran(server.command(&resume).current_dir(elsewhere.path())).expect(0);
    (0..2).for_each(|number| assert_rotated(&server, &format!("old {number}")));
    assert_eq!(creates(&server), 2);
}

#[test]
fn a_rotation_in_a_long_pause_is_open_and_passes_do_not_wait_for_it() {
    let server = server(1);
    let ran = server.run(&[&pass(&["--grace", "1h"])[..], &["--json"]].concat()).expect(8);
    let rows = json(&ran);
    assert_eq!((&rows[0]["result"], &rows[0]["step"]), (&"waiting".into(), &"handed_over".into()));
    assert!(rows[0]["waits_until"].as_str().unwrap().ends_with('Z'), "{rows:?}");
    let resume = [&["fleet", "resume"][..], &STORE].concat();
    let ran = server.run(&resume).expect(8);
    assert!(ran.stdout.starts_with("old 0\twaiting\t"), "{}", ran.shown());
    assert_eq!((creates(&server), steps(&server)), (1, vec!["handed_over".to_owned()]));
    let plan = [&resume[..], &["--dry-run", "--json"]].concat();
    assert_eq!(json(&server.run(&plan).expect(0))[0]["would"], "continue");
}

#[test]
fn a_store_of_another_account_is_refused() {
    let (server, other) = (server(1), server(1));
    server.run(&pass(&["--grace", "1h"])).expect(8);
    let store = server.path("rotations").display().to_string();
    for command in [&["fleet", "resume"][..], &["fleet", "resume", "--dry-run"]] {
        let ran = other.run(&[command, &["--store", &store]].concat()).expect(1);
        assert!(ran.stderr.contains("nothing was changed"), "{}", ran.shown());
    }
    assert_eq!(changes(&other), 0);
    assert_eq!(steps(&server), ["handed_over"]);
    // An inference key does not make the store its own.
    let mut command = other.command(&["fleet", "run", "--store", "fresh", "--older-than", "30d"]);
    command.args(SINK);
    let secret = other.emulator.seeded_keys()[0].key.clone();
    let ran = other.ran(command.env("OPENROUTER_MANAGEMENT_KEY", secret));
    assert_eq!(ran.code, Some(4), "{}", ran.shown());
    assert!(!other.path("fresh/rotations/account.json").exists());
}

#[test]
fn a_damaged_log_is_a_row_and_the_others_are_rotated() {
    let server = server(2);
    let damaged = server.hashes_of("old 0")[0].clone();
    let log: PathBuf = server.path("rotations/rotations").join(&damaged);
    std::fs::create_dir_all(&log).unwrap();
    std::fs::write(log.join("0000000001.json"), "{").unwrap();
    let ran = server.run(&[&pass(&TIMES)[..], &["--json"]].concat()).expect(1);
    let rows = json(&ran);
    let row = |hash: &str| rows.iter().find(|row| row["old_hash"] == hash).unwrap();
    assert_eq!(row(&damaged)["result"], "failed");
    assert!(ran.stderr.contains("is not an entry of a rotation's log"), "{}", ran.shown());
    assert_rotated(&server, "old 1");
    assert_eq!(server.hashes_of("old 0"), [damaged]);
    let status = [&["fleet", "status"][..], &STORE].concat();
    let ran = server.run(&status).expect(1);
    assert!(ran.stdout.contains("\tdamaged\t"), "{}", ran.shown());
}

#[test]
fn rotate_with_a_store_asks_and_rotates_what_is_named_and_leaves_others_alone() {
    let server = server(2);
    let ada = [&["rotate", "old 0"][..], &STORE, &SINK, &TIMES].concat();
    server.run(&ada).expect(2);
    assert_eq!(changes(&server), 0);
    server.run(&[&ada[..], &["--yes"]].concat()).expect(0);
    assert_rotated(&server, "old 0");
    assert_eq!(creates(&server), 1);
    // A rotation that is open is continued by the key's name, without asking.
    server.run(&pass(&["--grace", "1h", "--name", "old 1"])).expect(8);
    let ran = server.run(&[&["rotate", "old 1"][..], &STORE].concat()).expect(8);
    assert_eq!((ran.lines().len(), creates(&server)), (1, 2));
    server.run(&[&["rotate", "new"][..], &STORE, &["--yes"]].concat()).expect(2);
    assert_eq!(creates(&server), 2);
}

#[test]
fn all_keys_that_work_are_rotated_with_a_store_or_without() {
    let server = server(2);
    server.run(&["disable", "old 1"]).expect(0);
    let all = [&["rotate", "--all", "--yes"][..], &SINK, &TIMES].concat();
    let stored = [&all[..], &STORE].concat();
    let plan = json(&server.run(&[&stored[..], &["--dry-run", "--json"]].concat()).expect(0));
    // The server has a key of its own.
    assert_eq!((plan.len(), creates(&server)), (3, 0));
    for (run, expected) in [(&stored, 3), (&all, 6), (&stored, 9)] {
        let ran = server.run(run).expect(0);
        assert_eq!((ran.lines().len(), creates(&server)), (3, expected));
        for name in ["old 0", "new"] {
            assert_rotated(&server, name);
        }
    }
}
