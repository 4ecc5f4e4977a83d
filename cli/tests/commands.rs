//! What every command prints, in a pipe and in a terminal, over real HTTP: what it does, and its
//! most usual failures.

#![cfg(target_os = "linux")]

#[cfg(test)]
mod support;

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use jiff::{SignedDuration, Timestamp};
    use openrouter_keys_emulator::Clock;
    use serde_json::json;

    use crate::support::{Ran, Server, assert_text_snapshot};

    /// The name of the snapshot, the exit code, a fault of the server, and the command lines, of
    /// which the last one is compared.
    type Case = (&'static str, i32, &'static str, &'static str);

    const ROTATE: &str = "--grace 0s --unused 0s --watch 0s";
    const FILES: [(&str, &str); 4] = [
        ("rows.csv", "name,limit,reset\nnew 1,5,monthly\nnew 2,none,\n"),
        ("taken.csv", "name,limit\nAda,5\n"),
        ("wrong.csv", "name,limit\nnew,NaN\n,1\n"),
        (
            "keys.toml",
            "[[key]]\nname = \"Ada\"\nlimit = 30\nreset = \"monthly\"\n\n\
             [[key]]\nname = \"new\"\nlimit = 5\nsecret_to = \"file:new.key\"\n\n\
             [[delete]]\nname = \"Bob\"\n",
        ),
    ];

    /// Keys whose times are relative to this machine's, by which the program judges them.
    fn server() -> Server {
        let at = |hours: i64| {
            Timestamp::now().saturating_add(SignedDuration::from_hours(hours)).unwrap().to_string()
        };
        let days = |days: i64| at(days * 24 + 1);
        let spend = |usd: f64, ago: i64| json!([{"usd": usd, "at": days(-ago)}]);
        let seeds = json!({"keys": [
            {"name": "Ada", "limit": 25, "limit_reset": "monthly", "created_at": days(-300),
             "spend": spend(12.5, 40)},
            {"name": "Bob", "limit": 10, "created_at": days(-200), "spend": spend(9.75, 100)},
            {"name": "Unlimited", "created_at": days(-150), "external_user": "team-7"},
            {"name": "Left the company", "limit": 5, "disabled": true, "created_at": days(-100)},
            {"name": "ci #temp-0f343b0931126a20f133d67c2b018a3b", "limit": 1,
             "created_at": days(-2), "expires_at": days(-1)},
        ]});
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), seeds.to_string()).unwrap();
        let server = Server::with(|builder| builder.clock(Clock::system()).seed_file(file.path()));
        for (name, content) in FILES {
            std::fs::write(server.path(name), content).unwrap();
        }
        server
    }

    /// Runs the command lines against a server of their own.
    fn run(case: Case, is_terminal: bool, typed: &str) -> String {
        let (name, code, fault, lines) = case;
        let server = server();
        if !fault.is_empty() {
            server.fail(fault);
        }
        let secret = server.emulator.seeded_keys()[0].key.clone();
        let mut last: Option<Ran> = None;
        for line in lines.split(" && ") {
            let words = shlex::split(&line.replace("ROTATE", ROTATE)).unwrap();
            let words: Vec<_> = words.iter().map(String::as_str).collect();
            let input = typed.replace("SECRET", &secret);
            let asks = matches!(words[..], ["whose" | "leak"]) || words.starts_with(&["whose"]);
            let input = if asks && !is_terminal { secret.clone() } else { input };
            last = Some(if is_terminal {
                server.run_in_terminal(&words, &input).unwrap()
            } else {
                server.run_with_input(&words, &input)
            });
        }
        let mut ran = last.unwrap();
        assert_eq!(ran.code, Some(code), "{name}: {}", ran.shown());
        assert!(!ran.shown().contains(&secret), "{name}");
        if is_terminal {
            ran.stdout = without_spinner(&ran.stdout);
        } else {
            assert!(!ran.shown().contains('\u{1b}'), "{name}: an escape code in a pipe");
        }
        let shown = normalized(&ran.shown());
        // The length of the folder's name decides how wide a column is.
        if shown.contains("[HOME]") { without_padding(&shown) } else { shown }
    }

    fn without_padding(text: &str) -> String {
        let mut text = text.to_owned();
        while text.contains("   ") {
            text = text.replace("   ", "  ");
        }
        text
    }

    #[track_caller]
    fn check(cases: &[Case]) {
        for case in cases {
            let (name, _, _, line) = case;
            let mut shown = format!("$ openrouter-keys {line}\n");
            let _ = write!(shown, "=== in a pipe\n{}", run(*case, false, ""));
            let terminal = run(*case, true, "");
            let terminal = terminal.trim_end_matches("--- stderr\n");
            let _ = write!(shown, "=== in a terminal\n{terminal}");
            assert_text_snapshot(&format!("commands/{name}"), &shown);
        }
    }

    /// The frames of what moves, which come and go with the time.
    fn without_spinner(screen: &str) -> String {
        let is_frame =
            |part: &&str| part.contains(|char| ('\u{2800}'..='\u{28ff}').contains(&char));
        let lines = screen.split_inclusive('\n');
        lines
            .map(|line| line.split('\r').filter(|part| !is_frame(part)).collect::<String>())
            .collect()
    }

    /// Replaces what differs from run to run: in a pattern, 9 is a digit and x a hexadecimal one.
    fn normalized(text: &str) -> String {
        const PATTERNS: &[(&str, &str)] = &[
            ("9999-99-99T99:99:99.999Z", "[TIME]"),
            ("9999-99-99T99:99:99Z", "[TIME]"),
            ("#temp-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "#temp-[MARKER]"),
            ("#xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "#[MARKER]"),
            ("active\tdisabled\t9\t", "active\tdisabled\t[MS]\t"),
            ("active\tdisabled\t99\t", "active\tdisabled\t[MS]\t"),
            ("active\tdisabled\t999\t", "active\tdisabled\t[MS]\t"),
            ("active\tdeleted\t9\t", "active\tdeleted\t[MS]\t"),
            ("active\tdeleted\t99\t", "active\tdeleted\t[MS]\t"),
            ("active\tdeleted\t999\t", "active\tdeleted\t[MS]\t"),
            ("\t9999999999\t", "\t[SECONDS]\t"),
            ("9 s ago", "[N] s ago"),
            ("again in 9 s", "again in [N] s"),
            ("999 ms", "[TIME] ms"),
            ("99 ms", "[TIME] ms"),
            ("9 ms", "[TIME] ms"),
            ("127.0.0.1:99999", "[ADDRESS]"),
            ("sk-or-v1-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "[KEY]"),
        ];
        let matches = |text: &str, pattern: &str| {
            text.len() >= pattern.len()
                && pattern.bytes().zip(text.bytes()).all(|(wanted, byte)| match wanted {
                    b'9' => byte.is_ascii_digit(),
                    b'x' => byte.is_ascii_hexdigit(),
                    _ => byte == wanted,
                })
        };
        let mut shown = String::new();
        let mut rest = text;
        while let Some(char) = rest.chars().next() {
            let found = PATTERNS.iter().find(|(pattern, _)| matches(rest, pattern));
            shown.push_str(found.map_or(&rest[..char.len_utf8()], |(_, instead)| instead));
            rest = &rest[found.map_or(char.len_utf8(), |(pattern, _)| pattern.len())..];
        }
        shown
    }

    #[test]
    fn single_keys() {
        check(&[
            ("list", 0, "", "list --all"),
            ("list-rate-limited", 0, "method=GET,status=429,retry-after=1", "list --unlimited"),
            ("create", 0, "", "create new --limit 5 --secret-to file:new.key"),
            ("create-refused", 4, "method=POST,status=403", "create new --limit 5 --reveal"),
            ("create-lost", 6, "method=POST,reset-after-commit", "create new --limit 5 --reveal"),
            ("ensure", 0, "", "ensure new --limit 5 --secret-to file:new.key"),
            ("ensure-changed", 0, "", "ensure Ada --limit 30 --secret-to file:ada.key"),
            ("ensure-unchanged", 0, "", "ensure Bob --limit 10 --secret-to file:bob.key"),
            ("ensure-reveal", 1, "", "ensure Bob --limit 10 --reveal"),
            ("temporary", 0, "", "temporary new --limit 1 --for 8h --secret-to file:new.key"),
            ("temporary-without-sink", 2, "", "temporary new --limit 1 --for 8h"),
            ("sweep", 0, "", "sweep --temporary --yes"),
            ("sweep-nothing", 0, "", "sweep --temporary --yes && sweep --temporary"),
            ("sweep-unmarked", 2, "", "sweep Ada --yes"),
            ("run", 7, "", "run --limit 1 --for 1h -- sh -c 'echo working; exit 7'"),
            ("run-not-found", 127, "", "run --limit 1 --for 1h -- no-such-command"),
            ("run-refused", 4, "method=POST,status=403", "run --limit 1 --for 1h -- true"),
        ]);
    }

    #[test]
    fn many_keys() {
        check(&[
            ("bulk-create", 0, "", "bulk create rows.csv --secret-to file:{name}.key"),
            (
                "bulk-create-again",
                0,
                "",
                "bulk create rows.csv --secret-to file:{name}.key && \
                 bulk create rows.csv --secret-to file:{name}.key",
            ),
            (
                "bulk-create-failed",
                1,
                "method=POST,status=422",
                "bulk create rows.csv --jobs 1 --secret-to file:{name}.key",
            ),
            ("bulk-create-taken", 2, "", "bulk create taken.csv --secret-to file:{name}.key"),
            ("bulk-create-wrong", 2, "", "bulk create wrong.csv --secret-to file:{name}.key"),
            ("bulk-update", 0, "", "bulk update --limit 3 Ada Bob --yes"),
            ("bulk-enable", 0, "", "bulk enable --disabled --yes"),
            ("bulk-disable", 0, "", "bulk disable --idle 90d --dry-run"),
            ("bulk-disable-nothing", 0, "", "bulk disable --name nobody --yes"),
            ("bulk-disable-without-keys", 2, "", "bulk disable --yes"),
            ("bulk-delete", 0, "", "bulk delete Ada Bob --yes"),
            ("bulk-delete-failed", 4, "method=DELETE,status=403", "bulk delete Ada Bob -j 1 -y"),
            ("topup", 0, "", "topup 5 Ada Unlimited --yes"),
            (
                "topup-failed",
                4,
                "method=PATCH,status=403",
                "topup 5 Ada Bob --jobs 1 --journal june --yes",
            ),
        ]);
    }

    #[test]
    fn leaks_and_rotations() {
        check(&[
            ("leak", 0, "", "leak Ada --secret-to file:new.key"),
            ("leak-only-disabled", 0, "", "leak Ada"),
            ("leak-markdown", 0, "", "leak Ada --secret-to file:new.key --markdown"),
            ("leak-failed", 4, "method=POST,status=403", "leak Ada --secret-to file:new.key"),
            ("rotate", 0, "", "rotate Ada --secret-to file:new.key ROTATE --yes"),
            (
                "rotate-several",
                0,
                "",
                "rotate Ada Bob --secret-to file:{name}.key ROTATE --yes --at-once 1",
            ),
            (
                "rotate-refused",
                4,
                "method=POST,status=403",
                "rotate Ada --secret-to file:new.key ROTATE --yes",
            ),
            ("rotate-disabled", 2, "", "rotate 'Left the company' --secret-to file:new.key --yes"),
            (
                "rotate-interrupted",
                4,
                "method=PATCH,status=403",
                "rotate Ada --secret-to file:new.key ROTATE --yes",
            ),
            (
                "rotate-status",
                0,
                "method=PATCH,status=403",
                "rotate Ada --secret-to file:new.key ROTATE --yes && rotate --status",
            ),
            ("rotate-nothing", 0, "", "rotate"),
        ]);
    }

    #[test]
    fn wanted_keys() {
        check(&[
            ("plan", 3, "", "plan"),
            ("plan-all", 3, "", "plan --all --unlisted"),
            ("plan-nothing", 0, "", "apply --yes && plan"),
            ("plan-absent", 2, "", "plan absent.toml"),
            ("plan-wrong", 2, "", "plan wrong.csv"),
            ("apply", 0, "", "apply --yes"),
            ("apply-dry-run", 0, "", "apply --dry-run"),
            ("apply-failed", 4, "method=POST,status=403", "apply --at-once 1 --yes"),
            ("apply-lost", 0, "method=POST,reset-after-commit", "apply --at-once 1 --yes"),
            ("import", 0, "", "import --name A*"),
        ]);
    }

    #[test]
    fn reports() {
        check(&[
            ("audit", 3, "", "audit"),
            ("audit-all", 3, "", "audit --all --ignore no_limit"),
            ("report", 0, "", "report"),
            ("report-by-user", 0, "", "report --by external-user"),
            ("watch", 3, "", "watch --ignore pace"),
            ("watch-again", 0, "", "watch --ignore pace && watch --ignore pace"),
            ("metrics-file", 0, "", "metrics --file keys.prom"),
            ("doctor", 0, "", "doctor"),
            ("doctor-problem", 1, "", "doctor --key-file absent.key"),
        ]);
    }

    #[test]
    fn commands_without_a_server() {
        check(&[
            ("completions", 0, "", "completions fish"),
            ("completions-unknown", 2, "", "completions tcsh"),
            ("man", 0, "", "man pages"),
            ("schema", 0, "", "schema plan"),
            ("schema-unknown", 2, "", "schema delete"),
            ("emulator-wrong", 2, "", "emulator --port 99999"),
            ("emulator-remote", 2, "", "emulator --host 0.0.0.0"),
        ]);
    }

    #[test]
    fn a_secret_on_standard_input() {
        for (name, code, line) in [("whose", 0, "whose"), ("leak-secret", 0, "leak")] {
            let case = (name, code, "", line);
            let shown = format!(
                "=== in a pipe\n{}=== in a terminal, typed\n{}",
                run(case, false, ""),
                run(case, true, "SECRET\n"),
            );
            assert_text_snapshot(&format!("commands/{name}"), &shown);
        }
    }

    #[test]
    fn questions_are_asked_in_a_terminal() {
        for (name, code, line, typed) in [
            ("delete", 0, "delete Ada", "Ada\n"),
            ("bulk-delete", 0, "bulk delete Ada Bob", "yes\n"),
            ("bulk-update-refused", 130, "bulk update --limit 3 Ada Bob", "no\n"),
            ("topup", 0, "topup 5 Ada", "Ada\n"),
            ("sweep", 0, "sweep --temporary", "ci #temp-0f343b0931126a20f133d67c2b018a3b\n"),
            ("apply", 0, "apply", "yes\n"),
            ("rotate-refused", 130, "rotate Ada --secret-to file:new.key", "\n"),
        ] {
            let case = (name, code, "", line);
            let shown = format!(
                "$ openrouter-keys {line}\n=== in a terminal, typed: {typed}{}",
                run(case, true, typed)
            );
            let shown = shown.trim_end_matches("--- stderr\n");
            assert_text_snapshot(&format!("commands/{name}-asked"), shown);
        }
    }

    /// Runs until a signal; started with nothing to read and stopped when it has said so.
    #[test]
    fn servers() {
        use std::io::{BufRead as _, BufReader};
        use std::process::{Command, Stdio};
        for (name, last, arguments) in [
            ("demo", "Ctrl-C stops it.", &["demo"][..]),
            ("emulator", "Ctrl-C stops it.", &["emulator"]),
        ] {
            let home = tempfile::tempdir().unwrap();
            let mut program = crate::support::program(home.path(), arguments);
            let mut child = program.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
            let mut shown = String::new();
            for line in BufReader::new(child.stdout.take().unwrap()).lines() {
                let line = line.unwrap();
                let _ = writeln!(shown, "{line}");
                if line.contains(last) {
                    break;
                }
            }
            let id = child.id().to_string();
            assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
            assert_eq!(child.wait().unwrap().code(), Some(0));
            let program = program.get_program().to_str().unwrap();
            let shown = normalized(&shown).replace(program, "openrouter-keys");
            assert_text_snapshot(&format!("commands/{name}"), &shown);
        }
    }
}
