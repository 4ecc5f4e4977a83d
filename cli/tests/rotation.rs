//! `whose`, `leak` and `rotate` over HTTP.

#![cfg(test)]

mod support;

use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;
use support::{Ran, Server};

const TIMES: [&str; 6] = ["--grace", "0s", "--unused", "0s", "--watch", "0s"];

fn server_with_ada() -> Server {
    let server = Server::with_keys(3);
    server
        .run(&[
            "create",
            "ada",
            "--limit",
            "25",
            "--reset",
            "monthly",
            "--secret-to",
            "file:ada.key",
        ])
        .expect(0);
    server
}

fn secret(server: &Server, file: &str) -> String {
    std::fs::read_to_string(server.path(file)).unwrap().trim().to_owned()
}

fn rotate(server: &Server, more: &[&str]) -> Ran {
    let sink = ["--secret-to", "file:ada.key", "--yes"];
    server.run(&[&["rotate", "ada"][..], &sink, &TIMES, more].concat())
}

/// The hash of the key whose secret is in the file.
fn whose(server: &Server, file: &str) -> String {
    let secret = secret(server, file);
    let found = server.run_with_input(&["whose", "--json", "hash"], &secret).expect(0);
    let found: Value = serde_json::from_str(&found.stdout).unwrap();
    found["hash"].as_str().unwrap().to_owned()
}

fn changes(server: &Server) -> Vec<String> {
    let requests = server.requests().into_iter();
    requests.filter(|request| !request.starts_with("GET")).collect()
}

/// The open rotations' files.
fn open(server: &Server) -> usize {
    let folder = server.path(".local/state/openrouter-keys/rotations");
    let files = std::fs::read_dir(folder).into_iter().flatten();
    files.filter(|file| file.as_ref().unwrap().path().extension() == Some("json".as_ref())).count()
}

#[test]
fn whose_finds_one_row_and_shows_the_secret_nowhere() {
    let server = server_with_ada();
    let secret = secret(&server, "ada.key");
    let ran = server.run_with_input(&["whose"], &secret).expect(0);
    assert_eq!(ran.lines().len(), 1);
    assert!(ran.stdout.starts_with("ada\t"), "{ran:?}");
    let shown = format!("{}{}{:?}", ran.stdout, ran.stderr, server.requests());
    assert!(!shown.contains(&secret[10..]), "{shown}");
    assert_eq!(changes(&server), ["POST /api/v1/keys"]);
}

#[test]
fn whose_refuses_what_is_not_one_key_and_sends_nothing() {
    let server = Server::start();
    for wrong in ["", "hello", "sk-or-v1-a\nsk-or-v1-b"] {
        server.run_with_input(&["whose"], wrong).expect(2);
        server.run_with_input(&["leak"], wrong).expect(2);
    }
    server.run(&["leak", ".."]).expect(2);
    server.run(&["leak", "ada", "--markdown", "--json"]).expect(2);
    assert!(server.requests().is_empty());
    server.run_with_input(&["whose"], "sk-or-v1-0123456789abcdef").expect(5);
}

#[test]
fn a_secret_that_is_pasted_as_an_argument_is_repeated_and_sent_nowhere() {
    let server = server_with_ada();
    let leaked = secret(&server, "ada.key");
    let begun = server.requests().len();
    for command in [
        &["whose"][..],
        &["leak"],
        &["get"],
        &["disable"],
        &["delete", "--yes"],
        &["rotate", "--secret-to", "file:new.key"],
        &["topup", "5"],
        &["bulk", "disable", "--yes"],
        &["sweep", "--yes"],
        &["list", "--limit"],
        &["list", "--json"],
    ] {
        let ran = server.run(&[command, &[&leaked]].concat()).expect(2);
        assert!(!ran.stderr.contains(&leaked[20..]), "{}", ran.shown());
        assert_eq!(ran.stdout, "", "{command:?}");
    }
    assert_eq!(server.requests().len(), begun);
}

#[test]
fn leak_disables_first_replaces_and_reports() {
    let server = Server::with_keys(1000);
    server.run(&["create", "ada", "--limit", "25", "--secret-to", "file:ada.key"]).expect(0);
    let old = server.hashes_of("ada");
    let leaked = secret(&server, "ada.key");
    let arguments = ["leak", "--secret-to", "file:new.key", "--json"];
    let ran = server.run_with_input(&arguments, &leaked).expect(0);
    let report: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(report["hash"], old[0].as_str());
    assert!(report["disabled_after_ms"].is_u64());
    assert_eq!(report["usage"], 0);
    let changes = changes(&server);
    assert_eq!(changes[1], format!("PATCH /api/v1/keys/{}", old[0]), "{changes:?}");
    assert!(!format!("{ran:?}{:?}", server.requests()).contains(&leaked[10..]));
    assert_eq!(server.hashes_of("ada"), [whose(&server, "new.key")]);
    assert_eq!(report["new_hash"], server.hashes_of("ada")[0].as_str());
    assert_eq!(open(&server), 0);
}

#[test]
fn leak_by_name_without_a_sink_only_disables() {
    let server = server_with_ada();
    let ran = server.run(&["leak", "ada", "--markdown"]).expect(0);
    assert!(ran.stdout.starts_with("## Leaked key\n"), "{ran:?}");
    assert_eq!(changes(&server).len(), 2);
    assert!(server.emulator.keys().iter().any(|key| key.name == "ada" && key.disabled));
}

#[test]
fn a_leaked_key_is_disabled_even_if_its_replacement_is_refused() {
    let server = server_with_ada();
    server.fail("method=POST,status=403");
    let ran = server.run(&["leak", "ada", "--secret-to", "file:new.key"]).expect(4);
    assert!(
        ran.stdout.contains("disabled") && ran.stderr.contains("replacement failed"),
        "{ran:?}"
    );
    assert!(server.emulator.keys().iter().any(|key| key.name == "ada" && key.disabled));
    server.run(&["rotate"]).expect(0);
    assert_eq!(server.hashes_of("ada"), [whose(&server, "new.key")]);
}

#[test]
fn rotate_replaces_the_secret_in_its_file() {
    let server = server_with_ada();
    let old = secret(&server, "ada.key");
    let ran = rotate(&server, &[]).expect(0);
    assert_ne!(secret(&server, "ada.key"), old);
    assert_eq!(server.hashes_of("ada"), [whose(&server, "ada.key")]);
    assert!(ran.stdout.starts_with("ada\tdone\t"), "{ran:?}");
    assert_eq!(open(&server), 0);
}

#[test]
fn rotate_keeps_the_old_key_if_the_create_is_refused() {
    let server = Server::start();
    server.run(&["create", "ada", "--no-limit", "--secret-to", "file:ada.key"]).expect(0);
    let old = server.hashes_of("ada");
    server.fail("method=POST,status=403");
    rotate(&server, &[]).expect(4);
    assert_eq!((server.hashes_of("ada"), open(&server)), (old.clone(), 0));
    assert_eq!(whose(&server, "ada.key"), old[0]);
    rotate(&server, &[]).expect(0);
    let keys = server.emulator.keys();
    let new = keys.iter().find(|key| key.name == "ada").unwrap();
    assert!(new.limit.is_none() && new.hash != old[0], "{new:?}");
}

#[test]
fn an_old_key_in_use_keeps_working_and_the_exit_code_says_so() {
    let server = server_with_ada();
    let old = server.hashes_of("ada")[0].clone();
    let arguments = [
        "rotate",
        "ada",
        "--yes",
        "--secret-to",
        "file:ada.key",
        "--grace",
        "0s",
        "--unused",
        "2s",
    ];
    let child = server
        .command(&arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    let mut child = child.unwrap();
    while child.try_wait().unwrap().is_none() {
        server.emulator.spend(&old, 0.01);
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(child.wait().unwrap().code(), Some(8));
    assert!(server.emulator.keys().iter().any(|key| key.hash == old && !key.disabled));
    assert_eq!(open(&server), 1);
    rotate(&server, &[]).expect(0);
    assert_eq!(server.hashes_of("ada"), [whose(&server, "ada.key")]);
}

#[test]
fn rotate_needs_a_sink_of_its_own_for_each_key() {
    let server = server_with_ada();
    server.run(&["rotate", "ada", "--yes"]).expect(2);
    let both = ["rotate", "ada", "key 001", "--yes", "--secret-to"];
    server.run(&[&both[..], &["file:one.key"]].concat()).expect(2);
    server.run(&["rotate", "key 001", "--yes", "--secret-to", "file:ada.key"]).expect(2);
    server.run(&["rotate", "ada", "--secret-to", "file:new.key"]).expect(2);
    assert_eq!(changes(&server).len(), 1);
    assert_eq!(open(&server), 0);
}

#[test]
fn a_key_that_is_named_twice_is_rotated_once() {
    let server = server_with_ada();
    let hash = server.hashes_of("ada")[0].clone();
    rotate(&server, &[&hash]).expect(0);
    assert_eq!(server.hashes_of("ada"), [whose(&server, "ada.key")]);
}

#[test]
fn another_sink_of_an_open_rotation_replaces_only_the_old_secret() {
    let server = server_with_ada();
    server.run(&["leak", "ada", "--secret-to", "command:sh -c 'exit 10'"]).expect(1);
    std::fs::write(server.path("notes.txt"), "notes").unwrap();
    server.run(&["rotate", "ada", "--secret-to", "file:notes.txt"]).expect(2);
    assert_eq!(std::fs::read_to_string(server.path("notes.txt")).unwrap(), "notes");
    server.run(&["rotate", "ada", "--secret-to", "file:ada.key"]).expect(0);
    assert_eq!(server.hashes_of("ada"), [whose(&server, "ada.key")]);
}

#[cfg(unix)]
#[test]
fn commands_to_paste_name_the_folder_of_the_rotation_and_why_it_failed() {
    let server = server_with_ada();
    let leak =
        |sink: &str| server.run(&["leak", "ada", "--state", "my state", "--secret-to", sink]);
    // What is wrong with the sink alone is refused before anything is sent.
    let begun = server.requests().len();
    for sink in ["command:no-such-program", "file:no-folder/a.key", "keyring:management-key:x"] {
        leak(sink).expect(2);
    }
    assert_eq!(server.requests().len(), begun);
    let ran = leak("command:sh -c 'exit 10'").expect(1);
    assert!(ran.stderr.contains("did not store the secret (exit code 10)"), "{}", ran.shown());
    assert!(ran.stderr.contains("--state 'my state'"), "{}", ran.shown());
    let ran = leak("command:false").expect(1);
    assert!(!ran.stderr.contains("both keys work"), "{}", ran.shown());
    let hash = &server.emulator.keys().iter().find(|key| key.disabled).unwrap().hash.clone();
    let next = format!("openrouter-keys rotate {hash} --was-stored no --state 'my state'");
    assert!(ran.stderr.contains(&next), "{}", ran.shown());
    let ran = server.run_with_input(
        &["leak", "--state", "my state"],
        "sk-or-v1-0123456789abcdef0123456789abcdef",
    );
    let ran = ran.expect(5);
    assert!(ran.stderr.contains("openrouter-keys rotate --state 'my state'"), "{}", ran.shown());
}

#[test]
fn rotate_of_all_that_match_leaves_disabled_keys_alone() {
    let server = server_with_ada();
    server.run(&["disable", "key 002"]).expect(0);
    let filter = ["rotate", "--name", "key *", "--yes", "--secret-to", "file:{name}.new"];
    let ran = server.run(&[&filter[..], &TIMES].concat()).expect(0);
    assert_eq!(ran.lines().len(), 2);
    assert!(server.path("key 001.new").exists() && !server.path("key 002.new").exists());
}

#[cfg(unix)]
#[test]
fn a_command_of_unknown_outcome_ends_the_rotation_where_it_stands() {
    let server = server_with_ada();
    let arguments = ["rotate", "ada", "--yes", "--secret-to", "command:false"];
    server.run(&[&arguments[..], &TIMES].concat()).expect(1);
    let asked = server.run(&["rotate", "ada"]).expect(1);
    assert!(asked.stderr.contains("--was-stored"), "{asked:?}");
    assert_eq!(open(&server), 1);
    rotate(&server, &["--was-stored", "no"]).expect(0);
    assert_eq!(server.hashes_of("ada"), [whose(&server, "ada.key")]);
}

#[test]
fn two_processes_never_rotate_the_same_key() {
    let server = server_with_ada();
    let arguments = ["rotate", "ada", "--yes", "--secret-to", "file:ada.key", "--grace", "1m"];
    let mut first = server.command(&arguments).stdin(Stdio::null()).spawn().unwrap();
    while changes(&server).len() < 2 {
        std::thread::sleep(Duration::from_millis(5));
    }
    let second = rotate(&server, &[]).expect(1);
    assert!(second.stderr.contains("another process"), "{second:?}");
    let status = server.run(&["rotate", "--status", "--json", "name,running"]).expect(0);
    assert!(status.stdout.contains("\"running\": true"), "{status:?}");
    first.kill().unwrap();
    first.wait().unwrap();
    rotate(&server, &[]).expect(0);
    assert_eq!(server.hashes_of("ada"), [whose(&server, "ada.key")]);
}
