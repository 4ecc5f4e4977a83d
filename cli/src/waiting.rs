//! What takes more than a second says on standard error what it waits for: as a spinner on a
//! terminal, as a line elsewhere.

use std::future::Future;
use std::io::{IsTerminal as _, Write as _};
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::failure::Failure;
use crate::{text, units};

/// How long nothing is said.
const PATIENCE: Duration = Duration::from_secs(1);
const FRAME: Duration = Duration::from_millis(100);

#[derive(Clone)]
pub(crate) struct Waiting {
    is_quiet: bool,
    is_terminal: bool,
    bar: Arc<Mutex<Option<ProgressBar>>>,
}

impl Waiting {
    pub(crate) fn new(is_quiet: bool) -> Self {
        let is_terminal = std::io::stderr().is_terminal() && !crate::output::is_dumb();
        Self { is_quiet, is_terminal, bar: Arc::default() }
    }

    pub(crate) fn is_terminal(&self) -> bool {
        self.is_terminal
    }

    /// Awaits the work, and after a second says what it is.
    pub(crate) async fn during<T>(&self, what: &str, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        tokio::select! {
            biased;
            done = &mut work => return done,
            () = tokio::time::sleep(PATIENCE) => self.show(what),
        }
        let done = work.await;
        self.clear();
        done
    }

    /// Says why nothing happens for this time, if it is long.
    pub(crate) fn pause(&self, time: Duration, reason: &str) {
        if time >= PATIENCE {
            self.say(&format!("{reason}; trying again in {}", units::roughly(time.as_secs())));
        }
    }

    /// A line on standard error that stays.
    pub(crate) fn say(&self, line: &str) {
        if !self.is_quiet {
            self.warn(line);
        }
    }

    /// What the user must know even with `--quiet`: something may be left behind or undone.
    pub(crate) fn warn(&self, line: &str) {
        self.clear();
        let _ = writeln!(std::io::stderr(), "{}", text::printable(line));
    }

    /// A failure after which the program goes on; `--quiet` does not hide it.
    pub(crate) fn report(&self, failure: &Failure) {
        self.clear();
        let _ = std::io::stderr().write_all(failure.shown().as_bytes());
    }

    /// What is going on now: replaces what was shown before.
    pub(crate) fn show(&self, what: &str) {
        if self.is_quiet {
            return;
        }
        let what = text::printable(what);
        if !self.is_terminal {
            let _ = writeln!(std::io::stderr(), "{what} …");
            return;
        }
        let mut bar = self.bar.lock().unwrap_or_else(PoisonError::into_inner);
        let bar = bar.get_or_insert_with(|| {
            let bar = ProgressBar::new_spinner();
            if let Ok(style) = ProgressStyle::with_template("{spinner} {msg}") {
                bar.set_style(style);
            }
            bar.enable_steady_tick(FRAME);
            bar
        });
        bar.set_message(what);
    }

    /// Removes what moves on the screen.
    pub(crate) fn clear(&self) {
        if let Some(bar) = self.bar.lock().unwrap_or_else(PoisonError::into_inner).take() {
            bar.finish_and_clear();
        }
    }
}
