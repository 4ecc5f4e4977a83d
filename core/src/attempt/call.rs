//! Everything of a call that does not depend on its operation's type: the
//! request, the verdict on an answer, the pause before the next attempt.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::uri::Uri;
use http::{HeaderValue, Method, Request, Response, StatusCode};

use super::Start;
use super::finding::{Failure, Finding};
use super::redirect;
use crate::config::{CallOptions, Config, Settings};
use crate::error::{
    ApiError, BuildError, DecodeError, ErrorKind, TransportError, TransportErrorKind,
};
use crate::operation::{Operation, Parts, Replay};
use crate::outcome::Outcome;
use crate::redact;
use crate::retry::{Trouble, next_entropy};
use crate::retry_after::{forbids_retry, retry_after};
use crate::secret::ApiKey;

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// A call under way.
pub(super) struct Call {
    pub(super) name: &'static str,
    pub(super) replay: Replay,
    method: Method,
    uri: Uri,
    body: Option<Bytes>,
    pub(super) config: Arc<Settings>,
    pub(super) start: Start,
    /// From 1.
    pub(super) number: u32,
    /// The key of the last request, and those of the requests before it, where
    /// they differ. No answer may show one.
    key: Option<ApiKey>,
    older_keys: Vec<ApiKey>,
    /// Whether an attempt so far may have been processed.
    pub(super) was_ambiguous: bool,
    /// What the last retry took from the quota.
    pub(super) taken: Option<u32>,
}

impl Call {
    pub(super) fn new<O: Operation>(
        config: &Config,
        options: &CallOptions,
        operation: &O,
        start: Start,
    ) -> Result<Self, BuildError> {
        let config = config.for_call(options)?;
        let Parts { method, path, body } = operation.parts()?;
        let uri = config.base_url.join(&path)?;
        Ok(Self {
            name: operation.name(),
            replay: operation.replay(),
            method,
            uri,
            body,
            config,
            start,
            number: 1,
            key: None,
            older_keys: Vec::new(),
            was_ambiguous: false,
            taken: None,
        })
    }

    pub(super) fn request(&mut self, key: &ApiKey) -> Request<Bytes> {
        let last = self.key.replace(key.clone());
        self.older_keys.extend(last.filter(|last| last.reveal() != key.reveal()));
        let mut headers = self.config.headers.to_map();
        headers.insert(ACCEPT, JSON);
        if self.body.is_some() {
            headers.insert(CONTENT_TYPE, JSON);
        }
        headers.insert(AUTHORIZATION, key.authorization());
        let mut request = Request::new(self.body.clone().unwrap_or_default());
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = self.uri.clone();
        *request.headers_mut() = headers;
        request
    }

    /// What an answer must not show.
    pub(super) fn secrets<'a>(&'a self, secret: Option<&'a str>) -> Vec<&'a str> {
        let mut secrets: Vec<&str> = self.config.headers.secrets().collect();
        secrets.extend(self.key.iter().chain(&self.older_keys).map(ApiKey::reveal));
        secrets.extend(secret);
        secrets
    }

    pub(super) fn judge(
        &self,
        outcome: Result<Response<Bytes>, TransportError>,
        secret: Option<&str>,
    ) -> Finding {
        let answer = match outcome {
            Ok(answer) => answer,
            Err(error) => return self.broken(error, secret),
        };
        let status = answer.status();
        let max_body = if status.is_success() {
            self.config.max_success_body
        } else {
            self.config.max_error_body
        };
        if answer.body().len() > max_body {
            let error = TransportError::ambiguous(TransportErrorKind::BodyTooLarge(max_body));
            let answer = answer.map(|body| body.slice(..max_body));
            return self.broken(error.with_answer(answer), secret);
        }
        if status.is_success() {
            return Finding::Success(answer);
        }
        let (head, body) = answer.into_parts();
        let retry_after = retry_after(&head.headers);
        let mut outcome =
            Outcome::of_status(status, retry_after.is_some() && !self.config.retry.strict);
        // The API documents a 409 on update as one to try again later. That is for the
        // caller to do, unless the policy lists it.
        let is_conflict = status == StatusCode::CONFLICT && self.method == Method::PATCH;
        if self.replay.is_safe()
            && outcome.trouble.is_none()
            && (is_conflict || self.config.retry.has_status(status))
        {
            outcome.trouble = Some(Trouble::Transient);
        }
        let kind = if status.is_redirection() {
            let origin = redirect::origin(&head.headers, &self.uri)
                .map(|origin| redact::mask(&origin, &self.secrets(secret)).into_boxed_str());
            ErrorKind::UnexpectedRedirect { status: Some(status), origin }
        } else {
            ErrorKind::Api(ApiError::read(status, &body, &self.secrets(secret)))
        };
        Finding::Failure(Failure {
            kind,
            outcome,
            retry_after,
            is_final: forbids_retry(&head.headers),
            headers: Some(head.headers),
        })
    }

    /// What no answer, or half of one, came to.
    fn broken(&self, mut error: TransportError, secret: Option<&str>) -> Finding {
        let answer = error.take_answer();
        let headers = answer.as_ref().map(|answer| answer.headers().clone());
        let error = error.masked(&self.secrets(secret));
        let failure = Failure::below_http(error, headers, self.config.retry.strict);
        match answer {
            Some(answer) if answer.status().is_success() => Finding::Interrupted(answer, failure),
            _ => Finding::Failure(failure),
        }
    }

    /// A body under a status of success that is not what was promised.
    pub(super) fn unreadable(
        &self,
        status: StatusCode,
        body: &[u8],
        error: DecodeError,
        secret: Option<&str>,
    ) -> ErrorKind {
        ApiError::documented(status, body, &self.secrets(secret))
            .map_or_else(|| ErrorKind::Decode(error.with_status(status)), ErrorKind::Api)
    }

    /// The pause before the next attempt; `None` if there is to be none.
    pub(super) fn pause_after(&mut self, failure: &Failure, elapsed: Duration) -> Option<Duration> {
        let policy = &self.config.retry;
        let listed = match &failure.kind {
            ErrorKind::Api(error) => policy.has_status(error.status),
            ErrorKind::Transport(_) => policy.connection_errors,
            _ => false,
        };
        let trouble = failure.outcome.trouble?;
        let asked = failure.retry_after;
        if !listed
            || failure.is_final
            || !failure.outcome.may_repeat(self.replay)
            || self.number >= policy.max_attempts
            || asked.is_some_and(|asked| asked > policy.max_retry_after)
        {
            return None;
        }
        let entropy = next_entropy(&mut self.start.entropy);
        let pause = policy.pause(trouble, self.number, asked, entropy);
        let latest = policy.max_elapsed_time.unwrap_or(Duration::MAX).min(self.config.timeout);
        let fits = |pause: &Duration| elapsed.saturating_add(*pause) < latest;
        // Where only the jitter does not fit, what the server asked for does.
        let after = Some(pause).filter(fits).or(asked.filter(fits))?;
        self.taken = Some(self.config.quota.take(trouble)?);
        Some(after)
    }
}
