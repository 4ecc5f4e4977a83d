//! The async client: the six operations over any [`Transport`].

use std::fmt;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use super::cancel::Cancel;
use super::credentials::{KeySource, Source};
use crate::call::{Attempt, Error, Response, Start, Step, trace};
use crate::config::{CallOptions, Config};
use crate::operation::{AnyOperation, AnyOutput, Operation};
use crate::redact::{mask, mask_cause};
use crate::transport::{
    BoxError, BoxFuture, TimeoutPhase, Transport, TransportError, TransportErrorKind, race,
    sent_within, unless, unless_over,
};
use crate::types::{ApiKey, BuildError};
use crate::workflow::{KeyHolder, Opening, Order, Turn, Workflow};

/// Manages API keys over any [`Transport`]. Clones are cheap and share
/// everything.
///
/// Each method returns a [`Call`](crate::Call), which is sent when it is awaited and can be
/// given options before.
///
/// ```no_run
/// # use std::time::Duration;
/// # async fn f(client: openrouter_keys_core::Client) -> Result<(), openrouter_keys_core::Error> {
/// use openrouter_keys_core::{Create, Limit};
///
/// let created = client.create(Create::new("Customer 42", Limit::usd(25.0))).await?;
/// store(created.key().reveal());
///
/// let answer = client.list(Default::default()).timeout(Duration::from_secs(5)).with_response().await?;
/// println!("{} keys, request {:?}", answer.output.data.len(), answer.meta.request_id());
/// # Ok(()) }
/// # fn store(_: &str) {}
/// ```
#[derive(Clone)]
pub struct Client(Arc<Inner>);

struct Inner {
    transport: Arc<dyn Transport>,
    keys: KeySource,
    config: Config,
}

impl Client {
    /// A client with the default settings.
    pub fn new(transport: impl Transport + 'static, key: impl Into<KeySource>) -> Self {
        Self::share(Inner {
            transport: Arc::new(transport),
            keys: key.into(),
            config: Config::new(),
        })
    }

    /// A client with settings of its own, which are checked here.
    pub fn with_config(
        transport: impl Transport + 'static,
        key: impl Into<KeySource>,
        config: Config,
    ) -> Result<Self, BuildError> {
        config.check()?;
        let config = config.with_own_quota();
        Ok(Self::share(Inner { transport: Arc::new(transport), keys: key.into(), config }))
    }

    /// The same client with another API key. Transport, settings and retry quota
    /// are shared.
    #[must_use]
    pub fn with_key(&self, key: impl Into<KeySource>) -> Self {
        let Inner { transport, config, .. } = &*self.0;
        let transport = Arc::clone(transport);
        Self::share(Inner { transport, keys: key.into(), config: config.clone() })
    }

    #[cfg_attr(
        all(target_family = "wasm", target_os = "unknown"),
        expect(clippy::arc_with_non_send_sync, reason = "the same type on every platform")
    )]
    fn share(inner: Inner) -> Self {
        Self(Arc::new(inner))
    }

    /// A text without what looks like an API key, the client's secrets, the options'
    /// and these.
    #[doc(hidden)]
    pub fn masked(&self, text: &str, options: &CallOptions, secrets: &[&str]) -> String {
        let mut all = options.secrets(&self.0.config, self.0.keys.fixed());
        all.extend(secrets);
        mask(text, &all)
    }

    /// The client's key, unless a provider knows it.
    #[doc(hidden)]
    pub fn fixed_key(&self) -> Option<&ApiKey> {
        self.0.keys.fixed()
    }

    /// The handful of lines around the machine of a workflow: everything that
    /// waits, and is not a call.
    pub(super) async fn work<W: Workflow>(
        self,
        workflow: W,
        holder: &mut dyn KeyHolder,
        options: CallOptions,
        mut cancel: Cancel,
    ) -> Result<W::Output, Error> {
        let Inner { transport, config, .. } = &*self.0;
        let draws = [transport.entropy(), transport.entropy()];
        let begun = transport.now();
        let elapsed = || transport.now().saturating_sub(begun);
        let mut turn = workflow.begin(Opening::drawn(draws, transport.wall_clock()));
        loop {
            turn = match turn {
                Turn::Send(sending) => {
                    let (Order { operation, key, at_most }, sent) = sending.into_parts();
                    let client = key.map_or_else(|| self.clone(), |key| self.with_key(key));
                    let options = options.clone().at_most(at_most, config);
                    sent.outcome(
                        client.send_any(operation, options, cancel.share()).await,
                        elapsed(),
                    )
                }
                Turn::Pause(pausing) => {
                    match unless(&mut cancel, transport.sleep(pausing.time())).await {
                        Some(()) => pausing.over(elapsed()),
                        None => pausing.cancelled(elapsed()),
                    }
                }
                Turn::Ask(asking) => {
                    let (question, asked) = asking.into_parts();
                    let known = || options.secrets(config, self.0.keys.fixed());
                    let answer = question.ask(holder).await;
                    asked.answered(answer.map_err(|cause| mask_cause(cause, &known())), elapsed())
                }
                Turn::Done(result) => return result,
            };
        }
    }

    /// Sends any operation. It is not generic, so that every caller shares this crate's
    /// copy of the machine.
    pub(super) fn send_any(
        self,
        operation: AnyOperation,
        options: CallOptions,
        cancel: Cancel,
    ) -> BoxFuture<'static, Result<Response<AnyOutput>, Error>> {
        let name = operation.name();
        Box::pin(trace::call(name, self.drive(operation, options, cancel, |response| response)))
    }

    /// The handful of lines around the machine of a call: everything that waits.
    /// `finish` makes the result of the response.
    #[expect(clippy::manual_async_fn, reason = "an `async fn` holds its arguments twice")]
    pub(super) fn drive<O: Operation, T>(
        self,
        operation: O,
        options: CallOptions,
        mut cancel: Cancel,
        finish: impl FnOnce(Response<O::Output>) -> T,
    ) -> impl Future<Output = Result<T, Error>> {
        async move {
            let Inner { transport, keys, config } = &*self.0;
            let transport = &**transport;
            let start = Start::of(&operation, transport.entropy(), || transport.wall_clock());
            let mut attempt = Attempt::first(config, &options, operation, start)?;
            let begun = transport.now();
            let elapsed = || transport.now().saturating_sub(begun);
            loop {
                let left = || attempt.time_left(elapsed());
                let key = unless(&mut cancel, pin!(present_key(keys, transport, left))).await;
                let key = match key {
                    Some(Ok(key)) => key,
                    Some(Err(cause)) => return Err(attempt.without_key(cause, elapsed())),
                    None => return attempt.cancelled(None, elapsed()).map(finish),
                };
                let exchange = attempt.exchange(elapsed());
                let outcome = {
                    let (request, operation) = attempt.in_flight();
                    let watch = trace::in_flight(operation, &key, &exchange);
                    let sent = pin!(sent_within(transport, || request(&key), &exchange));
                    let outcome = unless_over(&mut cancel, sent).await;
                    watch.finish();
                    outcome
                };
                let Some(outcome) = outcome else {
                    return attempt.cancelled(Some(&exchange), elapsed()).map(finish);
                };
                attempt.note_time(&outcome, elapsed(), || transport.wall_clock());
                let (after, next) = match attempt.finish(outcome, elapsed()) {
                    Step::Done(result) => return result.map(finish),
                    Step::Retry { after, next } => (after, next),
                };
                if unless(&mut cancel, transport.sleep(after)).await.is_none() {
                    return next.cancelled(None, elapsed()).map(finish);
                }
                attempt = next;
            }
        }
    }
}

async fn present_key(
    keys: &KeySource,
    transport: &dyn Transport,
    left: impl FnOnce() -> Duration,
) -> Result<ApiKey, BoxError> {
    match &keys.0 {
        Source::Fixed(key) => Ok(key.clone()),
        Source::Provider(provider) => {
            race(provider.api_key(), transport.sleep(left())).await.unwrap_or_else(|| {
                Err(TransportError::not_sent(TransportErrorKind::Timeout(TimeoutPhase::Call))
                    .into())
            })
        }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("keys", &self.0.keys)
            .field("config", &self.0.config)
            .finish_non_exhaustive()
    }
}
