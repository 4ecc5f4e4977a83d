//! The runbooks of `docs/fleet-operations.md`, each typed as it stands there.

#![cfg(test)]
#![cfg(unix)]

mod support;

use std::process::Stdio;

use openrouter_keys_emulator::Clock;
use serde_json::Value;
use support::{Ran, Server};

const SINK: &str = "file:keys/{name}";
const STORE: [&str; 2] = ["--store", "rotations"];

/// A server with the old key `ada`, and its rotation, which waits for an hour with both keys at
/// work.
struct Case {
    server: Server,
    old: String,
    new: String,
}

impl Case {
    fn new() -> Self {
        let file = tempfile::NamedTempFile::new().unwrap();
        let keys = r#"{"keys":[{"name":"ada","created_at":"2025-01-01T00:00:00Z"}]}"#;
        std::fs::write(file.path(), keys).unwrap();
        let server = Server::with(|builder| builder.seed_file(file.path()).clock(Clock::system()));
        std::fs::create_dir(server.path("keys")).unwrap();
        let old = server.hashes_of("ada")[0].clone();
        let mut case = Self { server, old, new: String::new() };
        let rows = json(&case.fleet(&["run"], &RUN).expect(8));
        case.new = rows[0]["new_hash"].as_str().unwrap().to_owned();
        assert_eq!(case.holder(), case.new);
        case
    }

    /// `fleet COMMAND`, as JSON.
    fn fleet(&self, command: &[&str], more: &[&str]) -> Ran {
        self.server.run(&[&["fleet"], command, &STORE, &["--json"], more].concat())
    }

    /// The hash of the key in the sink.
    fn holder(&self) -> String {
        let secret = std::fs::read_to_string(self.server.path("keys/ada")).unwrap();
        let ran = self.server.run_with_input(&["whose", "--json", "hash"], &secret).expect(0);
        let key: Value = serde_json::from_str(&ran.stdout).unwrap();
        key["hash"].as_str().unwrap().to_owned()
    }

    /// For a sink that has the new key.
    fn finish_by_hand(&self) {
        assert_eq!(self.holder(), self.new);
        self.server.run(&["delete", &self.old, "--yes"]).expect(0);
        self.server.run(&["update", &self.new, "--name", "ada"]).expect(0);
    }

    /// One key has the name, and its secret is in the sink.
    #[track_caller]
    fn assert_rotated(&self) {
        assert_eq!(self.server.hashes_of("ada"), [self.holder()]);
        let all = self.server.run(&["list", "--all", "--json", "name"]).expect(0);
        assert!(!all.stdout.contains("ada #"), "{}", all.shown());
        assert!(json(&self.fleet(&["status"], &[]).expect(0)).is_empty());
    }
}

const RUN: [&str; 12] = [
    "--older-than",
    "30d",
    "--secret-to",
    SINK,
    "--grace",
    "1h",
    "--watch",
    "0s",
    "--lease",
    "2s",
    "--timeout",
    "1s",
];
/// A machine that died is waited for no longer than 3 seconds.
const SHORT: [&str; 6] = ["--lease", "2s", "--timeout", "1s", "--patience", "10s"];

fn json(ran: &Ran) -> Vec<Value> {
    serde_json::from_str(&ran.stdout).unwrap()
}

#[test]
fn a_leak_of_the_old_key_ends_its_rotation_at_once() {
    let case = Case::new();
    case.server.run(&["disable", &case.old]).expect(0);
    case.fleet(&["resume"], &[]).expect(0);
    assert_eq!(case.holder(), case.new);
    case.assert_rotated();
}

#[test]
fn a_leak_of_the_new_key_replaces_it_in_the_sink() {
    let case = Case::new();
    case.server.run(&["leak", &case.new, "--secret-to", SINK]).expect(0);
    let newest = case.holder();
    assert!(newest != case.new && newest != case.old);
    // Until somebody deletes it, the old key is kept, and the rotation is a failure.
    let resume = ["--patience", "2h"];
    case.server.run(&["disable", &case.old]).expect(0);
    case.fleet(&["resume"], &resume).expect(1);
    assert_eq!(case.server.hashes_of("ada").len(), 2);
    case.server.run(&["delete", &case.old, "--yes"]).expect(0);
    let rows = json(&case.fleet(&["resume"], &resume).expect(0));
    assert_eq!(rows[0]["result"], "gone");
    case.assert_rotated();
}

#[test]
fn a_lost_store_leaves_both_keys_and_the_sink_says_which_to_keep() {
    let case = Case::new();
    std::fs::remove_dir_all(case.server.path("rotations")).unwrap();
    let listed = case.server.run(&["list", "--name", "ada*"]).expect(0);
    assert_eq!(listed.lines().len(), 2, "{}", listed.shown());
    case.finish_by_hand();
    let rows = json(&case.fleet(&["run"], &RUN).expect(0));
    assert!(rows.is_empty(), "{rows:?}");
    case.assert_rotated();
}

#[test]
fn a_damaged_log_is_restored_or_its_rotation_finished_by_hand() {
    let case = Case::new();
    let log = case.server.path("rotations/rotations").join(&case.old);
    let mut entries: Vec<_> =
        std::fs::read_dir(&log).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    let newest = entries.last().unwrap();
    let backup = std::fs::read(newest).unwrap();
    std::fs::write(newest, "{").unwrap();
    let rows = json(&case.fleet(&["status"], &[]).expect(1));
    let problem = rows[0]["problem"].as_str().unwrap();
    assert!(problem.contains(newest.file_name().unwrap().to_str().unwrap()), "{problem}");
    case.fleet(&["resume"], &SHORT).expect(1);
    assert_eq!(case.holder(), case.new);
    std::fs::write(newest, &backup).unwrap();
    let rows = json(&case.fleet(&["resume"], &SHORT).expect(8));
    assert_eq!(rows[0]["result"], "waiting");

    std::fs::write(newest, "{").unwrap();
    case.finish_by_hand();
    std::fs::remove_dir_all(log).unwrap();
    case.assert_rotated();
}

#[test]
fn a_machine_that_died_is_waited_for_and_its_rotation_continued() {
    let case = Case::new();
    let long = [&["fleet", "resume", "--patience", "2h"][..], &STORE, &SHORT[..4]].concat();
    let mut command = case.server.command(&long);
    let mut child = command.stdin(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let is_claimed = || {
        let rows = json(&case.fleet(&["status"], &[]).expect(0));
        rows[0]["owner"].as_str().is_some_and(|owner| !owner.is_empty())
    };
    while !is_claimed() {
        std::thread::yield_now();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    case.server.run(&["disable", &case.old]).expect(0);
    let busy = [&SHORT[..4], &["--patience", "0s"]].concat();
    let rows = json(&case.fleet(&["resume"], &busy).expect(8));
    assert_eq!(rows[0]["result"], "busy");
    case.fleet(&["resume"], &SHORT).expect(0);
    case.assert_rotated();
}
