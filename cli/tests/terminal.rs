//! What a person sees: the same commands with a terminal on all three streams.

#![cfg(target_os = "linux")]

mod support;

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};

    use crate::support::{Server, assert_snapshot};

    const SEEDS: &str = include_str!("snapshots/seeds.json");

    #[track_caller]
    fn check(name: &str, arguments: &[&str]) {
        let server = Server::with_seeds(SEEDS);
        if let Some(ran) = server.run_in_terminal(arguments, "") {
            assert_snapshot(&format!("terminal-{name}"), &ran);
        }
    }

    #[test]
    fn tables_are_for_people() {
        check("list", &["list", "--unlimited"]);
        check("get", &["get", "Unlimited"]);
        check("no-keys", &["list", "--name", "nobody"]);
        check("current", &["current"]);
        check("json", &["list", "--name", "Ada", "--json", "name,limit"]);
    }

    /// What has no room is cut, wrapped or left out; no line of a table is longer than the terminal
    /// is wide.
    #[test]
    fn tables_fit_narrow_terminals() {
        let server = Server::with_seeds(
            r#"{"keys": [
                {"name": "Ada", "limit": 25, "limit_reset": "monthly"},
                {"name": "東京の研究室 👍", "disabled": true},
                {"name": "a very long name of a key, which nobody should give to one", "limit": 5},
                {"name": "\u001b[31mred\u202e\u200b", "limit": 1000000}
            ]}"#,
        );
        for columns in [80, 40] {
            for (command, name) in [(&["list", "--all"][..], "list"), (&["audit"], "audit")] {
                let program = server.command(&[command, &["--color", "never"]].concat());
                let Some(ran) = server.ran_in_terminal(&program, "", columns) else { return };
                let is_table =
                    |line: &&str| !["not shown", "spent"].iter().any(|note| line.starts_with(note));
                for line in ran.stdout.lines().filter(is_table) {
                    let width = unicode_width::UnicodeWidthStr::width(line);
                    assert!(width <= usize::from(columns), "{columns}: {}", ran.shown());
                }
                assert_snapshot(&format!("terminal-{name}-{columns}"), &ran);
            }
        }
    }

    #[test]
    fn a_key_is_deleted_once_its_name_is_typed() {
        let server = Server::with_seeds(SEEDS);
        let Some(refused) = server.run_in_terminal(&["delete", "Ada"], "Bob\n") else { return };
        assert_eq!(refused.code, Some(130), "{}", refused.shown());
        assert_eq!(server.hashes_of("Ada").len(), 1);
        let confirmed = server.run_in_terminal(&["delete", "Ada"], "Ada\n").unwrap().expect(0);
        assert!(confirmed.stdout.contains("This will delete:"), "{}", confirmed.shown());
        assert!(server.hashes_of("Ada").is_empty());
    }

    #[test]
    fn a_signal_at_the_question_means_no() {
        let key = r#"{"keys": [{"name": "x #temp-0f343b0931126a20f133d67c2b018a3b",
            "expires_at": "2026-01-02T00:00:00Z", "created_at": "2026-01-01T00:00:00Z"}]}"#;
        let server = Server::with_seeds(key);
        let program = server.command(&[]);
        let program_path = program.get_program().to_str().unwrap();
        let line = shlex::try_join([program_path, "sweep", "--temporary"]).unwrap();
        let Some(mut script) = server.script(&line, &program) else { return };
        let mut running = script.env("TERM", "dumb").spawn().unwrap();
        let (mut typed, mut shown) =
            (running.stdin.take().unwrap(), running.stdout.take().unwrap());
        let mut seen = Vec::new();
        while !String::from_utf8_lossy(&seen).contains("to continue: ") {
            let mut byte = [0];
            shown.read_exact(&mut byte).unwrap();
            seen.extend(byte);
        }
        // Ctrl-C, and the terminal stays open.
        typed.write_all(b"\x03").unwrap();
        typed.flush().unwrap();
        assert_eq!(running.wait().unwrap().code(), Some(130));
        assert_eq!(server.emulator.keys().len(), 2);
    }

    #[test]
    fn a_long_table_goes_to_the_pager_without_the_management_key() {
        let server = Server::with_keys(30);
        let program = server.command(&[]);
        let program_path = program.get_program().to_str().unwrap();
        let mut shown = Vec::new();
        for rows in [10, 60] {
            let _ = std::fs::remove_file(server.path("paged"));
            let line = format!("stty rows {rows} cols 200; {program_path} list");
            let Some(mut script) = server.script(&line, &program) else { return };
            let output = script.env("PAGER", "sh -c 'env > paged; cat'").output().unwrap();
            assert!(String::from_utf8_lossy(&output.stdout).contains("key 029"));
            shown.push(std::fs::read_to_string(server.path("paged")).ok());
        }
        let [Some(environment), None] = &shown[..] else { panic!("{shown:?}") };
        assert!(environment.contains("PATH=") && !environment.contains("sk-or-"), "{environment}");
    }
}
