//! Transports for unit tests (feature `test-util`): scripted, capturing or silent, over a
//! virtual clock that only pauses advance.
//!
//! A [`FakeTransport`] replaces a real one, async or blocking. It opens no socket and never
//! waits: a pause of an hour takes no time and advances the [`VirtualClock`] by an hour.
//!
//! ```
//! use openrouter_keys_core::test_util::{FakeTransport, Reply, samples};
//! use openrouter_keys_core::{ApiKey, Client, Create, Error, Limit};
//!
//! /// The code under test.
//! async fn provision(client: &Client, customer: &str) -> Result<String, Error> {
//!     let created = client.create(Create::new(customer, Limit::usd(10.0))).await?;
//!     Ok(created.key().reveal().to_owned())
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! // #[tokio::test]
//! // async fn a_lost_response_is_reported_and_not_retried() {
//! let transport = FakeTransport::scripted([
//!     Reply::refused(),
//!     Reply::created("sk-or-v1-new", samples::key().name("ada")),
//!     Reply::disconnected(),
//! ]);
//! let client = Client::new(transport.clone(), ApiKey::new("sk-or-v1-test").unwrap());
//!
//! // No connection at first: the create is retried.
//! assert!(provision(&client, "ada").await.unwrap().starts_with("sk-or-v1-"));
//! assert_eq!(transport.requests().len(), 2);
//!
//! // The connection broke: no second key may be created.
//! let error = provision(&client, "bob").await.unwrap_err();
//! assert_eq!(error.may_have_created().unwrap().name, "bob");
//! assert_eq!(transport.requests().len(), 3);
//! # }
//! ```

mod reply;
pub mod samples;

use std::future::{pending, poll_fn};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};

pub use self::reply::Reply;

use crate::transport::{BlockingTransport, SendContext, Transport, TransportError};

/// A clock that only sleeping and [`advance`](Self::advance) move.
#[derive(Clone, Debug, Default)]
pub struct VirtualClock(Arc<Mutex<Duration>>);

impl VirtualClock {
    /// The time since the clock was created.
    pub fn now(&self) -> Duration {
        *lock(&self.0)
    }

    /// Moves the clock forward.
    pub fn advance(&self, time: Duration) {
        let mut now = lock(&self.0);
        *now = now.saturating_add(time);
    }
}

/// A transport without a network, for unit tests. Clones share their state.
#[derive(Clone)]
pub struct FakeTransport(Arc<Fake>);

struct Fake {
    response: Script,
    clock: VirtualClock,
    seen: Mutex<Seen>,
}

type Script = Box<dyn Fn(usize, &Request<Bytes>) -> Reply + Send + Sync>;

#[derive(Default)]
struct Seen {
    requests: Vec<Request<Bytes>>,
    pauses: Vec<Duration>,
    entropy: u64,
}

impl FakeTransport {
    /// Replies in this order. The request after a short page of a listing needs no reply in the
    /// script: it gets the rest of that page.
    ///
    /// # Panics
    ///
    /// On any other request that no reply is left for: the test expects fewer requests.
    pub fn scripted(replies: impl IntoIterator<Item = Reply>) -> Self {
        let replies: Vec<Reply> = replies.into_iter().collect();
        Self::answering(move |number, request| {
            let reply = number.checked_sub(1).and_then(|index| replies.get(index)).cloned();
            let query = request.uri().query().unwrap_or_default();
            let offset = query.split('&').find_map(|pair| pair.strip_prefix("offset="));
            let further = offset.and_then(|offset| replies.last()?.page_from(offset.parse().ok()?));
            reply.or(further).unwrap_or_else(|| overrun(replies.len(), number, request))
        })
    }

    /// The same reply to every request.
    pub fn always(reply: Reply) -> Self {
        Self::answering(move |_, _| reply.clone())
    }

    /// Never replies: every attempt times out.
    pub fn never() -> Self {
        Self::always(Reply::never())
    }

    /// A reply computed from the request and its number, from 1.
    pub fn answering(
        response: impl Fn(usize, &Request<Bytes>) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let response: Script = Box::new(response);
        Self(Arc::new(Fake { response, clock: VirtualClock::default(), seen: Mutex::default() }))
    }

    /// The random bits that calls begin with; 0 by default.
    pub fn set_entropy(&self, entropy: u64) {
        lock(&self.0.seen).entropy = entropy;
    }

    /// Every request so far. `Debug` does not show the API key.
    pub fn requests(&self) -> Vec<Request<Bytes>> {
        lock(&self.0.seen).requests.clone()
    }

    /// Every pause between attempts so far.
    pub fn pauses(&self) -> Vec<Duration> {
        lock(&self.0.seen).pauses.clone()
    }

    /// The clock that replies and pauses move.
    pub fn clock(&self) -> VirtualClock {
        self.0.clock.clone()
    }

    /// The reply, and whether it arrives before the attempt's timeout.
    fn receive(
        &self,
        request: &Request<Bytes>,
        context: &SendContext,
    ) -> Option<Result<Response<Bytes>, TransportError>> {
        let number = {
            let mut seen = lock(&self.0.seen);
            seen.requests.push(request.clone());
            seen.requests.len()
        };
        let reply = (self.0.response)(number, request);
        if let Some(response) = reply.arrived() {
            context.saw_status(response.status());
            context.keep_partial(response.clone());
        }
        let delay = reply.delay().filter(|delay| *delay < context.timeout())?;
        self.0.clock.advance(delay);
        Some(reply.into_outcome())
    }
}

#[cfg_attr(all(target_family = "wasm", target_os = "unknown"), async_trait(?Send))]
#[cfg_attr(not(all(target_family = "wasm", target_os = "unknown")), async_trait)]
impl Transport for FakeTransport {
    async fn send(
        &self,
        request: Request<Bytes>,
        context: &SendContext,
    ) -> Result<Response<Bytes>, TransportError> {
        match self.receive(&request, context) {
            Some(outcome) => outcome,
            None => pending().await,
        }
    }

    async fn sleep(&self, duration: Duration) {
        // A timer that races other work fires only when that work is idle; work that merely yields
        // goes first.
        for _ in 0..YIELDS {
            yield_once().await;
        }
        self.0.clock.advance(duration);
        lock(&self.0.seen).pauses.push(duration);
    }

    fn now(&self) -> Duration {
        self.0.clock.now()
    }

    fn entropy(&self) -> u64 {
        lock(&self.0.seen).entropy
    }

    fn wall_clock(&self) -> Option<SystemTime> {
        wall_clock(self.0.clock.now())
    }
}

impl BlockingTransport for FakeTransport {
    fn send(
        &self,
        request: Request<Bytes>,
        context: &SendContext,
    ) -> Result<Response<Bytes>, TransportError> {
        self.receive(&request, context).unwrap_or_else(|| {
            self.0.clock.advance(context.timeout());
            lock(&self.0.seen).pauses.push(context.timeout());
            Err(context.timed_out())
        })
    }

    fn sleep(&self, duration: Duration) {
        self.0.clock.advance(duration);
        lock(&self.0.seen).pauses.push(duration);
    }

    fn now(&self) -> Duration {
        self.0.clock.now()
    }

    fn entropy(&self) -> u64 {
        lock(&self.0.seen).entropy
    }

    fn wall_clock(&self) -> Option<SystemTime> {
        wall_clock(self.0.clock.now())
    }
}

#[expect(clippy::panic, reason = "documented: a script that is too short fails its test")]
fn overrun(replies: usize, number: usize, request: &Request<Bytes>) -> Reply {
    let replies_are = if replies == 1 { "reply" } else { "replies" };
    panic!(
        "FakeTransport: the script has {replies} {replies_are}; this is request {number}: {} {}",
        request.method(),
        request.uri().path()
    )
}

/// How often other work may yield before a pause ends.
const YIELDS: usize = 64;

async fn yield_once() {
    let mut yielded = false;
    poll_fn(|context| {
        if std::mem::replace(&mut yielded, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// The virtual clock began at the first second of 2027.
fn wall_clock(now: Duration) -> Option<SystemTime> {
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(1_798_761_600))?.checked_add(now)
}

/// Ignores poisoning: a test that panicked leaves the data intact.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl std::fmt::Debug for FakeTransport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FakeTransport").field("clock", &self.0.clock).finish_non_exhaustive()
    }
}
