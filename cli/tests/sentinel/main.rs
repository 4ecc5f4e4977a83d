//! No secret is where it does not belong: every command is run in success and in failure, and
//! neither the management key nor a created secret may be in what it prints, writes or starts.

#![cfg(target_os = "linux")]

#[cfg(test)]
#[path = "../support/mod.rs"]
mod support;
#[cfg(test)]
mod traces;
#[cfg(test)]
mod trouble;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::io::{BufRead as _, BufReader, Read as _};
    use std::os::unix::fs::PermissionsExt as _;
    use std::os::unix::process::ExitStatusExt as _;
    use std::path::Path;
    use std::process::{Command, Stdio};
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use openrouter_keys_emulator::Clock;

    use crate::support::{COLUMNS, Server};
    use crate::traces::{MANAGEMENT_KEY, assert_clean, shown};
    use crate::trouble::{TROUBLES, Trouble};

    /// At least one command line of every command; several are run one after the other, and
    /// `spy` is a program that records its own arguments and environment, and its parent's
    /// arguments.
    const CASES: &[&str] = &[
        "list --all",
        "list --all --json",
        "list --all --csv",
        "list --key-command ./key-command",
        "list --key-file management.key",
        "list --key-file absent.key",
        "get Ada",
        "get Ada --json",
        "create new --limit 5 --secret-to file:new.key",
        "create new --limit 5 --secret-to command:./spy --json",
        "create new --limit 5 --reconcile --secret-to command:./spy",
        "create new --limit 5 --secret-to 'command:./spy fails'",
        "create new --limit 5 --secret-to file:new.key --dry-run",
        "update Ada --limit 7",
        "enable Ada",
        "disable Ada --json",
        "delete Ada Bob --yes",
        "current",
        "current --json",
        "ensure Ada --limit 7 --secret-to file:ada.key",
        "ensure new --limit 7 --secret-to command:./spy",
        "temporary new --limit 1 --for 1h --secret-to command:./spy",
        "sweep --temporary --yes",
        "run --limit 1 --for 1h --env ASKED -- ./spy",
        "run --limit 1 --for 1h -- no-such-command",
        "auth login --store file",
        "auth status",
        "auth login --store file && auth status --json",
        "auth login --store file && auth logout",
        "doctor",
        "doctor --json",
        "completions bash",
        "man pages",
        "schema",
        "whose",
        "whose --json",
        "leak --secret-to file:new.key",
        "leak --secret-to command:./spy --markdown",
        "leak Ada --json",
        "rotate Ada --yes --secret-to file:new.key TIMES",
        "rotate Ada Bob --yes --secret-to command:./spy TIMES",
        "rotate Ada --yes --secret-to 'command:./spy fails' TIMES && rotate --status --json",
        "rotate --all --yes --store rotations --secret-to command:./spy TIMES && fleet log Ada \
         --store rotations",
        "fleet run --store rotations --older-than 30d --secret-to command:./spy TIMES && fleet \
         status --store rotations --all --json",
        "fleet run --store rotations --older-than 30d --secret-to file:{name}.key TIMES && fleet \
         resume --store rotations",
        "audit --all --json",
        "report --json",
        "report --by external-user --markdown",
        "watch --command ./spy",
        "watch --no-state --json",
        "metrics",
        "metrics --file keys.prom",
        "bulk create rows.csv --secret-to file:{name}.key",
        "bulk create rows.csv --secret-to command:./spy --jobs 1",
        "bulk update --limit 3 Ada Bob --yes",
        "bulk enable --disabled --yes",
        "bulk disable Ada Bob --yes --json",
        "bulk delete Ada Bob --yes",
        "topup 5 Ada Bob --yes",
        "plan",
        "apply --yes",
        "apply --yes --dry-run",
        "import",
        "topup 5 Ada --journal june --yes && topup 5 --journal june --yes",
    ];
    /// Commands that run until a signal, which have a test of their own.
    const SERVERS: [&str; 2] = ["emulator", "demo"];

    /// What a case may write a secret into: its sinks, and the store of `auth login`.
    fn is_sink(path: &Path) -> bool {
        path.extension().is_some_and(|extension| extension == "key")
    }

    fn server() -> Server {
        let seeds = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(
            seeds.path(),
            r#"{"keys": [
                {"name": "Ada", "limit": 25, "limit_reset": "monthly", "external_user": "u",
                 "created_at": "2025-01-01T00:00:00Z"},
                {"name": "Bob", "limit": 10, "spend": [{"usd": 9.75}]},
                {"name": "Unlimited"},
                {"name": "Left", "limit": 5, "disabled": true},
                {"name": "ci #temp-0f343b0931126a20f133d67c2b018a3b", "limit": 1,
                 "created_at": "2025-01-01T00:00:00Z", "expires_at": "2025-01-02T00:00:00Z"}
            ]}"#,
        )
        .unwrap();
        let server = Server::with(|builder| {
            builder.clock(Clock::system()).seed_file(seeds.path()).management_key(MANAGEMENT_KEY)
        });
        let spy = "#!/bin/sh\n{ grep -zv '^ASKED=' /proc/$$/environ; cat /proc/$$/cmdline \
                   /proc/$PPID/cmdline; } >> \"$HOME/seen\"\ncat > /dev/null\n\
                   [ \"$1\" != fails ]\n";
        let key_command = "#!/bin/sh\n./spy < /dev/null\ncat management.key\n";
        let keys = "[[key]]\nname = \"Ada\"\nlimit = 30\n\n[[key]]\nname = \"new\"\nlimit = 5\n\
                    secret_to = \"command:./spy\"\n\n[[delete]]\nname = \"Bob\"\n";
        for (name, content, mode) in [
            ("spy", spy, 0o700),
            ("key-command", key_command, 0o700),
            ("management.key", MANAGEMENT_KEY, 0o600),
            ("rows.csv", "name,limit\nnew 1,5\nnew 2,5\n", 0o600),
            ("keys.toml", keys, 0o600),
        ] {
            std::fs::write(server.path(name), content).unwrap();
            let mode = std::fs::Permissions::from_mode(mode);
            std::fs::set_permissions(server.path(name), mode).unwrap();
        }
        server
    }

    /// Runs the command lines, and looks for secrets everywhere. Returns the methods used.
    fn run(lines: &str, trouble: Trouble, methods: &[&str], is_terminal: bool) -> BTreeSet<String> {
        let place = format!("{lines} ({trouble:?} of {methods:?}, terminal: {is_terminal})");
        let server = server();
        let secret = server.emulator.seeded_keys()[0].key.clone();
        for line in lines.split(" && ") {
            let line = line.replace("TIMES", "--grace 0s --unused 0s --watch 0s");
            let words = shlex::split(&line).unwrap();
            let words: Vec<_> = words.iter().map(String::as_str).collect();
            for method in methods {
                server.emulator.fail_next(trouble.fault(method));
            }
            let words = [&["--timeout", "20s"], &words[..]].concat();
            let mut command = server.command(&words);
            command.env("RUST_BACKTRACE", "full").env("RUST_LOG", "trace");
            // Long tables go to it in a terminal.
            command.env("PAGER", "./spy");
            if line.contains("--key-") || line.starts_with("auth") {
                command.env_remove("OPENROUTER_MANAGEMENT_KEY");
            }
            let input = match line.split(' ').collect::<Vec<_>>()[..] {
                ["auth", "login", ..] => format!("{MANAGEMENT_KEY}\n"),
                ["whose", ..] | ["leak", "--secret-to", ..] => format!("{secret}\n"),
                _ => String::new(),
            };
            let ran = if is_terminal {
                server.ran_in_terminal(&command, &input, COLUMNS).unwrap()
            } else {
                server.ran_with_input(&mut command, &input)
            };
            assert!(!ran.shown().contains("panicked"), "{place}: {}", ran.shown());
            assert!(ran.code.is_some_and(|code| code != 101), "{place}: {}", ran.shown());
            assert_clean(ran.stdout.as_bytes(), &format!("{place}: standard output"));
            assert_clean(ran.stderr.as_bytes(), &format!("{place}: standard error"));
            let is_fine = |code: i32| [0, 3].contains(&code) || line.contains("fails");
            let is_expected = line.contains("absent")
                || line.contains("no-such-command")
                || line == "auth status";
            if matches!(trouble, Trouble::None) && !is_expected {
                assert!(ran.code.is_some_and(is_fine), "{place}: {}", ran.shown());
            }
            let starts = line.contains("spy") || (is_terminal && line == "schema");
            if starts && matches!(trouble, Trouble::None) {
                let seen = std::fs::read(server.path("seen")).unwrap_or_default();
                assert!(!seen.is_empty(), "{place}: no command was started");
            }
        }
        let mut files = Vec::new();
        collect(server.home(), &mut files);
        for file in files.iter().filter(|file| !is_sink(file)) {
            let file_place = format!("{place}: {}", file.display());
            assert_clean(file.as_os_str().as_encoded_bytes(), &file_place);
            assert_clean(&std::fs::read(file).unwrap(), &file_place);
        }
        let mut used = BTreeSet::new();
        for request in server.emulator.requests() {
            used.insert(request.method.to_string());
            assert_clean(request.path_and_query.as_bytes(), &format!("{place}: a request"));
            assert_clean(&request.body, &format!("{place}: a request's body"));
        }
        used
    }

    fn collect(folder: &Path, files: &mut Vec<std::path::PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                collect(&path, files);
            } else {
                files.push(path);
            }
        }
    }

    #[test]
    fn no_secret_leaves_by_any_command() {
        // Most of the time is waiting, for a server that was asked to fail.
        let used = in_parallel(CASES, |lines| {
            run(lines, Trouble::None, &[], true);
            run(lines, Trouble::None, &[], false)
        });
        let mut runs = Vec::new();
        for (lines, used) in CASES.iter().zip(used) {
            if used.is_empty() {
                continue;
            }
            let changes: Vec<_> = used.into_iter().filter(|method| method != "GET").collect();
            for trouble in TROUBLES {
                runs.push((*lines, trouble, vec!["GET".to_owned()], false));
                if !changes.is_empty() {
                    runs.push((*lines, trouble, changes.clone(), false));
                }
            }
            runs.push((*lines, Trouble::OddFields, vec!["GET".to_owned()], true));
        }
        in_parallel(&runs, |(lines, trouble, methods, is_terminal)| {
            let methods: Vec<_> = methods.iter().map(String::as_str).collect();
            run(lines, *trouble, &methods, *is_terminal)
        });
    }

    /// What the work returns for each item, in the items' order.
    fn in_parallel<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
        let next = AtomicUsize::new(0);
        let results = Mutex::new(Vec::new());
        std::thread::scope(|scope| {
            for _ in 0..24 {
                scope.spawn(|| {
                    loop {
                        let at = next.fetch_add(1, Ordering::Relaxed);
                        let Some(item) = items.get(at) else { break };
                        let result = work(item);
                        results.lock().unwrap().push((at, result));
                    }
                });
            }
        });
        let mut results = results.into_inner().unwrap();
        results.sort_by_key(|(at, _)| *at);
        results.into_iter().map(|(_, result)| result).collect()
    }

    #[test]
    fn every_command_has_a_case() {
        let server = server();
        server.run(&["man", "pages"]).expect(0);
        let mut pages: Vec<_> = std::fs::read_dir(server.path("pages"))
            .unwrap()
            .map(|page| page.unwrap().file_name().into_string().unwrap())
            .filter_map(|page| {
                page.strip_prefix("openrouter-keys-")?.strip_suffix(".1").map(str::to_owned)
            })
            .collect();
        pages.sort();
        assert!(pages.len() > 30, "{pages:?}");
        let is_group =
            |page: &String| pages.iter().any(|other| other.starts_with(&format!("{page}-")));
        let lines = CASES.iter().flat_map(|lines| lines.split(" && ")).chain(SERVERS);
        let covered: BTreeSet<_> = lines
            .flat_map(|line| {
                let words: Vec<_> = line.split(' ').collect();
                [words[0].to_owned(), words[..words.len().min(2)].join("-")]
            })
            .collect();
        let missing: Vec<_> =
            pages.iter().filter(|page| !is_group(page) && !covered.contains(*page)).collect();
        assert!(missing.is_empty(), "no case for {missing:?}");
    }

    #[test]
    fn a_revealed_secret_is_on_standard_output_alone() {
        for command in
            ["create new --limit 5 --reveal", "temporary new --limit 1 --for 1h --reveal"]
        {
            let server = server();
            let words: Vec<_> = command.split(' ').collect();
            let ran = server.run(&words).expect(0);
            assert!(shown(ran.stdout.as_bytes()).is_some(), "{command}");
            assert_clean(ran.stderr.as_bytes(), command);
            let mut files = Vec::new();
            collect(server.home(), &mut files);
            for file in files.iter().filter(|file| !is_sink(file)) {
                assert_clean(&std::fs::read(file).unwrap(), &file.display().to_string());
            }
        }
    }

    /// Starts the program in a shell that allows core dumps.
    fn started(server: &Server, arguments: &str) -> std::process::Child {
        let program = server.command(&[]);
        let mut shell = Command::new("sh");
        let script = format!("ulimit -c unlimited; exec \"$0\" {arguments}");
        shell.args(["-c", &script]).arg(program.get_program());
        let set = program.get_envs().filter_map(|(name, value)| Some((name, value?)));
        shell.env_clear().envs(set).current_dir(server.home());
        shell.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    fn signal(child: &std::process::Child, name: &str) {
        let id = child.id().to_string();
        assert!(Command::new("kill").args(["-s", name, &id]).status().unwrap().success());
    }

    #[test]
    fn a_crash_leaves_no_memory_behind() {
        let server = server();
        let mut child = started(&server, "watch --every 10m --no-state");
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        signal(&child, "ABRT");
        let status = child.wait().unwrap();
        assert!(status.signal().is_some() && !status.core_dumped(), "{status}");
        let mut files = Vec::new();
        collect(server.home(), &mut files);
        for file in files.iter().filter(|file| !is_sink(file)) {
            assert_clean(&std::fs::read(file).unwrap(), &file.display().to_string());
        }
    }

    #[test]
    fn servers_print_only_their_own_keys() {
        let servers =
            SERVERS.into_iter().chain(["emulator --json", "metrics --listen 127.0.0.1:0"]);
        for arguments in servers {
            let server = server();
            let mut child = started(&server, arguments);
            let mut first = [0];
            // Metrics has its address on standard error.
            if arguments.starts_with("metrics") {
                child.stderr.as_mut().unwrap().read_exact(&mut first).unwrap();
            } else {
                child.stdout.as_mut().unwrap().read_exact(&mut first).unwrap();
            }
            signal(&child, "INT");
            let ended = child.wait_with_output().unwrap();
            assert_eq!(ended.status.code(), Some(0), "{arguments}");
            assert_clean(&ended.stdout, arguments);
            assert_clean(&ended.stderr, arguments);
        }
    }
}
