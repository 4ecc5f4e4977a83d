//! The machine that owns retries: one attempt after another, without I/O.

use std::fmt;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{Request, Response as HttpResponse, StatusCode};

use super::classify::Class;
use super::error::{Effect, Error, ErrorKind, Inner, MayHaveCreated};
use super::response::{Meta, Response, request_id};
use super::retry_after::needs_clock;
use super::seed::Seed;
use super::state::CallState;
use super::trace;
use super::verdict::{Failure, Verdict};
use crate::config::{CallOptions, Config};
use crate::operation::{Idempotency, Operation, Parsed};
use crate::redact;
use crate::transport::{Arrived, BoxError, Head, Limits, Outgoing, SendContext, TransportError};
use crate::types::{ApiKey, DecodeError, DecodeErrorKind, wipe};

/// One attempt of a call: builds its request and judges its outcome.
///
/// ```text
///        Attempt::first(config, options, operation, seed)
///                           │
///                           ▼
///    ┌──────────────▶ Attempt ──context, request──▶ the transport
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
/// use openrouter_keys_core::machine::{Attempt, Seed, Step};
/// use openrouter_keys_core::operation::GetCurrentKeyMetadata;
/// use openrouter_keys_core::{ApiKey, CallOptions, Config};
///
/// let key = ApiKey::new("sk-or-v1-0123456789abcdef")?;
/// let seed = Seed { entropy: 7, now: None };
/// let mut attempt = Attempt::first(&Config::new(), &CallOptions::new(), GetCurrentKeyMetadata, seed)?;
///
/// let request = attempt.request(&key);
/// assert_eq!(request.uri(), "https://openrouter.ai/api/v1/key");
///
/// // The server is unavailable: the machine says when to send the next request.
/// let busy = http::Response::builder().status(503).body(Bytes::new())?;
/// let Step::Retry { after, next: mut attempt } = attempt.finish(Ok(busy), Duration::from_millis(80)) else {
///     panic!("a read is retried");
/// };
/// assert!(after <= Duration::from_millis(50));
///
/// let request = attempt.request(&key);
/// let response = http::Response::new(Bytes::from_static(br#"{"data":{"label":"sk-or-v1-0e6...1c96"}}"#));
/// let Step::Done(result) = attempt.finish(Ok(response), Duration::from_millis(200)) else {
///     panic!("a response ends the call");
/// };
/// assert_eq!(result?.meta.attempts, 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "an attempt does nothing until its request is sent and its outcome passed to `finish`"]
pub struct Attempt<O> {
    operation: O,
    /// Boxed, because an attempt is moved often.
    call: Box<CallState>,
}

/// The next step after an attempt.
#[derive(Debug)]
#[must_use = "a step says what to do next"]
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

impl<O: Operation> Attempt<O> {
    /// Checks the arguments and the settings and prepares the first attempt.
    pub fn first(
        config: &Config,
        options: &CallOptions,
        operation: O,
        seed: Seed,
    ) -> Result<Self, Error> {
        let call = CallState::new(config, options, &operation, seed)
            .map_err(|error| Error::unsent(operation.name(), ErrorKind::Build(error)))?;
        Ok(Self { operation, call: Box::new(call) })
    }

    /// The attempt's number within its call, from 1.
    pub fn number(&self) -> u32 {
        self.call.number
    }

    /// Returns the limits of the attempt, `elapsed` after the call began.
    pub fn context(&self, elapsed: Duration) -> SendContext {
        let limits = Limits::of(&self.call.config);
        let left = self.time_left(elapsed);
        SendContext::new(Limits {
            timeout: left.min(limits.timeout),
            is_last_of_call: left < limits.timeout,
            fresh_connection: !self.call.idempotency.may_resend(),
            ..limits
        })
    }

    /// The time left for the call.
    pub fn time_left(&self, elapsed: Duration) -> Duration {
        self.call.config.timeout.saturating_sub(elapsed)
    }

    /// Builds the request, authenticated with the key. Its body is shared, not copied.
    pub fn request(&mut self, key: &ApiKey) -> Request<Bytes> {
        self.call.authenticate(key.clone());
        self.call.request().map(Outgoing::into_http).unwrap_or_default()
    }

    /// Sets the seed that the call begins with.
    pub(super) fn begin(&mut self, seed: Seed) {
        self.call.begin(seed);
    }

    /// Sets the key of the next request.
    pub(super) fn authenticate(&mut self, key: ApiKey) {
        self.call.authenticate(key);
    }

    pub(super) fn authenticated_request(&mut self) -> Option<Outgoing> {
        self.call.request()
    }

    /// Whether its request was built, and so may have been sent.
    pub(super) fn is_sent(&self) -> bool {
        self.call.is_sent()
    }

    pub(super) fn idempotency(&self) -> Idempotency {
        self.call.idempotency
    }

    /// Logs a warning if the call was dropped with a request in flight that is not idempotent.
    pub(super) fn dropped(&self) {
        if self.call.idempotency == Idempotency::NotIdempotent && self.call.is_sent() {
            trace::dropped_in_flight(
                self.call.name,
                self.operation.may_leave(),
                &self.call.secrets(),
            );
        }
    }

    /// Judges the outcome of the request, `elapsed` after the call began.
    #[inline]
    pub fn finish(
        self,
        outcome: Result<HttpResponse<Bytes>, TransportError>,
        elapsed: Duration,
    ) -> Step<O> {
        self.received(outcome.map(Arrived::from), elapsed)
    }

    /// Like [`finish`](Self::finish).
    pub(super) fn received(
        mut self,
        outcome: Result<Arrived, TransportError>,
        elapsed: Duration,
    ) -> Step<O> {
        let verdict = self.call.judge(outcome, elapsed);
        trace::attempt(self.call.name, self.call.number, &verdict, elapsed);
        let failure = match verdict {
            Verdict::Failure(failure) => failure,
            Verdict::Success(response) => match self.succeed(response, elapsed) {
                Ok(response) => return Step::Done(Ok(response)),
                Err(failure) => failure,
            },
            Verdict::Interrupted(response, failure) => match self.rescued(response, elapsed) {
                Some(Ok(response)) => return Step::Done(Ok(response)),
                Some(Err(refused)) => refused,
                None => failure,
            },
        };
        if let Some(status) = failure.not_found().filter(|_| self.call.was_ambiguous) {
            if let (Some(output), Some(headers)) = (self.operation.on_not_found(), &failure.headers)
            {
                self.call.config.quota.refund(self.call.taken);
                let meta = Meta {
                    request_id: self.request_id(headers),
                    status,
                    headers: headers.clone(),
                    attempts: self.call.number,
                    envelope: crate::types::Extra::default(),
                };
                return Step::Done(Ok(Response { output, meta }));
            }
        }
        self.call.was_ambiguous |= failure.outcome.class == Class::Ambiguous;
        match self.call.pause_after(&failure, elapsed) {
            Some(after) => {
                self.call.start_over();
                Step::Retry { after, next: self }
            }
            None => Step::Done(Err(self.fail(failure, elapsed))),
        }
    }

    /// Ends the call because there is no API key for this attempt.
    pub fn without_key(mut self, cause: BoxError, elapsed: Duration) -> Error {
        let cause = redact::mask_cause(cause, &self.call.secrets());
        // This attempt's request was never built.
        self.call.number = self.call.number.saturating_sub(1);
        self.fail(Failure::last(ErrorKind::Credentials(cause), Class::NotSent, None), elapsed)
    }

    /// Ends the call because the caller cancelled it. `sent` is the context of this attempt's
    /// request, if it was passed to the transport.
    ///
    /// A created secret that has already arrived is returned all the same.
    pub fn cancelled(
        mut self,
        sent: Option<&SendContext>,
        elapsed: Duration,
    ) -> Result<Response<O::Output>, Error> {
        let is_sent = self.call.is_sent();
        let Some(context) = sent.filter(|context| is_sent && !context.nothing_sent()) else {
            self.call.number = self.call.number.saturating_sub(1);
            return Err(
                self.fail(Failure::last(ErrorKind::Cancelled, Class::NotSent, None), elapsed)
            );
        };
        let (mut class, mut headers) = (None, None);
        if let Some(response) = context.take_partial() {
            headers = Some(response.headers.clone());
            if response.status.is_success() {
                match self.rescued(response, elapsed) {
                    Some(Ok(response)) => return Ok(response),
                    Some(Err(refused)) => class = Some(refused.outcome.class),
                    None => {}
                }
            }
        }
        let of_status = |status| self.call.class_of(status, headers.as_ref(), elapsed);
        let class = class.or_else(|| context.seen_status().map(of_status));
        let class = class.unwrap_or(Class::Ambiguous);
        Err(self.fail(Failure::last(ErrorKind::Cancelled, class, headers), elapsed))
    }

    /// Reads the clock if this outcome needs the time and the seed had none.
    pub(crate) fn note_time(
        &mut self,
        outcome: &Result<Arrived, TransportError>,
        elapsed: Duration,
        clock: impl FnOnce() -> Option<SystemTime>,
    ) {
        let headers = match outcome {
            Ok(response) => Some(&response.headers),
            Err(error) => error.headers(),
        };
        let began_at = &mut self.call.began_at;
        if began_at.is_none() && headers.is_some_and(needs_clock) {
            *began_at = clock().and_then(|now| now.checked_sub(elapsed));
        }
    }

    #[cfg_attr(
        not(all(target_family = "wasm", target_os = "unknown")),
        expect(clippy::result_large_err, reason = "it is passed on at once")
    )]
    fn succeed(
        &self,
        response: Arrived,
        elapsed: Duration,
    ) -> Result<Response<O::Output>, Failure> {
        let Arrived { status, headers, body } = response;
        let read = match self.read(&body) {
            Ok(parsed) => Ok(self.response(status, headers, parsed)),
            Err(error) => Err(self.call.unreadable(status, headers, &body, error, elapsed)),
        };
        wipe_if_secret(self.call.idempotency, body);
        read
    }

    /// Reads part of a response: `Some` if it contains a created secret or a refusal.
    fn rescued(
        &self,
        response: Arrived,
        elapsed: Duration,
    ) -> Option<Result<Response<O::Output>, Failure>> {
        // Without a create there is no secret to look for, and the body may be huge.
        if self.call.idempotency != Idempotency::NotIdempotent {
            return None;
        }
        match self.succeed(response, elapsed) {
            Ok(response) => {
                self.operation.created_secret(&response.output).is_some().then_some(Ok(response))
            }
            Err(failure) if failure.outcome.class == Class::Rejected => Some(Err(failure)),
            Err(_) => None,
        }
    }

    fn response(
        &self,
        status: StatusCode,
        headers: Head,
        parsed: Parsed<O::Output>,
    ) -> Response<O::Output> {
        self.call.config.quota.refund(self.call.taken);
        let Parsed { output, envelope } = parsed;
        let meta = Meta {
            request_id: self.request_id(&headers),
            status,
            headers,
            attempts: self.call.number,
            envelope,
        };
        Response { output, meta }
    }

    /// Reads the body of a success. A secret echoed from the request is not a created one.
    fn read(&self, body: &[u8]) -> Result<Parsed<O::Output>, DecodeError> {
        if self.call.idempotency != Idempotency::NotIdempotent {
            return self.operation.parse(body);
        }
        let own = self.call.secrets();
        let parsed = self.operation.parse_excluding(body, &own)?;
        if self.operation.created_secret(&parsed.output).is_some_and(|made| own.contains(&made)) {
            return Err(DecodeError::at("$.key", DecodeErrorKind::NotConfirmed));
        }
        Ok(parsed)
    }

    fn request_id(&self, headers: &Head) -> Option<Box<str>> {
        request_id(headers, || self.call.secrets())
    }

    fn fail(&self, failure: Failure, elapsed: Duration) -> Error {
        let was_ambiguous = self.call.was_ambiguous || failure.outcome.class == Class::Ambiguous;
        let effect = match (was_ambiguous, self.call.idempotency) {
            (false, _) | (true, Idempotency::Safe) => Effect::Nothing,
            (true, Idempotency::Idempotent) => Effect::MayHaveChanged,
            (true, Idempotency::NotIdempotent) => match self.operation.may_leave() {
                None => Effect::MayHaveTakenEffect,
                orphan => {
                    let from = self.call.began_at;
                    Effect::MayHaveCreated(MayHaveCreated {
                        from,
                        until: from.and_then(|from| from.checked_add(elapsed)),
                        ..MayHaveCreated::known(orphan, None)
                    })
                }
            },
        };
        Error::new(Inner {
            operation: self.call.name,
            kind: failure.kind,
            effect,
            is_retryable: !failure.is_final && failure.outcome.may_repeat(self.call.idempotency),
            attempts: self.call.number,
            retry_after: failure.retry_after,
            request_id: failure.headers.as_ref().and_then(|headers| self.request_id(headers)),
        })
    }
}

/// Overwrites the response to a create, which contains the secret; nothing else refers to it.
fn wipe_if_secret(idempotency: Idempotency, body: Bytes) {
    if idempotency == Idempotency::NotIdempotent {
        wipe(body);
    }
}

impl<O> fmt::Debug for Attempt<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attempt")
            .field("operation", &self.call.name)
            .field("number", &self.call.number)
            .finish_non_exhaustive()
    }
}
