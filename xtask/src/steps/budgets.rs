//! What the hot paths of the core cost in instructions, counted by valgrind,
//! against `tests/budgets.json`. The allocations and requests of the same file
//! are tests, and its sizes are looked at where the npm package is built.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

use crate::command::Command;
use crate::failure::Failure;
use crate::step::{Context, Outcome, Step};

pub(crate) const STEP: Step = Step {
    name: "budgets",
    about: "the hot paths take no more instructions than tests/budgets.json allows",
    sets_up: false,
    run,
};

const FILE: &str = "tests/budgets.json";

/// In two runs, so that what happens once is counted in neither.
const FEW: u64 = 10;
const MANY: u64 = 110;

#[derive(Deserialize)]
struct Budgets {
    instructions: BTreeMap<String, u64>,
}

fn run(context: &Context) -> Result<Outcome, Failure> {
    let root = &context.workspace.root;
    if !Command::new("valgrind").words("--version").works(root) {
        return context.cannot_look("valgrind, which counts instructions, is missing".into());
    }
    Command::cargo(
        "build --release --package openrouter-keys-core --example instructions --locked",
    )
    .run(root)?;
    let mut problems = Vec::new();
    for (what, most) in read(root)?.instructions {
        let count = instructions(context, &what)?;
        println!("{what:<32} {count:>9} of {most:>9}");
        if count > most {
            problems.push(format!("{what} takes {count} instructions, more than {most}"));
        }
    }
    if problems.is_empty() {
        return Ok(Outcome::Passed);
    }
    Err(Failure::new(format!("{}; see {FILE}", problems.join("; "))))
}

fn read(root: &Path) -> Result<Budgets, Failure> {
    let failure = |problem: String| Failure::new(format!("{FILE}: {problem}"));
    let text =
        std::fs::read_to_string(root.join(FILE)).map_err(|error| failure(error.to_string()))?;
    serde_json::from_str(&text).map_err(|error| failure(error.to_string()))
}

/// How many one time takes.
fn instructions(context: &Context, what: &str) -> Result<u64, Failure> {
    let (few, many) = (counted(context, what, FEW)?, counted(context, what, MANY)?);
    Ok(many.saturating_sub(few) / MANY.saturating_sub(FEW))
}

fn counted(context: &Context, what: &str, times: u64) -> Result<u64, Failure> {
    let target = &context.workspace.target;
    let program = target.join("release/examples/instructions");
    let report = target.join("instructions.callgrind");
    Command::new("valgrind")
        .words("--quiet --tool=callgrind")
        .argument(format!("--callgrind-out-file={}", report.display()))
        .argument(program.display().to_string())
        .argument(what)
        .argument(times.to_string())
        .output(&context.workspace.root)?;
    let text = std::fs::read_to_string(&report)
        .map_err(|error| Failure::new(format!("{}: {error}", report.display())))?;
    summed(&text).ok_or_else(|| Failure::new("the report of callgrind has no sum"))
}

/// The sum that a report of callgrind ends with.
fn summed(report: &str) -> Option<u64> {
    let mut sums = report.lines().filter_map(|line| line.strip_prefix("totals: "));
    sums.next_back()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::summed;

    #[test]
    fn the_sum_of_a_report_is_its_last_total() {
        assert_eq!(summed("events: Ir\nfn=(1)\n0 7\n\ntotals: 645253353\n"), Some(645_253_353));
        assert_eq!(summed("events: Ir\n"), None);
    }
}
