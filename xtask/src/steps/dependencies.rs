//! The core stays small and does no I/O, and the native transport has one TLS implementation.

use std::collections::BTreeSet;

use anyhow::{Result, ensure};

use crate::step::{Context, Step};
use crate::tree;
use crate::workspace::{CORE, NATIVE};

pub(crate) const STEP: Step = Step::basic(
    "dependencies",
    "the core stays small and does no I/O; one TLS implementation",
    run,
);

/// The most packages that the core's default features may bring into a program.
const CORE_AT_MOST: usize = 25;
/// Packages that do I/O, and `url` with its tables of international domain names.
const NOT_IN_CORE: &[&str] = &["hyper", "reqwest", "tokio", "url"];
/// Only aws-lc is allowed. Tests may use ring, so cargo-deny cannot ban it.
const NOT_IN_NATIVE: &[&str] = &["boring", "native-tls", "openssl", "openssl-sys", "ring"];

fn run(context: &Context) -> Result<()> {
    let packages = |options: &[&str]| tree::packages(&context.workspace, options);
    let core = packages(&["-p", CORE, "--edges", "normal"])?;
    let others = core.iter().filter(|(name, _)| name != CORE).count();
    println!("{CORE} needs {others} packages; at most {CORE_AT_MOST} are allowed");
    ensure!(others <= CORE_AT_MOST, "{CORE} needs {others} packages, more than {CORE_AT_MOST}");
    lacks(CORE, &core, NOT_IN_CORE)?;
    let native = packages(&["-p", NATIVE, "--all-features", "--edges", "normal"])?;
    println!("{NATIVE} needs {} packages on all platforms", native.len());
    lacks(NATIVE, &native, NOT_IN_NATIVE)
}

fn lacks(package: &str, needed: &BTreeSet<(String, String)>, banned: &[&str]) -> Result<()> {
    let names = needed.iter().map(|(name, _)| name.as_str());
    let found: Vec<_> = names.filter(|name| banned.contains(name)).collect();
    ensure!(found.is_empty(), "{package} must not need {}", found.join(", "));
    println!("{package} needs none of {}", banned.join(", "));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_banned_package_is_named() {
        let packages = ["bytes", "tokio"].map(|name| (name.to_owned(), "1.0.0".to_owned())).into();
        let error = lacks("ours", &packages, NOT_IN_CORE).expect_err("tokio is banned");
        assert_eq!(error.to_string(), "ours must not need tokio");
        lacks("ours", &packages, &["url"]).expect("it does not need url");
    }
}
