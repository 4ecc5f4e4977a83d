//! The machine of a workflow, seen from its code: where it hands in its wishes
//! and finds the replies.

use std::future::poll_fn;
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::{Duration, SystemTime};

use super::mailbox::{Order, Slot, Wish, lock};
use super::opening::Opening;
use super::pages::Pages;
use super::rotate::rotation_handler::Question;
use crate::call::{Error, ErrorKind, Response};
use crate::operation::{AnyOperation, AnyOutput, OneOfSix, Operation};
use crate::redact::mask_cause;
use crate::transport::{BoxFuture, TimeoutPhase, TransportError, TransportErrorKind};
use crate::types::{ApiKey, DecodeError, DecodeErrorKind, Key, Timestamp};

/// What the code of a workflow has in the place of a client.
pub(crate) struct Desk {
    name: &'static str,
    slot: Arc<Mutex<Slot>>,
    wall_clock: Option<SystemTime>,
    /// When the workflow has to be over, after its beginning.
    deadline: Option<Duration>,
    /// How many requests each listing may take.
    max_requests: Option<u64>,
}

/// What a listing brought.
pub(crate) struct Listed {
    pub(crate) keys: Vec<Key>,
    /// The seconds since 1970 when the last page came, by the server's clock or,
    /// where that cannot be seen, by this machine's.
    pub(crate) date: Option<i64>,
    /// The same of the first page: what the listing shows may be as old as that.
    pub(crate) since: Option<i64>,
    /// How many rows were no objects, as far as they can be told apart.
    pub(crate) odd_rows: u64,
}

impl Desk {
    pub(super) fn new(name: &'static str, opening: Opening, slot: Arc<Mutex<Slot>>) -> Self {
        let wall_clock = opening.wall_clock;
        Self { name, slot, wall_clock, deadline: None, max_requests: None }
    }

    /// The same, each of whose listings takes so many requests at most.
    pub(super) fn listing_with(self, max_requests: Option<u64>) -> Self {
        Self { max_requests, ..self }
    }

    /// The same, for a part of the work that may take no longer than this from
    /// now on.
    pub(super) fn within(&self, time: Duration) -> Self {
        let deadline = lock(&self.slot).elapsed.checked_add(time);
        Self { slot: Arc::clone(&self.slot), deadline, ..*self }
    }

    /// The workflow's name.
    pub(super) fn name(&self) -> &'static str {
        self.name
    }

    /// How much time is left; `None` without a deadline.
    pub(super) fn time_left(&self) -> Option<Duration> {
        self.deadline.map(|deadline| deadline.saturating_sub(lock(&self.slot).elapsed))
    }

    /// The time of day by this machine's clock.
    pub(super) fn wall_clock(&self) -> Option<SystemTime> {
        self.wall_clock?.checked_add(lock(&self.slot).elapsed)
    }

    /// The same in seconds since 1970.
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

    /// Sends an operation signed with another key. Boxed, so that it is compiled once
    /// for each operation, and not for each place that sends one.
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
            // Nothing else comes, unless the driver hands in another call's outcome.
            let output = O::output_of(output).ok_or_else(|| {
                let error = DecodeError::at("$", DecodeErrorKind::WrongType);
                Error::unsent(name, ErrorKind::Decode(error))
            })?;
            Ok(Response { output, meta })
        })
    }

    /// The same for all operations, so that it is compiled once.
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
            self.wish(Wish::Send(Box::new(Order { operation, key, at_most })));
            self.reply(|slot| slot.sent.take()).await
        })
    }

    /// Waits, until the deadline at most.
    pub(super) async fn pause(&self, time: Duration) -> Result<(), Error> {
        let time = self.time_left().map_or(time, |left| left.min(time));
        self.wish(Wish::Pause(time));
        self.reply(|slot| slot.paused.take()).await
    }

    /// Asks the caller; `secret` is in no error of theirs.
    pub(super) async fn ask(&self, question: Question, secret: &str) -> Result<bool, Error> {
        let method = question.name();
        self.wish(Wish::Ask(question));
        self.reply(|slot| slot.asked.take()).await.map_err(|cause| {
            let cause = mask_cause(cause, &[secret]);
            Error::unsent(self.name, ErrorKind::KeyHolder { method, cause })
        })
    }

    /// All keys of the listing that pass, through all pages to an empty one.
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
            let mut listed =
                Listed { keys: Vec::new(), date: self.unix_time(), since: None, odd_rows: 0 };
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
            listed.odd_rows = pages.odd_rows();
            Ok(listed)
        })
    }

    fn wish(&self, wish: Wish) {
        lock(&self.slot).wish = Some(wish);
    }

    async fn reply<R>(&self, mut take: impl FnMut(&mut Slot) -> Option<R>) -> R {
        poll_fn(|_| take(&mut lock(&self.slot)).map_or(Poll::Pending, Poll::Ready)).await
    }
}
