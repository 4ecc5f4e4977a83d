//! Settings of the transport, and the reqwest clients built from them.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use openrouter_keys_core::error::{BuildError, BuildErrorKind};

use crate::clients::{Clients, Need};
use crate::dns::SystemResolver;
use crate::native_transport::NativeTransport;
use crate::{failure, given};

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

    /// How long connecting may take, including name resolution and TLS;
    /// 3.1 s by default.
    pub fn connect_timeout(mut self, time: Duration) -> Self {
        self.connect_timeout = time;
        self
    }

    /// Changes the settings of the reqwest clients: a proxy, a root
    /// certificate, HTTP/2 with prior knowledge. The settings that this crate's promises
    /// depend on (redirects, resending, decompression, no log of the bytes sent, the
    /// pool of creates, no proxy for this machine) are set afterwards and cannot be changed,
    /// whichever features of reqwest other crates enable. A cookie store, or a TLS backend
    /// other than rustls, is refused. HTTP/3, which is unstable in reqwest, is not tested.
    ///
    /// The function is called once per client: twice by [`build`](Self::build), and again
    /// before the first request to this machine or over plain http.
    ///
    /// ```
    /// use openrouter_keys_native::NativeTransport;
    ///
    /// let transport = NativeTransport::builder().reqwest(|client| client.no_proxy().https_only(true)).build()?;
    /// # let _ = transport;
    /// # Ok::<(), openrouter_keys_native::error::BuildError>(())
    /// ```
    pub fn reqwest(
        mut self,
        customize: impl Fn(reqwest::ClientBuilder) -> reqwest::ClientBuilder + Send + Sync + 'static,
    ) -> Self {
        self.customize = Arc::new(customize);
        self
    }

    /// Builds the transport.
    pub fn build(self) -> Result<NativeTransport, BuildError> {
        Ok(NativeTransport::over(Clients::own(self)?))
    }

    /// Defaults, then the caller's settings, then the settings that must hold: other crates
    /// may have enabled features of reqwest. Settings that cannot be undone are refused.
    pub(crate) fn client(&self, need: Need, roots: Roots) -> Result<reqwest::Client, BuildError> {
        let defaults = reqwest::Client::builder()
            .tls_backend_rustls()
            .user_agent(USER_AGENT)
            .connect_timeout(self.connect_timeout)
            .dns_resolver(SystemResolver);
        let mut client = (self.customize)(defaults)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never().max_retries_per_request(0))
            .referer(false)
            .connection_verbose(false)
            .no_gzip()
            .no_brotli()
            .no_zstd()
            .no_deflate();
        if need.is_local {
            // Asked elsewhere, `localhost` could be led away from this machine.
            client = client.no_proxy().dns_resolver(SystemResolver);
        }
        if need.is_fresh {
            client = client.pool_max_idle_per_host(0);
        }
        if let Roots::Given = roots {
            client = client.tls_certs_only([]);
        }
        check_tls(&client)?;
        let client = client.build().map_err(|error| refused(unmade(&error)))?;
        given::check(&client)?;
        Ok(client)
    }
}

/// The certificates that are trusted.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Roots {
    /// Those of the system, and those that the caller added.
    System,
    /// Only those that the caller added.
    Given,
}

/// The errors of another TLS backend could not be told apart.
fn check_tls(client: &reqwest::ClientBuilder) -> Result<(), BuildError> {
    // reqwest shows it nowhere else.
    let shown = format!("{client:?}");
    if shown.contains("tls_backend: NativeTls") || shown.contains("tls_backend: BuiltNativeTls") {
        return Err(refused(
            "the reqwest client uses a TLS backend other than rustls; \
             remove tls_backend_native()",
        ));
    }
    Ok(())
}

fn refused(problem: impl Into<Cow<'static, str>>) -> BuildError {
    BuildError::new(BuildErrorKind::Transport, problem)
}

/// Why a client could not be built.
fn unmade(error: &reqwest::Error) -> String {
    let text = failure::text(error);
    let hint = if text.contains("CA certificates") {
        "; install the system's trusted certificates (package ca-certificates) or set SSL_CERT_FILE"
    } else {
        ""
    };
    format!("the HTTP client could not be built: {text}{hint}")
}

impl std::fmt::Debug for NativeTransportBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NativeTransportBuilder")
            .field("connect_timeout", &self.connect_timeout)
            .finish_non_exhaustive()
    }
}
