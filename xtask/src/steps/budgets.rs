//! What the hot paths of the core cost in instructions, against
//! `tests/budgets.json`. The allocations and requests of the same file
//! are tests, and its sizes are looked at where the npm package is built.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

use crate::failure::Failure;
use crate::instructions;
use crate::step::{Context, Outcome, Step};

pub(crate) const STEP: Step = Step {
    name: "budgets",
    about: "the hot paths take no more instructions than tests/budgets.json allows",
    sets_up: false,
    run,
};

const FILE: &str = "tests/budgets.json";

#[derive(Deserialize)]
struct Budgets {
    instructions: BTreeMap<String, u64>,
}

fn run(context: &Context) -> Result<Outcome, Failure> {
    let workspace = &context.workspace;
    if !instructions::can_be_counted(workspace) {
        return context.cannot_look("valgrind, which counts instructions, is missing".into());
    }
    instructions::build(workspace)?;
    let mut problems = Vec::new();
    for (what, most) in read(&workspace.root)?.instructions {
        let count = instructions::count(workspace, &what)?;
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
