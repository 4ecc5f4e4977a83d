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
use tokio::runtime::Handle;

use crate::dns::SystemResolver;
use crate::{body, failure};

const USER_AGENT: &str = concat!("openrouter-keys/", env!("CARGO_PKG_VERSION"));
const CONNECT_TIMEOUT: Duration = Duration::from_millis(3_100);

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
/// proxy: plain http is allowed there because nobody else sees it.
///
/// It needs the Tokio runtime of the caller; the module `blocking` brings one.
#[derive(Clone, Debug)]
pub struct NativeTransport {
    remote: Clients,
    local: Clients,
    begun: Instant,
}

/// One client for everything that may be sent again, and one for creates.
#[derive(Clone, Debug)]
struct Clients {
    pooled: reqwest::Client,
    unpooled: reqwest::Client,
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
    /// It has to be built with `redirect::Policy::none()` and is refused
    /// otherwise: a redirect that is followed sends a create twice, unseen. Its
    /// other settings stay as they are; it should not resend
    /// (`reqwest::retry::never()`) and not decompress. Creates share its pool;
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
        let clients = Clients { pooled: replayable, unpooled: creates };
        Ok(Self { remote: clients.clone(), local: clients, begun: Instant::now() })
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

    /// Changes the settings of the reqwest clients: a proxy, a root
    /// certificate, HTTP/2 with prior knowledge. What the promises of this
    /// crate rest on (redirects, resending, decompression, the pool of creates)
    /// is set afterwards and stays.
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
        let remote = self.clients(|builder| builder)?;
        let local = self.clients(reqwest::ClientBuilder::no_proxy)?;
        Ok(NativeTransport { remote, local, begun: Instant::now() })
    }

    fn clients(
        &self,
        proxy: impl Fn(reqwest::ClientBuilder) -> reqwest::ClientBuilder,
    ) -> Result<Clients, BuildError> {
        let build = |builder: reqwest::ClientBuilder| {
            builder.build().map_err(|error| {
                let problem = format!("the HTTP client cannot be made: {}", failure::text(&error));
                BuildError::new(BuildErrorKind::Transport, problem)
            })
        };
        let pooled = build(proxy(self.settings()))?;
        let unpooled = build(proxy(self.settings()).pool_max_idle_per_host(0))?;
        Ok(Clients { pooled, unpooled })
    }

    /// Defaults, then the caller's settings, then what has to hold. Other crates
    /// may have switched decompression on in reqwest.
    fn settings(&self) -> reqwest::ClientBuilder {
        let defaults = reqwest::Client::builder()
            .user_agent(USER_AGENT)
            .connect_timeout(self.connect_timeout)
            .dns_resolver(SystemResolver);
        (self.customize)(defaults)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .no_gzip()
            .no_brotli()
            .no_zstd()
            .no_deflate()
    }
}

impl std::fmt::Debug for NativeTransportBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NativeTransportBuilder")
            .field("connect_timeout", &self.connect_timeout)
            .finish_non_exhaustive()
    }
}

impl NativeTransport {
    fn begin(
        &self,
        request: Request<Bytes>,
        exchange: &Exchange,
    ) -> Result<impl Future<Output = reqwest::Result<reqwest::Response>>, TransportError> {
        let unusable = TransportError::not_sent(TransportErrorKind::Setup);
        if Handle::try_current().is_err() {
            return Err(unusable.with_source(
                "there is no Tokio runtime here; start one, or use the blocking client",
            ));
        }
        let is_local = request.uri().host().is_some_and(openrouter_keys_core::is_loopback);
        let clients = if is_local { &self.local } else { &self.remote };
        let client =
            if exchange.wants_fresh_connection() { &clients.unpooled } else { &clients.pooled };
        let request = reqwest::Request::try_from(request)
            .map_err(|error| unusable.with_source(error.without_url()))?;
        Ok(client.execute(request))
    }
}

#[async_trait]
impl Transport for NativeTransport {
    async fn send(
        &self,
        request: Request<Bytes>,
        exchange: &Exchange,
    ) -> Result<Response<Bytes>, TransportError> {
        let mut answer = self.begin(request, exchange)?.await.map_err(failure::before_the_head)?;
        exchange.saw_status(answer.status());
        body::read(&mut answer, exchange).await
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
