//! How a workflow's code sends operations, waits and asks its caller.

use std::convert::Infallible;
use std::future::poll_fn;
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::{Duration, SystemTime};

use super::mailbox::{Lease, Mailbox, lock};
use super::pages::Pages;
use super::rotate::rotation_handler::{RotationEvent, Stop};
use crate::call::{Action, CallMachine, Driven, Error, ErrorKind, Event, Response, trace};
use crate::config::{CallOptions, Config, next_entropy};
use crate::operation::{AnyOperation, AnyOutput, Idempotency, OneOfSix, Operation};
use crate::redact::mask_cause;
use crate::transport::{Arrived, BoxFuture, TimeoutPhase, TransportError, TransportErrorKind};
use crate::types::{ApiKey, DecodeError, DecodeErrorKind, Key, Timestamp};

/// How often a lease is claimed before a change, if the claims themselves take too long.
const CLAIMS: usize = 3;

/// The client of a workflow's code.
pub(crate) struct Context {
    name: &'static str,
    config: Config,
    options: CallOptions,
    mailbox: Arc<Mutex<Mailbox>>,
    /// When the workflow must end, counted from its beginning.
    deadline: Option<Duration>,
    /// How many requests each listing may take.
    max_requests: Option<u64>,
}

/// The result of a listing.
pub(crate) struct Listed {
    pub(crate) keys: Vec<Key>,
    /// When the last page arrived, in seconds since 1970, by the server's clock or, if that is
    /// not available, by this machine's.
    pub(crate) date: Option<i64>,
    /// The same for the first page: the listing's oldest data is from then.
    pub(crate) since: Option<i64>,
    /// How many rows were not objects, as far as they can be distinguished.
    pub(crate) unexpected_rows: u64,
}

impl Context {
    pub(super) fn new(
        name: &'static str,
        config: Config,
        options: CallOptions,
        mailbox: Arc<Mutex<Mailbox>>,
    ) -> Self {
        Self { name, config, options, mailbox, deadline: None, max_requests: None }
    }

    /// Limits the requests of each listing.
    pub(super) fn listing_with(self, max_requests: Option<u64>) -> Self {
        Self { max_requests, ..self }
    }

    /// Makes every change only within a claim that lasts this long.
    pub(super) fn leased(self, time: Option<Duration>) -> Self {
        lock(&self.mailbox).lease = time.map(|time| Lease { time, end: Duration::ZERO });
        self
    }

    /// A context for a part of the work, which must end within this time from now.
    pub(super) fn within(&self, time: Duration) -> Self {
        Self {
            config: self.config.clone(),
            options: self.options.clone(),
            mailbox: Arc::clone(&self.mailbox),
            deadline: self.elapsed().checked_add(time),
            ..*self
        }
    }

    /// The workflow's name.
    pub(super) fn name(&self) -> &'static str {
        self.name
    }

    /// The random bits that the workflow began with.
    pub(super) fn entropy(&self) -> u128 {
        lock(&self.mailbox).seed.entropy
    }

    /// The time since the workflow's beginning.
    fn elapsed(&self) -> Duration {
        lock(&self.mailbox).elapsed
    }

    /// How much time is left; `None` without a deadline.
    pub(super) fn time_left(&self) -> Option<Duration> {
        self.deadline.map(|deadline| deadline.saturating_sub(self.elapsed()))
    }

    /// The current time by this machine's clock.
    pub(super) fn wall_clock(&self) -> Option<SystemTime> {
        let began_at = lock(&self.mailbox).seed.now?;
        began_at.checked_add(self.elapsed())
    }

    /// [`wall_clock`](Self::wall_clock) in seconds since 1970.
    pub(super) fn unix_time(&self) -> Option<i64> {
        Timestamp::try_from(self.wall_clock()?).ok().map(|now| now.unix_seconds())
    }

    /// Sends an operation.
    pub(super) fn send<'a, O>(
        &'a self,
        operation: O,
    ) -> BoxFuture<'a, Result<Response<O::Output>, Error>>
    where
        O: OneOfSix + Into<AnyOperation> + 'a,
    {
        self.send_as(None, operation)
    }

    /// Sends an operation, authenticated with another key if one is given. Boxed, so that it is
    /// compiled once per operation, not at each place that sends one.
    pub(super) fn send_as<'a, O>(
        &'a self,
        key: Option<ApiKey>,
        operation: O,
    ) -> BoxFuture<'a, Result<Response<O::Output>, Error>>
    where
        O: OneOfSix + Into<AnyOperation> + 'a,
    {
        let name = operation.name();
        let sent = self.send_any(key, operation.into());
        Box::pin(async move {
            let Response { output, meta } = sent.await?;
            // Never fails: an operation always returns its own type of output.
            let output = O::output_of(output).ok_or_else(|| {
                let error = DecodeError::at("$", DecodeErrorKind::WrongType);
                Error::unsent(name, ErrorKind::Decode(error))
            })?;
            Ok(Response { output, meta })
        })
    }

    /// Not generic, so that it is compiled once.
    fn send_any(
        &self,
        key: Option<ApiKey>,
        operation: AnyOperation,
    ) -> BoxFuture<'_, Result<Response<AnyOutput>, Error>> {
        Box::pin(async move {
            let at_most = self.time_left();
            if at_most.is_some_and(|time| time.is_zero()) {
                let late = TransportErrorKind::Timeout(TimeoutPhase::Call);
                let late = ErrorKind::Transport(TransportError::not_sent(late));
                return Err(Error::unsent(operation.name(), late));
            }
            let options = self.options.clone().at_most(at_most, &self.config);
            let name = operation.name();
            if operation.idempotency() != Idempotency::Safe {
                self.claim(options.timeout_of(&self.config)).await?;
            }
            self.unless_stopped(name)?;
            let machine = CallMachine::new(&self.config, &options, operation);
            let call = Nested { machine, mailbox: &self.mailbox };
            trace::call(name, self.drive(call, key)).await
        })
    }

    /// Runs a call inside the workflow: the workflow's driver carries out the call's actions.
    async fn drive(
        &self,
        mut call: Nested<'_>,
        key: Option<ApiKey>,
    ) -> Result<Response<AnyOutput>, Error> {
        let begun = self.elapsed();
        let mut event = Event::Begin(call.machine.seed(|| self.draw(), || self.wall_clock()));
        loop {
            let elapsed = self.elapsed().saturating_sub(begun);
            call.machine.note_time(&event, elapsed, || self.wall_clock());
            event = match (call.machine.step(event, elapsed), &key) {
                (Action::Authenticate(_), Some(key)) => Event::Key(Ok(key.clone())),
                (Action::Authenticate(within), None) => {
                    self.act(Action::Authenticate(within)).await
                }
                (Action::Send(context), _) => {
                    lock(&self.mailbox).request = call.machine.outgoing().map(Box::new);
                    self.act(Action::Send(context)).await
                }
                (Action::Sleep(time), _) => self.act(Action::Sleep(time)).await,
                (Action::Ask(never), _) => match never {},
                (Action::Done(result), _) => return result,
            };
        }
    }

    /// Makes sure that the lease lasts this long, if the workflow has one.
    async fn claim(&self, time: Duration) -> Result<(), Error> {
        for _ in 0..CLAIMS {
            let Some(lease) = lock(&self.mailbox).lease else { return Ok(()) };
            if self.elapsed().saturating_add(time) < lease.end {
                return Ok(());
            }
            self.ask(RotationEvent::Claim(lease.time), "").await?;
        }
        let cause = "each claim took longer than the lease leaves for a request".into();
        Err(Error::unsent(self.name, ErrorKind::RotationHandler { method: "claim", cause }))
    }

    /// Fails once the caller has ended the workflow.
    fn unless_stopped(&self, name: &'static str) -> Result<(), Error> {
        match lock(&self.mailbox).stop {
            Some(_) => Err(Error::unsent(name, ErrorKind::Cancelled)),
            None => Ok(()),
        }
    }

    /// Why the caller ended the workflow, if they did.
    pub(super) fn stopped(&self) -> Option<Error> {
        lock(&self.mailbox).stop.take()
    }

    /// Random bits for a call's jitter.
    fn draw(&self) -> u64 {
        next_entropy(&mut lock(&self.mailbox).entropy)
    }

    /// Waits, but not beyond the deadline.
    pub(super) async fn pause(&self, time: Duration) -> Result<(), Error> {
        let time = self.time_left().map_or(time, |left| left.min(time));
        match self.act(Action::Sleep(time)).await {
            Event::Cancelled(_) => Err(Error::unsent(self.name, ErrorKind::Cancelled)),
            _ => Ok(()),
        }
    }

    /// Asks the caller; `secret` is masked in their error.
    pub(super) async fn ask(&self, question: RotationEvent, secret: &str) -> Result<bool, Error> {
        self.unless_stopped(self.name)?;
        let method = question.name();
        let extends_lease = matches!(question, RotationEvent::Claim(_) | RotationEvent::Save(_));
        // The lease begins before it is granted.
        let asked = self.elapsed();
        let cause = match self.act(Action::Ask(question)).await {
            Event::Answer(Ok(answer)) => {
                if let Some(lease) = lock(&self.mailbox).lease.as_mut().filter(|_| extends_lease) {
                    lease.end = asked.saturating_add(lease.time);
                }
                return Ok(answer);
            }
            Event::Answer(Err(cause)) => cause,
            Event::Cancelled(_) => return Err(Error::unsent(self.name, ErrorKind::Cancelled)),
            _ => "the question was not answered".into(),
        };
        let mut secrets = self.options.secrets(&self.config, None);
        secrets.push(secret);
        let (stops, cause) = match cause.downcast::<Stop>() {
            Ok(stop) => (true, stop.into_cause()),
            Err(cause) => (false, cause),
        };
        let cause = mask_cause(cause, &secrets);
        let error = Error::unsent(self.name, ErrorKind::RotationHandler { method, cause });
        if !stops {
            return Err(error);
        }
        lock(&self.mailbox).stop = Some(error);
        Err(Error::unsent(self.name, ErrorKind::Cancelled))
    }

    /// All keys of the listing that pass the filter, from all pages.
    pub(super) fn list_all<'a>(
        &'a self,
        pages: Pages,
        passes: &'a (dyn Fn(&Key) -> bool + Sync),
    ) -> BoxFuture<'a, Result<Listed, Error>> {
        Box::pin(async move {
            let mut pages = match self.max_requests {
                Some(requests) => pages.max_requests(requests),
                None => pages,
            };
            let mut listed = Listed {
                keys: Vec::new(),
                date: self.unix_time(),
                since: None,
                unexpected_rows: 0,
            };
            while let Some(list) = pages.next_request() {
                let page = self.send(list).await.map(|response| {
                    listed.date = response.meta.date().or(listed.date);
                    listed.since = listed.since.or(listed.date);
                    response.output
                });
                pages.accept(page)?;
                let keys = std::iter::from_fn(|| pages.next_key());
                listed.keys.extend(keys.filter(|key| passes(key)));
            }
            listed.unexpected_rows = pages.unexpected_rows();
            Ok(listed)
        })
    }

    /// Hands the driver an action and waits for its event.
    async fn act(&self, action: Action<Infallible, RotationEvent>) -> Event<Arrived> {
        {
            let mut mailbox = lock(&self.mailbox);
            (mailbox.action, mailbox.span) = (Some(action), trace::current());
        }
        poll_fn(|_| match lock(&self.mailbox).event.take() {
            Some(event) => Poll::Ready(event),
            None => Poll::Pending,
        })
        .await
    }
}

/// A call inside a workflow.
struct Nested<'a> {
    machine: CallMachine<AnyOperation>,
    mailbox: &'a Mutex<Mailbox>,
}

/// Runs when the driver drops the workflow.
impl Drop for Nested<'_> {
    fn drop(&mut self) {
        if let Some(nothing_sent) = lock(self.mailbox).dropped.take() {
            self.machine.dropped(nothing_sent);
        }
    }
}
