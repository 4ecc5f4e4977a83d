//! One user's folder and server, in which a command is killed and run again.

use std::os::unix::process::ExitStatusExt as _;
use std::process::Stdio;

use tempfile::TempDir;
use tokio::process::Command;

use crate::gate::{Gate, Kill};
use crate::jobs::Job;
use crate::server::Server;
use crate::support;

/// How often a command that fails is followed by the one it names.
const ATTEMPTS: usize = 5;

pub(crate) struct Place {
    home: TempDir,
    pub(crate) server: Server,
    pub(crate) gate: Gate,
}

/// The end of a run that was not killed.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stderr: String,
}

impl Place {
    pub(crate) async fn of(job: &Job) -> Self {
        let home = tempfile::tempdir().unwrap();
        let write = |name: &str, content: &str| std::fs::write(home.path().join(name), content);
        write("seeds.json", job.seeds).unwrap();
        for (name, content) in job.files {
            write(name, content).unwrap();
        }
        let server = Server::start(home.path()).await;
        if let Some(name) = job.stored {
            write(&format!("{name}.key"), server.seeded_secret(name).unwrap()).unwrap();
        }
        let gate = Gate::open(server.origin()).await;
        Self { home, server, gate }
    }

    pub(crate) fn read(&self, name: &str) -> Option<String> {
        std::fs::read_to_string(self.home.path().join(name)).ok()
    }

    /// The program, which sees the server through the gate.
    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::from(support::program(self.home.path(), words));
        command
            .env("OPENROUTER_BASE_URL", &self.gate.url)
            .env("OPENROUTER_MANAGEMENT_KEY", self.server.management_key())
            .stdin(Stdio::null())
            .kill_on_drop(true);
        command
    }

    /// Runs the program to its end.
    pub(crate) async fn run(&self, words: &[&str]) -> Ran {
        let is_due = self.gate.begin(None);
        let output = self.command(words).output().await.unwrap();
        drop(is_due);
        let stderr = String::from_utf8(output.stderr).unwrap();
        Ran { code: output.status.code(), stderr }
    }

    /// Runs the program until it is killed; returns whether it was, or had ended before. The server
    /// is killed with it, and starts again.
    pub(crate) async fn kill(&mut self, words: &[&str], kill: Kill) -> bool {
        let is_due = self.gate.begin(Some(kill));
        let mut child =
            self.command(words).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let status = tokio::select! {
            status = child.wait() => status,
            _ = is_due => {
                let _ = child.start_kill();
                child.wait().await
            }
        };
        self.restart_server().await;
        status.unwrap().signal() == Some(9)
    }

    /// Runs the program, which its own command kills when it is started for the so-many-th time.
    pub(crate) async fn kill_from_within(&mut self, words: &[&str], wish: &str) -> bool {
        std::fs::write(self.home.path().join("kill"), wish).unwrap();
        let is_due = self.gate.begin(None);
        let status = self.command(words).output().await.unwrap().status;
        drop(is_due);
        self.restart_server().await;
        status.signal() == Some(9)
    }

    async fn restart_server(&mut self) {
        self.server.restart().await;
        self.gate.lead_to(self.server.origin());
    }

    /// Runs the command as its user would: again, or as it says, until it succeeds.
    pub(crate) async fn resume(&self, words: &[&str]) -> Result<(), Ran> {
        let mut words: Vec<String> = words.iter().copied().map(str::to_owned).collect();
        let mut attempts = 1;
        loop {
            let ran = self.run(&words.iter().map(String::as_str).collect::<Vec<_>>()).await;
            if ran.code == Some(0) {
                return Ok(());
            }
            if attempts == ATTEMPTS {
                return Err(ran);
            }
            attempts += 1;
            if let Some(next) = next(&ran.stderr) {
                words = next;
            }
        }
    }
}

/// The command that a failure names: its last line.
fn next(stderr: &str) -> Option<Vec<String>> {
    let line = stderr.lines().last()?.strip_prefix("  openrouter-keys ")?;
    shlex::split(line)
}
