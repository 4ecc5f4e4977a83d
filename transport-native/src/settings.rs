//! How the reqwest clients are built: our defaults, then the caller's settings, then those that
//! this crate's promises depend on.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use openrouter_keys_core::error::{BuildError, BuildErrorKind};

use crate::dns::SystemResolver;
use crate::need::Need;
use crate::{failure, given};

const USER_AGENT: &str = concat!("openrouter-keys/", env!("CARGO_PKG_VERSION"));
const CONNECT_TIMEOUT: Duration = Duration::from_millis(3_100);

#[derive(Clone)]
pub(crate) struct Settings {
    pub(crate) connect_timeout: Duration,
    pub(crate) customize:
        Arc<dyn Fn(reqwest::ClientBuilder) -> reqwest::ClientBuilder + Send + Sync>,
}

impl Default for Settings {
    fn default() -> Self {
        Self { connect_timeout: CONNECT_TIMEOUT, customize: Arc::new(|builder| builder) }
    }
}

impl Settings {
    /// Applies the defaults, then the caller's settings, then the required settings: other crates
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
            // Another resolver could lead `localhost` away from this machine.
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

/// The trusted certificates.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Roots {
    /// The system's, and those that the caller added.
    System,
    /// Only those that the caller added.
    Given,
}

/// The errors of another TLS backend could not be distinguished.
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

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("connect_timeout", &self.connect_timeout)
            .finish_non_exhaustive()
    }
}
