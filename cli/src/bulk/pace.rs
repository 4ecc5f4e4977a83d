//! How a run over many keys stops, waits when the server asks for it, and reports progress.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use openrouter_keys_native::Error;
use tokio::sync::watch;

use crate::app::App;
use crate::failure::{Exit, Failure, Result};
use crate::signal::Signals;
use crate::units;

/// How long a run waits for a server that asks to send less, without any row getting through.
const LONGEST: Duration = Duration::from_secs(600);
const SHORTEST: Duration = Duration::from_secs(1);
/// How often a line of progress is written off a terminal.
const EVERY: Duration = Duration::from_secs(5);

/// How many signals have come: after the first no row begins, the second cancels the rest.
#[derive(Clone)]
pub(crate) struct Stop(watch::Receiver<u32>);

impl Stop {
    pub(crate) fn on_signals() -> Self {
        let (sender, receiver) = watch::channel(0_u32);
        let mut signals = Signals::listen();
        tokio::spawn(async move {
            loop {
                signals.next().await;
                sender.send_modify(|count| *count = count.saturating_add(1));
            }
        });
        Self(receiver)
    }

    pub(crate) fn is_asked(&self) -> bool {
        *self.0.borrow() > 0
    }

    /// Resolves at the first signal.
    pub(crate) async fn asked(self) {
        self.signals(1).await;
    }

    /// Resolves at the second signal: for `cancel_on`.
    pub(crate) async fn urged(self) {
        self.signals(2).await;
    }

    async fn signals(mut self, count: u32) {
        if self.0.wait_for(|seen| *seen >= count).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// What the rows in flight share.
pub(crate) struct Pace<'a> {
    app: &'a App,
    pub(crate) stop: Stop,
    /// Until when nothing is sent.
    paused_until: Mutex<Option<Instant>>,
    progress: Mutex<Progress>,
}

struct Progress {
    what: &'static str,
    done: usize,
    all: usize,
    shown: Instant,
    /// When a row last got through.
    moved: Instant,
}

impl<'a> Pace<'a> {
    pub(crate) fn new(app: &'a App, stop: Stop, what: &'static str, all: usize) -> Arc<Self> {
        let now = Instant::now();
        let progress = Progress { what, done: 0, all, shown: now, moved: now };
        let (paused_until, progress) = (Mutex::default(), Mutex::new(progress));
        Arc::new(Self { app, stop, paused_until, progress })
    }

    /// Waits while the server has asked to send nothing.
    async fn turn(&self) {
        loop {
            let until = *self.paused_until.lock().unwrap_or_else(PoisonError::into_inner);
            let left = until.map(|until| until.saturating_duration_since(Instant::now()));
            match left.filter(|left| !left.is_zero()) {
                Some(left) => {
                    tokio::select! {
                        () = tokio::time::sleep(left) => {}
                        () = self.stop.clone().asked() => return,
                    }
                }
                None => return,
            }
        }
    }

    /// Sends a request when it is its turn, and again if the server asked to send less: nothing
    /// was created or changed then. `None` if the run was stopped before; what has begun is
    /// finished all the same.
    ///
    /// `send` gets a future that cancels the request.
    pub(crate) async fn send<T>(
        &self,
        has_begun: bool,
        send: impl AsyncFn(BoxFuture<'static, ()>) -> Result<T, Error>,
    ) -> Result<Option<T>> {
        loop {
            self.turn().await;
            if self.stop.is_asked() && !has_begun {
                return Ok(None);
            }
            match send(self.stop.clone().urged().boxed()).await {
                Ok(output) => return Ok(Some(output)),
                Err(error) => {
                    let after = error.retry_after();
                    let failure = Failure::from(error);
                    if !self.defers(&failure, after) {
                        return Err(failure);
                    }
                }
            }
        }
    }

    /// Whether a refused request should wait for its turn again.
    fn defers(&self, failure: &Failure, after: Option<Duration>) -> bool {
        if failure.exit != Exit::RateLimited || self.stop.is_asked() {
            return false;
        }
        let moved = self.progress.lock().unwrap_or_else(PoisonError::into_inner).moved;
        if moved.elapsed() > LONGEST {
            return false;
        }
        let wait = after.unwrap_or_default().max(SHORTEST);
        let until = Instant::now().checked_add(wait);
        let mut paused = self.paused_until.lock().unwrap_or_else(PoisonError::into_inner);
        if paused.is_none_or(|paused| paused < Instant::now()) {
            self.app.waiting.say(&format!(
                "rate limited by the server; resuming in {}",
                units::roughly(wait.as_secs())
            ));
        }
        *paused = (*paused).max(until);
        true
    }

    /// Counts a row, and shows how many are done.
    pub(crate) fn count(&self, is_success: bool) {
        let mut progress = self.progress.lock().unwrap_or_else(PoisonError::into_inner);
        progress.done = progress.done.saturating_add(1);
        if is_success {
            progress.moved = Instant::now();
        }
        if self.app.waiting.is_terminal() || progress.shown.elapsed() >= EVERY {
            progress.shown = Instant::now();
            let Progress { what, done, all, .. } = &*progress;
            self.app.waiting.show(&format!("{what}: {done} of {all}"));
        }
    }
}
