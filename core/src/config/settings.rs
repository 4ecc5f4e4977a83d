//! Settings of a client, and those that a call can override.

use std::sync::Arc;
use std::time::Duration;

use super::base_url::BaseUrl;
use super::headers::Headers;
use super::retry_budget::RetryQuota;
use super::retry_policy::RetryPolicy;
use crate::types::{ApiKey, BuildError, BuildErrorKind};

/// The settings of a client. The defaults are right for most programs.
///
/// Each client has its own retry quota, which its clones share.
///
/// ```
/// use std::time::Duration;
/// use openrouter_keys_core::{BaseUrl, Config, Headers, RetryPolicy};
///
/// let config = Config::new()
///     .base_url(BaseUrl::new("https://gateway.example/openrouter/v1")?)
///     .headers(Headers::new().title("Shop")?)
///     .retry(RetryPolicy::default().max_attempts(5))
///     .timeout(Duration::from_secs(120));
/// # let _ = config;
/// # Ok::<(), openrouter_keys_core::error::BuildError>(())
/// ```
#[derive(Clone, Debug, Default)]
#[must_use = "a configuration does nothing until a client uses it"]
pub struct Config(pub(crate) Arc<Settings>);

/// The values of a [`Config`]. Calls without options share them.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) base_url: BaseUrl,
    pub(crate) names_base_url: bool,
    pub(crate) headers: Headers,
    pub(crate) retry: Arc<RetryPolicy>,
    pub(crate) timeout: Duration,
    pub(crate) attempt_timeout: Duration,
    pub(crate) idle_timeout: Duration,
    pub(crate) max_success_body: usize,
    pub(crate) max_error_body: usize,
    pub(crate) quota: RetryQuota,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            base_url: BaseUrl::default(),
            names_base_url: false,
            headers: Headers::new(),
            retry: Arc::default(),
            timeout: Duration::from_secs(60),
            attempt_timeout: Duration::from_secs(30),
            idle_timeout: Duration::from_secs(10),
            max_success_body: 4 * 1024 * 1024,
            max_error_body: 64 * 1024,
            quota: RetryQuota::default(),
        }
    }
}

impl Config {
    /// The defaults.
    pub fn new() -> Self {
        Self::default()
    }

    fn settings(&mut self) -> &mut Settings {
        Arc::make_mut(&mut self.0)
    }

    /// Sets where the API is; `https://openrouter.ai/api/v1` by default.
    pub fn base_url(mut self, url: BaseUrl) -> Self {
        let settings = self.settings();
        (settings.base_url, settings.names_base_url) = (url, true);
        self
    }

    /// Whether no base URL was set; setting the default one counts as set.
    pub fn has_default_base_url(&self) -> bool {
        !self.0.names_base_url
    }

    /// Sets headers for every request; none by default.
    pub fn headers(mut self, headers: Headers) -> Self {
        self.settings().headers = headers;
        self
    }

    /// Sets which failures are retried, and after which pause.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.settings().retry = Arc::new(policy);
        self
    }

    /// Sets the time limit for a call, including its attempts and pauses; 60 s by default.
    pub fn timeout(mut self, time: Duration) -> Self {
        self.settings().timeout = time;
        self
    }

    /// Sets the time limit for each attempt; 30 s by default.
    pub fn attempt_timeout(mut self, time: Duration) -> Self {
        self.settings().attempt_timeout = time;
        self
    }

    /// Sets the longest pause between two pieces of a body; 10 s by default.
    pub fn idle_timeout(mut self, time: Duration) -> Self {
        self.settings().idle_timeout = time;
        self
    }

    /// Sets the maximum size, in bytes, of the body of a success; 4 MiB by default.
    pub fn max_success_body(mut self, bytes: usize) -> Self {
        self.settings().max_success_body = bytes;
        self
    }

    /// Sets the maximum size, in bytes, of the body of an error; 64 KiB by default.
    pub fn max_error_body(mut self, bytes: usize) -> Self {
        self.settings().max_error_body = bytes;
        self
    }

    /// The same settings with their own retry quota.
    pub(crate) fn with_own_quota(mut self) -> Self {
        self.settings().quota = RetryQuota::default();
        self
    }

    /// These settings, overridden by those of a call.
    pub(crate) fn for_call(&self, options: &CallOptions) -> Result<Arc<Settings>, BuildError> {
        let Some(set) = &options.0 else {
            self.check()?;
            return Ok(Arc::clone(&self.0));
        };
        let mut settings = Settings::clone(&self.0);
        settings.headers.extend(&set.headers);
        if let Some(url) = &set.base_url {
            settings.base_url = url.clone();
        }
        if let Some(policy) = &set.retry {
            settings.retry = Arc::clone(policy);
        }
        settings.timeout = set.timeout.unwrap_or(settings.timeout);
        settings.attempt_timeout = set.attempt_timeout.unwrap_or(settings.attempt_timeout);
        settings.check()?;
        Ok(Arc::new(settings))
    }

    pub(crate) fn check(&self) -> Result<(), BuildError> {
        self.0.check()
    }
}

impl Settings {
    fn check(&self) -> Result<(), BuildError> {
        self.retry.check()?;
        let times = [self.timeout, self.attempt_timeout, self.idle_timeout];
        if times.iter().any(Duration::is_zero) {
            return Err(BuildError::new(
                BuildErrorKind::Timeout,
                "a timeout is zero; nothing could be sent in time",
            ));
        }
        Ok(())
    }
}

impl CallOptions {
    /// Limits the call's timeout to this time.
    pub(crate) fn at_most(mut self, time: Option<Duration>, config: &Config) -> Self {
        if let Some(time) = time {
            let set = self.set();
            set.timeout = Some(set.timeout.unwrap_or(config.0.timeout).min(time));
        }
        self
    }

    /// The call's timeout.
    pub(crate) fn timeout_of(&self, config: &Config) -> Duration {
        self.0.as_ref().and_then(|set| set.timeout).unwrap_or(config.0.timeout)
    }
}

/// Settings of one call, which override the client's.
#[derive(Clone, Debug, Default)]
#[must_use = "options do nothing until a call uses them"]
pub struct CallOptions(Option<Box<Set>>);

/// The settings, boxed because most calls have none.
#[derive(Clone, Debug, Default)]
struct Set {
    base_url: Option<BaseUrl>,
    headers: Headers,
    retry: Option<Arc<RetryPolicy>>,
    timeout: Option<Duration>,
    attempt_timeout: Option<Duration>,
}

impl CallOptions {
    /// Overrides nothing.
    pub fn new() -> Self {
        Self::default()
    }

    fn set(&mut self) -> &mut Set {
        self.0.get_or_insert_default()
    }

    /// Sets where the API is for this call.
    pub fn base_url(mut self, url: BaseUrl) -> Self {
        self.set().base_url = Some(url);
        self
    }

    /// The secrets known before the call, which no message about it may show.
    pub(crate) fn secrets<'a>(
        &'a self,
        config: &'a Config,
        key: Option<&'a ApiKey>,
    ) -> Vec<&'a str> {
        let own = self.0.iter().flat_map(|set| set.headers.secrets());
        let all = config.0.headers.secrets().chain(own);
        all.chain(key.map(ApiKey::reveal)).collect()
    }

    /// Sets this call's headers, replacing any set earlier. A header here overrides the
    /// client's header of the same name.
    pub fn headers(mut self, headers: Headers) -> Self {
        self.set().headers = headers;
        self
    }

    /// Sets which failures of this call are retried. Replaces the client's policy entirely.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.set().retry = Some(Arc::new(policy));
        self
    }

    /// Sets the time limit for this call, including its attempts and pauses.
    pub fn timeout(mut self, time: Duration) -> Self {
        self.set().timeout = Some(time);
        self
    }

    /// Sets the time limit for each attempt of this call.
    pub fn attempt_timeout(mut self, time: Duration) -> Self {
        self.set().attempt_timeout = Some(time);
        self
    }
}
