//! Settings of the transport, and the reqwest clients that they make.

use std::sync::Arc;
use std::time::Duration;

use openrouter_keys_core::{BuildError, BuildErrorKind};

use crate::clients::{Clients, Need};
use crate::dns::SystemResolver;
use crate::failure;
use crate::transport::NativeTransport;

const USER_AGENT: &str = concat!("openrouter-keys/", env!("CARGO_PKG_VERSION"));
const CONNECT_TIMEOUT: Duration = Duration::from_millis(3_100);

/// Settings of a [`NativeTransport`].
#[derive(Clone)]
#[must_use = "a builder does nothing until it builds"]
pub struct NativeTransportBuilder {
    connect_timeout: Duration,
    customize: Arc<dyn Fn(reqwest::ClientBuilder) -> reqwest::ClientBuilder + Send + Sync>,
}

impl NativeTransportBuilder {
    pub(crate) fn new() -> Self {
        Self { connect_timeout: CONNECT_TIMEOUT, customize: Arc::new(|builder| builder) }
    }

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
    /// It is called once for each client: twice by [`build`](Self::build), and again
    /// before the first requests to this machine, within a call.
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
        let clients = Clients::own(self)
            .map_err(|error| BuildError::new(BuildErrorKind::Transport, unmade(&error)))?;
        Ok(NativeTransport::over(clients))
    }

    /// Defaults, then the caller's settings, then what has to hold. Other crates
    /// may have switched decompression on in reqwest.
    pub(crate) fn client(&self, need: Need) -> reqwest::Result<reqwest::Client> {
        let defaults = reqwest::Client::builder()
            .user_agent(USER_AGENT)
            .connect_timeout(self.connect_timeout)
            .dns_resolver(SystemResolver);
        let mut client = (self.customize)(defaults)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never().max_retries_per_request(0))
            .referer(false)
            .no_gzip()
            .no_brotli()
            .no_zstd()
            .no_deflate();
        if need.is_local {
            client = client.no_proxy();
        }
        if need.is_fresh {
            client = client.pool_max_idle_per_host(0);
        }
        client.build()
    }
}

/// Why a client cannot be made.
pub(crate) fn unmade(error: &reqwest::Error) -> String {
    format!("the HTTP client cannot be made: {}", failure::text(error))
}

impl std::fmt::Debug for NativeTransportBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NativeTransportBuilder")
            .field("connect_timeout", &self.connect_timeout)
            .finish_non_exhaustive()
    }
}
