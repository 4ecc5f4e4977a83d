//! `plan`, `apply` and `import` over HTTP.

#![cfg(test)]

mod support;

use serde_json::Value;
use support::Server;

const FILE: &str = r#"
[[key]]
name = "key 001"
limit = 7.5

[[key]]
name = "ada"
limit = 25
reset = "monthly"
secret_to = "file:ada.key"

[[key]]
name = "bob"
limit = "none"
secret_to = "file:bob.key"

[[delete]]
name = "key 002"
"#;

fn server(content: &str) -> Server {
    let server = Server::with_keys(3);
    std::fs::write(server.path("keys.toml"), content).unwrap();
    server
}

fn changes(server: &Server) -> Vec<String> {
    let requests = server.requests().into_iter();
    requests.filter(|request| !request.starts_with("GET")).collect()
}

fn whose(server: &Server, file: &str) -> String {
    let secret = std::fs::read_to_string(server.path(file)).unwrap();
    let found = server.run_with_input(&["whose", "--json", "hash"], &secret).expect(0);
    let found: Value = serde_json::from_str(&found.stdout).unwrap();
    found["hash"].as_str().unwrap().to_owned()
}

fn assert_applied(server: &Server, said: &str) {
    for name in ["ada", "bob"] {
        let hashes = server.hashes_of(name);
        assert_eq!(hashes, [whose(server, &format!("{name}.key"))], "{said}");
    }
    assert!(server.hashes_of("key 002").is_empty(), "{said}");
    assert!(!server.path(".keys.toml.journal").exists(), "{said}");
    server.run(&["plan"]).expect(0);
}

#[test]
fn plan_says_what_apply_does_and_apply_does_it_once() {
    let server = server(FILE);
    let plan = server.run(&["plan"]).expect(3);
    assert_eq!(
        plan.lines(),
        [
            "key 001\tupdate\tlimit: none → 7.50",
            "ada\tcreate\t",
            "bob\tcreate\t",
            "key 002\tdelete\t"
        ]
    );
    let unconfirmed = server.run(&["apply"]).expect(2);
    let what = "create 2 keys, update 1 key and delete 1 key; nothing was changed";
    assert!(unconfirmed.stderr.contains(what), "{}", unconfirmed.shown());
    server.run(&["apply", "--dry-run"]).expect(0);
    assert!(changes(&server).is_empty());
    server.run(&["apply", "--yes"]).expect(0);
    // A create, and the name in place of the marked one, for each of the two.
    assert_eq!(changes(&server).len(), 6);
    assert_applied(&server, "once");
    server.run(&["apply"]).expect(0);
    assert_eq!(changes(&server).len(), 6);
}

#[test]
fn what_is_not_listed_is_not_changed() {
    let server = server("");
    let plan = server.run(&["plan", "--unlisted"]).expect(0);
    assert_eq!(plan.lines().len(), 4);
    server.run(&["apply"]).expect(0);
    assert!(changes(&server).is_empty());
}

#[test]
fn imported_keys_need_no_change() {
    let server = server("");
    server
        .run(&[
            "create",
            "ada",
            "--limit",
            "2.5",
            "--reset",
            "daily",
            "--secret-to",
            "file:ada.key",
        ])
        .expect(0);
    let imported = server.run(&["import"]).expect(0);
    std::fs::write(server.path("keys.toml"), &imported.stdout).unwrap();
    let plan = server.run(&["plan", "--unlisted"]).expect(0);
    assert!(plan.stdout.is_empty(), "{plan:?}");
}

#[test]
fn import_leaves_out_expired_keys_and_refuses_names_that_a_file_could_not_tell_apart() {
    let server = Server::with_seeds(
        r#"{"keys": [{"name": "a\u202eb", "limit": 1},
            {"name": "past", "limit": 5, "created_at": "2020-01-01T00:00:00Z",
             "expires_at": "2020-06-30T00:00:00Z"}]}"#,
    );
    let imported = server.run(&["import"]).expect(0);
    assert!(!imported.stdout.contains(['\u{202e}']), "{}", imported.shown());
    std::fs::write(server.path("keys.toml"), &imported.stdout).unwrap();
    let plan = server.run(&["plan"]).expect(0);
    assert_eq!(plan.stdout, "");
    server.run(&["create", "a\u{202e}b", "--limit", "1", "--reveal"]).expect(0);
    let refused = server.run(&["import"]).expect(1);
    assert_eq!(refused.stdout, "");
    assert!(refused.stderr.contains("openrouter-keys update "), "{}", refused.shown());
    let absent = server.run(&["plan", "team.toml"]).expect(2);
    assert!(absent.stderr.contains("import > team.toml"), "{}", absent.shown());
}

#[test]
fn a_wrong_file_or_sink_changes_nothing() {
    let server = server("[[key]]\nname = \"ada\"\nlimit = nan");
    server.run(&["apply", "--yes"]).expect(2);
    assert!(server.requests().is_empty());
    std::fs::write(server.path("keys.toml"), FILE).unwrap();
    std::fs::write(server.path("bob.key"), "something else").unwrap();
    server.run(&["apply", "--yes"]).expect(2);
    assert!(changes(&server).is_empty());
}

#[test]
fn nothing_is_deleted_if_something_failed() {
    let server = server(FILE);
    server.fail("method=POST,status=403");
    let ran = server.run(&["apply", "--yes", "--at-once", "1"]).expect(4);
    assert!(ran.stdout.contains("key 002\tdelete\tnot begun"), "{}", ran.shown());
    assert!(ran.stderr.contains("1 of 4 changes failed, and 1 was not begun"), "{}", ran.shown());
    assert_eq!(server.hashes_of("key 002").len(), 1);
    server.run(&["apply", "--yes"]).expect(0);
    assert_applied(&server, "again");
}

#[test]
fn a_lost_create_is_found_by_its_marked_name_and_not_doubled() {
    let server = server(FILE);
    server.fail("method=POST,reset-after-commit");
    server.run(&["apply", "--yes"]).expect(0);
    assert_applied(&server, "after a lost create");
    let names: Vec<_> = server.emulator.keys().into_iter().map(|key| key.name).collect();
    assert!(!names.iter().any(|name| name.contains(" #")), "{names:?}");
}

#[test]
fn a_key_whose_secret_is_stored_is_finished_by_the_next_run() {
    let content =
        "[[key]]\nname = \"ada\"\nlimit = 5\ndisabled = true\nsecret_to = \"file:ada.key\"\n";
    let server = server(content);
    server.fail("method=PATCH,status=403");
    let ran = server.run(&["apply", "--yes", "--json", "result,stored_in"]).expect(4);
    assert!(ran.stderr.contains("its secret stored"), "{}", ran.shown());
    assert!(ran.stdout.contains("ada.key"), "{}", ran.shown());
    let stored = whose(&server, "ada.key");
    server.run(&["apply", "--yes"]).expect(0);
    assert_eq!(server.hashes_of("ada"), [stored]);
    assert!(server.emulator.keys().iter().any(|key| key.name == "ada" && key.disabled));
    assert!(!server.path(".keys.toml.journal").exists());
    server.run(&["plan"]).expect(0);
}

#[test]
fn apply_deletes_nothing_that_it_did_not_list_before() {
    let server = server("[[key]]\nname = \"ada\"\nlimit = 5\nsecret_to = \"command:false\"\n");
    let marked =
        || server.emulator.keys().iter().filter(|key| key.name.starts_with("ada #")).count();
    server.run(&["apply", "--yes"]).expect(1);
    assert_eq!(marked(), 1);
    let refused = server.run(&["apply"]).expect(2);
    assert!(refused.stderr.contains("discard  ada"), "{}", refused.shown());
    assert_eq!(marked(), 1);
}

#[test]
fn a_key_of_an_interrupted_run_that_somebody_uses_is_kept() {
    let server = server("[[key]]\nname = \"ada\"\nlimit = 5\nsecret_to = \"command:false\"\n");
    server.run(&["apply", "--yes"]).expect(1);
    let keys = server.emulator.keys();
    let ada = keys.iter().find(|key| key.name.starts_with("ada #")).unwrap();
    server.emulator.spend(&ada.hash, 0.5);
    server.run(&["apply", "--yes"]).expect(0);
    assert_eq!(server.hashes_of("ada"), std::slice::from_ref(&ada.hash));
}

#[test]
fn an_entry_without_a_workspace_is_about_the_default_one() {
    const OTHER: &str = "0a1b2c3d-0000-4000-8000-0000000000ff";
    let file = format!(
        "[[key]]\nname = \"ada\"\nlimit = 5\nsecret_to = \"file:a.key\"\n\
         [[key]]\nname = \"ada\"\nlimit = 6\nworkspace = \"{OTHER}\"\nsecret_to = \"file:b.key\"\n"
    );
    let server = Server::with(|builder| builder.workspace(OTHER));
    std::fs::write(server.path("keys.toml"), file).unwrap();
    server.run(&["apply", "--yes"]).expect(0);
    assert_eq!(server.hashes_of("ada").len(), 2);
    server.run(&["plan"]).expect(0);
}
