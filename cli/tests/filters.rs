//! Which keys the filters let through, and in which order they are listed.

#[cfg(test)]
mod support;

#[cfg(test)]
mod tests {
    use jiff::{SignedDuration, Timestamp};
    use serde_json::{Value, json};

    use crate::support::Server;

    const OTHER: &str = "0a1b2c3d-0000-4000-8000-0000000000ff";

    /// Keys of which each has something of its own. Their times are this machine's, by which the
    /// program judges them.
    fn server() -> Server {
        let at = |days: i64| {
            Timestamp::now().saturating_add(SignedDuration::from_hours(days * 24)).unwrap()
        };
        let spend = |usd: f64, days: i64| json!([{"usd": usd, "at": at(-days).to_string()}]);
        let key = |name: &str, age: i64, more: Value| {
            let mut key = json!({"name": name, "created_at": at(-age).to_string()});
            key.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            key
        };
        let seeds = json!({"workspaces": [OTHER], "keys": [
            key("old", 400, json!({"limit": 10, "spend": spend(1.0, 1)})),
            key("idle", 90, json!({"limit": 10, "spend": spend(2.0, 40)})),
            key("unused", 50, json!({"limit": 10})),
            key("near", 20, json!({"limit": 10, "spend": spend(8.5, 2)})),
            key("spent", 19, json!({"limit": 3, "spend": spend(3.0, 3)})),
            key("unlimited", 18, json!({"spend": spend(99.0, 4)})),
            key("disabled", 17, json!({"limit": 10, "disabled": true})),
            key("expired", 16, json!({"limit": 10, "expires_at": at(-5).to_string()})),
            key("ends", 15, json!({"limit": 10, "expires_at": at(5).to_string()})),
            key("ends later", 14, json!({"limit": 10, "expires_at": at(50).to_string()})),
            key("of user", 13, json!({"limit": 10, "external_user": "user-7"})),
            key("elsewhere", 12, json!({"limit": 10, "workspace_id": OTHER})),
        ]});
        let seeds = seeds.to_string();
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), seeds).unwrap();
        Server::with(|builder| {
            builder.seed_file(file.path()).clock(openrouter_keys_emulator::Clock::system())
        })
    }

    /// The names of the listed keys but the one that every emulator of these tests has.
    fn listed(server: &Server, arguments: &str) -> String {
        let arguments: Vec<_> = arguments.split(' ').filter(|word| !word.is_empty()).collect();
        let command = [&["list", "--json", "name", "--jq", ".[].name"], &arguments[..]].concat();
        let ran = server.run(&command).expect(0);
        let lines = ran.lines().into_iter();
        lines.filter(|name| *name != "ordinary key").collect::<Vec<_>>().join(" ")
    }

    const WORKING: &str = "of user ends later ends unlimited spent near unused idle old";

    #[test]
    fn each_filter_lets_its_own_keys_through() {
        let server = server();
        for (arguments, names) in [
            ("", WORKING),
            (
                "--include-disabled",
                "of user ends later ends disabled unlimited spent near unused idle old",
            ),
            (
                "--include-expired",
                "of user ends later ends expired unlimited spent near unused idle old",
            ),
            (
                "--all",
                "of user ends later ends expired disabled unlimited spent near unused idle old",
            ),
            ("--disabled", "disabled"),
            ("--expired", "expired"),
            ("--unlimited", "unlimited"),
            ("--near-limit", "spent near"),
            ("--near-limit 90%", "spent"),
            ("--near-limit 10", "spent near idle old"),
            ("--idle 30d", "unused idle"),
            ("--idle 60d", ""),
            ("--idle 39d", "unused idle"),
            ("--older-than 45d", "unused idle old"),
            ("--older-than 365d", "old"),
            ("--name ends", "ends"),
            ("--name ends*", "ends later ends"),
            ("--name *e*r", "of user ends later near"),
            ("--external-user user-7", "of user"),
            ("--external-user user", ""),
            ("--workspace 0a1b2c3d-0000-4000-8000-0000000000ff", "elsewhere"),
            ("--near-limit 10 --older-than 45d", "idle old"),
            ("--expired --disabled", ""),
        ] {
            assert_eq!(listed(&server, arguments), names, "{arguments}");
        }
    }

    #[test]
    fn keys_of_several_workspaces_are_listed_together() {
        let server = server();
        let default = server.emulator.keys()[0].workspace_id.clone();
        let both = listed(&server, &format!("--workspace {OTHER} --workspace {default}"));
        assert!(both.contains("elsewhere") && both.contains("old"), "{both}");
    }

    #[test]
    fn keys_are_sorted_by_each_field_and_those_without_it_come_last() {
        let server = server();
        for (arguments, names) in [
            ("--sort created", WORKING),
            (
                "--sort created --reverse",
                "old idle unused near spent unlimited ends ends later of user",
            ),
            ("--sort name", "ends ends later idle near of user old spent unlimited unused"),
            (
                "--sort name --reverse",
                "unused unlimited spent old of user near idle ends later ends",
            ),
            ("--sort usage --reverse --limit 4", "unlimited near spent idle"),
            ("--sort left --limit 3", "spent near idle"),
            ("--sort left --near-limit 0 --reverse --limit 4", "of user ends later ends unused"),
            ("--sort last-used --limit 5", "idle unlimited spent near old"),
            ("--sort last-used --reverse --limit 5", "old near spent unlimited idle"),
            ("--sort expires --limit 2", "ends ends later"),
            ("--sort expires --reverse --limit 2", "ends later ends"),
            ("--limit 0", ""),
        ] {
            assert_eq!(listed(&server, arguments), names, "{arguments}");
        }
    }

    /// The commands that change many keys, and those that report, have the same filters.
    #[test]
    fn every_command_with_filters_obeys_them() {
        let server = server();
        for command in [
            &["bulk", "disable", "--dry-run"][..],
            &["bulk", "delete", "--dry-run"],
            &["bulk", "update", "--limit", "7", "--dry-run"],
            &["topup", "5", "--dry-run"],
        ] {
            let ran = server.run(&[command, &["--idle", "30d"]].concat()).expect(0);
            assert_eq!(ran.stdout.matches("Authorization: ").count(), 2, "{}", ran.shown());
        }
        let enable = ["bulk", "enable", "--disabled", "--dry-run"];
        let ran = server.run(&enable).expect(0);
        assert_eq!(ran.stdout.matches("PATCH ").count(), 1, "{}", ran.shown());
        let report = server.run(&["report", "--older-than", "45d", "--sort", "total"]).expect(0);
        let groups: Vec<_> =
            report.lines().iter().map(|line| line.split('\t').next().unwrap().to_owned()).collect();
        assert_eq!(groups, ["idle", "old", "unused"]);
        let imported = server.run(&["import", "--external-user", "user-7"]).expect(0);
        assert_eq!(imported.stdout.matches("[[key]]").count(), 1, "{}", imported.shown());
        let metrics = server.run(&["metrics", "--expired"]).expect(0);
        let spent = metrics.lines().into_iter();
        let spent = spent.filter(|line| line.starts_with("openrouter_key_usage_dollars_total"));
        assert_eq!(spent.count(), 1, "{}", metrics.shown());
        let rotate = ["rotate", "--idle", "30d", "--secret-to", "file:{name}.key", "--dry-run"];
        let ran = server.run(&rotate).expect(0);
        assert_eq!(ran.stdout.matches("POST ").count(), 2, "{}", ran.shown());
    }
}
