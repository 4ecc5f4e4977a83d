//! Aborting a request whose response is no longer needed.

use web_sys::{AbortController, AbortSignal};

/// Aborts the request that was started with its signal, unless marked as done.
pub(crate) struct AbortOnDrop(Option<AbortController>);

impl AbortOnDrop {
    /// On a platform without `AbortController`, nothing can be aborted.
    pub(crate) fn new() -> Self {
        Self(AbortController::new().ok())
    }

    pub(crate) fn signal(&self) -> Option<AbortSignal> {
        self.0.as_ref().map(AbortController::signal)
    }

    pub(crate) fn done(mut self) {
        self.0 = None;
    }
}

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        if let Some(controller) = &self.0 {
            controller.abort();
        }
    }
}
