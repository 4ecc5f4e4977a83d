//! Tracing behind the feature `tracing`: one span a call, one event an attempt,
//! no secrets. Both have the level DEBUG and the target `openrouter_keys`.

#[cfg(feature = "tracing")]
mod on {
    use std::future::Future;
    use std::time::Duration;

    use tracing::{Instrument, Span, debug, debug_span};

    use crate::attempt::Finding;
    use crate::error::ErrorKind;

    /// What `RUST_LOG=openrouter_keys=debug` selects.
    const TARGET: &str = "openrouter_keys";

    fn span(operation: &'static str) -> Span {
        debug_span!(target: TARGET, "openrouter_keys", operation)
    }

    /// Runs an async call within its span.
    pub(crate) fn call<F: Future>(
        operation: &'static str,
        call: F,
    ) -> impl Future<Output = F::Output> {
        call.instrument(span(operation))
    }

    /// Runs a blocking call within its span.
    pub(crate) fn blocking_call<T>(operation: &'static str, call: impl FnOnce() -> T) -> T {
        span(operation).in_scope(call)
    }

    /// Statuses and kinds only: messages may repeat what they were sent.
    pub(crate) fn attempt(
        operation: &'static str,
        number: u32,
        finding: &Finding,
        elapsed: Duration,
    ) {
        let (outcome, status) = match finding {
            Finding::Success(answer) => ("success", Some(answer.status())),
            Finding::Failure(failure) | Finding::Interrupted(_, failure) => match &failure.kind {
                ErrorKind::Transport(error) => ("transport error", error.status()),
                ErrorKind::Api(error) => ("error answer", Some(error.status)),
                _ => ("redirect", None),
            },
        };
        let status = status.map(|status| status.as_u16());
        let elapsed_ms = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
        debug!(target: TARGET, operation, attempt = number, outcome, status, elapsed_ms, "attempt");
    }
}

#[cfg(not(feature = "tracing"))]
mod off {
    use std::time::Duration;

    use crate::attempt::Finding;

    pub(crate) fn call<F: Future>(_: &'static str, call: F) -> F {
        call
    }

    pub(crate) fn blocking_call<T>(_: &'static str, call: impl FnOnce() -> T) -> T {
        call()
    }

    pub(crate) fn attempt(_: &'static str, _: u32, _: &Finding, _: Duration) {}
}

#[cfg(not(feature = "tracing"))]
pub(crate) use off::{attempt, blocking_call, call};
#[cfg(feature = "tracing")]
pub(crate) use on::{attempt, blocking_call, call};
