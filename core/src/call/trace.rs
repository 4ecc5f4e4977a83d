//! Tracing behind the feature `tracing`: one span per call, one event per attempt, both at
//! DEBUG; one WARN for a create whose future was dropped. No secrets; the target is
//! `openrouter_keys`.

#[cfg(feature = "tracing")]
mod on {
    use std::future::{Future, poll_fn};
    use std::pin::Pin;
    use std::time::Duration;

    pub(crate) use tracing::Span;
    use tracing::{Instrument, debug, debug_span, warn};

    use super::super::error::ErrorKind;
    use super::super::verdict::Verdict;
    use crate::operation::Orphan;
    use crate::redact;
    use crate::redact::OneLine;

    /// The target that `RUST_LOG=openrouter_keys=debug` selects.
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

    /// The current span.
    pub(crate) fn current() -> Span {
        Span::current()
    }

    pub(crate) fn no_span() -> Span {
        Span::none()
    }

    /// Runs this within a span.
    pub(crate) fn in_scope<T>(span: &Span, work: impl FnOnce() -> T) -> T {
        span.in_scope(work)
    }

    /// Polls a future within a span that it does not own.
    pub(crate) fn within<F: Future + Unpin>(
        span: &Span,
        mut work: F,
    ) -> impl Future<Output = F::Output> + Unpin {
        poll_fn(move |context| span.in_scope(|| Pin::new(&mut work).poll(context)))
    }

    /// Only statuses and kinds: messages may echo secrets.
    pub(crate) fn attempt(
        operation: &'static str,
        number: u32,
        finding: &Verdict,
        elapsed: Duration,
    ) {
        let (outcome, status) = match finding {
            Verdict::Success(response) => ("success", Some(response.status)),
            Verdict::Failure(failure) | Verdict::Interrupted(_, failure) => match &failure.kind {
                ErrorKind::Transport(error) => ("transport error", error.status()),
                ErrorKind::Api(error) => ("error response", Some(error.status)),
                _ => ("redirect", None),
            },
        };
        let status = status.map(|status| status.as_u16());
        let elapsed_ms = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
        debug!(target: TARGET, operation, attempt = number, outcome, status, elapsed_ms, "attempt");
    }

    /// Warns about a dropped future that alone knew of a create.
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

    /// Warns about a request that was in flight, whatever it may create.
    pub(crate) fn dropped_in_flight(
        operation: &'static str,
        orphan: Option<Orphan<'_>>,
        secrets: &[&str],
    ) {
        if let Some(orphan) = orphan {
            dropped(operation, orphan, secrets);
        } else {
            warn!(
                target: TARGET,
                operation,
                "the call was dropped; the request may have taken effect"
            );
        }
    }

    /// Warns, when dropped, about a key that a workflow created and did not hand over.
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

    use super::super::verdict::Verdict;
    use crate::operation::Orphan;

    pub(crate) fn call<F: Future>(_: &'static str, call: F) -> F {
        call
    }

    pub(crate) fn blocking_call<T>(_: &'static str, call: impl FnOnce() -> T) -> T {
        call()
    }

    pub(crate) fn attempt(_: &'static str, _: u32, _: &Verdict, _: Duration) {}

    pub(crate) fn dropped(_: &'static str, _: Orphan<'_>, _: &[&str]) {}

    pub(crate) fn dropped_in_flight(_: &'static str, _: Option<Orphan<'_>>, _: &[&str]) {}

    /// No span.
    #[derive(Clone, Debug)]
    pub(crate) struct Span(());

    pub(crate) fn current() -> Span {
        Span(())
    }

    pub(crate) fn no_span() -> Span {
        Span(())
    }

    pub(crate) fn in_scope<T>(_: &Span, work: impl FnOnce() -> T) -> T {
        work()
    }

    pub(crate) fn within<F: Future + Unpin>(_: &Span, work: F) -> F {
        work
    }

    pub(crate) struct Watch;

    impl Watch {
        pub(crate) fn finish(self) {
            let Self = self;
        }
    }

    pub(crate) fn held(_: &'static str, _: Option<Orphan<'_>>) -> Watch {
        Watch
    }
}

#[cfg(not(feature = "tracing"))]
pub(crate) use off::{
    Span, attempt, blocking_call, call, current, dropped, dropped_in_flight, held, in_scope,
    no_span, within,
};
#[cfg(feature = "tracing")]
pub(crate) use on::{
    Span, attempt, blocking_call, call, current, dropped, dropped_in_flight, held, in_scope,
    no_span, within,
};
