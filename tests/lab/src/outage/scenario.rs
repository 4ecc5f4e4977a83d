//! A scenario: the load of the fleet, and how its server fails and recovers.

use std::time::Duration;

/// How long the server is up before the outage.
pub const WARM_UP: Duration = Duration::from_secs(5);

/// How long the server is down.
pub const OUTAGE: Duration = Duration::from_secs(60);

/// The time into the outage after which clients that call once a second have used up
/// their retry quotas: 35 retries are 18 calls, which 99 of 100 clients have made by then.
pub const DRAINED: Duration = Duration::from_secs(30);

/// How long the fleet is observed after the outage.
pub const AFTER: Duration = Duration::from_secs(120);

/// A fleet and its server.
#[derive(Clone, Copy, Debug)]
pub struct Scenario {
    /// The number of clients, each with its own quota.
    pub clients: u32,
    /// Calls that a client begins in a second, on average.
    pub calls_per_second: f64,
    /// How requests are refused while the server is down.
    pub down: Refusal,
    /// How requests are refused while the server's queue is full.
    pub overflow: Refusal,
    /// How much capacity the server has after the outage.
    pub recovery: Recovery,
}

impl Scenario {
    /// Calls that the whole fleet begins in a second, on average.
    pub fn offered(&self) -> f64 {
        f64::from(self.clients) * self.calls_per_second
    }
}

/// How a server refuses a request.
#[derive(Clone, Copy, Debug)]
pub enum Refusal {
    /// The connection is refused.
    Connection,
    /// A status without `Retry-After`.
    Status(u16),
    /// A status with `Retry-After` in seconds.
    RetryAfter(u16, u64),
    /// A 503 whose `Retry-After` is the remaining time of the outage.
    Announced,
}

/// How much of its full capacity the server has after the outage.
#[derive(Clone, Copy, Debug)]
pub enum Recovery {
    /// Half, immediately and for good.
    Half,
    /// A tenth at first, rising to half within 30 s.
    Ramp,
}
