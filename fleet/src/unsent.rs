//! Waiting before a request is sent.

use openrouter_keys_core::error::TransportError;
use openrouter_keys_core::transport::{SendContext, Transport};

/// Waits for something before the request of this context is sent. The request fails if that takes
/// as long as its timeout: a process that was stopped meanwhile may have lost its claim. If it is
/// dropped while it waits, nothing was sent either.
pub(crate) async fn wait<T>(
    clock: &impl Transport,
    context: &SendContext,
    awaited: impl Future<Output = T>,
) -> Result<T, TransportError> {
    let began = clock.now();
    let mut unsent = Unsent(Some(context));
    let done = awaited.await;
    if clock.now().saturating_sub(began) >= context.timeout() {
        drop(unsent);
        return Err(context.timed_out());
    }
    unsent.0 = None;
    Ok(done)
}

/// Says that nothing was sent when it is dropped.
struct Unsent<'a>(Option<&'a SendContext>);

impl Drop for Unsent<'_> {
    fn drop(&mut self) {
        if let Some(context) = self.0 {
            context.saw_nothing_sent();
        }
    }
}
