//! The libraries compile without warnings with any set of features. Features only add items and
//! do not depend on each other, so two sets per feature suffice: alone, so that nothing it needs
//! is missing, and all others, so that nothing only it uses is left over.

use std::collections::BTreeMap;

use anyhow::Result;

use crate::shell::cmd;
use crate::step::{Context, Step};
use crate::workspace::{CORE, FLEET, NATIVE, TYPES};

pub(crate) const STEP: Step = Step::extra(
    "features",
    "with any feature alone, or off alone, the libraries compile without a warning",
    run,
);

fn run(context: &Context) -> Result<()> {
    let shell = &context.workspace.shell;
    // The other features of the fleet only pass on to a dependency.
    let fleet = ["vault", "aws"].map(str::to_owned).to_vec();
    let sets = [(TYPES, None), (CORE, None), (NATIVE, None), (FLEET, Some(fleet))];
    for (package, chosen) in sets {
        let all = || Ok::<_, anyhow::Error>(sets_of(&context.workspace.member(package)?.features));
        for features in chosen.map_or_else(all, Ok)? {
            cmd!(shell, "cargo clippy --locked -p {package} --no-default-features --features {features} -- -D warnings")
                .run()?;
        }
    }
    Ok(())
}

/// None, each feature alone, and all except each; the step `clippy` checks all at once. Features
/// that only enable a dependency's features count as one.
fn sets_of(features: &BTreeMap<String, Vec<String>>) -> Vec<String> {
    let passes_on = |on: &&Vec<String>| !on.is_empty() && on.iter().all(|on| on.contains('/'));
    let (forwarding, own): (Vec<_>, Vec<_>) = features.iter().partition(|(_, on)| passes_on(on));
    let names = |features: Vec<(&String, &Vec<String>)>| -> Vec<String> {
        features.into_iter().map(|(name, _)| name.clone()).collect()
    };
    let mut groups = names(own);
    if !forwarding.is_empty() {
        groups.push(names(forwarding).join(","));
    }
    let all_but = |left_out: &String| {
        let others = groups.iter().filter(|group| *group != left_out);
        others.cloned().collect::<Vec<_>>().join(",")
    };
    let mut sets = vec![String::new()];
    sets.extend(groups.iter().cloned());
    sets.extend(groups.iter().map(all_but));
    sets.sort_unstable();
    sets.dedup();
    sets
}

#[cfg(test)]
mod tests {
    use super::sets_of;

    #[test]
    fn each_feature_is_checked_on_alone_and_off_alone() {
        let feature = |(name, on): (&str, &[&str])| {
            (name.to_owned(), on.iter().map(|on| (*on).to_owned()).collect())
        };
        let core = [("jiff", &["dep:jiff"][..]), ("test-util", &[]), ("time", &["dep:time"])];
        assert_eq!(
            sets_of(&core.map(feature).into()),
            ["", "jiff", "jiff,test-util", "jiff,time", "test-util", "test-util,time", "time"]
        );
        let native = [
            ("blocking", &["dep:pollster"][..]),
            ("jiff", &["core/jiff"]),
            ("time", &["core/time"]),
        ];
        assert_eq!(sets_of(&native.map(feature).into()), ["", "blocking", "jiff,time"]);
    }
}
