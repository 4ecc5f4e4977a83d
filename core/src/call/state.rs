//! The part of a call that does not depend on its operation's type: the request, the verdict
//! on a response, the pause before the next attempt.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{Method, StatusCode};

use super::classify::{Class, Outcome};
use super::error::ErrorKind;
use super::error::api::ApiError;
use super::redirect;
use super::retry_after::{forbids_retry, retry_after};
use super::seed::Seed;
use super::verdict::{Failure, Verdict};
use crate::config::{CallOptions, Config, Settings, Trouble, next_entropy};
use crate::operation::{Idempotency, Operation, Parts};
use crate::redact;
use crate::transport::{
    Arrived, Head, KnownHeader, Outgoing, ReadHeaders, TransportError, TransportErrorKind,
};
use crate::types::{ApiKey, BuildError, DecodeError, Secret};

/// The stage of an attempt's request.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// No key yet.
    Waiting,
    /// Can be built, once.
    Ready,
    /// Built, and so may have been sent.
    Sent,
}

/// A call in progress.
pub(super) struct CallState {
    pub(super) name: &'static str,
    pub(super) idempotency: Idempotency,
    method: Method,
    /// Joined with the base URL's.
    path: Bytes,
    body: Option<Bytes>,
    pub(super) config: Arc<Settings>,
    entropy: u64,
    /// The time of day at the call's beginning.
    pub(super) began_at: Option<SystemTime>,
    /// From 1.
    pub(super) number: u32,
    /// The key of this attempt's request or, until it has one, of the previous request.
    key: Option<ApiKey>,
    /// The operation's secret, and the different keys of earlier requests, to be masked.
    other_secrets: Vec<Secret>,
    stage: Stage,
    /// Whether any attempt so far may have been processed.
    pub(super) was_ambiguous: bool,
    /// The tokens that the last retry took from the quota.
    pub(super) taken: Option<u32>,
}

impl CallState {
    pub(super) fn new<O: Operation>(
        config: &Config,
        options: &CallOptions,
        operation: &O,
        seed: Seed,
    ) -> Result<Self, BuildError> {
        let config = config.for_call(options)?;
        let Parts { method, path, body } = operation.parts()?;
        let path = config.base_url.join(&path)?;
        let mut other_secrets = Vec::new();
        if let Some(secret) = operation.request_secret() {
            other_secrets.push(Secret::new(secret));
        }
        Ok(Self {
            name: operation.name(),
            idempotency: operation.idempotency(),
            method,
            path,
            body,
            config,
            entropy: seed.folded(),
            began_at: seed.now,
            number: 1,
            key: None,
            other_secrets,
            stage: Stage::Waiting,
            was_ambiguous: false,
            taken: None,
        })
    }

    pub(super) fn begin(&mut self, seed: Seed) {
        (self.entropy, self.began_at) = (seed.folded(), seed.now);
    }

    /// Sets the key of the next request.
    #[inline]
    pub(super) fn authenticate(&mut self, key: ApiKey) {
        self.stage = Stage::Ready;
        if let Some(last) = self.key.replace(key) {
            self.keep_secret(&last);
        }
    }

    /// Remembers the key of an earlier request.
    #[cold]
    fn keep_secret(&mut self, last: &ApiKey) {
        if self.key.as_ref().is_none_or(|key| key.reveal() != last.reveal()) {
            self.other_secrets.push(Secret::new(last.reveal()));
        }
    }

    /// Whether this attempt's request may have been sent.
    pub(super) fn is_sent(&self) -> bool {
        self.stage == Stage::Sent
    }

    /// Starts the next attempt, which has no key yet.
    pub(super) fn start_over(&mut self) {
        self.number = self.number.saturating_add(1);
        self.stage = Stage::Waiting;
    }

    /// The request; `None` unless its key has just been set.
    #[inline]
    pub(super) fn request(&mut self) -> Option<Outgoing> {
        let key = self.key.as_ref().filter(|_| self.stage == Stage::Ready)?;
        self.stage = Stage::Sent;
        Some(Outgoing {
            method: self.method.clone(),
            settings: Arc::clone(&self.config),
            path: self.path.clone(),
            authorization: key.authorization(),
            body: self.body.clone(),
        })
    }

    /// The secrets that a response must not show.
    pub(super) fn secrets(&self) -> Vec<&str> {
        let mut secrets: Vec<&str> = self.config.headers.secrets().collect();
        secrets.extend(self.key.as_ref().map(ApiKey::reveal));
        secrets.extend(self.other_secrets.iter().map(Secret::reveal));
        secrets
    }

    pub(super) fn judge(
        &self,
        outcome: Result<Arrived, TransportError>,
        elapsed: Duration,
    ) -> Verdict {
        let (response, cut) = match outcome {
            Ok(response) => (response, None),
            Err(mut error) => match arrived(&mut error) {
                Some(response) => (response, Some(error)),
                None => return Verdict::Failure(self.below_http(error, None, elapsed)),
            },
        };
        let (response, cut) = self.capped(response, cut);
        if !response.status.is_success() {
            return Verdict::Failure(self.refused(response, cut.is_some(), elapsed));
        }
        match cut {
            None => Verdict::Success(response),
            Some(error) => {
                let headers = Some(response.headers.clone());
                let failure = self.below_http(error, headers, elapsed);
                Verdict::Interrupted(response, failure)
            }
        }
    }

    /// Cuts a body that is longer than the limit.
    fn capped(
        &self,
        mut response: Arrived,
        cut: Option<TransportError>,
    ) -> (Arrived, Option<TransportError>) {
        let max_body = if response.status.is_success() {
            self.config.max_success_body
        } else {
            self.config.max_error_body
        };
        if response.body.len() <= max_body {
            return (response, cut);
        }
        let error = TransportError::ambiguous(TransportErrorKind::BodyTooLarge(max_body))
            .with_status(Some(response.status));
        response.body.truncate(max_body);
        (response, Some(error))
    }

    /// Judges a response that is not a success by its status, even if the body is cut.
    fn refused(&self, response: Arrived, is_cut: bool, elapsed: Duration) -> Failure {
        let Arrived { status, headers, body } = response;
        let kind = if status.is_redirection() {
            let origin = redirect::origin(&headers, &self.config.base_url)
                .map(|origin| redact::mask(&origin, &self.secrets()).into_boxed_str());
            ErrorKind::UnexpectedRedirect { status: Some(status), origin }
        } else {
            ErrorKind::Api(ApiError::read(status, &body, is_cut, &self.secrets()))
        };
        self.failed(status, kind, headers, elapsed)
    }

    fn failed(
        &self,
        status: StatusCode,
        kind: ErrorKind,
        headers: Head,
        elapsed: Duration,
    ) -> Failure {
        let retry_after = self.retry_after(&headers, elapsed);
        let mut outcome =
            Outcome::of_status(status, retry_after.is_some() && !self.config.retry.strict);
        // The API says to try again later after a 409 on update. That is up to the caller,
        // unless the policy lists it.
        let is_conflict = status == StatusCode::CONFLICT && self.method == Method::PATCH;
        if self.idempotency.may_resend()
            && outcome.trouble.is_none()
            && (is_conflict || self.config.retry.has_status(status))
        {
            outcome.trouble = Some(Trouble::Transient);
        }
        let is_final = forbids_retry(&headers);
        Failure { kind, outcome, retry_after, is_final, headers: Some(headers) }
    }

    /// Judges a failure below HTTP, with the response's headers if they arrived.
    fn below_http(
        &self,
        error: TransportError,
        headers: Option<Head>,
        elapsed: Duration,
    ) -> Failure {
        let error = error.masked(&self.secrets());
        Failure {
            outcome: Outcome::of_transport(&error),
            kind: match error.kind() {
                TransportErrorKind::HiddenRedirect => {
                    ErrorKind::UnexpectedRedirect { status: None, origin: None }
                }
                _ => ErrorKind::Transport(error),
            },
            retry_after: headers.as_ref().and_then(|headers| self.retry_after(headers, elapsed)),
            is_final: headers.as_ref().is_some_and(forbids_retry),
            headers,
        }
    }

    /// Judges a success whose body cannot be read. An error code in it counts like the same
    /// status.
    pub(super) fn unreadable(
        &self,
        status: StatusCode,
        headers: Head,
        body: &[u8],
        error: DecodeError,
        elapsed: Duration,
    ) -> Failure {
        let kind = match ApiError::documented(status, body, &self.secrets()) {
            // The data next to the error may be the created key.
            Some(api) if api.is_beside_data() && !self.idempotency.may_resend() => {
                ErrorKind::Api(api)
            }
            Some(api) if !api.meaning().is_success() => {
                return self.failed(api.meaning(), ErrorKind::Api(api), headers, elapsed);
            }
            Some(api) => ErrorKind::Api(api),
            None => {
                let error = error.with_status(status);
                ErrorKind::Decode(match coding(&headers, body) {
                    Some(coding) => error.encoded(coding),
                    None => error,
                })
            }
        };
        Failure::last(kind, Class::Ambiguous, Some(headers))
    }

    /// Judges a cancelled request by the status that was seen.
    pub(super) fn class_of(
        &self,
        status: StatusCode,
        headers: Option<&Head>,
        elapsed: Duration,
    ) -> Class {
        let asks = headers.is_some_and(|headers| {
            self.retry_after(headers, elapsed).is_some() && !self.config.retry.strict
        });
        match Outcome::of_status(status, asks).class {
            Class::Done => Class::Ambiguous,
            class => class,
        }
    }

    fn retry_after(&self, headers: &Head, elapsed: Duration) -> Option<Duration> {
        let now = || {
            let now = self.began_at?.checked_add(elapsed)?;
            let since_1970 = now.duration_since(SystemTime::UNIX_EPOCH).ok()?;
            i64::try_from(since_1970.as_secs()).ok()
        };
        retry_after(headers, now())
    }

    /// The pause before the next attempt; `None` if the call ends.
    pub(super) fn pause_after(&mut self, failure: &Failure, elapsed: Duration) -> Option<Duration> {
        let policy = &self.config.retry;
        let listed = match &failure.kind {
            ErrorKind::Api(error) => policy.has_status(error.meaning()),
            ErrorKind::Transport(_) => policy.connection_errors,
            _ => false,
        };
        let trouble = failure.outcome.trouble?;
        let asked = failure.retry_after;
        if !listed
            || failure.is_final
            || !failure.outcome.may_repeat(self.idempotency)
            || self.number >= policy.max_attempts
            || asked.is_some_and(|asked| asked > policy.max_retry_after)
        {
            return None;
        }
        let entropy = next_entropy(&mut self.entropy);
        let pause = policy.pause(trouble, self.number, asked, entropy);
        let latest = policy.max_elapsed_time.unwrap_or(Duration::MAX).min(self.config.timeout);
        let fits = |pause: &Duration| elapsed.saturating_add(*pause) < latest;
        // If only the jitter does not fit, wait just as long as the server asked.
        let after = Some(pause).filter(fits).or(asked.filter(fits))?;
        self.taken = Some(self.config.quota.take(trouble)?);
        Some(after)
    }
}

/// The part of the response that arrived before the failure. An error status alone is enough
/// for a refusal.
fn arrived(error: &mut TransportError) -> Option<Arrived> {
    error.take_response().or_else(|| {
        let status = error.status().filter(|status| !status.is_success())?;
        Some(Arrived { status, ..Arrived::default() })
    })
}

/// The outermost coding of a body that is still compressed. Platforms that decompress keep the
/// header, but a compressed body is never text.
fn coding(headers: &Head, body: &[u8]) -> Option<&'static str> {
    const KNOWN: [&str; 5] = ["gzip", "deflate", "br", "zstd", "compress"];
    let is_text = match std::str::from_utf8(body) {
        Ok(_) => true,
        // Cut in the middle of a character.
        Err(error) => error.error_len().is_none(),
    };
    let mut last = "";
    headers.each(KnownHeader::ContentEncoding, &mut |value| last = value);
    let name = last.rsplit(',').next()?.trim().to_ascii_lowercase();
    let name = name.strip_prefix("x-").unwrap_or(&name);
    if is_text || matches!(name, "" | "identity") {
        return None;
    }
    Some(KNOWN.into_iter().find(|known| *known == name).unwrap_or("an unknown coding"))
}
