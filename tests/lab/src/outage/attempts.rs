//! Calls of the fleet that consist of the core's own attempts.

use std::time::Duration;

use http::header::RETRY_AFTER;
use http::{HeaderValue, Response, StatusCode};
use openrouter_keys_core::config::Jitter;
use openrouter_keys_core::error::{BoxError, TransportError, TransportErrorKind};
use openrouter_keys_core::machine::{Attempt, Seed, Step};
use openrouter_keys_core::operation::{Get, Operation};
use openrouter_keys_core::test_util::samples;
use openrouter_keys_core::{ApiKey, CallOptions, Config, Create, Limit, List, RetryPolicy};
use openrouter_keys_tests::chance::Chance;

use super::rule::{Call, Next};
use super::server::ServerResponse;

/// A client with the core's settings.
pub(super) struct CoreClient {
    key: ApiKey,
    config: Config,
    policy: RetryPolicy,
    has_quota: bool,
}

impl CoreClient {
    pub(super) fn new(key: ApiKey, has_quota: bool, has_jitter: bool) -> Self {
        let jitter = if has_jitter { Jitter::Full } else { Jitter::None };
        let policy = RetryPolicy::default().jitter(jitter);
        Self { key, config: Config::new().retry(policy.clone()), policy, has_quota }
    }

    /// Begins a get, a list or, one time in ten, a create.
    pub(super) fn begin(
        &self,
        chance: &mut Chance,
        entropy: u64,
    ) -> Result<Box<dyn Call>, BoxError> {
        match chance.bits() % 10 {
            0 => self.call(
                Create::new("Customer 42", Limit::usd(25.0)),
                201,
                samples::CREATED,
                entropy,
            ),
            1..=4 => self.call(List::new(), 200, r#"{"data":[]}"#, entropy),
            _ => {
                let hash = "f01d52606dc8f0a8303a7b5cc3fa07109c2e346cec7c0a16b40de462992ce943";
                self.call(Get::new(hash), 200, samples::KEY, entropy)
            }
        }
    }

    fn call<O: Operation + 'static>(
        &self,
        operation: O,
        status: u16,
        body: &'static str,
        entropy: u64,
    ) -> Result<Box<dyn Call>, BoxError> {
        // A new quota for each call is never used up.
        let fresh;
        let config = if self.has_quota {
            &self.config
        } else {
            fresh = Config::new().retry(self.policy.clone());
            &fresh
        };
        let seed = Seed { entropy: entropy.into(), now: None };
        let attempt = Attempt::first(config, &CallOptions::new(), operation, seed)?;
        let success = Success { status: StatusCode::from_u16(status)?, body };
        Ok(Box::new(CoreCall { attempt, key: self.key.clone(), success }))
    }
}

struct CoreCall<O> {
    attempt: Attempt<O>,
    key: ApiKey,
    success: Success,
}

/// The response to a request that the server can serve.
#[derive(Clone, Copy)]
struct Success {
    status: StatusCode,
    body: &'static str,
}

impl<O: Operation + 'static> Call for CoreCall<O> {
    fn send(&mut self) {
        let _ = self.attempt.request(&self.key);
    }

    fn hear(self: Box<Self>, response: ServerResponse, elapsed: Duration) -> Next {
        let Self { attempt, key, success } = *self;
        let (status, retry_after, body) = match response {
            ServerResponse::Success => (success.status, None, success.body),
            ServerResponse::Status { status, retry_after } => {
                (StatusCode::from_u16(status).unwrap_or_default(), retry_after, "")
            }
            ServerResponse::NoConnection => {
                let refused = TransportError::not_sent(TransportErrorKind::Connect);
                return next(attempt.finish(Err(refused), elapsed), key, success);
            }
        };
        let mut response = Response::new(body.into());
        *response.status_mut() = status;
        if let Some(seconds) = retry_after {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        next(attempt.finish(Ok(response), elapsed), key, success)
    }
}

fn next<O: Operation + 'static>(step: Step<O>, key: ApiKey, success: Success) -> Next {
    match step {
        Step::Done(Ok(_)) => Next::Succeeded,
        Step::Done(Err(_)) => Next::Failed,
        Step::Retry { after, next: attempt } => {
            Next::Again { after, call: Box::new(CoreCall { attempt, key, success }) }
        }
    }
}
