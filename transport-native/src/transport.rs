//! The transport over reqwest.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use openrouter_keys_core::{
    BuildError, BuildErrorKind, Exchange, Transport, TransportError, TransportErrorKind,
};

use crate::dns::SystemResolver;
use crate::{body, failure};

const USER_AGENT: &str = concat!("openrouter-keys/", env!("CARGO_PKG_VERSION"));
const CONNECT_TIMEOUT: Duration = Duration::from_millis(3_100);

/// Carries requests with reqwest: rustls, HTTP/1.1 and HTTP/2, the proxy of the
/// environment. It follows no redirect, sends no `Referer` and decompresses
/// nothing. Clones share the connections.
///
/// Creates go out on connections of their own, each used once: a connection
/// that sat idle in a pool may have been closed by the server, and whether the
/// server still read the request is then unknowable. That costs a create the
/// time of one connection.
///
/// It needs the Tokio runtime of the caller; the module `blocking` brings one.
#[derive(Clone, Debug)]
pub struct NativeTransport {
    pooled: reqwest::Client,
    unpooled: reqwest::Client,
    begun: Instant,
}

impl NativeTransport {
    /// The transport with its defaults.
    pub fn new() -> Result<Self, BuildError> {
        Self::builder().build()
    }

    /// For a transport with settings of its own.
    pub fn builder() -> NativeTransportBuilder {
        NativeTransportBuilder {
            connect_timeout: CONNECT_TIMEOUT,
            customize: Arc::new(|builder| builder),
        }
    }

    /// Over a reqwest client of the caller's, for everything.
    ///
    /// Its settings stay as they are. A client that follows redirects is
    /// noticed after the fact: the answer is then refused. Creates share its
    /// pool; [`from_clients`](Self::from_clients) keeps them apart.
    pub fn from_client(client: reqwest::Client) -> Self {
        Self::from_clients(client.clone(), client)
    }

    /// Over two reqwest clients of the caller's: one for everything that may be
    /// sent again, and one for creates, which should not keep idle connections
    /// (`pool_max_idle_per_host(0)`).
    pub fn from_clients(replayable: reqwest::Client, creates: reqwest::Client) -> Self {
        Self { pooled: replayable, unpooled: creates, begun: Instant::now() }
    }
}

/// Settings of a [`NativeTransport`].
#[derive(Clone)]
#[must_use = "a builder does nothing until it builds"]
pub struct NativeTransportBuilder {
    connect_timeout: Duration,
    customize: Arc<dyn Fn(reqwest::ClientBuilder) -> reqwest::ClientBuilder + Send + Sync>,
}

impl NativeTransportBuilder {
    /// How long making a connection may take, with name resolution and TLS;
    /// 3.1 s by default.
    pub fn connect_timeout(mut self, time: Duration) -> Self {
        self.connect_timeout = time;
        self
    }

    /// Changes the settings of both reqwest clients, after the defaults: a
    /// proxy, a root certificate, HTTP/2 with prior knowledge.
    ///
    /// ```
    /// use openrouter_keys_native::NativeTransport;
    ///
    /// let transport = NativeTransport::builder().reqwest(|client| client.no_proxy().https_only(true)).build()?;
    /// # let _ = transport;
    /// # Ok::<(), openrouter_keys_native::BuildError>(())
    /// ```
    pub fn reqwest(
        mut self,
        customize: impl Fn(reqwest::ClientBuilder) -> reqwest::ClientBuilder + Send + Sync + 'static,
    ) -> Self {
        self.customize = Arc::new(customize);
        self
    }

    /// Makes the transport.
    pub fn build(self) -> Result<NativeTransport, BuildError> {
        let build = |builder: reqwest::ClientBuilder| {
            (self.customize)(builder).build().map_err(|error| {
                let problem = format!("the HTTP client cannot be made: {}", failure::text(&error));
                BuildError::new(BuildErrorKind::Transport, problem)
            })
        };
        let pooled = build(self.defaults())?;
        let unpooled = build(self.defaults().pool_max_idle_per_host(0))?;
        Ok(NativeTransport::from_clients(pooled, unpooled))
    }

    fn defaults(&self) -> reqwest::ClientBuilder {
        reqwest::Client::builder()
            .user_agent(USER_AGENT)
            .connect_timeout(self.connect_timeout)
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .dns_resolver(SystemResolver)
    }
}

impl std::fmt::Debug for NativeTransportBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NativeTransportBuilder")
            .field("connect_timeout", &self.connect_timeout)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl Transport for NativeTransport {
    async fn send(
        &self,
        request: Request<Bytes>,
        exchange: &Exchange,
    ) -> Result<Response<Bytes>, TransportError> {
        let client = if exchange.wants_fresh_connection() { &self.unpooled } else { &self.pooled };
        let request = reqwest::Request::try_from(request).map_err(|error| {
            TransportError::not_sent(TransportErrorKind::Setup).with_source(error.without_url())
        })?;
        let url = request.url().clone();
        let answer = client.execute(request).await.map_err(failure::before_the_head)?;
        exchange.saw_status(answer.status());
        if *answer.url() != url {
            return Err(TransportError::ambiguous(TransportErrorKind::Setup)
                .with_status(Some(answer.status()))
                .with_source("the given reqwest client followed a redirect; build it with redirect::Policy::none()"));
        }
        body::read(answer, exchange).await
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
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
