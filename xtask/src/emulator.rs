//! The emulator as a process of its own, which ends with its owner.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{self, Child, Stdio};

use serde::Deserialize;

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
            .arg("--json")
            .args(options)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| Failure::new(format!("the emulator cannot be started: {error}")))?;
        // From here on, whatever goes wrong ends the process.
        let mut this = Self { child, url: String::new(), management_key: String::new() };
        let mut line = String::new();
        if let Some(stdout) = this.child.stdout.take() {
            // An unreadable line is reported right below.
            let _ = BufReader::new(stdout).read_line(&mut line);
        }
        let started: Started = serde_json::from_str(&line)
            .map_err(|_| Failure::new("the emulator did not say where it is"))?;
        (this.url, this.management_key) = (started.url, started.management_key);
        Ok(this)
    }
}

/// What the emulator says once it is ready.
#[derive(Deserialize)]
struct Started {
    url: String,
    management_key: String,
}

impl Drop for Emulator {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
