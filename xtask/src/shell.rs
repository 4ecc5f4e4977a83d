//! Shows commands as a person would type them, and runs them with xshell.

use anyhow::{Context as _, Result};
use xshell::Cmd;

/// `xshell::cmd!` without the variables that describe xtask itself.
macro_rules! cmd {
    ($shell:expr, $line:literal) => {
        $crate::shell::tidy(xshell::cmd!($shell, $line))
    };
}
pub(crate) use cmd;

/// Removes the variables with which `cargo run` describes xtask. If they were passed on, build
/// scripts would see a change, and everything built from a terminal would be rebuilt.
pub(crate) fn tidy(command: Cmd<'_>) -> Cmd<'_> {
    std::env::vars_os()
        .filter(|(name, _)| name.to_str().is_some_and(describes_xtask))
        .fold(command, |command, (name, _)| command.env_remove(name))
}

fn describes_xtask(name: &str) -> bool {
    name.starts_with("CARGO_PKG_")
        || name.starts_with("CARGO_MANIFEST_")
        || matches!(name, "CARGO" | "OUT_DIR" | "RUST_RECURSION_COUNT")
}

/// Without a key in the environment nothing can reach the real API, and without a base URL nothing
/// can reach another server.
pub(crate) fn without_credentials(command: Cmd<'_>) -> Cmd<'_> {
    command
        .env_remove("OPENROUTER_MANAGEMENT_KEY")
        .env_remove("OPENROUTER_PROVISIONING_KEY")
        .env_remove("OPENROUTER_API_KEY")
        .env_remove("OPENROUTER_BASE_URL")
}

/// Whether the command succeeds; its output is hidden.
pub(crate) fn works(command: Cmd<'_>) -> bool {
    command.quiet().output().is_ok()
}

/// The names of the files in a folder, without their extensions.
pub(crate) fn stems(shell: &xshell::Shell, folder: &str) -> Result<Vec<String>> {
    let files = shell.read_dir(folder).with_context(|| folder.to_owned())?;
    let stem = |file: &std::path::PathBuf| Some(file.file_stem()?.to_str()?.to_owned());
    Ok(files.iter().filter_map(stem).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_that_describe_xtask_are_not_passed_on() {
        assert!(describes_xtask("CARGO_PKG_NAME"));
        assert!(describes_xtask("CARGO_MANIFEST_DIR"));
        assert!(!describes_xtask("CARGO_TARGET_DIR"));
        assert!(!describes_xtask("CARGO_HOME"));
    }

    #[test]
    fn a_command_that_fails_or_is_missing_is_named() {
        let shell = xshell::Shell::new().unwrap();
        for command in [cmd!(shell, "no-such-program-anywhere"), cmd!(shell, "cargo no-such")] {
            let error = command.quiet().ignore_stderr().run().expect_err("it fails").to_string();
            assert!(error.contains("no-such"), "{error}");
        }
    }
}
