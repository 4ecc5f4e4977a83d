//! The official SDKs' rule: retry anything that looks temporary, even a create.

use std::time::Duration;

use openrouter_keys_tests::model::{Content, NAME, Schedule, Server, ServerResponse};

/// The backoff before the second attempt, without its jitter.
const INITIAL_INTERVAL: Duration = Duration::from_millis(500);
const EXPONENT: f64 = 1.5;
const MAX_INTERVAL: Duration = Duration::from_secs(60);
/// After this time, failures are no longer retried.
const MAX_ELAPSED_TIME: Duration = Duration::from_secs(3600);

/// An official SDK with its default settings.
///
/// It retries connection failures, resets, timeouts and every 5xx. A 429 or an unreadable
/// 201 ends the call, with an error that does not mention that a key may exist.
#[derive(Clone, Copy, Debug)]
pub struct OfficialSdk {
    /// How long an attempt waits: the only difference between the SDKs here.
    attempt_timeout: Duration,
}

impl OfficialSdk {
    /// `openrouter` 1.3.84 from `PyPI`, which uses httpx.
    pub const PYTHON: Self = Self { attempt_timeout: Duration::from_secs(5) };

    /// `@openrouter/sdk` 1.3.19 from npm. It sets no timeout; Node's `fetch` has one of
    /// 300 s.
    pub const TYPESCRIPT: Self = Self { attempt_timeout: Duration::from_secs(300) };

    /// Creates a key; returns the server's final state and the secret the caller received.
    pub fn create(self, schedule: Schedule) -> (Server, Option<String>) {
        let mut server = Server::new(schedule);
        let mut elapsed = Duration::ZERO;
        let mut backoff = INITIAL_INTERVAL;
        loop {
            let ServerResponse { delay, content } = server.create(NAME, elapsed);
            elapsed = elapsed.saturating_add(delay.min(self.attempt_timeout));
            let asked = match content {
                _ if delay >= self.attempt_timeout => None,
                Content::Refused | Content::Reset => None,
                Content::Status(500..=599, asked) => asked,
                Content::Created(secret) => return (server, Some(secret)),
                Content::Status(..) | Content::Truncated | Content::Garbage | Content::Read(_) => {
                    return (server, None);
                }
            };
            if elapsed > MAX_ELAPSED_TIME {
                return (server, None);
            }
            elapsed = elapsed.saturating_add(asked.unwrap_or(backoff));
            backoff = backoff.mul_f64(EXPONENT).min(MAX_INTERVAL);
        }
    }
}
