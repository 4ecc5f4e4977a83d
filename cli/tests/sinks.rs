//! Where a secret goes: refused before a key is created, or stored.

#![cfg(test)]

mod support;

use support::Server;

#[test]
fn a_sink_that_cannot_take_a_secret_is_refused_before_a_key_is_created() {
    let server = Server::start();
    std::fs::write(server.path("taken"), "old").unwrap();
    for sink in [
        "file:taken",
        "file:no-folder/ada.key",
        "file:folder/",
        "file:taken/ada.key",
        "command:/no/such/program",
        "command:no-such-program",
        "command:'open",
        "keyring:management-key:default",
        "vault:ada",
    ] {
        let ran = server.run(&["create", "ada", "--limit", "5", "--secret-to", sink]).expect(2);
        assert_eq!(ran.stdout, "", "{sink}");
    }
    let long = "x".repeat(90);
    for (name, sink) in [("...", "file:{name}"), (&*long, "file:{name}{name}{name}.key")] {
        server.run(&["create", name, "--limit", "5", "--secret-to", sink]).expect(2);
    }
    assert_eq!(server.requests(), Vec::<String>::new());
    assert_eq!(std::fs::read_to_string(server.path("taken")).unwrap(), "old");
}

#[test]
fn the_name_of_a_key_is_neither_blank_nor_a_secret() {
    let server = Server::start();
    let secret = "sk-or-v1-0123456789abcdef0123456789abcdef";
    for name in [" ", secret] {
        for command in [
            &["create", name, "--limit", "5", "--reveal"][..],
            &["ensure", name, "--limit", "5", "--reveal"],
            &["temporary", name, "--limit", "5", "--for", "1h", "--reveal"],
            &["run", "--name", name, "--limit", "5", "--for", "1h", "--", "true"],
            &["update", "ada", "--name", name],
        ] {
            let ran = server.run(command).expect(2);
            assert!(!ran.shown().contains("0123456789abcdef0123"), "{}", ran.shown());
        }
        std::fs::write(server.path("rows.csv"), format!("name,limit\n{name},5\n")).unwrap();
        server.run(&["bulk", "create", "rows.csv", "--reveal"]).expect(2);
        std::fs::write(
            server.path("keys.toml"),
            format!("[[key]]\nname = \"{name}\"\nlimit = 5\n"),
        )
        .unwrap();
        server.run(&["apply", "--yes", "--secret-to", "file:a.key"]).expect(2);
    }
    server.run(&["create", "ada", "--limit", "5", "--expires", "2020-01-01", "--reveal"]).expect(2);
    assert_eq!(server.requests(), Vec::<String>::new());
}

#[cfg(unix)]
#[test]
fn a_command_gets_the_secret_as_json_on_standard_input() {
    let server = Server::start();
    let sink = "command:sh -c 'cat > got.json'";
    server.run(&["create", "ada", "--limit", "5", "--secret-to", sink]).expect(0);
    let got = std::fs::read(server.path("got.json")).unwrap();
    let got: serde_json::Value = serde_json::from_slice(&got).unwrap();
    assert_eq!(
        (&got["name"], &got["hash"]),
        (&"ada".into(), &server.hashes_of("ada")[0].as_str().into())
    );
    assert!(got["key"].as_str().unwrap().starts_with("sk-or-v1-"));
}

#[test]
fn ensure_prints_no_row_where_a_script_reads_a_secret() {
    let server = Server::with(|builder| builder.clock(openrouter_keys_emulator::Clock::system()));
    server.run(&["create", "ada", "--limit", "5", "--secret-to", "file:ada.key"]).expect(0);
    let ran = server.run(&["ensure", "ada", "--limit", "5", "--reveal"]).expect(1);
    assert_eq!(ran.stdout, "");
    assert!(ran.stderr.contains("cannot be shown again"), "{}", ran.shown());
}

#[cfg(unix)]
#[test]
fn commands_do_not_inherit_a_file_with_the_management_key() {
    let server = Server::start();
    let key = server.path("management.key");
    std::fs::write(&key, server.emulator.management_key()).unwrap();
    let run = |script: &str| {
        let program = server.command(&[]);
        let mut shell = std::process::Command::new("sh");
        shell.args(["-c", script]).arg(program.get_program());
        let set = program.get_envs().filter_map(|(name, value)| Some((name, value?)));
        shell.current_dir(server.home()).env_clear().envs(set);
        shell.env_remove("OPENROUTER_MANAGEMENT_KEY");
        server.ran(&mut shell)
    };
    let refused = run("\"$0\" list --key-fd 3 3< management.key").expect(2);
    assert!(refused.stderr.contains("into a pipe"), "{}", refused.shown());
    run("cat management.key | \"$0\" list --key-fd 3 3<&0").expect(0);
}
