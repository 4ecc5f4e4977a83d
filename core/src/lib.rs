//! The sans-IO core of openrouter-keys: OpenRouter's key-management API as requests,
//! responses, retries and secrets, without any I/O.
//!
//! Native programs depend on `openrouter-keys-native` instead, which re-exports this
//! crate and adds a transport over reqwest.
//!
//! ```text
//! your code ─▶ Client ─▶ Operation ──▶ http::Request<Bytes> ─▶ Transport ─▶ wire
//!                 ▲                                                │
//!                 └── Step ◀── Attempt::finish ◀── http::Response<Bytes>
//! ```
//!
//! * An [`operation`] is data: [`List`], [`Create`], [`Get`](operation::Get),
//!   [`Update`], [`Delete`](operation::Delete) and
//!   [`GetCurrentKeyMetadata`](operation::GetCurrentKeyMetadata).
//! * An [`Attempt`](machine::Attempt) turns an operation into requests, decides what each
//!   response or failure means, and whether to retry. Time and entropy are arguments.
//! * A [`Transport`](transport::Transport) carries requests.
//! * A [`Client`], or a [`blocking::Client`], drives attempts over a transport, with one
//!   method for each operation and each [`workflow`].
//!
//! # Your own transport
//!
//! ```
//! use std::time::Duration;
//! use bytes::Bytes;
//! use http::{Request, Response};
//! use openrouter_keys_core::error::TransportError;
//! use openrouter_keys_core::transport::{Exchange, Transport};
//!
//! struct Custom {
//!     started: std::time::Instant,
//! }
//!
//! #[async_trait::async_trait]
//! impl Transport for Custom {
//!     async fn send(&self, request: Request<Bytes>, _: &Exchange) -> Result<Response<Bytes>, TransportError> {
//!         carry(request).await.map_err(|error| TransportError::ambiguous(Default::default()).with_source(error))
//!     }
//!     async fn sleep(&self, time: Duration) {
//!         tokio::time::sleep(time).await
//!     }
//!     fn now(&self) -> Duration {
//!         self.started.elapsed()
//!     }
//!     fn entropy(&self) -> u64 {
//!         4 // use a random source here
//!     }
//! }
//! # async fn carry(_: Request<Bytes>) -> Result<Response<Bytes>, std::io::Error> {
//! #     Ok(Response::new(Bytes::from_static(br#"{"data":[]}"#)))
//! # }
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), openrouter_keys_core::Error> {
//! # tokio::time::pause();
//! # use openrouter_keys_core::{ApiKey, Client, List};
//! # let client = Client::new(Custom { started: std::time::Instant::now() }, ApiKey::new("sk-or-v1-x")?);
//! # assert!(client.list(List::new()).await?.data.is_empty());
//! # Ok(()) }
//! ```
//!
//! # Features
//!
//! | feature | what it adds |
//! | --- | --- |
//! | `jiff`, `time` | conversions between [`Timestamp`] and the types of these crates |
//! | `tracing` | one span per call, one event per attempt and a warning for a dropped create, without secrets |
//! | `test-util` | fake transports over a virtual clock, for unit tests |
//!
//! # The source
//!
//! Each room imports only from the rooms below it; `cargo xtask test --step rooms` checks it.
//!
//! ```text
//! test_util/  fake transports over a virtual clock
//! client/     the clients, async and blocking, and what they return before it is sent
//! workflow/   multi-request workflows, each a state machine
//! call/       one call as a state machine: attempts, the retry rule, the error
//! operation/  the operations: their requests, and how responses are read
//! transport/  the traits that a transport implements, and its errors
//! config/     settings of clients and calls
//! types/      values of requests and responses
//! redact/     masking of keys, escaping of invisible characters
//! json/       the JSON reader
//! ```

mod call;
pub mod client;
pub mod config;
mod json;
pub mod operation;
mod redact;
#[cfg(feature = "test-util")]
pub mod test_util;
pub mod transport;
pub mod types;
pub mod workflow;

pub use call::{Effect, Error, ErrorKind, Meta, RateLimit, Response};
pub use client::{Call, Client, KeyProvider, KeySource, blocking};
pub use config::{BaseUrl, CallOptions, Config, Headers, RetryPolicy};
pub use operation::{Create, List, Update};
pub use types::{ApiKey, CurrentKey, Field, Key, KeyHash, Limit, LimitReset, Secret, Timestamp};

/// Every error, and the parts of an [`Error`].
pub mod error {
    pub use crate::call::{ApiError, ApiErrorKind, ErrorBody, MayHaveCreated, Shared};
    pub use crate::transport::{BoxError, Reach, TimeoutPhase, TransportError, TransportErrorKind};
    pub use crate::types::{BuildError, BuildErrorKind, DecodeError, DecodeErrorKind};
}

/// The machines of calls and workflows, for driving them without a client.
pub mod machine {
    pub use crate::call::{Attempt, Start, Step};
    pub use crate::workflow::{Asked, Asking, Opening, Order, Pausing, Sending, Sent, Turn};
}

/// For the other crates of this repository. Not part of the API.
#[doc(hidden)]
pub mod internal {
    pub use crate::config::is_loopback;
    pub use crate::redact::{mask, shows_key};
    pub use crate::transport::race;
    pub use crate::types::{Answer, View};
}
