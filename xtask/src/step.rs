//! What a step is and how it can end.

use crate::failure::Failure;
use crate::workspace::Workspace;

/// One check of `cargo xtask test`.
pub(crate) struct Step {
    pub(crate) name: &'static str,
    /// What it checks, for `--list`.
    pub(crate) about: &'static str,
    /// Whether it may have to install something first.
    pub(crate) sets_up: bool,
    pub(crate) run: fn(&Context) -> Result<Outcome, Failure>,
}

/// What a step may look at.
pub(crate) struct Context {
    pub(crate) workspace: Workspace,
    /// Whether nobody sits in front of it: what can be set up must be.
    pub(crate) ci: bool,
    /// Whether the advisory database may be downloaded.
    pub(crate) advisories: bool,
}

impl Context {
    /// The end of a step that lacks something: a failure in CI, where all of it
    /// can be had, and elsewhere told in the summary.
    pub(crate) fn cannot_look(&self, reason: String) -> Result<Outcome, Failure> {
        if self.ci { Err(Failure::new(reason)) } else { Ok(Outcome::Skipped(reason)) }
    }
}

/// How a step ended that found nothing wrong.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Passed,
    /// It could not look, for this reason.
    Skipped(String),
}
