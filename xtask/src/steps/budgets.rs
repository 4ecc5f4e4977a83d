//! Checks the instructions of the core's hot paths against `tests/budgets.json`. Tests check the
//! file's allocations and requests, and the build of the npm package checks its sizes.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;

use crate::instructions;
use crate::step::{Context, Step};

pub(crate) const STEP: Step = Step::extra(
    "budgets",
    "the hot paths take no more instructions than tests/budgets.json allows",
    run,
);

const FILE: &str = "tests/budgets.json";

#[derive(Deserialize)]
struct Budgets {
    instructions: BTreeMap<String, u64>,
}

fn run(context: &Context) -> Result<()> {
    let workspace = &context.workspace;
    context.require(instructions::can_be_counted(workspace))?;
    instructions::build(workspace)?;
    let budgets: Budgets = serde_json::from_str(&workspace.read(FILE)?).context(FILE)?;
    let mut problems = Vec::new();
    for (what, most) in budgets.instructions {
        let count = instructions::count(workspace, &what)?;
        println!("{what:<32} {count:>9} of {most:>9}");
        if count > most {
            problems.push(format!("{what} takes {count} instructions, more than {most}"));
        }
    }
    ensure!(problems.is_empty(), "{}; see {FILE}", problems.join("; "));
    Ok(())
}
