//! The public settings of the transport.

use std::sync::Arc;
use std::time::Duration;

use openrouter_keys_core::error::BuildError;

use crate::clients::Clients;
use crate::native_transport::NativeTransport;
use crate::settings::Settings;

/// Settings of a [`NativeTransport`].
#[derive(Clone)]
#[must_use = "a builder does nothing until it builds"]
pub struct NativeTransportBuilder {
    settings: Settings,
}

impl NativeTransportBuilder {
    pub(crate) fn new() -> Self {
        Self { settings: Settings::default() }
    }

    /// Sets the time limit for connecting, including name resolution and TLS; 3.1 s by default.
    pub fn connect_timeout(mut self, time: Duration) -> Self {
        self.settings.connect_timeout = time;
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
        self.settings.customize = Arc::new(customize);
        self
    }

    /// Builds the transport.
    pub fn build(self) -> Result<NativeTransport, BuildError> {
        Ok(NativeTransport::over(Clients::own(self.settings)?))
    }
}

impl NativeTransport {
    /// Creates a transport with the default settings.
    pub fn new() -> Result<Self, BuildError> {
        Self::builder().build()
    }

    /// Returns a builder for a transport with custom settings.
    pub fn builder() -> NativeTransportBuilder {
        NativeTransportBuilder::new()
    }
}

impl std::fmt::Debug for NativeTransportBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NativeTransportBuilder")
            .field("connect_timeout", &self.settings.connect_timeout)
            .finish_non_exhaustive()
    }
}
