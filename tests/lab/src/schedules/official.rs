//! The official SDKs' rule: whatever looks like it may pass is sent again, be it
//! a create or not.

use std::time::Duration;

use openrouter_keys_tests::model::{Content, NAME, Schedule, Server, ServerResponse};

/// The backoff before the second attempt, without its jitter.
const INITIAL_INTERVAL: Duration = Duration::from_millis(500);
const EXPONENT: f64 = 1.5;
const MAX_INTERVAL: Duration = Duration::from_secs(60);
/// The time after which no failure is followed by another attempt.
const MAX_ELAPSED_TIME: Duration = Duration::from_secs(3600);

/// An official SDK with its default settings.
///
/// A failure to connect, a reset, a timeout and every 5xx are sent again; a 429
/// and a 201 that cannot be read end the call, with an error that says nothing of
/// a key.
#[derive(Clone, Copy, Debug)]
pub struct OfficialSdk {
    /// The only thing in which they differ here: how long an attempt waits.
    attempt_timeout: Duration,
}

impl OfficialSdk {
    /// `openrouter` 1.3.84 of `PyPI`, over httpx.
    pub const PYTHON: Self = Self { attempt_timeout: Duration::from_secs(5) };

    /// `@openrouter/sdk` 1.3.19 of npm. It has no limit of its own; the `fetch`
    /// of Node gives up after 300 s.
    pub const TYPESCRIPT: Self = Self { attempt_timeout: Duration::from_secs(300) };

    /// Makes a key: the server afterwards, and the secret in the caller's hands.
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
