//! `bulk create` over HTTP: checked before the first request, and resumed after an interruption.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests fail by panicking"
)]

mod support;

use std::process::Stdio;
use std::time::Duration;

use support::Server;

const STORE: [&str; 2] = ["--secret-to", "file:{name}.key"];

fn create<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&["bulk", "create", "rows.csv"], &STORE[..], more].concat()
}

fn write_rows(server: &Server, count: usize) {
    let rows: Vec<_> = (0..count).map(|row| format!("row {row:03},5")).collect();
    let file = format!("name,limit\n{}\n", rows.join("\n"));
    std::fs::write(server.path("rows.csv"), file).unwrap();
}

/// Every row has one key, which works with the secret that was stored for it, and no key has a
/// marker.
#[track_caller]
fn assert_all_are_there(server: &Server, count: usize) {
    for row in 0..count {
        let name = format!("row {row:03}");
        assert_eq!(server.hashes_of(&name).len(), 1, "{name}");
        let file = server.path(&format!("{name}.key"));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        }
        let secret = std::fs::read_to_string(file).unwrap();
        let keys = server.emulator.keys();
        let key = keys.iter().find(|key| key.name == name).unwrap();
        // The label is the secret without its middle.
        let (start, end) = key.label.split_once("...").unwrap();
        assert!(secret.starts_with(start) && secret.trim().ends_with(end), "{name}");
    }
    assert!(!server.emulator.keys().iter().any(|key| key.name.contains('#')));
    let journal = std::fs::read_to_string(server.path("rows.csv.journal")).unwrap();
    assert!(!journal.contains("sk-or-"));
}

#[test]
fn wrong_rows_are_all_reported_before_the_first_request() {
    let server = Server::start();
    std::fs::write(server.path("rows.csv"), "name,limit\na,5\nb,NaN\n,1\na,2\n").unwrap();
    let ran = server.run(&create(&[])).expect(2);
    for line in ["line 3:", "line 4:", "line 5:"] {
        assert!(ran.stderr.contains(line), "{}", ran.stderr);
    }
    write_rows(&server, 2);
    server.run(&["bulk", "create", "rows.csv"]).expect(2);
    let one_file = ["bulk", "create", "rows.csv", "--secret-to", "file:all.key"];
    server.run(&one_file).expect(2);
    assert!(server.requests().is_empty());
}

#[test]
fn a_run_without_its_journal_creates_nothing_twice() {
    let server = Server::start();
    write_rows(&server, 5);
    server.run(&create(&[])).expect(0);
    let again = server.run(&create(&[])).expect(0);
    assert!(again.stderr.contains("5 done before"), "{again:?}");
    std::fs::remove_file(server.path("rows.csv.journal")).unwrap();
    let elsewhere = ["bulk", "create", "rows.csv", "--secret-to", "file:{name}.other"];
    server.run(&elsewhere).expect(2);
    let requests = server.requests();
    assert_eq!(requests.iter().filter(|line| line.starts_with("POST")).count(), 5);
    server.run(&[&elsewhere[..], &["--skip-existing"]].concat()).expect(0);
}

#[test]
fn a_failed_row_is_named_and_the_next_run_creates_it() {
    let server = Server::start();
    write_rows(&server, 6);
    server.fail("method=POST,status=422");
    let ran = server.run(&create(&["--jobs", "1"])).expect(1);
    assert!(ran.stderr.contains("5 created, 1 failed"), "{}", ran.stderr);
    server.run(&create(&[])).expect(0);
    assert_all_are_there(&server, 6);
}

#[test]
fn a_lost_response_leaves_one_key() {
    let server = Server::start();
    write_rows(&server, 4);
    server.fail("method=POST,reset-after-commit");
    server.run(&create(&[])).expect(0);
    assert_all_are_there(&server, 4);
}

#[test]
fn too_many_requests_are_waited_for() {
    let server = Server::start();
    write_rows(&server, 4);
    for _ in 0..12 {
        server.fail("method=POST,status=429,retry-after=1");
    }
    server.run(&create(&["--jobs", "2"])).expect(0);
    assert_all_are_there(&server, 4);
}

#[test]
fn a_dry_run_shows_every_create_and_sends_none() {
    let server = Server::start();
    write_rows(&server, 3);
    let ran = server.run(&create(&["--dry-run"])).expect(0);
    assert_eq!(ran.stdout.matches("POST ").count(), 3);
    assert!(!server.path("rows.csv.journal").exists());
    assert!(!server.requests().iter().any(|line| line.starts_with("POST")));
}

/// Interrupts the run after so many requests.
#[cfg(unix)]
fn interrupt(server: &Server, requests: usize) -> Option<i32> {
    let mut child = server
        .command(&create(&["--jobs", "4"]))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    while server.requests().len() < requests {
        if let Some(status) = child.try_wait().unwrap() {
            return status.code();
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    let id = child.id().to_string();
    let _ = std::process::Command::new("kill").args(["-s", "INT", &id]).status();
    child.wait().unwrap().code()
}

#[cfg(unix)]
#[test]
fn an_interrupted_run_goes_on_where_it_was() {
    let server = Server::start();
    write_rows(&server, 100);
    assert_eq!(interrupt(&server, 60), Some(130));
    let keys = server.emulator.keys().len();
    assert!(keys < 100, "{keys}");
    server.run(&create(&[])).expect(0);
    assert_all_are_there(&server, 100);
}

#[test]
fn many_keys_are_changed_by_filter_or_file_after_a_question() {
    let server = Server::with_keys(20);
    server.run(&["bulk", "disable"]).expect(2);
    server.run(&["bulk", "disable", "--name", "key 01*"]).expect(2);
    let is_change = |line: &String| !line.starts_with("GET");
    assert!(!server.requests().iter().any(is_change));
    let ran = server.run(&["bulk", "disable", "--name", "key 01*", "--yes"]).expect(0);
    assert_eq!(ran.lines().len(), 10);
    assert_eq!(server.emulator.keys().iter().filter(|key| key.disabled).count(), 10);
    std::fs::write(server.path("gone.csv"), "name,limit\nkey 000,1\nkey 001,2\n").unwrap();
    server.fail("method=DELETE,status=403");
    let delete = ["bulk", "delete", "--from", "gone.csv", "--jobs", "1", "--yes"];
    let ran = server.run(&delete).expect(4);
    assert!(ran.stderr.contains("1 deleted, 1 failed"), "{}", ran.stderr);
    server.run(&["bulk", "delete", "--from", "gone.csv", "--yes"]).expect(5);
    assert_eq!(server.hashes_of("key 000").len() + server.hashes_of("key 001").len(), 1);
}

#[test]
fn a_limit_is_raised_once_for_a_journal() {
    let server = Server::start();
    for name in ["a", "b", "c"] {
        server.run(&["create", name, "--limit", "0.1", "--reveal"]).expect(0);
    }
    server.run(&["create", "free", "--no-limit", "--reveal"]).expect(0);
    let limit = |name: &str| {
        let keys = server.emulator.keys();
        keys.iter().find(|key| key.name == name).unwrap().limit
    };
    let june = ["topup", "0.2", "--journal", "june", "--yes", "--jobs", "1", "a", "b", "free"];
    server.fail("method=PATCH,status=403");
    server.run(&june).expect(4);
    server.run(&["topup", "0.2", "--journal", "june"]).expect(0);
    let again = server.run(&june).expect(0);
    assert!(again.stderr.contains("has no limit"), "{again:?}");
    assert_eq!(["a", "b", "c"].map(limit), [Some(0.3), Some(0.3), Some(0.1)]);
    assert_eq!(limit("free"), None);
    server.run(&["topup", "9", "--journal", "june", "a", "--yes"]).expect(2);

    // Without a journal of its own name, an interrupted run must be finished first.
    server.fail("method=PATCH,status=403");
    let failed = server.run(&["topup", "1", "b", "c", "--yes", "--jobs", "1"]).expect(4);
    let next = failed.stderr.lines().last().unwrap().trim().to_owned();
    server.run(&["topup", "1", "c", "--yes"]).expect(1);
    let words: Vec<_> = next.split(' ').skip(1).collect();
    server.run(&words).expect(0);
    assert_eq!(["a", "b", "c"].map(limit), [Some(0.3), Some(1.3), Some(1.1)]);
    // The run that finished it has removed its journal.
    server.run(&["topup", "1", "c", "--yes"]).expect(0);
    assert_eq!(limit("c"), Some(2.1));
}

/// A shell with the program's environment.
#[cfg(unix)]
fn shell(server: &Server, script: &str) -> std::process::Command {
    let program = server.command(&[]);
    let mut shell = std::process::Command::new("sh");
    shell.args(["-c", script]).arg(program.get_program()).current_dir(server.home()).env_clear();
    shell.envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))));
    shell
}

#[cfg(unix)]
#[test]
fn a_journal_that_could_not_be_written_is_continued() {
    let server = Server::start();
    write_rows(&server, 9);
    // Files of at most one block, of 512 or 1024 bytes, as on a full disk.
    let script = "ulimit -f 1; trap '' XFSZ; \
        exec \"$0\" bulk create rows.csv --secret-to 'file:{name}.key' --jobs 3";
    let full = server.ran(&mut shell(&server, script)).expect(1);
    assert!(full.stderr.contains("cannot be written"), "{}", full.shown());
    let journal = std::fs::read_to_string(server.path("rows.csv.journal")).unwrap();
    assert!(journal.ends_with('\n'), "{journal}");
    server.run(&create(&[])).expect(0);
    assert_all_are_there(&server, 9);
}

#[test]
fn a_topup_of_another_workspace_is_finished() {
    const WORKSPACE: &str = "6f1c0d7e-0000-4000-8000-000000000002";
    let key =
        |name: &str| format!(r#"{{"name": "{name}", "limit": 5, "workspace_id": "{WORKSPACE}"}}"#);
    let keys = format!("{}, {}", key("ada"), key("bob"));
    let server =
        Server::with_seeds(&format!(r#"{{"workspaces": ["{WORKSPACE}"], "keys": [{keys}]}}"#));
    let limits = || -> Vec<Option<f64>> {
        let keys = server.emulator.keys().into_iter();
        keys.filter(|key| key.name.len() == 3).map(|key| key.limit).collect()
    };
    server.fail("method=PATCH,status=403");
    let topup = ["topup", "1", "--workspace", WORKSPACE, "--name", "*", "--jobs", "1", "--yes"];
    let ran = server.run(&topup).expect(4);
    let suggested = ran.stderr.lines().find(|line| line.contains("topup 1 --journal")).unwrap();
    let words = shlex::split(suggested.trim()).unwrap();
    let words: Vec<&str> = words.iter().skip(1).map(String::as_str).collect();
    let finished = server.run(&words).expect(0);
    assert!(finished.stderr.contains("1 raised"), "{}", finished.shown());
    assert_eq!(limits(), [Some(6.0), Some(6.0)]);
}
