//! The rule of the official SDKs, for comparison: any 5xx and any failure to connect is
//! retried for up to an hour, whatever the operation; a 429 never is.

use std::time::Duration;

use openrouter_keys_tests::chance::Chance;

use super::rule::{Call, Next};
use super::server::ServerResponse;

const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
const GROWTH: f64 = 1.5;
/// Each pause is lengthened by a random time of up to this.
const JITTER: Duration = Duration::from_secs(1);
const LONGEST_CALL: Duration = Duration::from_secs(3600);

pub(super) struct SdkCall {
    pause: Duration,
    chance: Chance,
}

impl SdkCall {
    pub(super) fn new(entropy: u64) -> Self {
        Self { pause: FIRST_PAUSE, chance: Chance::new(entropy) }
    }
}

impl Call for SdkCall {
    fn send(&mut self) {}

    fn hear(mut self: Box<Self>, response: ServerResponse, elapsed: Duration) -> Next {
        let retry_after = match response {
            ServerResponse::Success => return Next::Succeeded,
            ServerResponse::Status { status: ..500, .. } => return Next::Failed,
            ServerResponse::Status { retry_after, .. } => retry_after,
            ServerResponse::NoConnection => None,
        };
        if elapsed > LONGEST_CALL {
            return Next::Failed;
        }
        let backoff = (self.pause + JITTER.mul_f64(self.chance.fraction())).min(LONGEST_PAUSE);
        self.pause = self.pause.mul_f64(GROWTH).min(LONGEST_PAUSE);
        let after = retry_after.map_or(backoff, Duration::from_secs);
        Next::Again { after, call: self }
    }
}
