//! What other tools for these keys get wrong, tried with this one.

#[cfg(test)]
mod support;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::io::{BufRead as _, BufReader};
    use std::process::Stdio;
    use std::time::{Duration, Instant};

    use openrouter_keys_emulator::Fault;
    use serde_json::Value;

    use crate::support::{Ran, Server};

    /// Whether there is anything as long as a secret in what was printed.
    fn shows_a_secret(ran: &Ran) -> bool {
        let text = format!("{}{}", ran.stdout, ran.stderr);
        text.split("sk-or-v1-")
            .skip(1)
            .any(|behind| behind.chars().take_while(char::is_ascii_alphanumeric).count() >= 16)
    }

    #[test]
    fn a_listing_is_whole_or_a_failure() {
        // And the ordinary key of the emulator.
        let server = Server::with_keys(249);
        let ran = server.run(&["list", "--json"]).expect(0);
        let rows: Vec<Value> = serde_json::from_str(&ran.stdout).unwrap();
        let hashes: BTreeSet<_> = rows.iter().map(|row| row["hash"].as_str().unwrap()).collect();
        assert_eq!((rows.len(), hashes.len()), (250, 250));
        assert!(server.requests().len() <= 4, "{:?}", server.requests());

        for fault in ["status=500", "truncate=5000", "body=200 {}", "html=200"] {
            let server = Server::with_keys(250);
            // The first page comes, the others never do.
            server.emulator.fail_next(Fault::none());
            server.emulator.fail_always(fault.parse().unwrap());
            let ran = server.run(&["list", "--json", "--timeout", "3s"]);
            assert!(ran.code != Some(0), "{fault}: {} rows, exit 0", ran.lines().len());
            assert_eq!(ran.stdout, "", "{fault}");
        }
    }

    #[test]
    fn a_create_whose_answer_is_lost_creates_at_most_one_key() {
        for fault in [
            "method=POST,reset-after-commit",
            "method=POST,commit,status=502",
            "method=POST,commit,delay=20s",
        ] {
            let server = Server::start();
            server.fail(fault);
            let create = ["create", "ada", "--limit", "5", "--secret-to", "file:ada.key"];
            let ran = server.run(&[&create[..], &["--timeout", "2s"]].concat()).expect(6);
            assert_eq!(server.hashes_of("ada").len(), 1, "{fault}");
            assert!(
                ran.stderr.contains("openrouter-keys list --all --name ada"),
                "{}",
                ran.shown()
            );
            let found = server.run(&["list", "--all", "--name", "ada"]).expect(0);
            assert!(found.stdout.contains(&server.hashes_of("ada")[0]), "{}", found.shown());
            assert!(!server.path("ada.key").exists(), "{fault}");
        }
    }

    #[test]
    fn a_reconciled_create_ends_with_exactly_one_key() {
        for fault in [
            "method=POST,reset-after-commit",
            "method=POST,commit,status=502",
            "method=POST,commit,delay=20s",
        ] {
            let server = Server::start();
            server.fail(fault);
            let create = ["create", "ada", "--limit", "5", "--secret-to", "file:ada.key"];
            server.run(&[&create[..], &["--reconcile", "--timeout", "5s"]].concat()).expect(0);
            let keys = server.emulator.keys();
            // The name ends in the marker by which the lost key was found.
            let ours: Vec<_> = keys.iter().filter(|key| key.name.starts_with("ada")).collect();
            let [key] = ours[..] else { panic!("{fault}: {} keys", ours.len()) };
            let secret = fs::read_to_string(server.path("ada.key")).unwrap();
            let end = key.label.rsplit('.').next().unwrap();
            assert!(secret.trim().ends_with(end), "{fault}");
        }
    }

    #[test]
    fn a_disabled_key_keeps_its_limit() {
        let server = Server::start();
        server.run(&["create", "ada", "--limit", "5", "--secret-to", "file:ada.key"]).expect(0);
        assert!(fs::read_to_string(server.path("ada.key")).unwrap().starts_with("sk-or-v1-"));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = fs::metadata(server.path("ada.key")).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        let [hash] = &server.hashes_of("ada")[..] else { panic!("one key") };
        server.emulator.clear_requests();
        server.run(&["disable", hash]).expect(0);
        let [patch] = &server.emulator.requests()[..] else { panic!("{:?}", server.requests()) };
        assert_eq!(patch.method, "PATCH");
        assert_eq!(&patch.body[..], br#"{"disabled":true}"#);
        let key = server.emulator.key(hash).unwrap();
        assert_eq!((key.disabled, key.limit), (true, Some(5.0)));
    }

    #[test]
    fn only_an_amount_is_a_limit() {
        let server = Server::start();
        for wrong in ["NaN", "inf", "-inf", "infinity", "-1", "1e309", "", "none", "0x10"] {
            for command in ["create", "update"] {
                let limit = format!("--limit={wrong}");
                server.run(&[command, "ada", &limit]).expect(2);
                server.run(&[command, "ada", "--limit", wrong]).expect(2);
            }
        }
        server.run(&["create", "ada", "--reveal"]).expect(2);
        assert_eq!(server.requests(), [""; 0]);
        server.run(&["create", "ada", "--no-limit", "--reveal"]).expect(0);
        server.run(&["create", "bob", "--limit", "0", "--reveal"]).expect(0);
        let limit = |name: &str| {
            server.emulator.keys().into_iter().find(|key| key.name == name).unwrap().limit
        };
        assert_eq!((limit("ada"), limit("bob")), (None, Some(0.0)));
    }

    #[test]
    fn no_hash_leaves_the_path_of_the_keys() {
        let server = Server::with_keys(3);
        for wrong in ["", " ", ".", "..", "../workspaces", "./x", "..\\workspaces"] {
            for command in ["get", "enable", "disable"] {
                server.run(&[command, wrong]).expect(2);
            }
            server.run(&["update", wrong, "--limit", "1"]).expect(2);
            server.run(&["delete", wrong, "--yes"]).expect(2);
        }
        assert_eq!(server.requests(), [""; 0]);
        // What may be a name is looked up in the listing and in no path.
        for odd in ["a/../../b", "%2e%2e", "workspaces?x", "..#"] {
            server.run(&["delete", odd, "--yes"]).expect(5);
        }
        assert!(server.requests().iter().all(|seen| seen.starts_with("GET /api/v1/keys?")));
        assert_eq!(server.emulator.key_count(), 4);
    }

    #[test]
    fn a_server_that_asks_for_patience_gets_it() {
        for (method, arguments) in [
            ("GET", &["list"][..]),
            ("POST", &["create", "ada", "--limit", "5", "--secret-to", "file:ada.key"]),
        ] {
            let server = Server::start();
            server.fail(&format!("method={method},status=429,retry-after=2"));
            let start = Instant::now();
            let ran = server.run(arguments).expect(0);
            assert!(start.elapsed() >= Duration::from_secs(2), "{method}");
            assert!(ran.stderr.contains("429"), "{}", ran.shown());
            assert!(ran.stderr.contains("trying again in 2 s"), "{}", ran.shown());
        }
    }

    #[test]
    fn a_server_that_never_recovers_ends_the_command() {
        let server = Server::start();
        server.emulator.fail_always(Fault::status(503));
        for arguments in [&["list"][..], &["create", "ada", "--limit", "5", "--reveal"]] {
            let ran = server.run(&[arguments, &["--timeout", "4s"]].concat());
            assert!(ran.code == Some(1) || ran.code == Some(6), "{}", ran.shown());
            assert!(ran.stderr.contains("503"), "{}", ran.shown());
        }
    }

    #[test]
    fn a_slow_answer_is_announced() {
        let server = Server::start();
        server.fail("delay=2s");
        let ran = server.run(&["current"]).expect(0);
        assert!(ran.stderr.contains("waiting for GET"), "{}", ran.shown());
        server.fail("delay=2s");
        let ran = server.run(&["current", "--quiet"]).expect(0);
        assert_eq!(ran.stderr, "");
    }

    #[test]
    fn a_reader_that_leaves_is_not_a_failure() {
        let server = Server::with_keys(2000);
        for format in
            [&["list"][..], &["list", "--json"], &["list", "--csv"], &["list", "--jq", ".[]"]]
        {
            let mut child = server
                .command(format)
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap();
            let mut line = String::new();
            // The pipe is closed after a line, far before the end.
            BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
            let output = child.wait_with_output().unwrap();
            assert_eq!(output.status.code(), Some(0), "{format:?}");
            assert_eq!(String::from_utf8(output.stderr).unwrap(), "", "{format:?}");
        }
    }

    #[test]
    fn a_name_with_escapes_is_shown_and_not_obeyed() {
        let server = Server::start();
        let name = "[bold]<b>\u{1b}]0;title\u{7}\u{9b}31m\u{202e}";
        let mut create = server.command(&["create", name, "--limit", "5", "--secret-to", "file:k"]);
        let created = server.ran(&mut create).expect(0);
        let shown = "[bold]<b>\\u{1b}]0;title\\u{7}\\u{9b}31m\\u{202e}";
        assert!(created.stdout.contains(shown), "{}", created.shown());
        let hash = &server.hashes_of(name)[0];
        for arguments in [
            &["list"][..],
            &["list", "--csv"],
            &["list", "--json"],
            &["list", "--jq", ".[].name"],
            &["get", name, "--json"],
            &["list", "--color", "always"],
            &["disable", name],
            &["delete", name],
            &["delete", hash, "--yes"],
            &["get", name],
        ] {
            let ran = server.run(arguments);
            for obeyed in ["\u{1b}]", "\u{7}", "\u{9b}", "\u{202e}"] {
                assert!(!ran.stdout.contains(obeyed), "{arguments:?}: {}", ran.shown());
                assert!(!ran.stderr.contains(obeyed), "{arguments:?}: {}", ran.shown());
            }
        }
    }

    #[test]
    fn a_misspelt_profile_is_refused() {
        let server = Server::start();
        let ran = server.run(&["list", "--profile", "prodution"]).expect(2);
        assert!(ran.stderr.contains("prodution"), "{}", ran.shown());
        let mut command = server.command(&["list"]);
        server.ran(command.env("OPENROUTER_KEYS_PROFILE", "prodution")).expect(2);
        assert_eq!(server.requests(), [""; 0]);
    }

    #[cfg(unix)]
    #[test]
    fn a_key_file_that_others_can_read_is_refused() {
        use std::os::unix::fs::PermissionsExt as _;
        let server = Server::start();
        let file = server.path("management.key");
        fs::write(&file, server.emulator.management_key()).unwrap();
        for mode in [0o644, 0o640, 0o604, 0o660] {
            fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
            let ran = server.run(&["list", "--key-file", "management.key"]).expect(2);
            assert!(ran.stderr.contains("chmod 600 management.key"), "{}", ran.shown());
        }
        assert_eq!(server.requests(), [""; 0]);
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        server.run(&["list", "--key-file", "management.key"]).expect(0);
    }

    #[test]
    fn a_broken_answer_never_shows_a_secret() {
        for fault in [
            "method=POST,commit,html=502",
            "method=POST,commit,html=200",
            "method=POST,truncate=60",
            "method=POST,truncate=400",
            "method=POST,truncate=520",
            "method=POST,truncate-chunked=400",
            "method=POST,commit,body=200 {\"data\":{\"hash\":\"sk-or-v1-0123456789abcdef0123456789abcdef\"}}",
            "method=POST,commit,body=500 sk-or-v1-0123456789abcdef0123456789abcdef",
        ] {
            let server = Server::start();
            server.fail(fault);
            let create = ["create", "ada", "--limit", "5", "--secret-to", "file:ada.key"];
            let ran = server.run(&[&create[..], &["--timeout", "3s"]].concat());
            assert!(!shows_a_secret(&ran), "{fault}: {}", ran.shown());
            assert!(ran.code == Some(0) || ran.code == Some(6), "{fault}: {}", ran.shown());
            assert_eq!(ran.code == Some(0), server.path("ada.key").exists(), "{fault}");
        }
        let server = Server::start();
        let mut list = server.command(&["list"]);
        server.fail("html=502");
        server.fail(
            "body=401 {\"error\":{\"message\":\"sk-or-v1-0123456789abcdef0123456789abcdef\"}}",
        );
        let ran = server.ran(&mut list);
        assert!(!shows_a_secret(&ran), "{}", ran.shown());
    }
}
