//! The machine that owns retries: one attempt after another, without I/O.

use std::fmt;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, LOCATION};
use http::uri::Uri;
use http::{HeaderMap, HeaderValue, Method, Request, Response as HttpResponse, StatusCode};
use zeroize::Zeroize;

use crate::config::{CallOptions, Config};
use crate::error::{
    ApiError, Circumstances, DecodeError, Effect, Error, ErrorBody, ErrorKind, MayHaveCreated,
    TransportError,
};
use crate::operation::{Operation, Parsed, Parts, Replay};
use crate::outcome::{Class, Outcome};
use crate::redact;
use crate::response::{Meta, Response, request_id};
use crate::retry::next_entropy;
use crate::retry_after::{forbids_retry, retry_after};
use crate::secret::ApiKey;
use crate::trace;
use crate::transport::{Exchange, Limits};

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// What a call needs from the world at its beginning.
#[derive(Clone, Copy, Debug, Default)]
pub struct Start {
    /// Random bits, for jitter.
    pub entropy: u64,
    /// The time of day, if it is known.
    pub wall_clock: Option<SystemTime>,
}

/// One attempt of a call: a request to send, and what to make of its outcome.
///
/// ```text
///        Attempt::first(config, options, operation, start)
///                           │
///                           ▼
///    ┌──────────────▶ Attempt ──exchange, request──▶ the transport
///    │                      │
///    │            finish(outcome, elapsed)
///    │                      │
///    │            ┌─────────┴──────────┐
///    │            ▼                    ▼
///    └── Step::Retry { after }   Step::Done(result)
/// ```
///
/// An attempt is consumed by its outcome, so that no request can be sent twice
/// by mistake. It does no I/O: time and entropy come in as arguments.
///
/// ```
/// use std::time::Duration;
/// use bytes::Bytes;
/// use openrouter_keys_core::{ApiKey, Attempt, CallOptions, Config, GetCurrentKeyMetadata, Start, Step};
///
/// let key = ApiKey::new("sk-or-v1-0123456789abcdef")?;
/// let start = Start { entropy: 7, wall_clock: None };
/// let attempt = Attempt::first(&Config::new(), &CallOptions::new(), GetCurrentKeyMetadata, start)?;
///
/// let mut attempt = attempt;
/// let request = attempt.request(&key);
/// assert_eq!(request.uri(), "https://openrouter.ai/api/v1/key");
///
/// // The server has trouble: the machine says when to send the next request.
/// let busy = http::Response::builder().status(503).body(Bytes::new())?;
/// let Step::Retry { after, next: mut attempt } = attempt.finish(Ok(busy), Duration::from_millis(80)) else {
///     panic!("a read is tried again");
/// };
/// assert!(after <= Duration::from_millis(50));
///
/// let request = attempt.request(&key);
/// let answer = http::Response::new(Bytes::from_static(br#"{"data":{"label":"sk-or-v1-0e6...1c96"}}"#));
/// let Step::Done(result) = attempt.finish(Ok(answer), Duration::from_millis(200)) else {
///     panic!("an answer ends the call");
/// };
/// assert_eq!(result?.meta.attempts, 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "an attempt does nothing until its request is sent and its outcome handed back"]
pub struct Attempt<O> {
    operation: O,
    call: Call,
}

/// What follows an attempt.
#[derive(Debug)]
#[must_use = "a step says what to do next"]
#[expect(clippy::large_enum_variant, reason = "a step is taken apart at once")]
pub enum Step<O: Operation> {
    /// The call has ended.
    Done(Result<Response<O::Output>, Error>),
    /// Another attempt follows after a pause.
    Retry {
        /// How long to wait.
        after: Duration,
        /// The attempt to make then.
        next: Attempt<O>,
    },
}

/// Everything of a call that does not depend on its operation's type.
struct Call {
    name: &'static str,
    replay: Replay,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
    config: Config,
    start: Start,
    /// From 1.
    number: u32,
    /// The key of the last request, which its answer must not show.
    key: Option<ApiKey>,
    /// Whether an attempt so far may have been processed.
    was_ambiguous: bool,
    /// What the last retry took from the quota.
    taken: Option<u32>,
}

impl<O: Operation> Attempt<O> {
    /// Checks the arguments and the settings and prepares the first attempt.
    pub fn first(
        config: &Config,
        options: &CallOptions,
        operation: O,
        start: Start,
    ) -> Result<Self, Error> {
        let call = Call::new(config, options, &operation, start)
            .map_err(|error| Error::unsent(O::NAME, ErrorKind::Build(error)))?;
        Ok(Self { operation, call })
    }

    /// The attempt's number within its call, from 1.
    pub fn number(&self) -> u32 {
        self.call.number
    }

    /// The limits of the exchange, `elapsed` after the call's beginning.
    pub fn exchange(&self, elapsed: Duration) -> Exchange {
        let Config {
            attempt_timeout,
            idle_timeout,
            ..
        } = self.call.config;
        let left = self.time_left(elapsed);
        Exchange::new(Limits {
            timeout: left.min(attempt_timeout),
            idle_timeout,
            max_success_body: self.call.config.max_success_body,
            max_error_body: self.call.config.max_error_body,
            fresh_connection: !self.call.replay.is_safe(),
            is_last_of_call: left < attempt_timeout,
        })
    }

    /// How much of the call's time is left.
    pub fn time_left(&self, elapsed: Duration) -> Duration {
        self.call.config.timeout.saturating_sub(elapsed)
    }

    /// The request, signed with the key. Its body is shared, not copied.
    pub fn request(&mut self, key: &ApiKey) -> Request<Bytes> {
        self.call.request(key)
    }

    /// Judges what became of the request, `elapsed` after the call's beginning.
    pub fn finish(
        mut self,
        outcome: Result<HttpResponse<Bytes>, TransportError>,
        elapsed: Duration,
    ) -> Step<O> {
        let finding = self.call.judge(outcome, self.operation.secret());
        trace::attempt(O::NAME, self.call.number, &finding, elapsed);
        let failure = match finding {
            Finding::Success(answer) => return Step::Done(self.succeed(answer, elapsed)),
            Finding::Failure(failure) => failure,
        };
        if failure.is_not_found() && self.call.was_ambiguous {
            if let (Some(output), Some(headers)) = (self.operation.gone(), &failure.headers) {
                self.call.config.quota.refund(self.call.taken);
                let meta = Meta {
                    status: StatusCode::NOT_FOUND,
                    headers: headers.clone(),
                    attempts: self.call.number,
                    envelope: crate::json::Extra::default(),
                };
                return Step::Done(Ok(Response { output, meta }));
            }
        }
        self.call.was_ambiguous |= failure.outcome.class == Class::Ambiguous;
        match self.call.pause_after(&failure, elapsed) {
            Some(after) => {
                self.call.number = self.call.number.saturating_add(1);
                Step::Retry { after, next: self }
            }
            None => Step::Done(Err(self.fail(failure, elapsed))),
        }
    }

    /// Ends the call because no key could be had for this attempt.
    pub fn without_key(mut self, cause: crate::BoxError, elapsed: Duration) -> Error {
        // This attempt's request was never built.
        self.call.number = self.call.number.saturating_sub(1);
        self.fail(
            Failure {
                kind: ErrorKind::Credentials(cause),
                outcome: Outcome {
                    class: Class::NotSent,
                    trouble: None,
                },
                retry_after: None,
                is_final: true,
                headers: None,
            },
            elapsed,
        )
    }

    fn succeed(
        self,
        answer: HttpResponse<Bytes>,
        elapsed: Duration,
    ) -> Result<Response<O::Output>, Error> {
        self.call.config.quota.refund(self.call.taken);
        let (head, body) = answer.into_parts();
        let parsed = self.operation.parse(&body);
        let result = match parsed {
            Ok(Parsed { output, envelope }) => {
                let meta = Meta {
                    status: head.status,
                    headers: head.headers,
                    attempts: self.call.number,
                    envelope,
                };
                Ok(Response { output, meta })
            }
            Err(error) => {
                let kind = self
                    .call
                    .unreadable(head.status, &body, error, self.operation.secret());
                Err(self.fail(
                    Failure {
                        kind,
                        outcome: Outcome {
                            class: Class::Ambiguous,
                            trouble: None,
                        },
                        retry_after: None,
                        is_final: true,
                        headers: Some(head.headers),
                    },
                    elapsed,
                ))
            }
        };
        wipe_if_secret(O::REPLAY, body);
        result
    }

    fn fail(&self, failure: Failure, elapsed: Duration) -> Error {
        let was_ambiguous = self.call.was_ambiguous || failure.outcome.class == Class::Ambiguous;
        let effect = match (was_ambiguous, self.call.replay) {
            (false, _) | (true, Replay::Reads) => Effect::Nothing,
            (true, Replay::ChangesOnce) => Effect::MayHaveChanged,
            (true, Replay::Duplicates) => {
                let orphan = self.operation.orphan();
                let from = self.call.start.wall_clock;
                Effect::MayHaveCreated(MayHaveCreated {
                    name: orphan
                        .map(|orphan| orphan.name.to_owned())
                        .unwrap_or_default(),
                    workspace_id: orphan.and_then(|orphan| orphan.workspace_id.map(str::to_owned)),
                    from,
                    until: from.and_then(|from| from.checked_add(elapsed)),
                })
            }
        };
        let secrets = self.call.secrets(self.operation.secret());
        Error::new(
            failure.kind,
            Circumstances {
                operation: O::NAME,
                effect,
                is_retryable: !failure.is_final && failure.outcome.may_repeat(self.call.replay),
                attempts: self.call.number,
                retry_after: failure.retry_after,
                request_id: failure
                    .headers
                    .as_ref()
                    .and_then(request_id)
                    .map(|id| redact::mask(id, &secrets).into_boxed_str()),
            },
        )
    }
}

/// The answer to a create holds its secret, and this is the last holder of it.
fn wipe_if_secret(replay: Replay, body: Bytes) {
    if replay == Replay::Duplicates {
        if let Ok(mut body) = body.try_into_mut() {
            body.as_mut().zeroize();
        }
    }
}

/// What an attempt came to.
pub(crate) enum Finding {
    Success(HttpResponse<Bytes>),
    Failure(Failure),
}

/// A failed attempt.
pub(crate) struct Failure {
    pub(crate) kind: ErrorKind,
    pub(crate) outcome: Outcome,
    pub(crate) retry_after: Option<Duration>,
    /// The server, or the matter itself, rules out another attempt.
    is_final: bool,
    headers: Option<HeaderMap>,
}

impl Finding {
    fn below_http(error: TransportError) -> Self {
        Self::Failure(Failure {
            outcome: Outcome::of_transport(&error),
            kind: ErrorKind::Transport(error),
            retry_after: None,
            is_final: false,
            headers: None,
        })
    }
}

impl Failure {
    fn is_not_found(&self) -> bool {
        match &self.kind {
            // A page that a proxy sends says nothing about the key.
            ErrorKind::Api(ApiError {
                status,
                body: ErrorBody::Documented | ErrorBody::Empty,
                ..
            }) => *status == StatusCode::NOT_FOUND,
            _ => false,
        }
    }
}

impl Call {
    fn new<O: Operation>(
        config: &Config,
        options: &CallOptions,
        operation: &O,
        start: Start,
    ) -> Result<Self, crate::BuildError> {
        let config = config.for_call(options)?;
        let Parts { method, path, body } = operation.parts()?;
        let uri = config.base_url.join(&path)?;
        let mut headers = config.headers.to_map();
        headers.insert(ACCEPT, JSON);
        if body.is_some() {
            headers.insert(CONTENT_TYPE, JSON);
        }
        Ok(Self {
            name: O::NAME,
            replay: O::REPLAY,
            method,
            uri,
            headers,
            body: body.unwrap_or_default(),
            config,
            start,
            number: 1,
            key: None,
            was_ambiguous: false,
            taken: None,
        })
    }

    fn request(&mut self, key: &ApiKey) -> Request<Bytes> {
        self.key = Some(key.clone());
        let mut request = Request::new(self.body.clone());
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = self.uri.clone();
        *request.headers_mut() = self.headers.clone();
        request
            .headers_mut()
            .insert(AUTHORIZATION, key.authorization());
        request
    }

    /// What an answer must not show.
    fn secrets<'a>(&'a self, secret: Option<&'a str>) -> Vec<&'a str> {
        let key = self.key.as_ref().map(ApiKey::reveal);
        key.into_iter()
            .chain(secret)
            .chain(self.config.headers.secrets())
            .collect()
    }

    fn judge(
        &self,
        outcome: Result<HttpResponse<Bytes>, TransportError>,
        secret: Option<&str>,
    ) -> Finding {
        let answer = match outcome {
            Ok(answer) => answer,
            Err(error) => return Finding::below_http(error),
        };
        let status = answer.status();
        let max_body = if status.is_success() {
            self.config.max_success_body
        } else {
            self.config.max_error_body
        };
        if answer.body().len() > max_body {
            let kind = crate::TransportErrorKind::BodyTooLarge(max_body);
            return Finding::below_http(TransportError::ambiguous(kind).with_status(Some(status)));
        }
        if status.is_success() {
            return Finding::Success(answer);
        }
        let (head, body) = answer.into_parts();
        let retry_after = retry_after(&head.headers);
        let mut outcome =
            Outcome::of_status(status, retry_after.is_some() && !self.config.retry.strict);
        if self.replay.is_safe()
            && outcome.trouble.is_none()
            && self.config.retry.has_status(status)
        {
            outcome.trouble = Some(crate::retry::Trouble::Transient);
        }
        let kind = if status.is_redirection() {
            ErrorKind::UnexpectedRedirect {
                status,
                origin: self.redirect_origin(&head.headers, secret),
            }
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

    /// The target of a redirect without its path and user information, which
    /// may be secrets; `None` if it names none, or one that is not http.
    fn redirect_origin(&self, headers: &HeaderMap, secret: Option<&str>) -> Option<Box<str>> {
        let target = headers.get(LOCATION)?.to_str().ok()?.trim();
        let scheme = self.uri.scheme_str()?;
        let is_slash = |c: char| c == '/' || c == '\\';
        // Parsers take `\\` for a slash, and two of them for another host.
        let target = match target
            .strip_prefix(is_slash)
            .and_then(|rest| rest.strip_prefix(is_slash))
        {
            Some(rest) => format!("{scheme}://{rest}"),
            None => target.to_owned(),
        };
        let before_path = target
            .split(['/', '?', '#', '\\'])
            .next()
            .unwrap_or_default();
        let origin = if before_path.contains(':') {
            origin(&target.parse().ok()?)
        } else {
            origin(&self.uri)
        }?;
        Some(redact::mask(&origin, &self.secrets(secret)).into())
    }

    /// A body under a status of success that is not what was promised.
    fn unreadable(
        &self,
        status: StatusCode,
        body: &[u8],
        error: DecodeError,
        secret: Option<&str>,
    ) -> ErrorKind {
        ApiError::documented(status, body, &self.secrets(secret)).map_or_else(
            || ErrorKind::Decode(error.with_status(status)),
            ErrorKind::Api,
        )
    }

    /// The pause before the next attempt; `None` if there is to be none.
    fn pause_after(&mut self, failure: &Failure, elapsed: Duration) -> Option<Duration> {
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
        let latest = policy
            .max_elapsed_time
            .unwrap_or(Duration::MAX)
            .min(self.config.timeout);
        let fits = |pause: &Duration| elapsed.saturating_add(*pause) < latest;
        // Where only the jitter does not fit, what the server asked for does.
        let after = [Some(pause), asked].into_iter().flatten().find(fits)?;
        self.taken = Some(self.config.quota.take(trouble)?);
        Some(after)
    }
}

/// Scheme, host and port of an http URL.
fn origin(uri: &Uri) -> Option<String> {
    let scheme = uri
        .scheme_str()
        .filter(|scheme| ["http", "https"].contains(scheme))?;
    let authority = uri.authority()?;
    let has_port = !authority.as_str().ends_with(authority.host());
    let port = match (has_port, authority.port_u16()) {
        (true, Some(port)) => format!(":{port}"),
        (true, None) => return None,
        (false, _) => String::new(),
    };
    Some(format!("{scheme}://{}{port}", authority.host()))
}

impl<O> fmt::Debug for Attempt<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attempt")
            .field("operation", &self.call.name)
            .field("number", &self.call.number)
            .finish_non_exhaustive()
    }
}
