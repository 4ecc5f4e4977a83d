//! A step, and how it can end.

use std::fmt;

use anyhow::{Error, Result};

use crate::workspace::Workspace;

/// One check of `cargo xtask test`.
pub(crate) struct Step {
    pub(crate) name: &'static str,
    /// What it checks, for `--list`.
    pub(crate) about: &'static str,
    /// Whether only `--all` runs it, because it installs something or takes minutes.
    pub(crate) is_extra: bool,
    pub(crate) run: Run,
}

pub(crate) type Run = fn(&Context) -> Result<()>;

impl Step {
    /// A step that needs Rust, possibly Node, and seconds rather than minutes.
    pub(crate) const fn basic(name: &'static str, about: &'static str, run: Run) -> Self {
        Self { name, about, is_extra: false, run }
    }

    pub(crate) const fn extra(name: &'static str, about: &'static str, run: Run) -> Self {
        Self { name, about, is_extra: true, run }
    }
}

/// The input of a step.
pub(crate) struct Context {
    pub(crate) workspace: Workspace,
    /// Whether this is CI, where missing programs are a failure.
    pub(crate) ci: bool,
    /// Whether missing programs may be installed.
    pub(crate) installs: bool,
    /// Whether the advisory database may be downloaded.
    pub(crate) advisories: bool,
}

impl Context {
    /// Ends a step that lacks something: failed in CI, where everything is available, and skipped
    /// elsewhere.
    pub(crate) fn require(&self, needed: Result<()>) -> Result<()> {
        needed.map_err(|error| if self.ci { error } else { Skipped(format!("{error:#}")).into() })
    }
}

/// Why a step was skipped.
#[derive(Clone, Debug)]
pub(crate) struct Skipped(pub(crate) String);

impl std::error::Error for Skipped {}

impl fmt::Display for Skipped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How a step ended.
pub(crate) enum End {
    Passed,
    Skipped(String),
    Failed(Error),
}

impl From<Result<()>> for End {
    fn from(result: Result<()>) -> Self {
        match result.map_err(Error::downcast::<Skipped>) {
            Ok(()) => Self::Passed,
            Err(Ok(Skipped(reason))) => Self::Skipped(reason),
            Err(Err(error)) => Self::Failed(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_program_fails_a_step_in_ci_and_skips_it_elsewhere() {
        let workspace = Workspace::find().unwrap();
        let mut context = Context { workspace, ci: true, installs: false, advisories: false };
        let end = |context: &Context| End::from(context.require(Err(Error::msg("no wheels"))));
        assert!(matches!(end(&context), End::Failed(_)));
        context.ci = false;
        assert!(matches!(end(&context), End::Skipped(reason) if reason == "no wheels"));
    }
}
