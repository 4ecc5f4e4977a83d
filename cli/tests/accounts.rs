//! Which account a command is for, and that the commands which it suggests are for the same.

#![cfg(test)]

mod support;

#[cfg(unix)]
use std::{path::Path, process::Command};

#[cfg(unix)]
use support::Ran;
use support::Server;

/// A user with this configuration, and the emulator's account in the environment.
fn configured(configuration: &str) -> Server {
    let server = Server::start();
    let folder = server.path(".config/openrouter-keys");
    std::fs::create_dir_all(&folder).unwrap();
    let configuration = configuration.replace("[URL]", &server.emulator.base_url());
    std::fs::write(folder.join("config.toml"), configuration).unwrap();
    server
}

/// Runs the command that the message ends with in a shell, with the environment of `like`.
#[cfg(unix)]
fn paste(server: &Server, like: &Command, ran: &Ran) -> Ran {
    let folder = Path::new(like.get_program()).parent().unwrap().to_owned();
    let path = std::env::var_os("PATH").unwrap();
    let folders = std::iter::once(folder).chain(std::env::split_paths(&path));
    let mut shell = Command::new("bash");
    shell.args(["-c", ran.stderr.lines().last().unwrap()]).current_dir(server.home());
    shell.env_clear().envs(like.get_envs().filter_map(|(name, value)| Some((name, value?))));
    server.ran(shell.env("PATH", std::env::join_paths(folders).unwrap()))
}

#[test]
fn a_named_profile_never_uses_the_key_or_the_server_of_the_environment() {
    let server = configured(
        "[profiles.bare]\n[profiles.elsewhere]\nkey = { env = \"OTHER_KEY\" }\n\
         [profiles.here]\nbase_url = \"[URL]\"\nkey = { env = \"OTHER_KEY\" }\n",
    );
    let ran = server.run(&["list", "--profile", "bare"]).expect(4);
    assert!(ran.stderr.contains("openrouter-keys --profile bare auth login"), "{}", ran.shown());
    let mut command = server.command(&["list"]);
    server.ran(command.env("OPENROUTER_KEYS_PROFILE", "bare")).expect(4);
    let mut command = server.command(&["doctor", "--profile", "elsewhere", "--json"]);
    // No proxy and no server listens on port 1, so nothing leaves this machine.
    let command =
        command.env("OTHER_KEY", "sk-or-v1-other").env("HTTPS_PROXY", "http://127.0.0.1:1");
    let ran = server.ran(command);
    assert!(!ran.stdout.contains(&server.emulator.base_url()), "{}", ran.shown());
    assert_eq!(server.requests(), [""; 0]);
    let mut command = server.command(&["list", "--profile", "here"]);
    let key = server.emulator.management_key();
    command.env("OPENROUTER_BASE_URL", "http://127.0.0.1:1/api/v1").env("OTHER_KEY", key);
    server.ran(&mut command).expect(0);
}

#[test]
fn a_stored_key_is_not_sent_to_the_server_of_the_environment() {
    let server = configured("[profiles.default]\nkey = { env = \"STORED_KEY\" }\n");
    let key = server.emulator.management_key();
    let mut command = server.command(&["list"]);
    command.env_remove("OPENROUTER_MANAGEMENT_KEY").env("STORED_KEY", key);
    let ran = server.ran(&mut command).expect(2);
    assert!(ran.stderr.contains("names another server; nothing was sent"), "{}", ran.shown());
    assert_eq!(server.requests(), [""; 0]);
    let url = server.emulator.base_url();
    server.ran(command.args(["--base-url", &url])).expect(0);
    // The environment's own key is for the environment's server.
    server.run(&["list"]).expect(0);
}

#[cfg(unix)]
#[test]
fn a_suggested_command_is_for_the_same_account_and_finds_the_key() {
    let server =
        configured("[profiles.work]\nbase_url = \"[URL]\"\nkey = { env = \"OTHER_KEY\" }\n");
    for name in ["ada", "--yes", "Ada's \"key\"", "tab\there\u{202e}"] {
        server.fail("method=POST,reset-after-commit");
        let create = ["create", "--profile", "work", "--limit", "5", "--reveal", "--", name];
        let mut command = server.command(&create);
        command.env("OTHER_KEY", server.emulator.management_key());
        command.env_remove("OPENROUTER_MANAGEMENT_KEY").env_remove("OPENROUTER_BASE_URL");
        let lost = server.ran(&mut command).expect(6);
        assert!(lost.stderr.contains("openrouter-keys --profile work list"), "{}", lost.shown());
        let found = paste(&server, &command, &lost).expect(0);
        assert!(found.stdout.contains(&server.hashes_of(name)[0]), "{}", found.shown());
    }
}

#[test]
fn a_suggested_command_looks_in_the_workspace_of_the_key() {
    let workspace = "11111111-2222-4333-8444-555555555555";
    let server = Server::with(|builder| builder.workspace(workspace));
    server.fail("method=POST,reset-after-commit");
    let create = ["create", "ada", "--limit", "5", "--workspace", workspace, "--reveal"];
    let lost = server.run(&create).expect(6);
    let expected = format!("openrouter-keys list --all --workspace {workspace} --name ada");
    assert!(lost.stderr.contains(&expected), "{}", lost.shown());
}

#[test]
fn a_server_without_this_api_does_not_say_that_a_key_is_absent() {
    let server = Server::start();
    let url = format!("http://{}", server.emulator.address());
    for arguments in
        [&["list"][..], &["get", "ada"], &["create", "ada", "--limit", "5", "--reveal"]]
    {
        let ran = server.run(&[arguments, &["--base-url", &url]].concat()).expect(1);
        assert!(
            ran.stderr.ends_with(&format!("openrouter-keys --base-url {url} doctor\n")),
            "{}",
            ran.shown()
        );
    }
}

#[cfg(unix)]
#[test]
fn a_configuration_that_others_can_change_is_refused() {
    use std::os::unix::fs::PermissionsExt as _;
    let server = configured("[profiles.default]\nkey = { command = \"sh -c 'touch ran'\" }\n");
    let file = server.path(".config/openrouter-keys/config.toml");
    for (mode, code) in [(0o666, 2), (0o620, 2), (0o644, 0)] {
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
        let ran = server.run(&["list"]).expect(code);
        assert_eq!(code == 2, ran.stderr.contains("chmod 600"), "{}", ran.shown());
    }
    assert!(!server.path("ran").exists());
}
