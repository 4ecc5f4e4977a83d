//! A command-line program that is measured: each run is a new process with a home of its own.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::failure::Failure;
use crate::machine;

/// How often the memory of a running program is read.
const GLANCE: Duration = Duration::from_millis(2);

#[derive(Clone, Debug)]
pub(crate) struct Program {
    pub(crate) label: &'static str,
    pub(crate) path: PathBuf,
}

/// The account that a program uses, and the folder in which it runs.
pub(crate) struct Account {
    pub(crate) home: TempDir,
    /// The base URL up to and including `/api/v1`.
    pub(crate) base: String,
    pub(crate) management_key: String,
}

/// A run that has ended.
pub(crate) struct Run {
    pub(crate) took: Duration,
    /// The most resident memory, in bytes.
    pub(crate) peak: u64,
    pub(crate) stdout: String,
    status: ExitStatus,
    /// The last line on standard error.
    complaint: String,
}

impl Program {
    /// The program with nothing of this process's environment.
    pub(crate) fn command(&self, arguments: &[&str], account: &Account) -> Command {
        let mut command = Command::new(&self.path);
        command
            .args(arguments)
            .current_dir(account.home.path())
            .env_clear()
            .env("HOME", account.home.path())
            .env("OPENROUTER_BASE_URL", &account.base)
            .env("OPENROUTER_MANAGEMENT_KEY", &account.management_key);
        command
    }

    pub(crate) fn run(
        &self,
        arguments: &[&str],
        account: &Account,
        input: &str,
    ) -> Result<Run, Failure> {
        let mut command = self.command(arguments, account);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let begun = Instant::now();
        let mut child = command.spawn()?;
        if let Some(mut stdin) = child.stdin.take() {
            // A program that does not read its input closes it.
            let _ = stdin.write_all(input.as_bytes());
        }
        let (status, is_over) = (status_file(&child), AtomicBool::new(false));
        let (peak, output) = std::thread::scope(|scope| {
            let peak = scope.spawn(|| peak_of(&status, &is_over));
            let output = child.wait_with_output();
            is_over.store(true, Ordering::Relaxed);
            (peak.join(), output)
        });
        let took = begun.elapsed();
        let output = output?;
        let complaint = String::from_utf8_lossy(&output.stderr);
        let complaint = complaint.lines().rfind(|line| !line.trim().is_empty());
        Ok(Run {
            took,
            peak: peak.unwrap_or_default(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            status: output.status,
            complaint: complaint.unwrap_or("no message").to_owned(),
        })
    }

    /// The wall time of a run whose output nobody reads.
    pub(crate) fn time(&self, arguments: &[&str], account: &Account) -> Result<Duration, Failure> {
        let mut command = self.command(arguments, account);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let begun = Instant::now();
        let status = command.status()?;
        let took = begun.elapsed();
        if status.success() { Ok(took) } else { Err(Failure::new(status.to_string())) }
    }
}

impl Run {
    /// The run, if its exit code is 0.
    pub(crate) fn succeeded(self) -> Result<Self, Failure> {
        if self.status.success() {
            return Ok(self);
        }
        Err(Failure::new(format!("{}: {}", self.status, self.complaint)))
    }
}

impl Account {
    pub(crate) fn new(base: String, management_key: String) -> Result<Self, Failure> {
        Ok(Self { home: tempfile::tempdir()?, base, management_key })
    }
}

fn status_file(child: &Child) -> PathBuf {
    Path::new("/proc").join(child.id().to_string()).join("status")
}

/// The peak only grows, so the last reading before the process ends has it.
fn peak_of(status: &Path, is_over: &AtomicBool) -> u64 {
    let mut peak = 0;
    while !is_over.load(Ordering::Relaxed) {
        peak = peak.max(machine::peak(status).unwrap_or_default());
        std::thread::sleep(GLANCE);
    }
    peak
}
