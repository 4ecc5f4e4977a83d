//! The blocking client: the same machine over any [`BlockingTransport`].

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::call::trace::in_scope;
use crate::call::{Action, CallMachine, Driven, Error, Event, Response, trace};
use crate::config::{CallOptions, Config};
use crate::operation::Operation;
use crate::redact::mask_cause;
use crate::transport::{Arrived, BlockingTransport, BoxError};
use crate::types::{ApiKey, BuildError};

/// Provides a blocking client with the API key for each attempt.
pub type KeyProvider = dyn Fn() -> Result<ApiKey, BoxError> + Send + Sync;

/// Manages API keys over any [`BlockingTransport`]. Clones are cheap and share everything.
///
/// Each method returns a [`Call`](super::blocking::Call); its `send` sends it.
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
    /// Creates a client with the default settings.
    pub fn new(transport: impl BlockingTransport + 'static, key: ApiKey) -> Self {
        let keys = Box::new(move || Ok(key.clone()));
        Self(Arc::new(Inner { transport: Arc::new(transport), keys, config: Config::new() }))
    }

    /// Creates a client with custom settings, which are checked here.
    pub fn with_config(
        transport: impl BlockingTransport + 'static,
        key: ApiKey,
        config: Config,
    ) -> Result<Self, BuildError> {
        Self::with_provider(transport, move || Ok(key.clone()), config)
    }

    /// Creates a client that calls `keys` for the API key before each attempt.
    pub fn with_provider(
        transport: impl BlockingTransport + 'static,
        keys: impl Fn() -> Result<ApiKey, BoxError> + Send + Sync + 'static,
        config: Config,
    ) -> Result<Self, BuildError> {
        config.check()?;
        let config = config.with_own_quota();
        Ok(Self(Arc::new(Inner { transport: Arc::new(transport), keys: Box::new(keys), config })))
    }

    /// Returns a client with another API key that shares transport, settings and retry quota.
    #[must_use]
    pub fn with_key(&self, key: ApiKey) -> Self {
        let Inner { transport, config, .. } = &*self.0;
        let (transport, config) = (Arc::clone(transport), config.clone());
        Self(Arc::new(Inner { transport, keys: Box::new(move || Ok(key.clone())), config }))
    }

    pub(super) fn config(&self) -> &Config {
        &self.0.config
    }

    /// Sends an operation within its span.
    pub(super) fn send<O: Operation>(
        &self,
        operation: O,
        options: &CallOptions,
    ) -> Result<Response<O::Output>, Error> {
        let name = operation.name();
        let machine = CallMachine::new(&self.0.config, options, operation);
        trace::blocking_call(name, || self.drive(machine, |never| match never {}))
    }

    /// Drives a machine until it is done.
    pub(super) fn drive<M: Driven>(
        &self,
        mut machine: M,
        mut ask: impl FnMut(M::Question) -> Result<bool, BoxError>,
    ) -> Result<M::Output, Error> {
        let Inner { transport, keys, .. } = &*self.0;
        let begun = transport.now();
        let mut elapsed = Duration::ZERO;
        let mut event =
            Event::Begin(machine.seed(|| transport.entropy(), || transport.wall_clock()));
        loop {
            machine.note_time(&event, elapsed, || transport.wall_clock());
            let action = machine.step(event, elapsed);
            let span = machine.span();
            event = match action {
                Action::Authenticate(_) => Event::Key(in_scope(&span, keys)),
                Action::Send(context) => {
                    let sent = context.check_in_time().and_then(|()| {
                        in_scope(&span, || transport.send(machine.request(), &context))
                    });
                    Event::Response(sent.map(Arrived::from))
                }
                Action::Sleep(time) => {
                    in_scope(&span, || transport.sleep(time));
                    Event::Slept
                }
                Action::Ask(question) => Event::Answer(ask(question).map_err(|cause| {
                    let key = keys().ok();
                    let known: Vec<&str> = key.iter().map(ApiKey::reveal).collect();
                    mask_cause(cause, &known)
                })),
                Action::Done(result) => return result,
            };
            elapsed = transport.now().saturating_sub(begun);
        }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("config", &self.0.config).finish_non_exhaustive()
    }
}
