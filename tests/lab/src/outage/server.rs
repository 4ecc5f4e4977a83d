//! The server: a limited capacity, a short queue, and an outage.

use std::time::Duration;

use super::scenario::{OUTAGE, Recovery, Refusal, Scenario, WARM_UP};

/// The offered load relative to the full capacity, half of which is still enough.
const LOAD: f64 = 0.4;

/// How long a request may wait in the queue.
const QUEUE: Duration = Duration::from_millis(200);

/// The cost of refusing a request, relative to that of handling it.
const REFUSING: f64 = 0.1;

const ROUND_TRIP: Duration = Duration::from_millis(20);

const RAMP: Duration = Duration::from_secs(30);

/// The outcome of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ServerResponse {
    Success,
    NoConnection,
    Status { status: u16, retry_after: Option<u64> },
}

pub(super) struct Server {
    scenario: Scenario,
    /// When every request accepted so far is done.
    free_at: Duration,
}

impl Server {
    pub(super) fn new(scenario: Scenario) -> Self {
        Self { scenario, free_at: Duration::ZERO }
    }

    /// Takes a request; returns when its response arrives, and the response.
    pub(super) fn take(&mut self, now: Duration) -> (Duration, ServerResponse) {
        if (WARM_UP..WARM_UP + OUTAGE).contains(&now) {
            return (now + ROUND_TRIP, refuse(self.scenario.down, now));
        }
        let work = Duration::from_secs(1).div_f64(self.capacity(now));
        let begin = self.free_at.max(now);
        if begin.saturating_sub(now) > QUEUE {
            self.free_at = begin + work.mul_f64(REFUSING);
            return (now + ROUND_TRIP, refuse(self.scenario.overflow, now));
        }
        self.free_at = begin + work;
        (self.free_at + ROUND_TRIP, ServerResponse::Success)
    }

    /// In requests a second.
    fn capacity(&self, now: Duration) -> f64 {
        let full = self.scenario.offered() / LOAD;
        let Some(since) = now.checked_sub(WARM_UP + OUTAGE) else {
            return full;
        };
        match self.scenario.recovery {
            Recovery::Half => full * 0.5,
            Recovery::Ramp => full * (0.1 + 0.4 * since.div_duration_f64(RAMP).min(1.0)),
        }
    }
}

fn refuse(refusal: Refusal, now: Duration) -> ServerResponse {
    match refusal {
        Refusal::Connection => ServerResponse::NoConnection,
        Refusal::Status(status) => ServerResponse::Status { status, retry_after: None },
        Refusal::RetryAfter(status, seconds) => {
            ServerResponse::Status { status, retry_after: Some(seconds) }
        }
        Refusal::Announced => {
            let left = (WARM_UP + OUTAGE).saturating_sub(now);
            // Rounded up, so that nobody comes back too early.
            ServerResponse::Status { status: 503, retry_after: Some(left.as_secs() + 1) }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Server, ServerResponse};
    use crate::outage::{OUTAGE, Recovery, Refusal, Scenario, WARM_UP};

    fn server(recovery: Recovery) -> Server {
        Server::new(Scenario {
            clients: 400,
            calls_per_second: 1.0,
            down: Refusal::Connection,
            overflow: Refusal::RetryAfter(429, 2),
            recovery,
        })
    }

    #[test]
    fn a_burst_fills_the_queue_and_the_rest_is_refused() {
        let mut server = server(Recovery::Half);
        let taken = (0..1000)
            .filter(|_| server.take(Duration::from_secs(1)).1 == ServerResponse::Success)
            .count();
        // 1000 requests a second for 200 ms, and the one being handled.
        assert_eq!(taken, 201);
        let refused = ServerResponse::Status { status: 429, retry_after: Some(2) };
        assert_eq!(server.take(Duration::from_secs(1)).1, refused);
    }

    #[test]
    fn an_outage_begins_and_ends_on_time() {
        let mut server = server(Recovery::Half);
        let before = |moment: Duration| moment.saturating_sub(Duration::from_nanos(1));
        assert_eq!(server.take(before(WARM_UP)).1, ServerResponse::Success);
        assert_eq!(server.take(WARM_UP).1, ServerResponse::NoConnection);
        assert_eq!(server.take(before(WARM_UP + OUTAGE)).1, ServerResponse::NoConnection);
        assert_eq!(server.take(WARM_UP + OUTAGE).1, ServerResponse::Success);
    }

    #[test]
    fn a_ramp_ends_at_half_the_capacity() {
        let ramp = server(Recovery::Ramp);
        for (seconds, expected) in [(0, 100.0), (15, 300.0), (30, 500.0), (99, 500.0)] {
            let capacity = ramp.capacity(WARM_UP + OUTAGE + Duration::from_secs(seconds));
            assert!((capacity - expected).abs() < 1e-6, "{capacity} after {seconds} s");
        }
    }
}
