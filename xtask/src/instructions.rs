//! Counts the instructions of `tests/instructions` with valgrind.

use anyhow::{Context as _, Result, ensure};

use crate::shell::{cmd, works};
use crate::workspace::Workspace;

/// Two runs, so that one-time costs cancel out.
const FEW: u64 = 10;
const MANY: u64 = 110;

pub(crate) fn can_be_counted(workspace: &Workspace) -> Result<()> {
    let is_there = works(cmd!(workspace.shell, "valgrind --version"));
    ensure!(is_there, "valgrind, which counts instructions, is missing");
    Ok(())
}

pub(crate) fn build(workspace: &Workspace) -> Result<()> {
    Ok(cmd!(
        workspace.shell,
        "cargo build --release --package openrouter-keys-instructions --locked"
    )
    .run()?)
}

/// The instructions of one iteration.
pub(crate) fn count(workspace: &Workspace, what: &str) -> Result<u64> {
    let (few, many) = (counted(workspace, what, FEW)?, counted(workspace, what, MANY)?);
    Ok(many.saturating_sub(few) / MANY.saturating_sub(FEW))
}

fn counted(workspace: &Workspace, what: &str, times: u64) -> Result<u64> {
    let program = workspace.target("release/openrouter-keys-instructions");
    let (report, times) = (workspace.target("instructions.callgrind"), times.to_string());
    let shell = &workspace.shell;
    cmd!(
        shell,
        "valgrind --quiet --tool=callgrind --callgrind-out-file={report} {program} {what} {times}"
    )
    .read()?;
    summed(&workspace.read(&report)?).context("callgrind's report has no total")
}

/// The total at the end of a callgrind report.
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
