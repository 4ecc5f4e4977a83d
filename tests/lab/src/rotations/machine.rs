//! One machine: a process that can be killed, put to sleep and cut off.

#![allow(clippy::unwrap_used, reason = "a model for tests")]

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll};
use std::time::Duration;

use openrouter_keys_tests::chance::Chance;
use tokio::time::{Instant, Sleep, sleep_until};

use super::story::Trouble;

/// What troubles a machine, and when. Clones share it.
#[derive(Clone)]
pub(super) struct Machine(Arc<Mutex<Inner>>);

pub(super) struct Inner {
    pub(super) chance: Chance,
    /// Moments until the trouble: each request and each answer is one.
    until: Option<u64>,
    trouble: Trouble,
    asleep_until: Option<Instant>,
    cut_until: Option<Instant>,
    pub(super) is_killed: bool,
    pub(super) was_troubled: bool,
}

impl Machine {
    pub(super) fn new(chance: Chance, trouble: Trouble, until: Option<u64>) -> Self {
        Self(Arc::new(Mutex::new(Inner {
            chance,
            until,
            trouble,
            asleep_until: None,
            cut_until: None,
            is_killed: false,
            was_troubled: false,
        })))
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap()
    }

    /// A moment at which the machine can be killed, fall asleep or lose its network. Returns once
    /// it goes on.
    pub(super) async fn moment(&self) {
        {
            let mut inner = self.lock();
            let Some(until) = inner.until.as_mut() else { return };
            *until = until.saturating_sub(1);
            if *until > 0 {
                return;
            }
            inner.until = None;
            inner.was_troubled = true;
            let now = Instant::now();
            match inner.trouble {
                Trouble::Kill => inner.is_killed = true,
                Trouble::Sleep(time) => inner.asleep_until = Some(now + time),
                Trouble::Cut(time) => inner.cut_until = Some(now + time),
            }
        }
        // The machine's own code runs no further in this poll.
        tokio::task::yield_now().await;
    }

    /// Whether the network is cut off.
    pub(super) fn is_cut(&self) -> bool {
        self.lock().cut_until.is_some_and(|end| Instant::now() < end)
    }

    /// A time between two bounds, in milliseconds.
    pub(super) fn time(&self, from: u64, to: u64) -> Duration {
        Duration::from_millis(from + self.lock().chance.bits() % (to - from))
    }

    /// Whether something happens that happens so many times in 1,000.
    pub(super) fn happens(&self, permille: u64) -> bool {
        self.lock().chance.bits() % 1000 < permille
    }

    /// Runs the machine's code until its end or the machine's.
    pub(super) fn run<F: Future>(&self, code: F) -> Running<F> {
        Running { machine: self.clone(), code: Box::pin(code), alarm: None }
    }
}

/// The code of a machine, which is not polled while the machine sleeps.
pub(super) struct Running<F> {
    machine: Machine,
    code: Pin<Box<F>>,
    alarm: Option<Pin<Box<Sleep>>>,
}

impl<F: Future> Future for Running<F> {
    /// `None` if the machine was killed.
    type Output = Option<F::Output>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        loop {
            if this.machine.lock().is_killed {
                return Poll::Ready(None);
            }
            let asleep_until = this.machine.lock().asleep_until;
            if let Some(end) = asleep_until {
                let alarm = this.alarm.get_or_insert_with(|| Box::pin(sleep_until(end)));
                match alarm.as_mut().poll(context) {
                    Poll::Pending => return Poll::Pending,
                    Poll::Ready(()) => {
                        this.machine.lock().asleep_until = None;
                        this.alarm = None;
                    }
                }
            }
            match this.code.as_mut().poll(context) {
                Poll::Ready(output) => return Poll::Ready(Some(output)),
                Poll::Pending => {
                    let inner = this.machine.lock();
                    if !inner.is_killed && inner.asleep_until.is_none() {
                        return Poll::Pending;
                    }
                }
            }
        }
    }
}
