//! The sans-IO core of openrouter-keys: OpenRouter's key-management API as
//! requests, answers, outcomes and secrets, without any I/O.
//!
//! ```text
//! application ─▶ Client ─▶ Operation ──▶ http::Request<Bytes> ─▶ Transport ─▶ wire
//!                  ▲                                                │
//!                  └── Step ◀── Attempt::finish ◀── http::Response<Bytes>
//! ```
//!
//! * An [`Operation`] is data: [`List`], [`Create`], [`Get`], [`Update`],
//!   [`Delete`], [`GetCurrentKeyMetadata`].
//! * An [`Attempt`] is the machine that turns it into requests, judges what
//!   became of each, and decides about retries. Time, elapsed time and entropy
//!   come in as arguments.
//! * A [`Transport`] carries requests. `openrouter-keys-native` has one over
//!   reqwest, async and blocking.
//! * A [`Client`] (or a [`blocking::Client`]) is the loop around the two, with a
//!   method for each operation.
//!
//! Native programs depend on `openrouter-keys-native` alone, which re-exports
//! this crate.
//!
//! # A transport of one's own
//!
//! ```
//! use std::time::Duration;
//! use bytes::Bytes;
//! use http::{Request, Response};
//! use openrouter_keys_core::{Exchange, Transport, TransportError};
//!
//! struct Mine {
//!     begun: std::time::Instant,
//! }
//!
//! #[async_trait::async_trait]
//! impl Transport for Mine {
//!     async fn send(&self, request: Request<Bytes>, _: &Exchange) -> Result<Response<Bytes>, TransportError> {
//!         carry(request).await.map_err(|error| TransportError::ambiguous(Default::default()).with_source(error))
//!     }
//!     async fn sleep(&self, time: Duration) {
//!         tokio::time::sleep(time).await
//!     }
//!     fn now(&self) -> Duration {
//!         self.begun.elapsed()
//!     }
//!     fn entropy(&self) -> u64 {
//!         4 // drawn by a fair die; a real one asks a random source
//!     }
//! }
//! # async fn carry(_: Request<Bytes>) -> Result<Response<Bytes>, std::io::Error> {
//! #     Ok(Response::new(Bytes::from_static(br#"{"data":[]}"#)))
//! # }
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), openrouter_keys_core::Error> {
//! # tokio::time::pause();
//! # use openrouter_keys_core::{ApiKey, Client, List};
//! # let client = Client::new(Mine { begun: std::time::Instant::now() }, ApiKey::new("sk-or-v1-x")?);
//! # assert!(client.list(List::new()).await?.data.is_empty());
//! # Ok(()) }
//! ```
//!
//! # Features
//!
//! | feature | what it adds |
//! | --- | --- |
//! | `jiff`, `time` | conversions between [`Timestamp`] and the types of these crates |
//! | `tracing` | one span a call, one event an attempt and a warning for a dropped create, without secrets |
//! | `test-util` | fake transports over a virtual clock, for unit tests |

mod call;
mod client;
mod config;
mod json;
mod operation;
mod redact;
#[cfg(feature = "test-util")]
pub mod test_util;
mod transport;
mod types;
mod workflow;

pub use crate::call::{
    ApiError, ApiErrorKind, Attempt, Effect, Error, ErrorBody, ErrorKind, MayHaveCreated, Shared,
    Start, Step,
};
pub use crate::call::{Meta, RateLimit, Response};
pub use crate::client::blocking;
pub use crate::client::{
    Call, CallWithResponse, Client, KeyProvider, KeySource, KeyStream, Lending, Run, Scoped,
    TemporaryKey,
};
pub use crate::config::{
    BaseUrl, CallOptions, Config, DEFAULT_BASE_URL, Headers, Jitter, RetryPolicy, is_loopback,
};
pub use crate::json::Reader;
pub use crate::operation::{
    AnyOperation, AnyOutput, ApiRequest, Create, Created, Delete, Deleted, External, Get,
    GetCurrentKeyMetadata, List, Operation, Orphan, PAGE_SIZE, Page, Parsed, Parts, Replay, Update,
};
#[doc(hidden)]
pub use crate::redact::{mask, shows_key};
pub use crate::transport::{
    BlockingTransport, BoxError, BoxFuture, Exchange, MaybeSend, MaybeSendSync, Reach,
    TimeoutPhase, Transport, TransportError, TransportErrorKind, race, send_within,
};
pub use crate::types::{
    Answer, ApiKey, Budget, BudgetScope, BuildError, BuildErrorKind, CurrentKey, DataRegion,
    DecodeError, DecodeErrorKind, Extra, Field, FieldValue, FreeModelRequests, Json, Key, KeyHash,
    KeyKind, Limit, LimitReset, RateLimitNote, Secret, Timestamp, View,
};
pub use crate::workflow::{
    Asked, Asking, Audit, AuditReport, AuditedKey, BlockingKeyHolder, CheckKey, CloseTemporary,
    CreateReconciled, Ensure, Ensured, FindBySecret, Finding, FoundBySecret, KeyHolder, Lent,
    Nobody, Opening, Order, Pages, Pausing, Pick, Progress, Question, Reconciled, Rotate, Rotated,
    Rotation, RotationStep, Sending, Sent, Spend, Sweep, Swept, Temporary, Turn, Workflow,
};
