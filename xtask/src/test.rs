//! `cargo xtask test`: the steps one after the other, up to the first that
//! fails.

use std::process::ExitCode;
use std::time::Instant;

use crate::arguments::Wishes;
use crate::failure::Failure;
use crate::report::Report;
use crate::step::{Context, Outcome, Step};
use crate::steps;
use crate::workspace::Workspace;

pub(crate) fn run(wishes: &Wishes) -> Result<ExitCode, Failure> {
    let ci = std::env::var_os("CI").is_some_and(|value| !value.is_empty() && value != "false");
    if ci && wishes.quick {
        return Err(Failure::new(
            "--quick leaves checks out, which CI must not; unset CI at a desk",
        ));
    }
    let context = Context { workspace: Workspace::find()?, ci, advisories: wishes.advisories };
    let begun = Instant::now();
    let mut report = Report::default();
    for step in steps::ALL.iter().filter(|step| wishes.name(step)) {
        if report.has_failed() {
            report.add_not_run(step.name);
        } else {
            run_step(step, &context, wishes.quick, &mut report);
        }
    }
    println!("\n==> summary ({:.1} s)\n\n{report}", begun.elapsed().as_secs_f64());
    Ok(if report.has_failed() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn run_step(step: &Step, context: &Context, quick: bool, report: &mut Report) {
    println!("\n==> {}: {}", step.name, step.about);
    let begun = Instant::now();
    let result = if quick && step.sets_up {
        Ok(Outcome::Skipped("left out by --quick".into()))
    } else {
        (step.run)(context)
    };
    let time = begun.elapsed();
    let seconds = time.as_secs_f64();
    match &result {
        Ok(Outcome::Passed) => println!("passed {} in {seconds:.1} s", step.name),
        Ok(Outcome::Skipped(reason)) => println!("SKIPPED {}: {reason}", step.name),
        Err(failure) => println!(
            "FAILED {name} after {seconds:.1} s: {failure}\n\
             Run only this step again with: cargo xtask test --step {name}",
            name = step.name
        ),
    }
    report.add(step.name, &result, time);
}
