//! A command of a step, shown the way a person would type it and then run.

use std::ffi::OsString;
use std::fmt;
use std::path::Path;
use std::process::{self, Stdio};

use crate::failure::Failure;

/// A program with its arguments and what differs in its environment.
pub(crate) struct Command {
    program: &'static str,
    arguments: Vec<String>,
    set: Vec<Variable>,
    removed: Vec<&'static str>,
}

struct Variable {
    name: &'static str,
    value: OsString,
    shown: String,
}

impl Command {
    pub(crate) fn new(program: &'static str) -> Self {
        Self { program, arguments: Vec::new(), set: Vec::new(), removed: Vec::new() }
    }

    /// `cargo` with the arguments of a line that has no quotes in it.
    pub(crate) fn cargo(line: &str) -> Self {
        Self::new("cargo").words(line)
    }

    pub(crate) fn words(mut self, line: &str) -> Self {
        self.arguments.extend(line.split_whitespace().map(String::from));
        self
    }

    pub(crate) fn argument(mut self, argument: impl Into<String>) -> Self {
        self.arguments.push(argument.into());
        self
    }

    pub(crate) fn set(self, name: &'static str, value: &str) -> Self {
        self.set_shown_as(name, value, quoted(value))
    }

    /// For a value that is shorter in the shell's own words.
    pub(crate) fn set_shown_as(
        mut self,
        name: &'static str,
        value: impl Into<OsString>,
        shown: impl Into<String>,
    ) -> Self {
        self.set.push(Variable { name, value: value.into(), shown: shown.into() });
        self
    }

    pub(crate) fn without(mut self, name: &'static str) -> Self {
        self.removed.push(name);
        self
    }

    /// Without a key in the environment nothing can reach the real API, and without a base
    /// URL nothing can reach another.
    pub(crate) fn without_credentials(self) -> Self {
        let variables = [
            "OPENROUTER_MANAGEMENT_KEY",
            "OPENROUTER_PROVISIONING_KEY",
            "OPENROUTER_API_KEY",
            "OPENROUTER_BASE_URL",
        ];
        variables.into_iter().fold(self, Self::without)
    }

    /// Shows the command and runs it; anything but success is a failure.
    pub(crate) fn run(&self, folder: &Path) -> Result<(), Failure> {
        println!("$ {self}");
        let status = self.prepared(folder).status().map_err(|error| self.not_started(&error))?;
        if status.success() {
            return Ok(());
        }
        Err(Failure::new(format!("`{self}` ended with {status}")))
    }

    /// What the command writes, without showing the command.
    pub(crate) fn output(&self, folder: &Path) -> Result<String, Failure> {
        let output = self.prepared(folder).output().map_err(|error| self.not_started(&error))?;
        if !output.status.success() {
            return Err(Failure::new(format!(
                "`{self}` ended with {}\n{}",
                output.status,
                String::from_utf8_lossy(&output.stderr).trim_end()
            )));
        }
        String::from_utf8(output.stdout)
            .map_err(|_| Failure::new(format!("`{self}` wrote something that is no text")))
    }

    /// Whether the command succeeds; it runs unseen.
    pub(crate) fn works(&self, folder: &Path) -> bool {
        self.output(folder).is_ok()
    }

    fn prepared(&self, folder: &Path) -> process::Command {
        let mut command = process::Command::new(self.program);
        command.args(&self.arguments).current_dir(folder).stdin(Stdio::null());
        for (name, _) in std::env::vars_os() {
            if name.to_str().is_some_and(is_of_this_program) {
                command.env_remove(name);
            }
        }
        for name in &self.removed {
            command.env_remove(name);
        }
        for variable in &self.set {
            command.env(variable.name, &variable.value);
        }
        command
    }

    fn not_started(&self, error: &std::io::Error) -> Failure {
        Failure::new(format!("`{}` cannot be started: {error}", self.program))
    }
}

/// Whether `cargo run` set the variable to describe xtask. Handed on, it would
/// tell build scripts that their surroundings changed, and what was built from
/// a terminal would be built again.
fn is_of_this_program(name: &str) -> bool {
    name.starts_with("CARGO_PKG_")
        || name.starts_with("CARGO_MANIFEST_")
        || matches!(name, "CARGO" | "OUT_DIR" | "RUST_RECURSION_COUNT")
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.removed.is_empty() {
            f.write_str("env ")?;
        }
        for name in &self.removed {
            write!(f, "-u {name} ")?;
        }
        for Variable { name, shown, .. } in &self.set {
            write!(f, "{name}={shown} ")?;
        }
        f.write_str(self.program)?;
        for argument in &self.arguments {
            write!(f, " {}", quoted(argument))?;
        }
        Ok(())
    }
}

fn quoted(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,+@^".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) {
        return text.into();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_shown_as_a_shell_takes_it() {
        let command =
            Command::cargo("test --bench").argument("*").set("RUSTDOCFLAGS", "-D warnings");
        assert_eq!(command.to_string(), "RUSTDOCFLAGS='-D warnings' cargo test --bench '*'");
        let command = Command::new("true").without("A").without("B").set("C", "");
        assert_eq!(command.to_string(), "env -u A -u B C='' true");
        assert_eq!(quoted("it's"), r"'it'\''s'");
    }

    #[test]
    fn variables_of_xtask_itself_stay_here() {
        assert!(is_of_this_program("CARGO_PKG_NAME"));
        assert!(is_of_this_program("CARGO_MANIFEST_DIR"));
        assert!(!is_of_this_program("CARGO_TARGET_DIR"));
        assert!(!is_of_this_program("CARGO_HOME"));
    }

    #[test]
    fn a_program_that_is_not_there_fails_with_its_name() {
        let failure = Command::new("no-such-program-anywhere")
            .output(Path::new("."))
            .expect_err("there is none");
        assert!(failure.to_string().contains("no-such-program-anywhere"));
    }
}
