//! What a fleet meets: how much it asks for, and what becomes of its server.

use std::time::Duration;

/// How long all is well at first.
pub const WARM_UP: Duration = Duration::from_secs(5);

/// How long the server is down.
pub const OUTAGE: Duration = Duration::from_secs(60);

/// After so much of the outage, a client that calls once a second has used up
/// its retry quota: 35 retries are 18 calls, and 99 of 100 clients have made as
/// many.
pub const DRAINED: Duration = Duration::from_secs(30);

/// How long the fleet is watched after the outage.
pub const AFTER: Duration = Duration::from_secs(120);

/// A fleet and its server.
#[derive(Clone, Copy, Debug)]
pub struct Scenario {
    /// How many clients there are, each with a quota of its own.
    pub clients: u32,
    /// How many calls a client begins in a second, on average.
    pub calls_per_second: f64,
    /// What a request meets while the server is down.
    pub down: Refusal,
    /// What a request meets while the server's queue is full.
    pub overflow: Refusal,
    /// How much the server can do after the outage.
    pub recovery: Recovery,
}

impl Scenario {
    /// How many calls the whole fleet begins in a second.
    pub fn offered(&self) -> f64 {
        f64::from(self.clients) * self.calls_per_second
    }
}

/// How a server turns a request away.
#[derive(Clone, Copy, Debug)]
pub enum Refusal {
    /// Nobody listens.
    Connection,
    /// A status, and no word of when to come back.
    Status(u16),
    /// A status with `Retry-After` in seconds.
    RetryAfter(u16, u64),
    /// A 503 with a `Retry-After` that leads to the end of the outage.
    Announced,
}

/// How much of its full capacity the server has after the outage.
#[derive(Clone, Copy, Debug)]
pub enum Recovery {
    /// Half, at once and for good.
    Half,
    /// A tenth at first, and half after 30 s.
    Ramp,
}
