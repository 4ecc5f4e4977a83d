//! The transport over reqwest.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use http::{Request, Response};
use openrouter_keys_core::{
    BoxFuture, BuildError, BuildErrorKind, Exchange, Transport, TransportError, TransportErrorKind,
};
use tokio::runtime::Handle;

use crate::builder::{NativeTransportBuilder, unmade};
use crate::clients::{Clients, Need};
use crate::destination::Destinations;
use crate::{body, failure};

/// Carries requests with reqwest: rustls, HTTP/1.1 and HTTP/2, the proxy of the
/// environment. It follows no redirect, sends nothing a second time, sends no
/// `Referer` and decompresses nothing. Clones share the connections.
///
/// Creates go out on connections of their own, each used once: a connection
/// that sat idle in a pool may have been closed by the server, and whether the
/// server still read the request is then unknowable. That costs a create the
/// time of one connection.
///
/// This machine (`localhost`, 127.0.0.0/8, `::1`) is never asked through a
/// proxy: plain http is allowed there because nobody else sees it. The reqwest
/// clients for it are made at the first request to it, the others at once.
///
/// It needs the Tokio runtime of the caller; the module `blocking` brings one.
#[derive(Clone, Debug)]
pub struct NativeTransport {
    shared: Arc<Shared>,
    begun: Instant,
}

#[derive(Debug)]
struct Shared {
    clients: Clients,
    destinations: Destinations,
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
    /// otherwise: a redirect that is followed sends a create twice, unseen. Its
    /// other settings stay as they are; it should not resend
    /// (`reqwest::retry::never().max_retries_per_request(0)`, which also spares a
    /// copy of each request) and not decompress. Creates share its pool;
    /// [`from_clients`](Self::from_clients) keeps them apart.
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
        // reqwest tells its policy in no other way; one that is not told is
        // the default, which follows.
        let follows = |client: &reqwest::Client| {
            !format!("{client:?}").contains(r#"redirect_policy: "Policy(None)""#)
        };
        if follows(&replayable) || follows(&creates) {
            return Err(BuildError::new(
                BuildErrorKind::Transport,
                "the reqwest client follows redirects; build it with redirect::Policy::none()",
            ));
        }
        Ok(Self::over(Clients::Given { replayable, creates }))
    }

    pub(crate) fn over(clients: Clients) -> Self {
        let shared = Shared { clients, destinations: Destinations::default() };
        Self { shared: Arc::new(shared), begun: Instant::now() }
    }

    fn begin(
        &self,
        request: Request<Bytes>,
        exchange: &Exchange,
    ) -> Result<impl Future<Output = reqwest::Result<reqwest::Response>>, TransportError> {
        check_runtime()?;
        let unusable = TransportError::not_sent(TransportErrorKind::Setup);
        let Shared { clients, destinations } = &*self.shared;
        let (head, body) = request.into_parts();
        let (url, is_local) = match destinations.of(&head.uri) {
            Ok(destination) => destination,
            Err(error) => return Err(unusable.with_source(error)),
        };
        let need = Need { is_local, is_fresh: exchange.wants_fresh_connection() };
        let client = match clients.get(need) {
            Ok(client) => client,
            Err(error) => return Err(unusable.with_source(unmade(&error))),
        };
        let mut request = reqwest::Request::new(head.method, url);
        *request.headers_mut() = head.headers;
        *request.version_mut() = head.version;
        if !body.is_empty() {
            *request.body_mut() = Some(body.into());
        }
        Ok(client.execute(request))
    }
}

/// Without a runtime, reqwest would panic.
fn check_runtime() -> Result<(), TransportError> {
    if Handle::try_current().is_err() {
        return Err(TransportError::not_sent(TransportErrorKind::Setup)
            .with_source("there is no Tokio runtime here; start one, or use the blocking client"));
    }
    Ok(())
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
            let mut answer = begun?.await.map_err(failure::before_the_head)?;
            exchange.saw_status(answer.status());
            body::read(&mut answer, exchange).await
        })
    }

    fn sleep<'a, 'c>(&'a self, duration: Duration) -> BoxFuture<'c, ()>
    where
        'a: 'c,
    {
        // Made when it is awaited: without a runtime, it would panic here.
        Box::pin(async move { tokio::time::sleep(duration).await })
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
