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

mod answer;
mod attempt;
mod base_url;
mod big;
pub mod blocking;
mod call;
mod cancel;
mod client;
mod config;
mod current_key;
mod error;
mod field;
mod float;
mod hash;
mod headers;
mod http_date;
mod json;
mod key;
mod key_kind;
mod key_stream;
mod limit;
mod operation;
mod outcome;
mod pages;
mod provider;
mod quota;
mod quote;
mod race;
mod reader;
mod redact;
mod repair;
mod response;
mod retry;
mod retry_after;
mod run;
mod secret;
mod temporary_key;
#[cfg(feature = "test-util")]
pub mod test_util;
mod timestamp;
mod trace;
mod transport;
mod view;
mod workflow;

pub use attempt::{Attempt, Start, Step};
pub use base_url::{BaseUrl, DEFAULT_BASE_URL, is_loopback};
pub use call::{Call, CallWithResponse};
pub use client::Client;
pub use config::{CallOptions, Config};
pub use current_key::{
    Budget, BudgetScope, CurrentKey, DataRegion, FreeModelRequests, RateLimitNote,
};
pub use error::{
    ApiError, ApiErrorKind, BoxError, BuildError, BuildErrorKind, DecodeError, DecodeErrorKind,
    Effect, Error, ErrorBody, ErrorKind, MayHaveCreated, Reach, Shared, TimeoutPhase,
    TransportError, TransportErrorKind,
};
pub use field::{Field, FieldValue};
pub use hash::KeyHash;
pub use headers::Headers;
pub use json::{Extra, Json};
pub use key::Key;
pub use key_kind::KeyKind;
pub use key_stream::KeyStream;
pub use limit::{Limit, LimitReset};
pub use operation::{
    AnyOperation, AnyOutput, ApiRequest, Create, Created, Delete, Deleted, External, Get,
    GetCurrentKeyMetadata, List, Operation, Orphan, PAGE_SIZE, Page, Parsed, Parts, Replay, Update,
};
pub use pages::{Pages, Progress};
pub use provider::{KeyProvider, KeySource};
pub use race::race;
pub use reader::Reader;
#[doc(hidden)]
pub use redact::{mask, shows_key};
pub use response::{Meta, RateLimit, Response};
pub use retry::{Jitter, RetryPolicy};
pub use run::Run;
pub use secret::{ApiKey, Secret};
pub use temporary_key::{Lending, Scoped, TemporaryKey};
pub use timestamp::Timestamp;
pub use transport::{
    BlockingTransport, BoxFuture, Exchange, MaybeSend, MaybeSendSync, Transport, send_within,
};
pub use view::{Answer, View};
pub use workflow::{
    Asked, Asking, Audit, AuditReport, AuditedKey, BlockingKeyHolder, CheckKey, CloseTemporary,
    CreateReconciled, Ensure, Ensured, FindBySecret, Finding, FoundBySecret, KeyHolder, Lent,
    Nobody, Opening, Order, Pausing, Pick, Question, Reconciled, Rotate, Rotated, Rotation,
    RotationStep, Sending, Sent, Spend, Sweep, Swept, Temporary, Turn, Workflow,
};
