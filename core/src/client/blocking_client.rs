//! The blocking client: the same machine over any [`BlockingTransport`].

use std::fmt;
use std::sync::Arc;

use crate::call::{Attempt, Error, Response, Start, Step, trace};
use crate::config::{CallOptions, Config};
use crate::operation::Operation;
use crate::redact::mask_cause;
use crate::transport::{BlockingTransport, BoxError};
use crate::types::{ApiKey, BuildError};
use crate::workflow::{BlockingKeyHolder, Opening, Order, Turn, Workflow};

/// Gives the API key for each attempt to a blocking client.
pub type KeyProvider = dyn Fn() -> Result<ApiKey, BoxError> + Send + Sync;

/// Manages API keys over any [`BlockingTransport`]. Clones are cheap and share
/// everything.
///
/// Each method returns a [`Call`](super::blocking::Call), which `send` sends.
///
/// ```no_run
/// # fn f(client: openrouter_keys_core::blocking::Client) -> Result<(), openrouter_keys_core::Error> {
/// use openrouter_keys_core::List;
///
/// for key in client.list_all(List::new().include_disabled(true)) {
///     println!("{}", key?.name.as_deref().unwrap_or("?"));
/// }
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Client(Arc<Inner>);

struct Inner {
    transport: Arc<dyn BlockingTransport>,
    keys: Box<KeyProvider>,
    config: Config,
}

impl Client {
    /// A client with the default settings.
    pub fn new(transport: impl BlockingTransport + 'static, key: ApiKey) -> Self {
        let keys = Box::new(move || Ok(key.clone()));
        Self(Arc::new(Inner { transport: Arc::new(transport), keys, config: Config::new() }))
    }

    /// A client with settings of its own, which are checked here.
    pub fn with_config(
        transport: impl BlockingTransport + 'static,
        key: ApiKey,
        config: Config,
    ) -> Result<Self, BuildError> {
        Self::with_provider(transport, move || Ok(key.clone()), config)
    }

    /// A client that asks for its key before each attempt.
    pub fn with_provider(
        transport: impl BlockingTransport + 'static,
        keys: impl Fn() -> Result<ApiKey, BoxError> + Send + Sync + 'static,
        config: Config,
    ) -> Result<Self, BuildError> {
        config.check()?;
        let config = config.with_own_quota();
        Ok(Self(Arc::new(Inner { transport: Arc::new(transport), keys: Box::new(keys), config })))
    }

    /// The same client with another API key. Transport, settings and retry quota
    /// are shared.
    #[must_use]
    pub fn with_key(&self, key: ApiKey) -> Self {
        let Inner { transport, config, .. } = &*self.0;
        let (transport, config) = (Arc::clone(transport), config.clone());
        Self(Arc::new(Inner { transport, keys: Box::new(move || Ok(key.clone())), config }))
    }

    /// The handful of lines around the machine of a workflow: everything that
    /// blocks, and is not a call.
    pub(super) fn work<W: Workflow>(
        &self,
        workflow: W,
        holder: &mut dyn BlockingKeyHolder,
        options: &CallOptions,
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
                    sent.outcome(client.drive(operation, &options), elapsed())
                }
                Turn::Pause(pausing) => {
                    transport.sleep(pausing.time());
                    pausing.over(elapsed())
                }
                Turn::Ask(asking) => {
                    let (question, asked) = asking.into_parts();
                    let answer = question.ask_blocking(holder).map_err(|cause| {
                        let key = (self.0.keys)().ok();
                        mask_cause(cause, &options.secrets(config, key.as_ref()))
                    });
                    asked.answered(answer, elapsed())
                }
                Turn::Done(result) => return result,
            };
        }
    }

    /// Sends an operation within its span.
    pub(super) fn send<O: Operation>(
        &self,
        operation: O,
        options: &CallOptions,
    ) -> Result<Response<O::Output>, Error> {
        trace::blocking_call(operation.name(), || self.drive(operation, options))
    }

    /// The handful of lines around the machine of a call: everything that blocks.
    fn drive<O: Operation>(
        &self,
        operation: O,
        options: &CallOptions,
    ) -> Result<Response<O::Output>, Error> {
        let Inner { transport, keys, config } = &*self.0;
        let start = Start::of(&operation, transport.entropy(), || transport.wall_clock());
        let mut attempt = Attempt::first(config, options, operation, start)?;
        let begun = transport.now();
        let elapsed = || transport.now().saturating_sub(begun);
        loop {
            let request = match keys() {
                Ok(key) => attempt.request(&key),
                Err(cause) => return Err(attempt.without_key(cause, elapsed())),
            };
            let exchange = attempt.exchange(elapsed());
            let outcome =
                exchange.check_in_time().and_then(|()| transport.send(request, &exchange));
            attempt.note_time(&outcome, elapsed(), || transport.wall_clock());
            match attempt.finish(outcome, elapsed()) {
                Step::Done(result) => return result,
                Step::Retry { after, next } => {
                    transport.sleep(after);
                    attempt = next;
                }
            }
        }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("config", &self.0.config).finish_non_exhaustive()
    }
}
