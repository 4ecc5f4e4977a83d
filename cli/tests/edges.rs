//! What is said and what is left when something other than the server fails.

#![cfg(test)]

mod support;

use std::fs;
#[cfg(unix)]
use std::process::{Command, Stdio};

use support::Server;

const ADA: [&str; 4] = ["create", "ada", "--limit", "5"];

/// Runs the program by a shell, which redirects its streams; `$0` is the program.
#[cfg(unix)]
fn redirected(server: &Server, script: &str) -> support::Ran {
    let program = server.command(&[]);
    let mut shell = Command::new("sh");
    shell.args(["-c", script]).arg(program.get_program()).current_dir(server.home()).env_clear();
    shell.envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))));
    server.ran(shell.stdin(Stdio::null()))
}

#[cfg(unix)]
#[test]
fn a_secret_is_not_printed_where_nobody_reads() {
    let server = Server::start();
    for target in [">&-", ">/dev/null"] {
        for command in ["create ada --limit 5", "temporary ada --limit 5 --for 1h"] {
            let ran = redirected(&server, &format!("\"$0\" {command} --reveal {target}")).expect(2);
            assert!(ran.stderr.contains("nothing was sent"), "{}", ran.shown());
        }
    }
    assert_eq!(server.requests(), [""; 0]);
}

#[cfg(target_os = "linux")]
#[test]
fn a_result_that_cannot_be_shown_says_what_was_done() {
    let server = Server::start();
    for (command, done) in [
        ("create ada --limit 5 --secret-to file:ada.key", "the key was created"),
        ("create bob --limit 5 --secret-to file:bob.key --jq error", "the key was created"),
        ("disable ada", "the key was changed"),
        ("enable ada --jq error", "the key was changed"),
        ("topup 5 ada --yes", "1 raised"),
        ("bulk enable ada --yes", "1 enabled"),
        ("temporary t --limit 5 --for 1h --secret-to file:t.key", "the key was created"),
    ] {
        let ran = redirected(&server, &format!("\"$0\" {command} >/dev/full")).expect(1);
        assert!(ran.stderr.contains(&format!("error: {done}")), "{command}: {}", ran.shown());
    }
    let ran = redirected(&server, "\"$0\" list >/dev/full").expect(1);
    assert!(ran.stderr.contains("standard output cannot be written"), "{}", ran.shown());
}

#[cfg(unix)]
#[test]
fn quiet_hides_no_warning() {
    let server = Server::start();
    server.emulator.fail_always("method=DELETE,status=403".parse().unwrap());
    let run = ["run", "--quiet", "--limit", "1", "--for", "1h", "--name", "ci", "--", "true"];
    let ran = server.run(&run).expect(0);
    assert!(ran.stderr.contains("openrouter-keys sweep 'ci #temp-"), "{}", ran.shown());
    server.run(&[&ADA[..], &["--secret-to", "file:ada.key"]].concat()).expect(0);
    let ran = server.run(&["bulk", "delete", "ada", "--yes", "--quiet"]).expect(4);
    assert!(ran.stderr.contains("ada: the server returned 403"), "{}", ran.shown());
}

#[test]
fn a_dry_run_shows_every_change_and_refuses_what_the_run_would() {
    let server = Server::with_keys(2);
    let ran = server.run(&["delete", "key 000", "key 001", "--dry-run"]).expect(0);
    assert_eq!(ran.stdout.matches("DELETE ").count(), 2, "{}", ran.shown());
    fs::write(server.path("taken"), "").unwrap();
    let before = fs::read_dir(server.home()).unwrap().count();
    for command in [
        &ADA[..],
        &["temporary", "ada", "--limit", "5", "--for", "1h"],
        &["ensure", "ada", "--limit", "5"],
    ] {
        server.run(&[command, &["--dry-run", "--secret-to", "file:taken"]].concat()).expect(2);
        server.run(&[command, &["--dry-run", "--secret-to", "file:new"]].concat()).expect(0);
    }
    assert_eq!(fs::read_dir(server.home()).unwrap().count(), before);
    assert_eq!(server.emulator.key_count(), 3);
}

#[test]
fn standard_input_is_read_once() {
    let server = Server::start();
    let key = server.emulator.management_key();
    for command in [
        &["bulk", "create", "-", "--journal", "j", "--reveal"][..],
        &["bulk", "disable", "--from", "-", "--yes"],
        &["topup", "5", "--from", "-", "--yes"],
    ] {
        let ran = server.run_with_input(&[command, &["--key-file", "-"]].concat(), key).expect(2);
        assert!(ran.stderr.contains("both the management key and the rows"), "{}", ran.shown());
    }
    assert_eq!(server.requests(), [""; 0]);
}

#[test]
fn a_change_of_unknown_effect_says_how_to_see_it() {
    let server = Server::start();
    server.run(&[&ADA[..], &["--secret-to", "file:ada.key"]].concat()).expect(0);
    let expected = format!("\n  openrouter-keys get {}\n", server.hashes_of("ada")[0]);
    for (method, command) in
        [("PATCH", &["disable", "ada"][..]), ("DELETE", &["delete", "ada", "--yes"])]
    {
        server.fail(&format!("method={method},status=302"));
        let ran = server.run(command).expect(1);
        assert!(ran.stderr.ends_with(&expected), "{}", ran.shown());
    }
}

#[test]
fn a_topup_is_not_held_up_by_what_cannot_go_on_or_is_of_another_account() {
    let seeds = r#"{"keys": [{"name": "ada", "limit": 5}, {"name": "bob", "limit": 5}]}"#;
    let server = Server::with_seeds(seeds);
    let limit =
        |name: &str| server.emulator.keys().into_iter().find(|key| key.name == name).unwrap().limit;
    // The key is gone: the same request can never succeed, and bob must not be raised again.
    server.fail("method=PATCH,status=404");
    let ran = server.run(&["topup", "1", "ada", "bob", "--jobs", "1", "--yes"]).expect(5);
    assert!(!ran.stderr.contains("openrouter-keys topup"), "{}", ran.shown());
    server.run(&["topup", "1", "bob", "--yes"]).expect(0);
    assert_eq!((limit("ada"), limit("bob")), (Some(5.0), Some(7.0)));
    // A refused request can be sent again.
    server.fail("method=PATCH,status=403");
    let ran = server.run(&["topup", "1", "bob", "--yes"]).expect(4);
    assert!(ran.stderr.contains("topup 1 --journal "), "{}", ran.shown());
    server.run(&["topup", "1", "bob", "--yes"]).expect(1);
    let folder = server.path(".local/state/openrouter-keys");
    let journal = fs::read_dir(&folder).unwrap().next().unwrap().unwrap().path();
    let of_another = fs::read_to_string(&journal).unwrap().replace("\"default\"", "\"other\"");
    fs::write(&journal, of_another).unwrap();
    server.run(&["topup", "1", "bob", "--yes"]).expect(0);
    assert_eq!(limit("bob"), Some(8.0));
    assert!(journal.exists());
}

#[cfg(unix)]
#[test]
fn a_row_that_was_taken_out_of_the_file_after_its_key_was_created_is_named() {
    let server = Server::start();
    fs::write(server.path("rows.csv"), "name,limit\nada,5\nbob,5\n").unwrap();
    let create = ["bulk", "create", "rows.csv", "--jobs", "1", "--secret-to"];
    server.run(&[&create[..], &["command:sh -c 'grep -q bob || exit 10'"]].concat()).expect(1);
    fs::write(server.path("rows.csv"), "name,limit\nbob,5\n").unwrap();
    let ran = server.run(&[&create[..], &["command:true"]].concat()).expect(0);
    let hash =
        server.emulator.keys().into_iter().find(|key| key.name.starts_with("ada")).unwrap().hash;
    assert!(ran.stderr.contains(&format!("openrouter-keys delete {hash}")), "{}", ran.shown());
}

#[test]
fn a_negative_amount_is_refused_as_an_amount() {
    let server = Server::start();
    for (arguments, said) in [
        (&["create", "ada", "--limit", "-1", "--reveal"][..], "\"-1\" is not an amount"),
        (&["ensure", "ada", "--limit", "-inf", "--reveal"], "\"-inf\" is not an amount"),
        (&["update", "ada", "--limit", "-0.5"], "\"-0.5\" is not an amount"),
        (&["topup", "-5", "ada", "--yes"], "\"-5\" is not an amount"),
        (
            &["create", "ada", "--limit", "1", "--expires", "-1d", "--reveal"],
            "\"-1d\" is not a time",
        ),
    ] {
        let ran = server.run(arguments).expect(2);
        assert!(ran.stderr.contains(said), "{}", ran.shown());
    }
    assert_eq!(server.requests(), [""; 0]);
}

#[test]
fn a_date_with_a_time_is_not_cut_to_the_date() {
    let server = Server::start();
    fs::write(server.path("rows.csv"), "name,limit,expiry\nada,5,2099-01-31 10:00\n").unwrap();
    server.run(&["bulk", "create", "rows.csv", "--reveal"]).expect(2);
    let create = [&ADA[..], &["--reveal", "--expires", "2099-01-31T10:00:00"]].concat();
    server.run(&create).expect(2);
    assert_eq!(server.requests(), [""; 0]);
}

#[test]
fn only_what_this_program_has_is_suggested() {
    // Created long ago: `ensure` waits for new keys to settle.
    let ada = r#"{"name": "ada", "limit": 5, "created_at": "2026-01-01T00:00:00Z"}"#;
    let server = Server::with_seeds(&format!("{{\"keys\": [{ada}, {ada}]}}"));
    let ran = server.run(&["list", "--base-url", "http://gateway.example/v1"]).expect(2);
    assert!(ran.stderr.contains("use https://; nothing was sent"), "{}", ran.shown());
    let ensure = ["ensure", "ada", "--limit", "5", "--secret-to", "command:true"];
    let ran = server.run(&ensure).expect(1);
    assert!(ran.stderr.contains("--newest"), "{}", ran.shown());
    assert!(ran.stderr.ends_with("\n  openrouter-keys list --all --name ada\n"), "{}", ran.shown());
}

#[cfg(target_os = "linux")]
#[test]
fn help_that_cannot_be_written_is_a_failure() {
    let server = Server::start();
    for arguments in ["--help", "list --help", "--version"] {
        redirected(&server, &format!("\"$0\" {arguments} >/dev/full")).expect(1);
        redirected(&server, &format!("\"$0\" {arguments} | true")).expect(0);
    }
}

#[test]
fn a_dry_run_of_many_creates_knows_the_journal_and_the_keys_that_exist() {
    let server = Server::start();
    let create = ["bulk", "create", "rows.csv", "--secret-to", "file:{name}.key"];
    let dry = [&create[..], &["--dry-run"]].concat();
    fs::write(server.path("rows.csv"), "name,limit\nada,5\n").unwrap();
    server.run(&create).expect(0);
    let journal = fs::read(server.path("rows.csv.journal")).unwrap();
    let ran = server.run(&dry).expect(0);
    assert_eq!(ran.stdout, "");
    fs::write(server.path("rows.csv"), "name,limit\nada,5\nbob,5\n").unwrap();
    let ran = server.run(&dry).expect(0);
    assert!(ran.stdout.contains("bob") && !ran.stdout.contains("ada"), "{}", ran.shown());
    assert_eq!(fs::read(server.path("rows.csv.journal")).unwrap(), journal);
    fs::remove_file(server.path("rows.csv.journal")).unwrap();
    fs::remove_file(server.path("ada.key")).unwrap();
    let ran = server.run(&dry).expect(2);
    assert!(ran.stderr.contains("exist already"), "{}", ran.shown());
    assert!(!server.path("rows.csv.journal").exists());
}

#[test]
fn a_jq_expression_sees_the_result_and_nothing_else() {
    let server = Server::start();
    let key = server.emulator.management_key();
    for code in [
        "env",
        "error(env)",
        "stderr",
        "\"\\u001b[2J\" | stderr_empty",
        "halt",
        "halt(3)",
        "halt_error",
        "halt_error(0)",
    ] {
        let ran = server.run(&["list", "--jq", code]).expect(1);
        assert!(!ran.shown().contains(key) && !ran.shown().contains('\u{1b}'), "{}", ran.shown());
        assert!(ran.stderr.contains("not available here"), "{}", ran.shown());
    }
}

#[cfg(target_os = "linux")]
#[test]
fn nohup_is_respected() {
    let rows = ["a", "b", "c", "d", "e", "f", "g", "h"].join(",5\n");
    for (before, code) in [("trap '' HUP;", 0), ("", 130)] {
        let server = Server::start();
        fs::write(server.path("rows.csv"), format!("name,limit\n{rows},5\n")).unwrap();
        fs::write(server.path("sink.sh"), "kill -HUP $PPID\n").unwrap();
        let create = "bulk create rows.csv --jobs 1 --secret-to 'command:sh sink.sh'";
        redirected(&server, &format!("{before} \"$0\" {create}")).expect(code);
        assert_eq!(server.emulator.key_count() == 9, code == 0);
    }
}
