//! `cargo xtask test`: runs the steps in order until one fails.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::builder::PossibleValuesParser;

use crate::report::Report;
use crate::step::{Context, End, Step};
use crate::steps;
use crate::workspace::Workspace;

#[derive(Debug, Default, clap::Args)]
#[command(after_help = "Environment:
  CI           If set, a step that cannot run has failed
  XTASK_TOOLS  The folder in which missing tools are installed; target/tools by default")]
#[allow(clippy::struct_excessive_bools, reason = "each is a command-line flag")]
pub(crate) struct Test {
    /// Run every step, including those that install something or take minutes
    #[arg(long)]
    all: bool,
    /// With --all: skip the steps that run without it
    #[arg(long, requires = "all")]
    skip_default: bool,
    /// Run only this step; may be given more than once
    #[arg(long = "step", value_name = "NAME", conflicts_with = "all", hide_possible_values = true)]
    #[arg(value_parser = PossibleValuesParser::new(steps::ALL.iter().map(|step| step.name)))]
    steps: Vec<String>,
    /// List the steps and what each checks
    #[arg(long)]
    list: bool,
    /// Download the advisory database for the step `advisories`
    #[arg(long)]
    advisories: bool,
}

impl Test {
    fn wants(&self, step: &Step) -> bool {
        if !self.steps.is_empty() {
            return self.steps.iter().any(|name| name == step.name);
        }
        if step.is_extra { self.all } else { !self.skip_default }
    }
}

pub(crate) fn run(test: &Test, workspace: Workspace) -> ExitCode {
    if test.list {
        for Step { name, about, is_extra, .. } in steps::ALL {
            println!("{name:<20} {:<7} {about}", if *is_extra { "--all" } else { "" });
        }
        return ExitCode::SUCCESS;
    }
    let ci = std::env::var_os("CI").is_some_and(|value| !value.is_empty() && value != "false");
    let installs = test.all || !test.steps.is_empty();
    let context = Context { workspace, ci, installs, advisories: test.advisories };
    let begun = Instant::now();
    let mut report = Report::default();
    for step in steps::ALL.iter().filter(|step| test.wants(step)) {
        let end = (!report.has_failed()).then(|| run_step(step, &context));
        report.add(step.name, end);
    }
    println!("\n==> summary ({:.1} s)\n\n{report}", begun.elapsed().as_secs_f64());
    if report.has_failed() { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

fn run_step(step: &Step, context: &Context) -> (End, Duration) {
    let name = step.name;
    println!("\n==> {name}: {}", step.about);
    let begun = Instant::now();
    let end = End::from((step.run)(context));
    let time = begun.elapsed();
    let seconds = time.as_secs_f64();
    match &end {
        End::Passed => println!("passed {name} in {seconds:.1} s"),
        End::Skipped(reason) => println!("SKIPPED {name}: {reason}"),
        End::Failed(error) => println!(
            "FAILED {name} after {seconds:.1} s: {error:#}\n\
             To run only this step again: cargo xtask test --step {name}"
        ),
    }
    (end, time)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picked(test: &Test) -> Vec<&'static str> {
        steps::ALL.iter().filter(|step| test.wants(step)).map(|step| step.name).collect()
    }

    #[test]
    fn every_step_is_either_default_or_extra() {
        let (first, all) = (picked(&Test::default()), Test { all: true, ..Test::default() });
        assert!(first.contains(&"tests") && !first.contains(&"deny"));
        assert_eq!(picked(&all).len(), steps::ALL.len());
        let rest = picked(&Test { skip_default: true, ..all });
        assert!(rest.iter().all(|name| !first.contains(name)));
        assert_eq!(first.len() + rest.len(), steps::ALL.len());
    }

    #[test]
    fn steps_can_be_picked_by_name() {
        let steps = ["deny".to_owned(), "format".to_owned()].to_vec();
        assert_eq!(picked(&Test { steps, ..Test::default() }), ["format", "deny"]);
    }
}
