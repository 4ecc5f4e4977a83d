//! Starts the contestants and the server, and talks to them.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use serde::de::DeserializeOwned;

use crate::failure::Failure;
use crate::files;
use crate::protocol::{Measurement, Ready, Reply, Request};
use crate::server::Addresses;

/// No request takes longer.
const PATIENCE: Duration = Duration::from_mins(3);
/// Removed from the environment: loopback is not reached through a proxy.
const PROXIES: [&str; 3] = ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"];

/// A contestant: its language and its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Who {
    Rust(&'static str),
    /// In Rust, with the counting allocator.
    Heap(&'static str),
    Node(&'static str),
    Python(&'static str),
}

impl Who {
    fn command(self) -> Result<Command, Failure> {
        let own = std::env::current_exe()?;
        let root = files::root();
        let (program, words): (PathBuf, Vec<PathBuf>) = match self {
            Self::Rust(name) => (own, vec!["contestant".into(), name.into()]),
            Self::Heap(name) => (
                own.with_file_name("openrouter-keys-bench-heap"),
                vec!["contestant".into(), name.into()],
            ),
            Self::Node(name) => {
                let script = present(root.join("bindings-js/bench/contestant.mjs"))?;
                ("node".into(), vec![script, name.into()])
            }
            Self::Python(name) => {
                let script = present(root.join("tests/lab/bench/contestant.py"))?;
                (present(root.join("target/bench-python/bin/python"))?, vec![script, name.into()])
            }
        };
        let mut command = Command::new(program);
        command.args(words);
        Ok(command)
    }
}

fn present(path: PathBuf) -> Result<PathBuf, Failure> {
    if path.exists() {
        return Ok(path);
    }
    Err(Failure::new(format!("{} does not exist", path.display())))
}

/// A contestant that is ready for requests.
pub(crate) struct Contestant {
    process: Process,
    pub(crate) versions: BTreeMap<String, String>,
}

impl Contestant {
    pub(crate) fn start(who: Who) -> Result<Self, Failure> {
        let mut process = Process::start(who.command()?)?;
        // A contestant that cannot start writes the same error line as one that fails.
        let line = process.line()?;
        match serde_json::from_str(&line) {
            Ok(Ready { ready: true, versions }) => Ok(Self { process, versions }),
            _ => Err(match serde_json::from_str(&line) {
                Ok(Reply::Failed { error }) => Failure::new(error),
                _ => not_understood(&line),
            }),
        }
    }

    pub(crate) fn ask(&mut self, request: &Request) -> Result<Measurement, Failure> {
        self.process.say(&serde_json::to_string(request)?);
        match self.process.read()? {
            Reply::Done(measurement) => Ok(measurement),
            Reply::Failed { error } => Err(Failure::new(error)),
        }
    }
}

/// The server, which is killed when this is dropped.
pub(crate) struct Server {
    _process: Process,
    pub(crate) addresses: Addresses,
}

impl Server {
    pub(crate) fn start() -> Result<Self, Failure> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("serve");
        let mut process = Process::start(command)?;
        let addresses = process.read().map_err(|failure| failure.within("the server"))?;
        Ok(Self { _process: process, addresses })
    }
}

/// A program that reads and writes lines.
pub(crate) struct Process {
    child: Child,
    stdin: ChildStdin,
    lines: Receiver<String>,
    complaints: Option<JoinHandle<String>>,
}

impl Process {
    pub(crate) fn start(mut command: Command) -> Result<Self, Failure> {
        for name in PROXIES {
            command.env_remove(name).env_remove(name.to_ascii_lowercase());
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let program = Path::new(command.get_program()).display().to_string();
        let mut child = command.spawn().map_err(|error| Failure::from(error).within(program))?;
        let (Some(stdin), Some(stdout), Some(mut stderr)) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take())
        else {
            return Err(Failure::new("a program was started without its pipes"));
        };
        // Threads, so that waiting can time out and no pipe fills up.
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            BufReader::new(stdout)
                .lines()
                .map_while(Result::ok)
                .try_for_each(|line| sender.send(line))
        });
        let complaints = std::thread::spawn(move || {
            let mut text = Vec::new();
            // An error ends the reading; the text so far is kept.
            let _ = stderr.read_to_end(&mut text);
            String::from_utf8_lossy(&text).into_owned()
        });
        Ok(Self { child, stdin, lines, complaints: Some(complaints) })
    }

    fn say(&mut self, line: &str) {
        // If the process has ended, reading its response will fail.
        let _ = writeln!(self.stdin, "{line}").and_then(|()| self.stdin.flush());
    }

    pub(crate) fn read<T: DeserializeOwned>(&mut self) -> Result<T, Failure> {
        let line = self.line()?;
        serde_json::from_str(&line).map_err(|_| not_understood(&line))
    }

    fn line(&mut self) -> Result<String, Failure> {
        self.lines.recv_timeout(PATIENCE).map_err(|_| self.reason())
    }

    /// Returns why there was no line: the last error on stderr, if any.
    fn reason(&mut self) -> Failure {
        let _ = self.child.kill();
        let text = self.complaints.take().and_then(|thread| thread.join().ok()).unwrap_or_default();
        let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        let last = lines.clone().next_back();
        let complaint = lines.rfind(|line| line.contains("rror: ")).or(last);
        Failure::new(complaint.unwrap_or("it did not respond"))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // If either fails, the process has already ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn not_understood(line: &impl fmt::Display) -> Failure {
    Failure::new(format!("unexpected output: {line}"))
}
