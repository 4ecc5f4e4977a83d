//! Tracing behind the feature `tracing`: one span a call, one event an attempt, both at
//! DEBUG; one WARN for a create whose future was dropped. No secrets; the target is
//! `openrouter_keys`.

#[cfg(feature = "tracing")]
mod on {
    use std::future::Future;
    use std::time::Duration;

    use tracing::{Instrument, Span, debug, debug_span, warn};

    use super::super::error::ErrorKind;
    use super::super::verdict::Finding;
    use crate::operation::{Operation, Orphan, Replay};
    use crate::redact;
    use crate::redact::OneLine;
    use crate::transport::Exchange;
    use crate::types::ApiKey;

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

    /// A future was dropped that alone knew of a create: nobody else hears of it.
    pub(crate) fn dropped(operation: &'static str, orphan: Orphan<'_>, secrets: &[&str]) {
        let name = redact::mask(orphan.name, secrets);
        warn!(
            target: TARGET,
            operation,
            name = %OneLine(&name),
            workspace_id = orphan.workspace_id,
            "the call was dropped; a key of this name may have been created"
        );
    }

    /// Watches a request on its way. Dropped before it is over, it reports a create.
    pub(crate) struct InFlight<'a, O: Operation> {
        operation: Option<&'a O>,
        key: &'a ApiKey,
        exchange: &'a Exchange,
    }

    pub(crate) fn in_flight<'a, O: Operation>(
        operation: &'a O,
        key: &'a ApiKey,
        exchange: &'a Exchange,
    ) -> InFlight<'a, O> {
        InFlight { operation: Some(operation), key, exchange }
    }

    impl<O: Operation> InFlight<'_, O> {
        pub(crate) fn finish(mut self) {
            self.operation = None;
        }
    }

    impl<O: Operation> Drop for InFlight<'_, O> {
        fn drop(&mut self) {
            let is_create = |operation: &&O| operation.replay() == Replay::Duplicates;
            let Some(operation) = self.operation.filter(is_create) else { return };
            if !self.exchange.nothing_sent() {
                let secrets: Vec<&str> =
                    [self.key.reveal()].into_iter().chain(operation.secret()).collect();
                match (operation.name(), operation.orphan()) {
                    (name, Some(orphan)) => dropped(name, orphan, &secrets),
                    (operation, None) => warn!(
                        target: TARGET,
                        operation,
                        "the call was dropped; the request may have taken effect"
                    ),
                }
            }
        }
    }

    /// Watches a key that a workflow has made, until it is in somebody's hands.
    pub(crate) struct Held {
        operation: &'static str,
        names: Option<(String, Option<String>)>,
    }

    pub(crate) fn held(operation: &'static str, orphan: Option<Orphan<'_>>) -> Held {
        let owned =
            |orphan: Orphan<'_>| (orphan.name.to_owned(), orphan.workspace_id.map(str::to_owned));
        Held { operation, names: orphan.map(owned) }
    }

    impl Held {
        pub(crate) fn finish(mut self) {
            self.names = None;
        }
    }

    impl Drop for Held {
        fn drop(&mut self) {
            if let Some((name, workspace_id)) = &self.names {
                let orphan = Orphan { name, workspace_id: workspace_id.as_deref() };
                dropped(self.operation, orphan, &[]);
            }
        }
    }
}

#[cfg(not(feature = "tracing"))]
mod off {
    use std::time::Duration;

    use super::super::verdict::Finding;
    use crate::operation::Orphan;
    use crate::transport::Exchange;
    use crate::types::ApiKey;

    pub(crate) fn call<F: Future>(_: &'static str, call: F) -> F {
        call
    }

    pub(crate) fn blocking_call<T>(_: &'static str, call: impl FnOnce() -> T) -> T {
        call()
    }

    pub(crate) fn attempt(_: &'static str, _: u32, _: &Finding, _: Duration) {}

    pub(crate) fn dropped(_: &'static str, _: Orphan<'_>, _: &[&str]) {}

    pub(crate) struct Watch;

    impl Watch {
        pub(crate) fn finish(self) {
            let Self = self;
        }
    }

    pub(crate) fn in_flight<O>(_: &O, _: &ApiKey, _: &Exchange) -> Watch {
        Watch
    }

    pub(crate) fn held(_: &'static str, _: Option<Orphan<'_>>) -> Watch {
        Watch
    }
}

#[cfg(not(feature = "tracing"))]
pub(crate) use off::{attempt, blocking_call, call, dropped, held, in_flight};
#[cfg(feature = "tracing")]
pub(crate) use on::{attempt, blocking_call, call, dropped, held, in_flight};
