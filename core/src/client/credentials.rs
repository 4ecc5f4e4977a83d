//! Where the API key of each attempt comes from.

use std::fmt;
use std::future::Future;
use std::sync::Arc;

use async_trait::async_trait;

use crate::transport::{BoxError, MaybeSend, MaybeSendSync};
use crate::types::ApiKey;

/// Provides the API key for each attempt, so that keys can be rotated without a restart.
/// Implemented by any `async` closure that returns a key.
///
/// The time it takes counts towards the call's timeout. It is called often: cache expensive
/// lookups.
///
/// ```
/// use openrouter_keys_core::error::BoxError;
/// use openrouter_keys_core::{ApiKey, KeySource};
///
/// let keys = KeySource::provider(|| async {
///     let key = std::fs::read_to_string("/run/secrets/openrouter").map_err(BoxError::from)?;
///     Ok(ApiKey::new(key.trim())?)
/// });
/// # let _ = keys;
/// ```
#[cfg_attr(all(target_family = "wasm", target_os = "unknown"), async_trait(?Send))]
#[cfg_attr(not(all(target_family = "wasm", target_os = "unknown")), async_trait)]
pub trait KeyProvider: MaybeSendSync {
    /// Returns the API key for the next request.
    async fn api_key(&self) -> Result<ApiKey, BoxError>;
}

#[cfg_attr(all(target_family = "wasm", target_os = "unknown"), async_trait(?Send))]
#[cfg_attr(not(all(target_family = "wasm", target_os = "unknown")), async_trait)]
impl<F, Fut> KeyProvider for F
where
    F: Fn() -> Fut + MaybeSendSync,
    Fut: Future<Output = Result<ApiKey, BoxError>> + MaybeSend,
{
    async fn api_key(&self) -> Result<ApiKey, BoxError> {
        self().await
    }
}

/// A fixed API key, or a provider of the current one.
#[derive(Clone)]
pub struct KeySource(pub(crate) Source);

#[derive(Clone)]
pub(crate) enum Source {
    Fixed(ApiKey),
    Provider(Arc<dyn KeyProvider>),
}

impl KeySource {
    /// The key, unless it comes from a provider.
    pub(crate) fn fixed(&self) -> Option<&ApiKey> {
        match &self.0 {
            Source::Fixed(key) => Some(key),
            Source::Provider(_) => None,
        }
    }

    /// Calls the provider before each attempt.
    pub fn provider(provider: impl KeyProvider + 'static) -> Self {
        Self(Source::Provider(Arc::new(provider)))
    }
}

impl From<ApiKey> for KeySource {
    fn from(key: ApiKey) -> Self {
        Self(Source::Fixed(key))
    }
}

impl fmt::Debug for KeySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Source::Fixed(_) => "KeySource::Fixed([redacted])",
            Source::Provider(_) => "KeySource::Provider",
        })
    }
}
