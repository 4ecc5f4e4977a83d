//! Storing the management key: what is checked first, what is written, and who may read it.

mod support;

#[cfg(test)]
mod tests {
    use std::fs;

    use crate::support::{Ran, Server, assert_snapshot};

    const FILE: &str = ".config/openrouter-keys/keys/default.key";

    /// Runs the program without a key in its environment.
    fn run(server: &Server, arguments: &[&str], input: &str) -> Ran {
        let mut command = server.command(arguments);
        command.env_remove("OPENROUTER_MANAGEMENT_KEY");
        server.ran_with_input(&mut command, input)
    }

    #[test]
    fn a_stored_key_is_used_until_it_is_removed() {
        let server = Server::start();
        let key = server.emulator.management_key().to_owned();
        let login = run(&server, &["auth", "login", "--store", "file"], &format!("{key}\n"));
        assert_snapshot("auth-login", &login);
        assert_eq!(fs::read_to_string(server.path(FILE)).unwrap().trim(), key);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = fs::metadata(server.path(FILE)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        let configuration = ".config/openrouter-keys/config.toml";
        let configuration = fs::read_to_string(server.path(configuration)).unwrap();
        assert!(!configuration.contains(&key));
        assert_snapshot("auth-status", &run(&server, &["auth", "status"], ""));
        run(&server, &["list"], "").expect(0);
        assert_snapshot("auth-logout", &run(&server, &["auth", "logout"], ""));
        assert!(!server.path(FILE).exists());
        run(&server, &["list"], "").expect(4);
        run(&server, &["auth", "logout"], "").expect(2);
    }

    #[test]
    fn a_key_is_stored_only_if_it_manages_keys() {
        let server = Server::start();
        let ordinary = server.emulator.ordinary_key().unwrap();
        for (key, code) in [(ordinary.as_str(), 4), ("sk-or-v1-wrong", 4), ("", 2), ("a b", 2)] {
            let ran = run(&server, &["auth", "login", "--store", "file"], key).expect(code);
            assert!(key.is_empty() || !ran.shown().contains(key), "{}", ran.shown());
            assert!(!server.path(FILE).exists());
        }
    }

    #[test]
    fn a_profile_without_a_usable_key_is_not_authorised_and_sends_nothing() {
        let server = Server::start();
        let folder = server.path(".config/openrouter-keys");
        fs::create_dir_all(&folder).unwrap();
        for (source, code) in [
            ("env = \"ABSENT\"", 4),
            ("command = \"false\"", 4),
            ("command = \"echo a b\"", 2),
            ("command = \"no-such-program\"", 2),
            ("file = \"/no/such/file\"", 2),
            ("keyring = \"absent\"", 4),
        ] {
            fs::write(folder.join("config.toml"), format!("[profiles.work.key]\n{source}\n"))
                .unwrap();
            let ran = run(&server, &["list", "--profile", "work"], "").expect(code);
            assert!(ran.stderr.contains("nothing was sent"), "{source}: {}", ran.shown());
        }
        assert_eq!(server.requests(), [""; 0]);
    }

    #[test]
    fn a_name_of_a_profile_is_not_a_path() {
        let server = Server::start();
        let key = server.emulator.management_key().to_owned();
        let login = ["auth", "login", "--store", "file", "--profile", "../../evil"];
        run(&server, &login, &key).expect(2);
        assert_eq!(server.requests(), [""; 0]);
    }
}
