//! What can become of one create on the way to the server, in it, and back.

/// A fault of the wire or the server. A key is made in 8 of the 13.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nobody listens.
    Refused,
    /// The connection breaks before the server has read the request.
    ResetBeforeRead,
    /// The key is made, and the connection breaks before the response.
    ResetAfterCommit,
    /// No key is made, and no response ever comes.
    TimeoutBeforeCommit,
    /// The key is made, and no response ever comes.
    TimeoutAfterCommit,
    /// The key is made after 5 s, whoever still waits, and answered soundly.
    Commit5sLate,
    /// The key is made after 60 s, whoever still waits, and answered soundly.
    Commit60sLate,
    /// 429: no key is made.
    TooManyRequests,
    /// 503 with `Retry-After`: no key is made.
    UnavailableWithRetryAfter,
    /// 503 without `Retry-After`: no key is made.
    Unavailable,
    /// The key is made, and a gateway answers 502.
    BadGatewayAfterCommit,
    /// The key is made, and the body of the 201 breaks off before its secret.
    TruncatedCreated,
    /// The key is made, and the body of the 201 is no JSON.
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

    /// Whether the client can tell for sure that no key was made.
    pub fn surely_did_nothing(self) -> bool {
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

/// The faults that the first three creates meet; those after them meet none.
pub type Schedule = [Fault; 3];

/// Every schedule: 13³ = 2,197.
pub fn schedules() -> impl Iterator<Item = Schedule> {
    let all = || Fault::ALL.into_iter();
    all().flat_map(move |first| {
        all().flat_map(move |second| all().map(move |third| [first, second, third]))
    })
}
