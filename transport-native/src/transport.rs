//! The transport over reqwest.

use std::fmt;
use std::future::pending;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use http::header::ACCEPT_ENCODING;
use http::{HeaderValue, Request, Response};
use openrouter_keys_core::{
    BoxFuture, BuildError, Exchange, Transport, TransportError, TransportErrorKind,
};

use crate::builder::NativeTransportBuilder;
use crate::clients::{Clients, Need};
use crate::destination::Destinations;
use crate::gate::{Gate, ShutsOnDrop};
use crate::given::Given;
use crate::surroundings::{Home, caught, check_runtime, timer, with_drivers};
use crate::{body, failure};

/// Carries requests with reqwest: rustls, HTTP/1.1 and HTTP/2, the proxy of the
/// environment. It follows no redirect, sends nothing a second time, sends no
/// `Referer` and decompresses nothing. Clones share the connections.
///
/// Creates go out on connections of their own, each used once: a connection
/// that sat idle in a pool may have been closed by the server, and whether the
/// server still read the request is then unknowable. That costs a create the
/// time of one connection. A create that stops while it connects, for whatever
/// reason, surely created nothing.
///
/// This machine (`localhost`, 127.0.0.0/8, `::1`) is never asked through a
/// proxy: plain http is allowed there because nobody else sees it. The reqwest
/// clients for it, and those for plain http, are made at the first request that needs
/// them, the others at once. Plain http needs no trusted certificates.
///
/// It needs a Tokio runtime with I/O and timers (`enable_all`); the module `blocking`
/// brings one. After a fork, a client that was used before is refused in the child.
#[derive(Clone)]
pub struct NativeTransport {
    shared: Arc<Shared>,
    begun: Instant,
}

struct Shared {
    clients: Clients,
    destinations: Destinations,
    home: Home,
}

/// The settings of a reqwest client may hold secrets of the caller's.
impl fmt::Debug for NativeTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NativeTransport").finish_non_exhaustive()
    }
}

impl NativeTransport {
    /// The transport with its defaults.
    pub fn new() -> Result<Self, BuildError> {
        Self::builder().build()
    }

    /// For a transport with settings of its own.
    pub fn builder() -> NativeTransportBuilder {
        NativeTransportBuilder::new()
    }

    /// Over a reqwest client of the caller's, for everything.
    ///
    /// It has to be built with `redirect::Policy::none()` and is refused
    /// otherwise: a redirect that is followed sends a create twice, unseen. One that
    /// keeps cookies or decompresses is refused too. Its other settings stay as they
    /// are; it should not resend (`reqwest::retry::never().max_retries_per_request(0)`,
    /// which also spares a copy of each request), and not log what it sends
    /// (`connection_verbose`). Creates share its pool;
    /// [`from_clients`](Self::from_clients) keeps them apart.
    ///
    /// If it may send plain http through a proxy, of its own or of the environment,
    /// requests over plain http to this machine go out through a client of this crate
    /// instead, which does not: build yours with `no_proxy()` to have it used there.
    pub fn from_client(client: reqwest::Client) -> Result<Self, BuildError> {
        Self::from_clients(client.clone(), client)
    }

    /// Over two reqwest clients of the caller's: one for everything that may be
    /// sent again, and one for creates, which should not keep idle connections
    /// (`pool_max_idle_per_host(0)`).
    pub fn from_clients(
        replayable: reqwest::Client,
        creates: reqwest::Client,
    ) -> Result<Self, BuildError> {
        Ok(Self::over(Clients::given(Given::new(replayable, creates)?)))
    }

    pub(crate) fn over(clients: Clients) -> Self {
        Self::at_home(clients, Home::default())
    }

    pub(crate) fn at_home(clients: Clients, home: Home) -> Self {
        let shared = Shared { clients, destinations: Destinations::default(), home };
        Self { shared: Arc::new(shared), begun: Instant::now() }
    }

    /// The process that it belongs to.
    #[cfg(feature = "blocking")]
    pub(crate) fn home(&self) -> &Home {
        &self.shared.home
    }

    fn begin(
        &self,
        request: Request<Bytes>,
        exchange: &Exchange,
    ) -> Result<
        (Option<Gate>, impl Future<Output = reqwest::Result<reqwest::Response>>),
        TransportError,
    > {
        check_runtime()?;
        let Shared { clients, destinations, home } = &*self.shared;
        home.check()?;
        let unusable = TransportError::not_sent(TransportErrorKind::Setup);
        let (head, body) = request.into_parts();
        let (url, is_local) = match destinations.of(&head.uri) {
            Ok(destination) => destination,
            Err(error) => return Err(unusable.with_source(error)),
        };
        let is_fresh = exchange.wants_fresh_connection();
        let need = Need { is_tls: url.scheme() == "https", is_local, is_fresh };
        let client = match clients.get(need) {
            Ok(client) => client,
            Err(error) => return Err(unusable.with_source(error.problem().to_owned())),
        };
        let mut request = reqwest::Request::new(head.method, url);
        *request.headers_mut() = head.headers;
        request.headers_mut().insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        *request.version_mut() = head.version;
        let mut gate = None;
        if is_fresh && !body.is_empty() {
            let (before, gated) = Gate::before(body);
            *request.body_mut() = Some(gated);
            gate = Some(before);
        } else if !body.is_empty() {
            *request.body_mut() = Some(body.into());
        }
        Ok((gate, caught(|| client.execute(request))?))
    }
}

// What `async_trait` makes of an `async fn`, written out: the request is reqwest's
// at once, in place of taking its room in the future. Nothing is sent before the
// future is polled.
impl Transport for NativeTransport {
    fn send<'a, 'b, 'c>(
        &'a self,
        request: Request<Bytes>,
        exchange: &'b Exchange,
    ) -> BoxFuture<'c, Result<Response<Bytes>, TransportError>>
    where
        'a: 'c,
        'b: 'c,
    {
        let begun = self.begin(request, exchange);
        Box::pin(async move {
            check_runtime()?;
            let (gate, answer) = begun?;
            let gate = ShutsOnDrop { gate, exchange };
            let exchanged = async {
                let mut answer =
                    answer.await.map_err(|error| failure::before_the_head(error, gate.shut()))?;
                exchange.saw_status(answer.status());
                body::read(&mut answer, exchange).await
            };
            with_drivers(exchanged).await?
        })
    }

    fn sleep<'a, 'c>(&'a self, duration: Duration) -> BoxFuture<'c, ()>
    where
        'a: 'c,
    {
        // Made when it is awaited. Without timers nothing is sent either, and so nothing
        // has to end in time.
        Box::pin(async move {
            match check_runtime().and_then(|()| timer(duration)) {
                Ok(timer) => timer.await,
                Err(_) => pending().await,
            }
        })
    }

    fn now(&self) -> Duration {
        self.begun.elapsed()
    }

    /// The standard library seeds each of these from the system.
    fn entropy(&self) -> u64 {
        RandomState::new().build_hasher().finish()
    }

    fn wall_clock(&self) -> Option<SystemTime> {
        Some(SystemTime::now())
    }
}
