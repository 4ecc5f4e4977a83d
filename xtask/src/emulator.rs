//! The emulator as a process of its own, which ends with its owner.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{self, Child, Stdio};

use crate::command::Command;
use crate::failure::Failure;
use crate::workspace::Workspace;

/// Builds it, and says where it is.
pub(crate) fn build(workspace: &Workspace) -> Result<PathBuf, Failure> {
    Command::cargo("build --quiet --package openrouter-keys-emulator --locked")
        .run(&workspace.root)?;
    Ok(workspace.target.join("debug/openrouter-keys-emulator"))
}

/// A running one.
pub(crate) struct Emulator {
    child: Child,
    pub(crate) url: String,
    pub(crate) management_key: String,
}

impl Emulator {
    pub(crate) fn start(workspace: &Workspace, options: &[&str]) -> Result<Self, Failure> {
        let child = process::Command::new(build(workspace)?)
            .args(options)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| Failure::new(format!("the emulator cannot be started: {error}")))?;
        // From here on, whatever goes wrong ends the process.
        let mut this = Self { child, url: String::new(), management_key: String::new() };
        let output =
            this.child.stdout.take().into_iter().flat_map(|out| BufReader::new(out).lines());
        for line in output.map_while(Result::ok) {
            if let Some(url) = after(&line, "URL") {
                this.url = url.into();
            } else if let Some(key) = after(&line, "management key") {
                this.management_key = key.into();
                return Ok(this);
            }
        }
        Err(Failure::new("the emulator did not say where it is"))
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn after<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    let value = line.strip_prefix(name)?.strip_prefix(' ')?.trim();
    (!value.is_empty()).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::after;

    #[test]
    fn a_line_of_the_emulator_is_a_name_and_a_value() {
        assert_eq!(
            after("URL             http://127.0.0.1:1/api/v1", "URL"),
            Some("http://127.0.0.1:1/api/v1")
        );
        assert_eq!(after("management key  sk-or-v1-x", "management key"), Some("sk-or-v1-x"));
        for line in ["", "URL", "URL   ", "URLs http://127.0.0.1:1", "Try it: URL x"] {
            assert_eq!(after(line, "URL"), None, "{line}");
        }
    }
}
