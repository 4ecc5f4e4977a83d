//! The emulator as a separate process that ends with its owner.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, Result};
use serde::Deserialize;

use crate::shell::cmd;
use crate::workspace::Workspace;

/// Builds it, and returns its path.
pub(crate) fn build(workspace: &Workspace) -> Result<String> {
    cmd!(workspace.shell, "cargo build --quiet --package openrouter-keys-emulator --locked")
        .run()?;
    Ok(workspace.target("debug/openrouter-keys-emulator"))
}

/// A running emulator.
pub(crate) struct Emulator {
    child: Child,
    pub(crate) started: Started,
}

/// What the emulator prints once it is ready.
#[derive(Default, Deserialize)]
pub(crate) struct Started {
    pub(crate) url: String,
    pub(crate) management_key: String,
}

impl Emulator {
    pub(crate) fn start(workspace: &Workspace, options: &[&str]) -> Result<Self> {
        let child = Command::new(build(workspace)?)
            .arg("--json")
            .args(options)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot start the emulator")?;
        // From here on, an error ends the process.
        let mut this = Self { child, started: Started::default() };
        let stdout = this.child.stdout.take().context("the emulator has no output")?;
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        this.started =
            serde_json::from_str(&line).context("the emulator did not print its address")?;
        Ok(this)
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
