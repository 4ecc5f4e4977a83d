//! The core stays small and does no I/O, the native transport has one TLS
//! implementation, and no crate of ours can have unsafe code.

use std::collections::BTreeSet;

use crate::failure::Failure;
use crate::lints;
use crate::step::{Context, Outcome, Step};
use crate::tree::{self, Package};
use crate::workspace::{CORE, NATIVE, Workspace};

pub(crate) const STEP: Step = Step {
    name: "dependencies",
    about: "the core stays small, one TLS implementation, no unsafe code of ours",
    sets_up: false,
    run,
};

/// The most packages that a program may get with the core's default features.
const CORE_AT_MOST: usize = 25;
/// What does I/O, and `url` with its tables of international domain names.
const NOT_IN_CORE: &[&str] = &["hyper", "reqwest", "tokio", "url"];
/// Beside aws-lc. Tests may use ring, so that cargo-deny cannot ban it.
const NOT_IN_NATIVE: &[&str] = &["boring", "native-tls", "openssl", "openssl-sys", "ring"];

fn run(context: &Context) -> Result<Outcome, Failure> {
    let Context { workspace, .. } = context;
    let core = tree::packages(workspace, &format!("-p {CORE} --edges normal"))?;
    let others = core.iter().filter(|package| package.name != CORE).count();
    println!("{CORE} needs {others} packages; at most {CORE_AT_MOST} are allowed");
    if others > CORE_AT_MOST {
        return Err(Failure::new(format!(
            "{CORE} needs {others} packages, more than {CORE_AT_MOST}"
        )));
    }
    lacks(CORE, &core, NOT_IN_CORE)?;

    let options = format!("-p {NATIVE} --all-features --edges normal");
    let native = tree::packages(workspace, &options)?;
    println!("{NATIVE} needs {} packages on all platforms", native.len());
    lacks(NATIVE, &native, NOT_IN_NATIVE)?;

    no_unsafe(workspace)?;
    Ok(Outcome::Passed)
}

fn lacks(name: &str, packages: &BTreeSet<Package>, banned: &[&str]) -> Result<(), Failure> {
    let found: Vec<_> = packages
        .iter()
        .map(|package| package.name.as_str())
        .filter(|name| banned.contains(name))
        .collect();
    if found.is_empty() {
        println!("{name} needs none of {}", banned.join(", "));
        return Ok(());
    }
    Err(Failure::new(format!("{name} must not need {}", found.join(", "))))
}

/// The workspace's lints forbid unsafe code, and a lint that is forbidden
/// cannot be allowed again: what is left to check is that every crate is under
/// those lints.
fn no_unsafe(workspace: &Workspace) -> Result<(), Failure> {
    let read = |path: &std::path::Path| {
        std::fs::read_to_string(path)
            .map_err(|error| Failure::new(format!("{} cannot be read: {error}", path.display())))
    };
    if !lints::forbid_unsafe(&read(&workspace.root.join("Cargo.toml"))?) {
        return Err(Failure::new("the workspace's lints no longer say unsafe_code = \"forbid\""));
    }
    for member in &workspace.members {
        if !lints::are_inherited(&read(&member.manifest)?) {
            return Err(Failure::new(format!(
                "{} is not under the workspace's lints: its manifest needs [lints] workspace = true",
                member.name
            )));
        }
    }
    println!("all {} crates are under lints that forbid unsafe code", workspace.members.len());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_banned_package_is_named() {
        let packages = ["bytes", "tokio"]
            .map(|name| Package { name: name.into(), version: "1.0.0".into() })
            .into();
        let failure = lacks("ours", &packages, NOT_IN_CORE).expect_err("tokio is banned");
        assert_eq!(failure.to_string(), "ours must not need tokio");
        assert_eq!(lacks("ours", &packages, &["url"]), Ok(()));
    }
}
