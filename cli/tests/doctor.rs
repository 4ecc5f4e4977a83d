//! What the doctor finds, and what it says to do.

mod support;

#[cfg(test)]
mod tests {
    use std::fs;

    use serde_json::Value;

    use crate::support::{Ran, Server, program};

    /// The result and the advice of a check.
    fn found(ran: &Ran, check: &str) -> (String, String) {
        let lines: Vec<Value> = serde_json::from_str(&ran.stdout).unwrap();
        let line = lines.iter().find(|line| line["check"] == check);
        let line = line.unwrap_or_else(|| panic!("{check}: {}", ran.shown()));
        let text = |field: &str| line[field].as_str().unwrap().to_owned();
        (text("result"), text("advice"))
    }

    /// A server whose clock is this machine's.
    fn server() -> Server {
        Server::with(|builder| builder.clock(openrouter_keys_emulator::Clock::system()))
    }

    #[test]
    fn all_is_well() {
        let server = server();
        let ran = server.run(&["doctor", "--json"]).expect(0);
        for check in [
            "settings",
            "management key",
            "files",
            "proxy",
            "rotations",
            "server",
            "TLS",
            "clock",
            "key kind",
            "drift",
        ] {
            assert_eq!(found(&ran, check).0, "ok", "{check}: {}", ran.shown());
        }
        assert!(!ran.shown().contains(server.emulator.management_key()));
    }

    #[test]
    fn a_wrong_clock_an_inference_key_and_unknown_fields_are_found() {
        // The emulator's clock stands months ago.
        let server = Server::start();
        let ran = server.run(&["doctor", "--json"]).expect(1);
        assert_eq!(found(&ran, "clock").0, "problem");

        let server = self::server();
        let mut doctor = server.command(&["doctor", "--json"]);
        let ordinary = server.emulator.ordinary_key().unwrap();
        let ran = server.ran(doctor.env("OPENROUTER_MANAGEMENT_KEY", ordinary)).expect(1);
        assert_eq!(found(&ran, "key kind").0, "problem");

        server.fail("path=/keys,shape=newer");
        let ran = server.run(&["doctor", "--json"]).expect(0);
        assert_eq!(found(&ran, "drift").0, "warning", "{}", ran.shown());
    }

    #[test]
    fn no_key_no_server_and_a_proxy_are_found() {
        let server = server();
        let mut doctor = server.command(&["doctor", "--json"]);
        let ran = server.ran(doctor.env_remove("OPENROUTER_MANAGEMENT_KEY")).expect(1);
        assert_eq!(found(&ran, "management key").1, "openrouter-keys auth login");
        assert_eq!(found(&ran, "server").0, "ok");

        let mut doctor = server.command(&["doctor", "--json"]);
        doctor.env("OPENROUTER_BASE_URL", "http://127.0.0.1:1/api/v1");
        doctor.env("HTTPS_PROXY", "http://user:hidden@proxy.example:3128");
        let ran = server.ran(&mut doctor).expect(1);
        assert_eq!(found(&ran, "server").0, "problem");
        assert_eq!(found(&ran, "proxy").0, "warning");
        assert!(!ran.shown().contains("hidden"), "{}", ran.shown());
    }

    #[cfg(unix)]
    #[test]
    fn an_open_file_and_an_open_rotation_are_found() {
        use std::os::unix::fs::PermissionsExt as _;
        let server = server();
        let folder = server.path(".local/state/openrouter-keys/rotations");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("a.json"), "{}").unwrap();
        fs::set_permissions(folder.join("a.json"), fs::Permissions::from_mode(0o644)).unwrap();
        let ran = server.run(&["doctor", "--json"]).expect(1);
        assert!(found(&ran, "files").1.starts_with("chmod 600 "), "{}", ran.shown());
        assert_eq!(found(&ran, "rotations").0, "problem");
        fs::remove_file(folder.join("a.json")).unwrap();
        server.run(&["create", "ada", "--limit", "5", "--secret-to", "file:ada.key"]).expect(0);
        server.run(&["leak", "ada", "--secret-to", "command:sh -c 'exit 10'"]).expect(1);
        let ran = server.run(&["doctor", "--json"]).expect(0);
        assert_eq!(
            found(&ran, "rotations"),
            ("warning".to_owned(), "openrouter-keys rotate --status".to_owned())
        );
        // Another account is told whose it is.
        let other = self::server();
        let mut doctor = other.command(&["doctor", "--json"]);
        let ran = other.ran(doctor.env("HOME", server.home())).expect(0);
        let advice = found(&ran, "rotations").1;
        assert!(advice.contains("--base-url"), "{advice}");
        let words: Vec<_> = advice.split(' ').skip(1).collect();
        let mut status = other.command(&words);
        let ran = other.ran(status.env("HOME", server.home()));
        assert!(ran.stdout.starts_with("ada\t"), "{}", ran.shown());
    }

    #[test]
    fn completions_man_pages_and_the_schema_need_no_account() {
        let home = tempfile::tempdir().unwrap();
        let run = |arguments: &[&str]| {
            let output = program(home.path(), arguments).output().unwrap();
            assert!(output.status.success(), "{arguments:?}");
            String::from_utf8(output.stdout).unwrap()
        };
        for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
            let script = run(&["completions", shell]);
            assert!(script.contains("OPENROUTER_KEYS_COMPLETE"), "{shell}");
        }
        run(&["man", "pages"]);
        assert!(home.path().join("pages/openrouter-keys-list.1").exists());
        assert!(run(&["schema", "list"]).contains("list\tlimit_remaining\tnumber\n"));
    }

    #[test]
    fn names_of_keys_are_completed_from_a_cache_without_secrets() {
        let server = Server::with_seeds(r#"{"keys": [{"name": "ada"}, {"name": "My key"}]}"#);
        let complete = |words: &[&str]| {
            let mut command = server.command(&[&["--", "openrouter-keys"], words].concat());
            command.env("OPENROUTER_KEYS_COMPLETE", "bash").env("_CLAP_IFS", "\n");
            command.env("_CLAP_COMPLETE_INDEX", words.len().to_string());
            server.ran(&mut command).expect(0)
        };
        assert_eq!(complete(&["get", "ad"]).stdout, "ada");
        server.emulator.clear_requests();
        let hash: String = server.hashes_of("My key")[0].chars().take(12).collect();
        assert!(complete(&["delete", ""]).stdout.contains(&hash));
        assert_eq!(server.requests(), [""; 0]);
        assert!(complete(&["li"]).stdout.contains("list"));
        // Nor are they another account's: this profile has no key.
        let folder = server.path(".config/openrouter-keys");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("config.toml"), "[profiles.work]\n").unwrap();
        for profile in [&["--profile", "work"][..], &["--profile=work"]] {
            assert_eq!(complete(&[profile, &["get", "ad"]].concat()).stdout, "");
        }
        assert_eq!(server.requests(), [""; 0]);
        let cache = server.path(".cache/openrouter-keys/names.json");
        assert!(!fs::read_to_string(cache).unwrap().contains("sk-or-"));
    }
}
