//! What each command prints into a pipe, over real HTTP.

#[cfg(test)]
mod support;

#[cfg(test)]
mod tests {
    use crate::support::{Server, assert_snapshot};

    const SEEDS: &str = include_str!("snapshots/seeds.json");

    /// Runs each command line against the same emulator and compares the last one's output.
    #[track_caller]
    fn check(name: &str, command_lines: &[&[&str]]) {
        let server = Server::with_seeds(SEEDS);
        let ran: Vec<_> = command_lines.iter().map(|arguments| server.run(arguments)).collect();
        assert_snapshot(name, ran.last().unwrap());
        assert!(!ran.iter().any(|ran| ran.stdout.contains('\u{1b}')), "an escape code in a pipe");
    }

    #[test]
    fn list() {
        check("list", &[&["list"]]);
        check("list-all", &[&["list", "--all", "--sort", "name"]]);
        check("list-near-limit", &[&["list", "--near-limit"]]);
        check("list-csv", &[&["list", "--all", "--csv"]]);
        check("list-json-fields", &[&["list", "--all", "--json", "name,limit,disabled"]]);
        check("list-jq-name", &[&["list", "--jq", ".[] | \"\\(.name)\\t\\(.limit)\""]]);
        check("list-jq", &[&["list", "--jq", ".[] | select(.limit == null) | .name"]]);
        check("list-unknown-field", &[&["list", "--json", "nmae"]]);
    }

    #[test]
    fn get() {
        check("get", &[&["get", "Ada"]]);
        check("get-json", &[&["get", "Ada", "--json"]]);
        check("get-absent", &[&["get", "nobody"]]);
        check("get-ambiguous", &[&["create", "Ada", "--limit", "1", "--reveal"], &["get", "Ada"]]);
    }

    #[test]
    fn create() {
        let limited = ["create", "new", "--limit", "5", "--reset", "weekly"];
        let with = |more: &[&'static str]| [&limited, more].concat();
        check("create-to-file", &[&with(&["--secret-to", "file:new.key"])]);
        check("create-without-sink", &[&limited]);
        check("create-dry-run", &[&with(&["--dry-run", "--reveal"])]);
        check("create-without-limit", &[&["create", "new", "--reveal"]]);
    }

    #[test]
    fn a_secret_is_printed_only_to_reveal_it_and_alone() {
        let server = Server::start();
        let ran = server.run(&["create", "new", "--limit", "5", "--reveal"]).expect(0);
        let [secret] = ran.lines()[..] else { panic!("{}", ran.shown()) };
        assert!(secret.starts_with("sk-or-v1-"));
        assert!(!ran.stderr.contains(secret));

        let ran = server
            .run(&["create", "b", "--limit", "5", "--secret-to", "file:b.key", "--json"])
            .expect(0);
        let secret = std::fs::read_to_string(server.path("b.key")).unwrap();
        assert!(secret.starts_with("sk-or-v1-"));
        assert!(!ran.shown().contains(secret.trim()));
    }

    #[test]
    fn change() {
        check("update", &[&["update", "Ada", "--limit", "50", "--no-reset"]]);
        check("update-nothing", &[&["update", "Ada"]]);
        check("update-dry-run", &[&["update", "Ada", "--name", "Ada L.", "--dry-run"]]);
        check("disable", &[&["disable", "Ada", "--json", "name,disabled,limit"]]);
        check("enable", &[&["enable", "Left the company"]]);
    }

    #[test]
    fn delete() {
        check("delete", &[&["delete", "Ada", "Bob", "--yes"]]);
        check("delete-without-yes", &[&["delete", "Ada"]]);
        check("delete-dry-run", &[&["delete", "Ada", "--dry-run"]]);
        check("delete-again", &[&["delete", "Ada", "--yes"], &["delete", "Ada", "--yes"]]);
    }

    #[test]
    fn current() {
        check("current", &[&["current"]]);
        check("current-json", &[&["current", "--json", "is_management_key,limit"]]);
    }

    #[test]
    fn no_account() {
        let server = Server::start();
        let mut command = server.command(&["list"]);
        command.env_remove("OPENROUTER_MANAGEMENT_KEY");
        assert_snapshot("no-management-key", &server.ran(&mut command));
        command.env("OPENROUTER_MANAGEMENT_KEY", server.emulator.ordinary_key().unwrap());
        assert_snapshot("inference-key", &server.ran(&mut command));
        command.env("OPENROUTER_MANAGEMENT_KEY", "sk-or-v1-wrong");
        assert_snapshot("wrong-key", &server.ran(&mut command));
        assert!(server.requests().len() <= 4, "a refused key is not tried again");
    }
}
