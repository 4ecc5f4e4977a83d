//! A command that runs with a key in its environment.

use std::ffi::OsString;
use std::process::ExitStatus;
use std::time::Duration;

use openrouter_keys_native::Secret;
use tokio::process::{Child, Command};

use crate::failure::{Exit, Failure, Result};
use crate::signal::Signals;
use crate::text;

/// How long a command may go on after a signal before its key is deleted: less than the time
/// after which CI systems and containers kill.
const PATIENCE: Duration = Duration::from_secs(5);
/// The exit codes of shells for a command that is not there or cannot be run.
const NOT_FOUND: u8 = 127;
const NOT_EXECUTABLE: u8 = 126;

/// What [`wait`] saw.
pub(crate) enum Ended {
    /// The command ended with this exit code.
    Exited(u8),
    /// It goes on, some time after a signal was passed on to it.
    Lingers,
}

/// Starts the command, without the variables that may have the management key.
pub(crate) fn spawn(
    command: &[OsString],
    variable: &str,
    secret: &Secret,
    removed: &[String],
) -> Result<Child> {
    let [program, arguments @ ..] = command else {
        return Err(Failure::usage("there is no command"));
    };
    let mut command = Command::new(program);
    command.args(arguments);
    for name in removed {
        command.env_remove(name);
    }
    command.env(variable, secret.reveal());
    command.spawn().map_err(|error| {
        let code =
            if error.kind() == std::io::ErrorKind::NotFound { NOT_FOUND } else { NOT_EXECUTABLE };
        let program = program.to_string_lossy();
        let message = format!("the command {} cannot run: {error}", text::visible(&program));
        Failure::new(Exit::Command(code), message)
    })
}

/// Waits for the command and passes signals on to it.
pub(crate) async fn wait(child: &mut Child, signals: &mut Signals) -> Result<Ended> {
    let mut is_signalled = false;
    loop {
        tokio::select! {
            status = child.wait() => return Ok(Ended::Exited(exit_code(status?))),
            signal = signals.next() => {
                pass_on(signal, child);
                is_signalled = true;
            }
            () = tokio::time::sleep(PATIENCE), if is_signalled => return Ok(Ended::Lingers),
        }
    }
}

#[cfg(unix)]
fn exit_code(status: ExitStatus) -> u8 {
    use std::os::unix::process::ExitStatusExt as _;
    let code = status.code().or_else(|| status.signal().map(|signal| signal.saturating_add(128)));
    code.and_then(|code| u8::try_from(code).ok()).unwrap_or(u8::MAX)
}

#[cfg(not(unix))]
fn exit_code(status: ExitStatus) -> u8 {
    let code = status.code().unwrap_or(i32::from(u8::MAX));
    u8::try_from(code).unwrap_or(u8::MAX)
}

/// Sends the signal to the command, unless its terminal has done so: Ctrl-C reaches the whole
/// foreground group, and a second SIGINT makes many programs give up at once.
#[cfg(unix)]
fn pass_on(signal: rustix::process::Signal, child: &Child) {
    use rustix::process::{Pid, Signal, kill_process};
    if signal == Signal::INT && is_in_foreground() {
        return;
    }
    let id = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
    if let Some(id) = id {
        let _ = kill_process(id, signal);
    }
}

#[cfg(unix)]
fn is_in_foreground() -> bool {
    std::fs::File::open("/dev/tty")
        .ok()
        .and_then(|terminal| rustix::termios::tcgetpgrp(terminal).ok())
        .is_some_and(|group| group == rustix::process::getpgrp())
}

/// The console sends Ctrl-C to the command as well.
#[cfg(not(unix))]
fn pass_on((): (), _: &Child) {}
