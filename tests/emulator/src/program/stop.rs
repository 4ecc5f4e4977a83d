//! Waits for a request to stop the program.

use std::io;

/// The signals that stop the program. Installed before it reports that it is ready, so that
/// none is missed.
#[cfg(unix)]
pub(super) struct Stop([tokio::signal::unix::Signal; 2]);

#[cfg(unix)]
impl Stop {
    /// Must be called within a Tokio runtime.
    pub(super) fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self([signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?]))
    }

    pub(super) async fn asked(self) {
        let [mut interrupt, mut terminate] = self.0;
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    }
}

#[cfg(windows)]
pub(super) struct Stop(
    tokio::signal::windows::CtrlC,
    tokio::signal::windows::CtrlBreak,
    tokio::signal::windows::CtrlClose,
);

#[cfg(windows)]
impl Stop {
    /// Must be called within a Tokio runtime.
    pub(super) fn new() -> io::Result<Self> {
        use tokio::signal::windows::{ctrl_break, ctrl_c, ctrl_close};
        Ok(Self(ctrl_c()?, ctrl_break()?, ctrl_close()?))
    }

    pub(super) async fn asked(self) {
        let Self(mut interrupt, mut stop, mut close) = self;
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = stop.recv() => {}
            _ = close.recv() => {}
        }
    }
}
