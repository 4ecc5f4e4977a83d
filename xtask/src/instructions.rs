//! Counting the instructions of `core/examples/instructions.rs` by valgrind.

use crate::command::Command;
use crate::failure::Failure;
use crate::workspace::Workspace;

/// In two runs, so that what happens once is counted in neither.
const FEW: u64 = 10;
const MANY: u64 = 110;

pub(crate) fn can_be_counted(workspace: &Workspace) -> bool {
    Command::new("valgrind").words("--version").works(&workspace.root)
}

pub(crate) fn build(workspace: &Workspace) -> Result<(), Failure> {
    Command::cargo("build --release --package openrouter-keys-core --example instructions --locked")
        .run(&workspace.root)
}

/// How many one time takes.
pub(crate) fn count(workspace: &Workspace, what: &str) -> Result<u64, Failure> {
    let (few, many) = (counted(workspace, what, FEW)?, counted(workspace, what, MANY)?);
    Ok(many.saturating_sub(few) / MANY.saturating_sub(FEW))
}

fn counted(workspace: &Workspace, what: &str, times: u64) -> Result<u64, Failure> {
    let program = workspace.target.join("release/examples/instructions");
    let report = workspace.target.join("instructions.callgrind");
    Command::new("valgrind")
        .words("--quiet --tool=callgrind")
        .argument(format!("--callgrind-out-file={}", report.display()))
        .argument(program.display().to_string())
        .argument(what)
        .argument(times.to_string())
        .output(&workspace.root)?;
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
