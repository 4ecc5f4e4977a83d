//! No dependency has a known vulnerability, where the database of them is at
//! hand.

use std::path::PathBuf;

use super::deny::DENY;
use crate::failure::Failure;
use crate::step::{Context, Outcome, Step};

pub(crate) const STEP: Step = Step {
    name: "advisories",
    about: "no dependency has a known vulnerability",
    sets_up: true,
    run,
};

fn run(context: &Context) -> Result<Outcome, Failure> {
    let line = if context.advisories {
        "--all-features --locked check advisories"
    } else if has_database() {
        "--all-features --locked check --disable-fetch advisories"
    } else {
        return Ok(Outcome::Skipped(
            "no advisory database here; `cargo xtask test --step advisories --advisories` downloads it".into(),
        ));
    };
    DENY.with(context, || {
        DENY.command(&context.workspace, line).run(&context.workspace.root)?;
        Ok(Outcome::Passed)
    })
}

/// Whether cargo-deny has downloaded the database before.
fn has_database() -> bool {
    let folder = |name| std::env::var_os(name).map(PathBuf::from);
    let home = folder("CARGO_HOME").or_else(|| Some(folder("HOME")?.join(".cargo")));
    home.and_then(|home| std::fs::read_dir(home.join("advisory-dbs")).ok())
        .is_some_and(|entries| entries.flatten().any(|entry| entry.path().join(".git").exists()))
}
