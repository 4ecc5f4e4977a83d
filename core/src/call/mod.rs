//! One call as a state machine without I/O: attempts, retries, what a failure means.
//!
//! Uses: `operation`, `transport`, `config`, and the rooms below them.

mod attempt;
mod classify;
mod error;
mod http_date;
mod machine;
mod protocol;
mod redirect;
mod response;
mod retry_after;
mod seed;
mod state;
pub(crate) mod trace;
mod verdict;

pub use attempt::{Attempt, Step};
pub use error::api::{ApiError, ApiErrorKind, ErrorBody};
pub use error::{DuplicateBy, Effect, Error, ErrorKind, MayHaveCreated, refused};
pub use machine::CallMachine;
pub(crate) use protocol::Driven;
pub use protocol::{Action, Event, Machine};
pub use response::{Meta, RateLimit, Response};
pub use seed::Seed;
