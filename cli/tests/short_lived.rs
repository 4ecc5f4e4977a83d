//! `ensure`, `temporary`, `sweep` and `run` over HTTP.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests fail by panicking"
)]

mod support;

use std::process::{Command, Stdio};

use openrouter_keys_emulator::Clock;
use support::Server;

const RUN: [&str; 5] = ["run", "--limit", "1", "--for", "1h"];

fn run(server: &Server, command: &[&str]) -> support::Ran {
    server.run(&[&RUN[..], &["--"], command].concat())
}

/// The names of the keys that have a marker.
fn names(server: &Server) -> Vec<String> {
    let keys = server.emulator.keys().into_iter();
    keys.map(|key| key.name).filter(|name| name.contains(" #")).collect()
}

#[cfg(unix)]
#[test]
fn run_gives_the_command_a_key_and_deletes_it() {
    let server = Server::start();
    let ran =
        run(&server, &["sh", "-c", "echo $OPENROUTER_API_KEY $OPENROUTER_MANAGEMENT_KEY; exit 7"]);
    let ran = ran.expect(7);
    let words: Vec<_> = ran.stdout.split_whitespace().collect();
    assert!(words.len() == 1 && words[0].starts_with("sk-or-v1-"), "{ran:?}");
    assert_ne!(words[0], server.emulator.management_key());
    assert!(names(&server).is_empty());
}

#[cfg(unix)]
#[test]
fn run_ends_as_the_command_ends_and_leaves_no_key() {
    let server = Server::start();
    run(&server, &["sh", "-c", "kill -9 $$"]).expect(137);
    run(&server, &["no-such-command"]).expect(127);
    run(&server, &["/dev/null"]).expect(126);
    assert!(names(&server).is_empty());
    run(&server, &[]).expect(2);
}

/// Waits until the command has printed a line.
#[cfg(unix)]
fn await_line(child: &mut std::process::Child) {
    let mut line = [0];
    std::io::Read::read_exact(child.stdout.as_mut().unwrap(), &mut line).unwrap();
}

#[cfg(unix)]
#[test]
fn a_signal_reaches_the_command_and_the_key_is_deleted() {
    for (signal, number) in [("INT", 130), ("TERM", 143), ("HUP", 129)] {
        let server = Server::start();
        let mut child = server
            .command(&[&RUN[..], &["--", "sh", "-c", "echo; exec sleep 30"]].concat())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        await_line(&mut child);
        assert_eq!(names(&server).len(), 1);
        let id = child.id().to_string();
        assert!(Command::new("kill").args(["-s", signal, &id]).status().unwrap().success());
        assert_eq!(child.wait().unwrap().code(), Some(number), "{signal}");
        assert!(names(&server).is_empty());
    }
}

#[cfg(unix)]
#[test]
fn the_key_of_a_command_that_ignores_signals_is_deleted_all_the_same() {
    let server = Server::start();
    let mut child = server
        .command(&[&RUN[..], &["--", "sh", "-c", "trap '' TERM; echo; read end"]].concat())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    // The trap is set once a line was printed.
    await_line(&mut child);
    let id = child.id().to_string();
    assert!(Command::new("kill").args(["-s", "TERM", &id]).status().unwrap().success());
    while !names(&server).is_empty() {
        assert!(child.try_wait().unwrap().is_none());
        std::thread::yield_now();
    }
    assert!(child.try_wait().unwrap().is_none());
    std::io::Write::write_all(child.stdin.as_mut().unwrap(), b"\n").unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn a_temporary_key_is_stored_and_nothing_secret_is_printed() {
    let server = Server::start();
    let key = ["temporary", "ws", "--limit", "1", "--for", "1h"];
    server.run(&key).expect(2);
    assert!(server.requests().is_empty());
    let ran = server.run(&[&key[..], &["--secret-to", "file:ws.key"]].concat()).expect(0);
    let secret = std::fs::read_to_string(server.path("ws.key")).unwrap();
    assert!(secret.starts_with("sk-or-v1-"));
    assert!(!ran.shown().contains(secret.trim()));
    assert!(names(&server)[0].starts_with("ws #temp-"));
}

#[test]
fn sweep_deletes_only_marked_names_and_asks_first() {
    let server = Server::start();
    let marked = "ci #0f343b0931126a20f133d67c2b018a3b";
    for name in [marked, "ci"] {
        server.run(&["create", name, "--limit", "1", "--reveal"]).expect(0);
    }
    let asked = server.run(&["sweep", marked]).expect(2);
    assert!(asked.stderr.contains(marked), "{asked:?}");
    server.run(&["sweep", "ci", "--yes"]).expect(2);
    assert_eq!((names(&server).len(), server.hashes_of("ci").len()), (1, 1));
    server.run(&["sweep", marked, "--yes"]).expect(0);
    assert_eq!(server.hashes_of("ci").len(), 1);
    assert!(server.hashes_of(marked).is_empty());
    server.run(&["sweep", marked, "--yes"]).expect(0);
}

#[test]
fn ensure_creates_once_and_then_only_changes() {
    // It waits until a new key is some seconds old.
    let server = Server::with(|builder| builder.clock(Clock::system()));
    let ensure = |limit: &str| {
        let arguments = ["ensure", "billing", "--limit", limit, "--secret-to", "file:billing.key"];
        server.run(&[&arguments[..], &["--json", "limit"]].concat()).expect(0)
    };
    assert!(ensure("5").stdout.contains("\"limit\": 5"));
    let secret = std::fs::read(server.path("billing.key")).unwrap();
    let ran = ensure("8");
    assert!(ran.stdout.contains("\"limit\": 8") && ran.stderr.contains("changed: limit"));
    assert_eq!(std::fs::read(server.path("billing.key")).unwrap(), secret);
    assert_eq!(server.hashes_of("billing").len(), 1);
    let other = ["ensure", "other", "--limit", "1", "--secret-to", "file:billing.key"];
    server.run(&other).expect(2);
    assert!(server.hashes_of("other").is_empty());
}

#[cfg(unix)]
#[test]
fn the_management_key_is_in_no_variable_of_the_command() {
    let server = Server::start();
    let key = server.emulator.management_key();
    let mut command = server.command(&[
        "run",
        "--limit",
        "1",
        "--for",
        "1h",
        "--key-command",
        "printenv MINE",
        "--",
        "env",
    ]);
    command.env("MINE", key).env("OTHER", format!("Bearer {key}")).env("KEPT", "yes");
    let ran = server.ran(&mut command).expect(0);
    assert!(!ran.shown().contains(key), "the command saw the management key");
    assert!(ran.stdout.contains("KEPT=yes"));
}

#[test]
fn a_key_from_standard_input_is_read_once() {
    let server = Server::start();
    let key = server.emulator.management_key();
    let sweep = ["sweep", "--temporary", "--key-file", "-"];
    let ran = server.run_with_input(&sweep, &format!("{key}\n"));
    ran.expect(0);
}
