//! `bulk create` and `apply` with their journal on a store, continued from another folder.

#![cfg(test)]
#![cfg(unix)]

mod support;

use std::path::{Path, PathBuf};

use serde_json::Value;
use support::{Ran, Server};

const ROWS: &str = "name,limit\nada,5\nbob,5\ncyd,5\ndan,5\n";
const WANTED: &str = r#"
[[key]]
name = "ada"
limit = 5

[[key]]
name = "bob"
limit = 5
"#;
/// Kills the program that hands it a secret, as a machine dies.
const KILLER: &str = "kill -9 $PPID\n";

/// A server, and the folders of two machines with the same files.
fn machines(file: &str, content: &str) -> (Server, [PathBuf; 2]) {
    let server = Server::start();
    let folders = ["one", "other"].map(|name| server.path(name));
    for folder in &folders {
        std::fs::create_dir(folder).unwrap();
        std::fs::write(folder.join(file), content).unwrap();
        std::fs::write(folder.join("killer.sh"), KILLER).unwrap();
    }
    (server, folders)
}

fn run(server: &Server, folder: &Path, words: &[&str]) -> Ran {
    let shared = ["--store", "../store", "--timeout", "4s"];
    let words = [words, &shared].concat();
    server.ran(server.command(&words).current_dir(folder))
}

fn journal(server: &Server, name: &str) -> Vec<PathBuf> {
    let folder = std::fs::read_dir(server.path("store/journals").join(name)).unwrap();
    let mut objects: Vec<_> = folder.map(|object| object.unwrap().path()).collect();
    objects.sort();
    objects
}

/// As if the lease of the machine that died had ended; the timeout of a request is still waited
/// for.
fn end_lease(server: &Server, name: &str) {
    let newest = journal(server, name).pop().unwrap();
    let mut batch: Value = serde_json::from_slice(&std::fs::read(&newest).unwrap()).unwrap();
    assert!(!batch["owner"].as_str().unwrap().is_empty());
    assert!(batch["leaseMs"].as_u64().unwrap() >= 180_000);
    batch["leaseMs"] = 0.into();
    std::fs::write(newest, batch.to_string()).unwrap();
}

/// The names of the keys, without the one that the emulator begins with.
fn names(server: &Server) -> Vec<String> {
    let names = server.emulator.keys().into_iter().map(|key| key.name);
    let mut names: Vec<_> = names.filter(|name| name != "ordinary key").collect();
    names.sort();
    names
}

/// Each key is there once, has no marker, and its secret is in the folder.
#[track_caller]
fn assert_stored(server: &Server, folder: &Path, expected: &[&str]) {
    assert_eq!(names(server), expected);
    for name in expected {
        let secret = std::fs::read_to_string(folder.join(format!("{name}.key"))).unwrap();
        let whose = server.run_with_input(&["whose", "--json", "hash"], &secret).expect(0);
        let hash: Value = serde_json::from_str(&whose.stdout).unwrap();
        assert_eq!(server.hashes_of(name), [hash["hash"].as_str().unwrap()]);
    }
}

#[test]
fn another_machine_continues_the_rows_of_one_that_died() {
    let (server, [one, other]) = machines("rows.csv", ROWS);
    let create = ["bulk", "create", "rows.csv", "--jobs", "1", "--secret-to"];
    let killed = run(&server, &one, &[&create[..], &["command:sh killer.sh"]].concat());
    assert_eq!(killed.code, None);
    assert!(server.emulator.keys().iter().any(|key| key.name.starts_with("ada #")));
    end_lease(&server, "rows.csv");
    let create = [&create[..], &["file:{name}.key"]].concat();
    let ran = run(&server, &other, &create).expect(0);
    assert!(ran.stderr.contains("waiting 4 s"), "{}", ran.shown());
    assert!(ran.stderr.contains("whose secret was lost"), "{}", ran.shown());
    assert_stored(&server, &other, &["ada", "bob", "cyd", "dan"]);
    // It was given up: the first machine need not wait, and finds all done.
    let again = run(&server, &one, &create).expect(0);
    assert!(again.stderr.contains("4 done before"), "{}", again.shown());
    assert!(!again.stderr.contains("waiting"), "{}", again.shown());
    assert!(!one.join("rows.csv.journal").exists());
    for object in journal(&server, "rows.csv") {
        assert!(!std::fs::read_to_string(object).unwrap().contains("sk-or-"));
    }
}

/// Takes the journal over from the program that passes it a secret.
const TAKER: &str = r#"
folder=../store/journals/$1
newest=$(ls "$folder" | tail -n 1)
next=$(expr "${newest%.json}" + 1)
printf '{"sequence":%d,"owner":"other","leaseMs":180000}' "$next" > "$folder/$(printf %010d "$next").json"
"#;

#[test]
fn nothing_more_is_sent_once_another_machine_has_continued() {
    let (server, [one, other]) = machines("rows.csv", ROWS);
    std::fs::write(one.join("taker.sh"), TAKER).unwrap();
    std::fs::write(other.join("taker.sh"), TAKER).unwrap();
    std::fs::write(other.join("keys.toml"), WANTED).unwrap();
    let create = ["bulk", "create", "rows.csv", "--jobs", "1", "--secret-to"];
    let create = [&create[..], &["command:sh taker.sh rows.csv"]].concat();
    let apply = ["apply", "--yes", "--at-once", "1", "--secret-to"];
    let apply = [&apply[..], &["command:sh taker.sh keys.toml"]].concat();
    let sent = || {
        let requests = server.requests().into_iter();
        requests.filter(|request| !request.starts_with("GET")).count()
    };
    for (folder, words, last) in [(&one, create, "dan"), (&other, apply, "bob")] {
        let before = sent();
        let ran = run(&server, folder, &words).expect(1);
        assert_eq!(sent() - before, 1, "{}", ran.shown());
        assert!(ran.stderr.contains("another machine has continued it"), "{}", ran.shown());
        assert!(!names(&server).contains(&last.to_owned()));
    }
}

#[test]
fn another_machine_continues_an_apply_that_died() {
    let (server, [one, other]) = machines("keys.toml", WANTED);
    let apply = ["apply", "--yes", "--at-once", "1", "--secret-to"];
    let killed = run(&server, &one, &[&apply[..], &["command:sh killer.sh"]].concat());
    assert_eq!(killed.code, None);
    end_lease(&server, "keys.toml");
    let named = [&apply[..], &["file:{name}.key", "--journal", "june"]].concat();
    assert!(server.path("store/journals/keys.toml").exists());
    let ran = run(&server, &other, &[&apply[..], &["file:{name}.key"]].concat()).expect(0);
    assert!(ran.stderr.contains("waiting 4 s"), "{}", ran.shown());
    assert_stored(&server, &other, &["ada", "bob"]);
    run(&server, &one, &named).expect(0);
    assert!(!other.join(".keys.toml.journal").exists());
}

#[test]
fn a_store_for_rotations_leaves_journals_where_they_are() {
    let (server, [one, _]) = machines("rows.csv", ROWS);
    let create = ["bulk", "create", "rows.csv", "--secret-to", "file:{name}.key"];
    let mut command = server.command(&create);
    command.current_dir(&one).env("OPENROUTER_KEYS_STORE", server.path("store"));
    server.ran(&mut command).expect(0);
    assert!(one.join("rows.csv.journal").exists());
    assert!(!server.path("store").exists());
}

#[test]
fn a_journal_on_a_store_belongs_to_one_command_and_account() {
    let (server, [one, other]) = machines("rows.csv", ROWS);
    let create = ["bulk", "create", "rows.csv", "--secret-to", "file:{name}.key"];
    run(&server, &one, &create).expect(0);
    let requests = server.requests().len();
    std::fs::write(other.join("keys.toml"), WANTED).unwrap();
    let apply = ["apply", "--yes", "--secret-to", "file:{name}.key", "--journal", "rows.csv"];
    run(&server, &other, &apply).expect(1);
    let newcomer = Server::start();
    let store = server.path("store");
    let words = [&create[..], &["--store", store.to_str().unwrap()]].concat();
    let ran = newcomer.ran(newcomer.command(&words).current_dir(&other)).expect(2);
    assert!(ran.stderr.contains("another command or account"), "{}", ran.shown());
    assert!(names(&newcomer).is_empty());
    assert!(server.requests().len() <= requests + 1);
    let unnamed = [&["bulk", "create", "-"], &create[3..], &["--store", "store"]].concat();
    let ran = server.run_with_input(&unnamed, ROWS).expect(2);
    assert!(ran.stderr.contains("--journal NAME"), "{}", ran.shown());
}

#[test]
fn a_file_that_an_editor_replaces_is_not_applied_twice_at_once() {
    let (server, [one, _]) = machines("keys.toml", WANTED);
    let lock = std::fs::File::create(one.join(".keys.toml.lock")).unwrap();
    fs4::FileExt::lock(&lock).unwrap();
    std::fs::write(one.join("new.toml"), WANTED).unwrap();
    std::fs::rename(one.join("new.toml"), one.join("keys.toml")).unwrap();
    let apply = ["apply", "--yes", "--secret-to", "file:{name}.key"];
    let ran = server.ran(server.command(&apply).current_dir(&one)).expect(1);
    assert!(ran.stderr.contains("another process is applying"), "{}", ran.shown());
    assert!(names(&server).is_empty());
}
