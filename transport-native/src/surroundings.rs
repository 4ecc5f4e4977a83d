//! The environment the transport needs: Tokio with its drivers, and the same process.

use std::any::Any;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::pin;
use std::sync::OnceLock;
use std::time::Duration;

use openrouter_keys_core::error::{TransportError, TransportErrorKind};
use tokio::runtime::Handle;
use tokio::time::Sleep;

fn unusable(problem: &'static str) -> TransportError {
    TransportError::not_sent(TransportErrorKind::Setup).with_source(problem)
}

/// Checks that there is a runtime here, and that it has timers.
pub(crate) fn check_runtime() -> Result<(), TransportError> {
    timer(Duration::ZERO).map(drop)
}

/// A timer; an error if there is no runtime, or it has no timers.
pub(crate) fn timer(time: Duration) -> Result<Sleep, TransportError> {
    if Handle::try_current().is_err() {
        return Err(unusable(
            "there is no Tokio runtime here; start one, use the blocking client, or call \
             NativeTransport::on_background_thread()",
        ));
    }
    caught(|| tokio::time::sleep(time))
}

/// Polls a future that needs Tokio's I/O; an error if the runtime has none.
pub(crate) async fn with_drivers<F: Future>(work: F) -> Result<F::Output, TransportError> {
    let mut work = pin!(work);
    poll_fn(|context| match caught(|| work.as_mut().poll(context)) {
        Ok(poll) => poll.map(Ok),
        Err(missing) => std::task::Poll::Ready(Err(missing)),
    })
    .await
}

/// Tokio offers no way to check whether a runtime has its drivers: it panics without them, and
/// the panic hook has printed its message by the time it is caught here.
pub(crate) fn caught<T>(work: impl FnOnce() -> T) -> Result<T, TransportError> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|panic| match missing(&*panic) {
        Some(problem) => unusable(problem),
        None => resume_unwind(panic),
    })
}

fn missing(panic: &(dyn Any + Send)) -> Option<&'static str> {
    let said = panic.downcast_ref::<String>().map(String::as_str);
    let said = said.or_else(|| panic.downcast_ref::<&str>().copied())?;
    let lacks = |what| said.contains("Tokio 1.x context was found, but") && said.contains(what);
    if lacks("timers are disabled") {
        Some("the Tokio runtime has no timers; build it with enable_time() or enable_all()")
    } else if lacks("IO is disabled") {
        Some("the Tokio runtime has no I/O; build it with enable_io() or enable_all()")
    } else {
        None
    }
}

/// The process that connections and background threads belong to.
#[derive(Debug, Default)]
pub(crate) struct Home(OnceLock<u32>);

impl Home {
    /// Records this process as the home, if there is none yet.
    pub(crate) fn settle(&self) {
        self.0.get_or_init(std::process::id);
    }

    /// Whether this process was forked from the home: threads are gone, and connections would be
    /// shared by both processes.
    pub(crate) fn is_left(&self) -> bool {
        self.0.get().is_some_and(|home| *home != std::process::id())
    }

    /// Settles here, or returns an error if home is another process.
    pub(crate) fn check(&self) -> Result<(), TransportError> {
        self.settle();
        if self.is_left() {
            return Err(unusable(
                "this client was used in another process, before a fork; create a client in each process",
            ));
        }
        Ok(())
    }

    #[cfg(test)]
    pub(crate) fn elsewhere() -> Self {
        Self(OnceLock::from(std::process::id().wrapping_add(1)))
    }
}
