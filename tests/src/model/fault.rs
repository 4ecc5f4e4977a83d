//! What can happen to one create on the way to the server, in it, and back.

/// A fault of the network or the server. A key is created in 8 of the 13.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nothing listens.
    Refused,
    /// The connection breaks before the server has read the request.
    ResetBeforeRead,
    /// The key is created, and the connection breaks before the response.
    ResetAfterCommit,
    /// No key is created, and no response ever comes.
    TimeoutBeforeCommit,
    /// The key is created, and no response ever comes.
    TimeoutAfterCommit,
    /// The key is created after 5 s, even if the client has left; the response is valid.
    Commit5sLate,
    /// The key is created after 60 s, even if the client has left; the response is valid.
    Commit60sLate,
    /// 429: no key is created.
    TooManyRequests,
    /// 503 with `Retry-After`: no key is created.
    UnavailableWithRetryAfter,
    /// 503 without `Retry-After`: no key is created.
    Unavailable,
    /// The key is created, and a gateway answers 502.
    BadGatewayAfterCommit,
    /// The key is created, and the body of the 201 breaks off before its secret.
    TruncatedCreated,
    /// The key is created, and the body of the 201 is not JSON.
    GarbageCreated,
}

impl Fault {
    /// All of them.
    pub const ALL: [Self; 13] = [
        Self::Refused,
        Self::ResetBeforeRead,
        Self::ResetAfterCommit,
        Self::TimeoutBeforeCommit,
        Self::TimeoutAfterCommit,
        Self::Commit5sLate,
        Self::Commit60sLate,
        Self::TooManyRequests,
        Self::UnavailableWithRetryAfter,
        Self::Unavailable,
        Self::BadGatewayAfterCommit,
        Self::TruncatedCreated,
        Self::GarbageCreated,
    ];

    /// Whether the client can be certain that no key was created.
    pub fn certainly_did_nothing(self) -> bool {
        match self {
            Self::Refused | Self::TooManyRequests | Self::UnavailableWithRetryAfter => true,
            Self::ResetBeforeRead
            | Self::ResetAfterCommit
            | Self::TimeoutBeforeCommit
            | Self::TimeoutAfterCommit
            | Self::Commit5sLate
            | Self::Commit60sLate
            | Self::Unavailable
            | Self::BadGatewayAfterCommit
            | Self::TruncatedCreated
            | Self::GarbageCreated => false,
        }
    }
}

/// The faults of the first three creates; later ones have none.
pub type Schedule = [Fault; 3];

/// Every schedule: 13³ = 2,197.
pub fn schedules() -> impl Iterator<Item = Schedule> {
    let all = || Fault::ALL.into_iter();
    all().flat_map(move |first| {
        all().flat_map(move |second| all().map(move |third| [first, second, third]))
    })
}
