//! What the tests of the program share: an emulator that always has the same keys, and the
//! program run with nothing of the machine's environment.

#![cfg(test)]
#![allow(dead_code, reason = "each test uses a part of it")]

use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use openrouter_keys_emulator::{Builder, Clock, Emulator, Fault};
use tempfile::TempDir;

/// The instant at which the emulator's clock stands, so that every time is the same.
const NOW: &str = "2026-06-15T12:00:00Z";
pub(crate) const SECRETS_SEED: u64 = 19;
/// The width of a terminal, unless a test chooses another.
pub(crate) const COLUMNS: u16 = 100;

/// An emulator, and the home of a user of the program.
pub(crate) struct Server {
    pub(crate) emulator: Emulator,
    home: TempDir,
}

impl Server {
    /// Starts an emulator without keys.
    pub(crate) fn start() -> Self {
        Self::with(|builder| builder)
    }

    /// Starts an emulator with so many keys, named `key 000` and so on.
    pub(crate) fn with_keys(count: usize) -> Self {
        Self::with(|builder| builder.keys(count))
    }

    /// Starts an emulator with the keys of a seed file.
    pub(crate) fn with_seeds(json: &str) -> Self {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), json).unwrap();
        Self::with(|builder| builder.seed_file(file.path()))
    }

    pub(crate) fn with(set: impl FnOnce(Builder) -> Builder) -> Self {
        let clock = Clock::standing_at(NOW.parse().unwrap());
        let builder = Emulator::builder()
            .secrets_seed(SECRETS_SEED)
            .clock(clock)
            .ordinary_key("ordinary key");
        Self { emulator: set(builder).start().unwrap(), home: tempfile::tempdir().unwrap() }
    }

    /// The folder in which the program runs, which is its user's home as well.
    pub(crate) fn home(&self) -> &Path {
        self.home.path()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.home().join(name)
    }

    /// The program, with the account of the emulator and nothing else in its environment.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = program(self.home(), arguments);
        command
            .env("OPENROUTER_BASE_URL", self.emulator.base_url())
            .env("OPENROUTER_MANAGEMENT_KEY", self.emulator.management_key());
        command
    }

    /// Runs the program to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        self.ran(&mut self.command(arguments))
    }

    /// Runs the program to its end with this on standard input.
    pub(crate) fn run_with_input(&self, arguments: &[&str], input: &str) -> Ran {
        self.ran_with_input(&mut self.command(arguments), input)
    }

    #[cfg(target_os = "linux")]
    /// Runs the program in a terminal of its own with this typed, and makes escape codes
    /// visible. `None` where util-linux's `script` is missing.
    pub(crate) fn run_in_terminal(&self, arguments: &[&str], typed: &str) -> Option<Ran> {
        self.ran_in_terminal(&self.command(arguments), typed, COLUMNS)
    }

    /// A terminal that runs this line with the program's environment; `None` where that is not
    /// possible.
    #[cfg(target_os = "linux")]
    pub(crate) fn script(&self, line: &str, program: &Command) -> Option<Command> {
        if Command::new("script").arg("--version").stdout(Stdio::null()).status().is_err() {
            assert!(std::env::var_os("CI").is_none(), "`script` is missing");
            return None;
        }
        let mut script = Command::new("script");
        script.args(["--quiet", "--return", "--command", line, "/dev/null"]);
        script.env_clear().current_dir(self.home()).env("TERM", "xterm").env("SHELL", "/bin/sh");
        // A pager would wait for a key.
        script.env("PAGER", "cat");
        script.envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))));
        script.stdin(Stdio::piped()).stdout(Stdio::piped());
        Some(script)
    }

    #[cfg(target_os = "linux")]
    pub(crate) fn ran_in_terminal(
        &self,
        program: &Command,
        typed: &str,
        columns: u16,
    ) -> Option<Ran> {
        let words = std::iter::once(program.get_program()).chain(program.get_args());
        let line = shlex::try_join(words.map(|word| word.to_str().unwrap())).unwrap();
        // The end of what is typed would be shown.
        let line = format!("tty > .tty; stty -echoctl rows 50 cols {columns}; exec {line}");
        let mut script = self.script(&line, program)?;
        let mut child = script.spawn().unwrap();
        let mut stdin = child.stdin.take().filter(|_| !typed.is_empty());
        let mut screen = Vec::new();
        let mut chunk = [0; 4096];
        loop {
            let length = child.stdout.as_mut().unwrap().read(&mut chunk).unwrap();
            if length == 0 {
                break;
            }
            screen.extend_from_slice(&chunk[..length]);
            // Not before the question: a terminal shows at once what is typed too early.
            if screen.ends_with(b": ")
                && let Some(mut stdin) = stdin.take()
            {
                let asks_secret = [&b"Secret: "[..], b"Management key: "];
                if asks_secret.iter().any(|question| screen.ends_with(question)) {
                    self.await_hidden_input();
                }
                stdin.write_all(typed.as_bytes()).unwrap();
            }
        }
        let status = child.wait().unwrap();
        let mut ran = Ran::new(&Output { status, stdout: screen, stderr: Vec::new() }, self);
        ran.stdout = ran.stdout.replace("\r\n", "\n").replace('\u{1b}', "␛");
        Some(ran)
    }

    /// Waits until the program's terminal does not show what is typed.
    #[cfg(target_os = "linux")]
    fn await_hidden_input(&self) {
        let terminal = std::fs::read_to_string(self.path(".tty")).unwrap();
        let terminal = std::fs::File::open(terminal.trim()).unwrap();
        let shows = || {
            let modes = rustix::termios::tcgetattr(&terminal).unwrap().local_modes;
            modes.contains(rustix::termios::LocalModes::ECHO)
        };
        while shows() {
            std::thread::yield_now();
        }
    }

    pub(crate) fn ran(&self, command: &mut Command) -> Ran {
        let output = command.stdin(Stdio::null()).output().unwrap();
        Ran::new(&output, self)
    }

    pub(crate) fn ran_with_input(&self, command: &mut Command, input: &str) -> Ran {
        let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = piped.spawn().unwrap();
        // A program that stops early does not read its input.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        Ran::new(&child.wait_with_output().unwrap(), self)
    }

    /// Applies this fault, written as the emulator's README says, to the next matching request.
    pub(crate) fn fail(&self, fault: &str) {
        self.emulator.fail_next(fault.parse::<Fault>().unwrap());
    }

    /// Every request so far as `METHOD /path?query`.
    pub(crate) fn requests(&self) -> Vec<String> {
        let requests = self.emulator.requests().into_iter();
        requests.map(|seen| format!("{} {}", seen.method, seen.path_and_query)).collect()
    }

    /// The hashes of the keys of this name.
    pub(crate) fn hashes_of(&self, name: &str) -> Vec<String> {
        let keys = self.emulator.keys().into_iter();
        keys.filter(|key| key.name == name).map(|key| key.hash).collect()
    }
}

/// The program in this folder, without an account.
pub(crate) fn program(home: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(built_program());
    command.args(arguments).current_dir(home).env_clear().env("HOME", home);
    for name in ["PATH", "SystemRoot"] {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    command
}

/// Cargo builds the program into the folder above the tests.
fn built_program() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let folder = test.parent().and_then(Path::parent).unwrap();
    folder.join(format!("openrouter-keys{}", std::env::consts::EXE_SUFFIX))
}

/// What a run printed, and its exit code.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    hidden: Vec<(String, &'static str)>,
}

impl Ran {
    fn new(output: &Output, server: &Server) -> Self {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        Self {
            code: output.status.code(),
            stdout: text(&output.stdout),
            stderr: text(&output.stderr),
            hidden: vec![
                (server.emulator.base_url(), "[URL]"),
                (server.emulator.address().to_string(), "[ADDRESS]"),
                (server.home().display().to_string(), "[HOME]"),
            ],
        }
    }

    /// Expects this exit code; the message of a failure has all that was printed.
    #[track_caller]
    pub(crate) fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{}", self.shown());
        self
    }

    /// The lines of standard output.
    pub(crate) fn lines(&self) -> Vec<&str> {
        self.stdout.lines().collect()
    }

    /// Everything printed, without what differs from run to run.
    pub(crate) fn shown(&self) -> String {
        let code = self.code.map_or("none".to_owned(), |code| code.to_string());
        let mut shown =
            format!("exit code {code}\n--- stdout\n{}--- stderr\n{}", self.stdout, self.stderr);
        for (what, instead) in &self.hidden {
            shown = shown.replace(what, instead);
        }
        shown
    }
}

/// Compares everything that a run printed with the file `snapshots/NAME.txt`; run the tests
/// with `SNAPSHOTS=overwrite` to rewrite it.
#[track_caller]
pub(crate) fn assert_snapshot(name: &str, ran: &Ran) {
    assert_text_snapshot(name, &ran.shown());
}

/// The same for any text.
#[track_caller]
pub(crate) fn assert_text_snapshot(name: &str, text: &str) {
    let path = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").unwrap())
        .join(format!("tests/snapshots/{name}.txt"));
    snapbox::Assert::new()
        .action_env("SNAPSHOTS")
        .normalize_paths(false)
        .eq(text, snapbox::Data::read_from(&path, Some(snapbox::data::DataFormat::Text)));
}
