//! What `audit`, `report`, `watch` and `metrics` print, and whom they tell.

#[cfg(test)]
mod support;

#[cfg(test)]
mod tests {
    use std::io::{BufRead as _, BufReader, Read as _, Write as _};
    use std::net::{TcpListener, TcpStream};
    use std::process::{Child, Stdio};
    use std::thread::JoinHandle;

    use serde_json::Value;

    use crate::support::{Server, assert_snapshot};

    const SEEDS: &str = include_str!("snapshots/seeds.json");

    fn json(text: &str) -> Value {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn audit() {
        let server = Server::with_seeds(SEEDS);
        assert_snapshot("audit", &server.run(&["audit"]));
        assert_snapshot("audit-kinds", &server.run(&["audit", "--ignore", "no_limit", "--quiet"]));
        let row = ["audit", "--unused-for", "2000d", "--jq", ".[] | select(.name == \"Bob\")"];
        assert_snapshot("audit-jq", &server.run(&row));
        server.run(&["audit", "--exit-zero"]).expect(0);
        server.run(&["audit", "--unused-for", "90"]).expect(2);
        server.run(&["audit", "--near-limit", "101%"]).expect(2);
    }

    #[test]
    fn an_audit_without_findings_is_a_success() {
        let server = Server::start();
        server.run(&["create", "a", "--limit", "5", "--reveal"]).expect(0);
        let ran = server.run(&["audit", "--ignore", "no_limit"]).expect(0);
        assert_eq!(ran.stdout, "");
    }

    #[test]
    fn report() {
        let server = Server::with_seeds(SEEDS);
        assert_snapshot("report", &server.run(&["report", "--sort", "group"]));
        assert_snapshot("report-user", &server.run(&["report", "--by", "external-user"]));
        let markdown = ["report", "--by", "prefix", "--separator", " ", "--markdown"];
        assert_snapshot("report-markdown", &server.run(&markdown));
        server.run(&["report", "--markdown", "--csv"]).expect(2);
        server.run(&["report", "--sort", "change"]).expect(2);
        // The hash tells keys of the same name apart.
        let hash = &server.hashes_of("Ada")[0];
        let row = server.run(&["report", "--name", "Ada"]).expect(0).stdout;
        assert!(row.starts_with(&format!("Ada\t{hash}\t")), "{row}");
        let csv = server.run(&["report", "--csv"]).expect(0);
        assert!(csv.stdout.starts_with("by,group,hash,keys,usage_daily,"), "{}", csv.shown());
        assert!(!csv.stdout.contains("members"));
    }

    #[test]
    fn a_report_against_an_earlier_one_has_the_difference_for_any_grouping() {
        let seeds = json(SEEDS);
        let server = Server::with_seeds(SEEDS);
        let earlier = server.run(&["report", "--by", "external-user", "--json"]).expect(0);
        let mut rows = json(&earlier.stdout);
        // Ada had spent 2.5 less, and there was one key more.
        for row in rows.as_array_mut().unwrap() {
            row["at"] = "2026-06-01T00:00:00Z".into();
            for member in row["members"].as_array_mut().unwrap() {
                if member["usage"] == 12.5 {
                    member["usage"] = 10.into();
                }
            }
        }
        let gone = serde_json::json!({"hash": "gone", "usage": 3, "byok_usage": 0});
        rows[0]["members"].as_array_mut().unwrap().push(gone);
        std::fs::write(server.path("earlier.json"), rows.to_string()).unwrap();
        assert_eq!(seeds["keys"][0]["spend"][0]["usd"], 12.5);

        let compared = ["report", "--against", "earlier.json", "--sort", "change", "--limit", "2"];
        assert_snapshot("report-against", &server.run(&compared));
        std::fs::write(server.path("other.json"), "[{\"name\":\"x\"}]").unwrap();
        assert_snapshot(
            "report-against-other",
            &server.run(&["report", "--against", "other.json"]),
        );
        let requests = server.requests().len();
        server.run(&["report", "--against", "absent.json"]).expect(2);
        assert_eq!(server.requests().len(), requests);
    }

    #[test]
    fn watch_reports_each_finding_once_and_new_keys_after_the_first_run() {
        let server = Server::with_seeds(SEEDS);
        // What depends on this machine's date is for the unit tests.
        let watch = ["watch", "--ignore", "idle", "--ignore", "pace"];
        assert_snapshot("watch", &server.run(&watch));
        let again = server.run(&watch).expect(0);
        assert_eq!((again.stdout.as_str(), again.stderr.as_str()), ("", ""));

        for name in ["new", "ci-1"] {
            server.run(&["create", name, "--limit", "5", "--reveal"]).expect(0);
        }
        let told = server.run(&["watch", "--expect", "ci-*", "--jq", ".[] | .kind + .name"]);
        assert!(told.expect(3).lines().contains(&"newnew"));
        server.run(&watch).expect(0);
        server.run(&["watch", "--no-state"]).expect(3);
        server.run(&["watch", "--no-state", "--only", "used_up"]).expect(0);
    }

    #[test]
    fn a_run_that_does_not_report_new_keys_leaves_them_to_one_that_does() {
        let server = Server::with_seeds(SEEDS);
        server.run(&["watch"]).expect(3);
        server.run(&["create", "new", "--limit", "5", "--reveal"]).expect(0);
        server.run(&["watch", "--only", "used"]).expect(0);
        server.run(&["watch", "--ignore", "new", "--ignore", "idle"]).expect(0);
        let told = server.run(&["watch", "--only", "new"]).expect(3);
        assert!(told.stdout.starts_with("new\tnew\t"), "{}", told.shown());
        server.run(&["watch", "--only", "new"]).expect(0);
    }

    #[test]
    fn fields_have_the_types_of_the_schema() {
        let server = Server::with_seeds(SEEDS);
        std::fs::write(server.path("keys.toml"), "[[key]]\nname = \"Ada\"\nlimit = 1\n").unwrap();
        let commands = ["list", "audit", "report", "watch", "plan", "doctor", "current"];
        for command in commands {
            let schema = json(&server.run(&["schema", command, "--json"]).stdout);
            let rows = json(&server.run(&[command, "--json"]).stdout);
            let rows = rows.as_array().cloned().unwrap_or_else(|| vec![rows]);
            for (field, value) in rows.iter().flat_map(|row| row.as_object().unwrap()) {
                let line = schema.as_array().unwrap().iter().find(|line| line["field"] == *field);
                let is_right = match line.map(|line| line["type"].as_str().unwrap()) {
                    // One that is newer than this program.
                    None => true,
                    _ if value.is_null() => true,
                    Some("string" | "timestamp") => value.is_string(),
                    Some("number") => value.is_number(),
                    Some("boolean") => value.is_boolean(),
                    Some("array") => value.is_array(),
                    Some("object") => value.is_object(),
                    _ => false,
                };
                assert!(is_right, "{command} {field}: {value}");
            }
        }
    }

    #[test]
    fn a_state_is_private_and_belongs_to_one_account() {
        let server = Server::with_seeds(SEEDS);
        server.run(&["watch", "--state", "state.json"]).expect(3);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = server.path("state.json").metadata().unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        let requests = server.requests().len();
        let other = ["watch", "--state", "state.json", "--workspace", "other"];
        server.run(&other).expect(2);
        std::fs::write(server.path("state.json"), "{").unwrap();
        server.run(&["watch", "--state", "state.json"]).expect(2);
        assert_eq!(server.requests().len(), requests);
    }

    /// Answers one POST with this status, and returns what was sent.
    fn webhook(status: u16) -> (String, JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/services/PLANTED", listener.local_addr().unwrap());
        let thread = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let mut head = String::new();
            while !head.ends_with("\r\n\r\n") {
                assert_ne!(reader.read_line(&mut head).unwrap(), 0);
            }
            let length = head.lines().find_map(|line| {
                line.to_ascii_lowercase().strip_prefix("content-length:")?.trim().parse().ok()
            });
            let mut body = vec![0; length.unwrap()];
            reader.read_exact(&mut body).unwrap();
            write!(stream, "HTTP/1.1 {status} x\r\ncontent-length: 0\r\n\r\n").unwrap();
            String::from_utf8(body).unwrap()
        });
        (url, thread)
    }

    #[test]
    fn findings_are_reported_again_after_a_failed_webhook_whose_url_is_never_shown() {
        let server = Server::with_seeds(SEEDS);
        for (status, code) in [(500, 1), (302, 1), (200, 3)] {
            let (url, thread) = webhook(status);
            let mut command = server.command(&["watch", "--only", "used", "--webhook"]);
            let ran = server.ran(command.env("OPENROUTER_KEYS_WEBHOOK", url)).expect(code);
            let sent = json(&thread.join().unwrap());
            let message = "Bob: has used 97 % of its limit of $10.00, $0.25 is left";
            assert_eq!(sent, serde_json::json!({ "text": message }));
            assert!(!ran.shown().contains("PLANTED"), "{}", ran.shown());
        }
        // Nothing is left to tell, so that nobody is called.
        let mut command = server.command(&["watch", "--only", "used", "--webhook"]);
        server.ran(command.env("OPENROUTER_KEYS_WEBHOOK", "http://127.0.0.1:1/")).expect(0);
        server.run(&["watch", "--webhook"]).expect(2);
        server.run(&["watch", "--webhook", "http://example.org/PLANTED"]).expect(2);
    }

    #[cfg(unix)]
    #[test]
    fn a_command_gets_the_findings_and_no_key() {
        let server = Server::with_seeds(SEEDS);
        let command = "sh -c 'cat > found.json; env > environment; exit 0'";
        server.run(&["watch", "--only", "used", "--command", command]).expect(3);
        let found = json(&std::fs::read_to_string(server.path("found.json")).unwrap());
        assert_eq!((&found[0]["kind"], &found[0]["name"]), (&"used".into(), &"Bob".into()));
        let environment = std::fs::read_to_string(server.path("environment")).unwrap();
        assert!(!environment.contains(server.emulator.management_key()), "{environment}");
        let failing = ["watch", "--no-state", "--only", "used", "--command", "false"];
        server.run(&failing).expect(1);
        let requests = server.requests().len();
        for wrong in ["", "no-such-program", "'open"] {
            server.run(&["watch", "--no-state", "--command", wrong]).expect(2);
        }
        assert_eq!(server.requests().len(), requests);
    }

    #[cfg(unix)]
    #[test]
    fn a_second_watch_with_the_same_state_is_refused() {
        let server = Server::with_seeds(SEEDS);
        let watch = ["watch", "--only", "used", "--state", "state.json", "--every", "10m"];
        let mut child = started(&server, &watch);
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let second = server.run(&["watch", "--state", "state.json"]).expect(1);
        assert!(second.stderr.contains("another watch is using state.json"), "{}", second.shown());
        assert_eq!(interrupted(&mut child), Some(3));
        server.run(&["watch", "--only", "used", "--state", "state.json"]).expect(0);
    }

    #[cfg(unix)]
    #[test]
    fn a_watch_goes_on_after_a_failure_until_a_signal() {
        let server = Server::with_seeds(SEEDS);
        server.fail("method=GET,status=400");
        let mut child = started(&server, &["watch", "--every", "1s", "--only", "used"]);
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert!(line.starts_with("used\tBob\t"), "{line}");
        assert_eq!(interrupted(&mut child), Some(3));
    }

    #[test]
    fn metrics() {
        let server = Server::with_seeds(SEEDS);
        let mut ran = server.run(&["metrics", "--name", "Bob"]);
        // The time is this machine's.
        let is_fixed = |line: &&str| !line.starts_with("openrouter_keys_collected_timestamp");
        ran.stdout = ran.stdout.split_inclusive('\n').filter(is_fixed).collect();
        assert_snapshot("metrics", &ran);
        server.run(&["metrics", "--file", "keys.prom"]).expect(0);
        let text = std::fs::read_to_string(server.path("keys.prom")).unwrap();
        assert!(text.ends_with("\n# EOF\n") && text.contains("name=\"Ada\""));
        // A failure leaves the old file.
        server.fail("method=GET,status=400");
        server.run(&["metrics", "--file", "keys.prom"]).expect(1);
        assert_eq!(std::fs::read_to_string(server.path("keys.prom")).unwrap(), text);
        let requests = server.requests().len();
        for wrong in ["no-folder/keys.prom", ".", ".."] {
            server.run(&["metrics", "--file", wrong]).expect(2);
        }
        assert_eq!(server.requests().len(), requests);
        server.run(&["metrics", "--json"]).expect(2);
        server.run(&["metrics", "--listen", "0.0.0.0:0"]).expect(2);
    }

    #[cfg(unix)]
    #[test]
    fn metrics_are_served_to_this_machine_under_its_own_name_only() {
        let server = Server::with_seeds(SEEDS);
        let mut child = started(&server, &["metrics", "--listen", "127.0.0.1:0"]);
        let mut line = String::new();
        BufReader::new(child.stderr.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("serving http://").unwrap();
        let address = address.strip_suffix("/metrics").unwrap().to_owned();
        let get = |host: &str| {
            let mut stream = TcpStream::connect(&address).unwrap();
            write!(stream, "GET /metrics HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n")
                .unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).unwrap();
            answer
        };
        let answer = get(&address);
        assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("# EOF"), "{answer}");
        let requests = server.requests().len();
        for wrong in ["evil.example", "127.0.0.1", "evil.example:80"] {
            assert!(get(wrong).starts_with("HTTP/1.1 403"), "{wrong}");
        }
        get(&address);
        assert_eq!(server.requests().len(), requests, "a scrape within a minute lists nothing");
        assert_eq!(interrupted(&mut child), Some(0));
    }

    fn started(server: &Server, arguments: &[&str]) -> Child {
        let mut command = server.command(arguments);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// Sends SIGINT, and returns the exit code.
    #[cfg(unix)]
    fn interrupted(child: &mut Child) -> Option<i32> {
        let id = child.id().to_string();
        let sent = std::process::Command::new("kill").args(["-INT", &id]).status().unwrap();
        assert!(sent.success());
        child.wait().unwrap().code()
    }
}
