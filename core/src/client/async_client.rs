//! The async client: the six operations over any [`Transport`].

use std::fmt;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use super::answers::{Answers, NeverAsked};
use super::cancel::Cancel;
use super::credentials::{KeySource, Source};
use crate::call::trace::within;
use crate::call::{Action, CallMachine, Driven, Error, Event, Response, trace};
use crate::config::{CallOptions, Config};
use crate::operation::{AnyOperation, AnyOutput, Operation};
use crate::redact::{mask, mask_cause};
use crate::transport::{
    Arrived, BoxError, BoxFuture, MaybeSend, MaybeSendSync, Outgoing, SendContext, TimeoutPhase,
    Transport, TransportError, TransportErrorKind, Wire, or_cancelled, or_cancelled_late, race,
    sent_within,
};
use crate::types::{ApiKey, BuildError};

/// Manages API keys over any [`Transport`]. Clones are cheap and share everything.
///
/// Each method returns a [`Call`](crate::Call), which takes options and is sent when awaited.
///
/// ```no_run
/// # use std::time::Duration;
/// # async fn f(client: openrouter_keys_core::Client) -> Result<(), openrouter_keys_core::Error> {
/// use openrouter_keys_core::{Create, Limit};
///
/// let created = client.create(Create::new("Customer 42", Limit::usd(25.0))).await?;
/// store(created.key().reveal());
///
/// let response = client.list(Default::default()).timeout(Duration::from_secs(5)).with_response().await?;
/// println!("{} keys, request {:?}", response.output.data.len(), response.meta.request_id());
/// # Ok(()) }
/// # fn store(_: &str) {}
/// ```
#[derive(Clone)]
pub struct Client(Arc<Inner>);

struct Inner {
    wire: Arc<dyn Wire>,
    keys: KeySource,
    config: Config,
}

impl Client {
    /// Creates a client with the default settings.
    pub fn new(transport: impl Transport + 'static, key: impl Into<KeySource>) -> Self {
        Self::share(Inner { wire: Arc::new(transport), keys: key.into(), config: Config::new() })
    }

    /// Creates a client with custom settings, which are checked here.
    pub fn with_config(
        transport: impl Transport + 'static,
        key: impl Into<KeySource>,
        config: Config,
    ) -> Result<Self, BuildError> {
        Self::over(transport, key, config)
    }

    /// Creates a client over any wire.
    #[doc(hidden)]
    pub fn over(
        wire: impl Wire + 'static,
        key: impl Into<KeySource>,
        config: Config,
    ) -> Result<Self, BuildError> {
        config.check()?;
        let config = config.with_own_quota();
        Ok(Self::share(Inner { wire: Arc::new(wire), keys: key.into(), config }))
    }

    /// Returns a client with another API key that shares transport, settings and retry quota.
    #[must_use]
    pub fn with_key(&self, key: impl Into<KeySource>) -> Self {
        let Inner { wire, config, .. } = &*self.0;
        let wire = Arc::clone(wire);
        Self::share(Inner { wire, keys: key.into(), config: config.clone() })
    }

    #[cfg_attr(
        all(target_family = "wasm", target_os = "unknown"),
        expect(clippy::arc_with_non_send_sync, reason = "the same type on every platform")
    )]
    fn share(inner: Inner) -> Self {
        Self(Arc::new(inner))
    }

    /// Masks anything that looks like an API key, the secrets of the client and of the options,
    /// and these.
    #[doc(hidden)]
    pub fn masked(&self, text: &str, options: &CallOptions, secrets: &[&str]) -> String {
        let mut all = options.secrets(&self.0.config, self.0.keys.fixed());
        all.extend(secrets);
        mask(text, &all)
    }

    /// The client's key, unless it comes from a provider.
    #[doc(hidden)]
    pub fn fixed_key(&self) -> Option<&ApiKey> {
        self.0.keys.fixed()
    }

    pub(super) fn config(&self) -> &Config {
        &self.0.config
    }

    /// Sends any operation. Not generic, so that all callers share one compiled machine.
    pub(super) fn send_any(
        self,
        operation: AnyOperation,
        options: &CallOptions,
        cancel: Cancel,
    ) -> BoxFuture<'static, Result<Response<AnyOutput>, Error>> {
        self.send(operation, options, cancel, |response| response)
    }

    /// Sends an operation within its span. `finish` turns the response into the result.
    pub(super) fn send<O, T: 'static>(
        self,
        operation: O,
        options: &CallOptions,
        cancel: Cancel,
        finish: impl FnOnce(Response<O::Output>) -> T + MaybeSend + 'static,
    ) -> BoxFuture<'static, Result<T, Error>>
    where
        O: Operation + MaybeSendSync + 'static,
        O::Output: MaybeSend,
    {
        let name = operation.name();
        let machine = CallMachine::new(&self.0.config, options, operation);
        Box::pin(trace::call(name, self.drive(machine, cancel, NeverAsked, finish)))
    }

    /// Drives a machine until it is done. `finish` turns its output into the result.
    ///
    /// Not an `async fn`, which would store its arguments twice.
    pub(super) fn drive<M: Driven, T>(
        self,
        machine: M,
        mut cancel: Cancel,
        mut caller: impl Answers<M::Question>,
        finish: impl FnOnce(M::Output) -> T,
    ) -> impl Future<Output = Result<T, Error>> {
        let mut held = Held { machine, context: None };
        async move {
            let Inner { wire, keys, .. } = &*self.0;
            let wire = &**wire;
            let begun = wire.now();
            let mut elapsed = Duration::ZERO;
            let mut event =
                Event::Begin(held.machine.seed(|| wire.entropy(), || wire.wall_clock()));
            loop {
                held.machine.note_time(&event, elapsed, || wire.wall_clock());
                let wait = match held.resume(event, elapsed) {
                    Ok(wait) => wait,
                    Err(result) => return result.map(finish),
                };
                let span = held.machine.span();
                event = match wait {
                    Wait::Key(left) => {
                        let key = pin!(present_key(keys, wire, left));
                        let key = or_cancelled(&mut cancel, within(&span, key)).await;
                        key.map_or(Event::Cancelled(None), Event::Key)
                    }
                    Wait::Response => {
                        let outcome = {
                            let (request, context) = held.in_flight();
                            let sent = pin!(sent_within(wire, request, context));
                            or_cancelled_late(&mut cancel, within(&span, sent)).await
                        };
                        let context = held.context.take();
                        outcome.map_or(Event::Cancelled(context), Event::Response)
                    }
                    Wait::Time(time) => {
                        let pause = within(&span, wire.sleep(time));
                        let over = or_cancelled(&mut cancel, pause).await;
                        over.map_or(Event::Cancelled(None), |()| Event::Slept)
                    }
                    Wait::Answer(question) => {
                        let answer = caller.answer(question).await;
                        let known: Vec<&str> =
                            keys.fixed().map(ApiKey::reveal).into_iter().collect();
                        Event::Answer(answer.map_err(|cause| mask_cause(cause, &known)))
                    }
                };
                elapsed = wire.now().saturating_sub(begun);
            }
        }
    }
}

/// A machine being driven, with the context of the request in flight.
struct Held<M: Driven> {
    machine: M,
    context: Option<SendContext>,
}

/// The action that the driver waits for; a request's context is in [`Held`].
enum Wait<Q> {
    Key(Duration),
    Response,
    Time(Duration),
    Answer(Q),
}

impl<M: Driven> Held<M> {
    fn resume(
        &mut self,
        event: Event<Arrived>,
        elapsed: Duration,
    ) -> Result<Wait<M::Question>, Result<M::Output, Error>> {
        Ok(match self.machine.step(event, elapsed) {
            Action::Authenticate(within) => Wait::Key(within),
            Action::Send(context) => {
                self.context = Some(context);
                Wait::Response
            }
            Action::Sleep(time) => Wait::Time(time),
            Action::Ask(question) => Wait::Answer(question),
            Action::Done(result) => return Err(result),
        })
    }

    /// A function that builds the request, and the request's context.
    fn in_flight(&mut self) -> (impl FnOnce() -> Option<Outgoing>, &SendContext) {
        let Self { machine, context } = self;
        (|| machine.outgoing(), context.get_or_insert_default())
    }
}

/// Reports a request that was still in flight: no result will.
impl<M: Driven> Drop for Held<M> {
    fn drop(&mut self) {
        if let Some(context) = &self.context {
            self.machine.dropped(context.nothing_sent());
        }
    }
}

async fn present_key(
    keys: &KeySource,
    wire: &dyn Wire,
    left: Duration,
) -> Result<ApiKey, BoxError> {
    match &keys.0 {
        Source::Fixed(key) => Ok(key.clone()),
        Source::Provider(provider) => {
            race(provider.api_key(), wire.sleep(left)).await.unwrap_or_else(|| {
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
