//! Secrets that go to Vault and AWS from the command line, on real servers.
//!
//! `cargo xtask test --step services` installs the servers and runs these tests.

#![cfg(test)]

#[path = "../../fleet/tests/services/servers.rs"]
mod servers;
mod support;

use support::{Ran, Server};

const TIMES: [&str; 6] = ["--grace", "0s", "--unused", "0s", "--watch", "0s"];

/// The program, with the variables of a service.
struct Machine {
    server: Server,
    variables: Vec<(&'static str, String)>,
}

impl Machine {
    fn run(&self, arguments: &[&str]) -> Ran {
        let mut command = self.server.command(arguments);
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        self.server.ran(&mut command)
    }

    /// Creates keys and replaces them, by each command that stores a secret.
    fn store_everywhere(&self, scheme: &str) {
        let sink = format!("{scheme}openrouter/{{name}}");
        let to = ["--secret-to", sink.as_str()];
        self.run(&[&["create", "ada", "--limit", "5"][..], &to].concat()).expect(0);
        // The place of another key is not free.
        let again = self.run(&[&["create", "ada", "--limit", "5"][..], &to].concat()).expect(2);
        assert!(again.stderr.contains("has another secret"), "{}", again.shown());
        for key in ["ada", "ada"] {
            self.run(&[&["rotate", key, "--yes"][..], &TIMES, &to].concat()).expect(0);
        }
        let store = ["--store", "store"];
        self.run(&[&["rotate", "ada", "--yes"][..], &TIMES, &to, &store].concat()).expect(0);
        self.run(&[&["leak", "ada"][..], &to].concat()).expect(0);
        self.run(&[&["ensure", "bob", "--limit", "5"][..], &to].concat()).expect(0);
        std::fs::write(self.server.path("rows.csv"), "name,limit\nc1,5\nc2,5\n").unwrap();
        self.run(&[&["bulk", "create", "rows.csv", "--yes"][..], &to].concat()).expect(0);
        std::fs::write(self.server.path("keys.toml"), "[[key]]\nname = \"dan\"\nlimit = 5\n")
            .unwrap();
        self.run(&[&["apply", "--yes"][..], &to].concat()).expect(0);
        let changes = self.server.requests();
        // Another key's secret is not replaced, and no key is created for it.
        let taken = format!("{scheme}openrouter/ada");
        let other = ["rotate", "bob", "--yes", "--secret-to", taken.as_str()];
        self.run(&[&other[..], &TIMES].concat()).expect(2);
        let created = |requests: &[String]| {
            requests.iter().filter(|request| request.starts_with("POST")).count()
        };
        assert_eq!(created(&self.server.requests()), created(&changes));
        let names = self.server.emulator.keys().into_iter().map(|key| key.name);
        let mut names: Vec<_> = names.collect();
        names.sort();
        assert_eq!(names, ["ada", "bob", "c1", "c2", "dan", "ordinary key"]);
    }
}

#[test]
#[ignore = "needs OpenBao; run by the step services"]
fn every_command_stores_secrets_in_openbao() {
    let vault = servers::openbao();
    let variables = vec![
        ("VAULT_ADDR", vault.address.clone()),
        ("VAULT_TOKEN", servers::ROOT_TOKEN.to_owned()),
    ];
    let mut machine = Machine { server: Server::start(), variables };
    machine.store_everywhere("vault:secret/");
    machine.variables.push(("BAO_TOKEN", "s.wrong".to_owned()));
    let sink = ["--secret-to", "vault:secret/{name}"];
    let wrong = machine.run(&[&["create", "eve", "--limit", "5"][..], &sink].concat()).expect(2);
    assert!(wrong.stderr.contains("403"), "{}", wrong.shown());
}

#[test]
#[ignore = "needs moto; run by the step services"]
fn every_command_stores_secrets_in_aws() {
    let aws = servers::moto();
    let variables = vec![
        ("AWS_ENDPOINT_URL", aws.address.clone()),
        ("AWS_REGION", "eu-central-1".to_owned()),
        ("AWS_ACCESS_KEY_ID", "test".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "test".to_owned()),
    ];
    Machine { server: Server::start(), variables }.store_everywhere("aws:");
}
