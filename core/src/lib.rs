//! The sans-IO core of openrouter-keys: OpenRouter's key-management API as requests,
//! responses, retries and secrets, without any I/O.
//!
//! Native programs depend on `openrouter-keys-native` instead, which re-exports this
//! crate and adds a transport over reqwest.
//!
//! ```text
//! your code ─▶ Client ─▶ Operation ──▶ http::Request<Bytes> ─▶ Transport ─▶ wire
//!                 ▲                                                │
//!                 └── Action ◀── Machine::resume ◀── http::Response<Bytes>
//! ```
//!
//! * An [`operation`] is data: [`List`], [`Create`], [`Get`](operation::Get),
//!   [`Update`], [`Delete`](operation::Delete) and
//!   [`GetCurrentKeyMetadata`](operation::GetCurrentKeyMetadata).
//! * A [`machine`] turns an operation or a workflow into requests, decides what each
//!   response or failure means, and whether to retry. Time and entropy are arguments.
//! * A [`Transport`](transport::Transport) carries requests.
//! * A [`Client`], or a [`blocking::Client`], drives machines over a transport, with one
//!   method for each operation and each [`workflow`].
//!
//! # Your own transport
//!
//! ```
//! use std::time::Duration;
//! use bytes::Bytes;
//! use http::{Request, Response};
//! use openrouter_keys_core::error::TransportError;
//! use openrouter_keys_core::transport::{SendContext, Transport};
//!
//! struct Custom {
//!     started: std::time::Instant,
//! }
//!
//! #[async_trait::async_trait]
//! impl Transport for Custom {
//!     async fn send(&self, request: Request<Bytes>, _: &SendContext) -> Result<Response<Bytes>, TransportError> {
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
//! client/     the clients, async and blocking, and the calls that their methods return
//! workflow/   multi-request workflows, each a state machine
//! call/       one call as a state machine: attempts, the retry rule, the error
//! operation/  the operations: their requests, and how responses are read
//! transport/  the traits that a transport implements, and its errors
//! config/     settings of clients and calls
//! types/      values of requests and responses, from the crate openrouter-keys-types
//! ```

use openrouter_keys_types::{json, redact};

mod call;
pub mod client;
pub mod config;
pub mod operation;
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

/// All errors, and the parts of an [`Error`].
pub mod error {
    pub use crate::call::{ApiError, ApiErrorKind, DuplicateBy, ErrorBody, MayHaveCreated};
    pub use crate::transport::{
        BoxError, Delivery, TimeoutPhase, TransportError, TransportErrorKind,
    };
    pub use crate::types::{BuildError, BuildErrorKind, DecodeError, DecodeErrorKind};
}

/// The machines of calls and workflows, for driving them without a client.
///
/// Both use one protocol: [`Machine::resume`](machine::Machine::resume) takes an
/// [`Event`](machine::Event) and returns an [`Action`](machine::Action). A driver is just a loop.
/// One for a call:
///
/// ```
/// use std::time::Instant;
/// use openrouter_keys_core::machine::{Action, CallMachine, Event, Machine, Seed};
/// use openrouter_keys_core::{ApiKey, CallOptions, Config, List};
/// # use openrouter_keys_core::test_util::{FakeTransport, Reply};
/// # use openrouter_keys_core::transport::BlockingTransport;
/// # let sender = FakeTransport::always(Reply::status(200).json(r#"{"data":[]}"#));
/// # let send = |request, exchange: &_| BlockingTransport::send(&sender, request, exchange);
/// # let key = ApiKey::new("sk-or-v1-0123456789abcdef")?;
///
/// let mut call = CallMachine::new(&Config::new(), &CallOptions::new(), List::new());
/// let begun = Instant::now();
/// let mut event = Event::Begin(Seed { entropy: 4, now: None });
/// let response = loop {
///     event = match call.resume(event, begun.elapsed()) {
///         Action::Authenticate(_) => Event::Key(Ok(key.clone())),
///         Action::Send(exchange) => Event::Response(send(call.request(), &exchange)),
///         Action::Sleep(time) => {
///             std::thread::sleep(time);
///             Event::Slept
///         }
///         Action::Ask(never) => match never {},
///         Action::Done(result) => break result?,
///     };
/// };
/// assert!(response.output.data.is_empty());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// And one for a workflow. Its calls are machines inside it, so the driver sees only requests,
/// pauses and questions:
///
/// ```
/// use std::time::Instant;
/// use openrouter_keys_core::machine::{Action, Event, Machine, Seed};
/// use openrouter_keys_core::workflow::{Audit, Workflow};
/// use openrouter_keys_core::{ApiKey, CallOptions, Config};
/// # use openrouter_keys_core::test_util::{FakeTransport, Reply};
/// # use openrouter_keys_core::transport::BlockingTransport;
/// # let sender = FakeTransport::always(Reply::status(200).json(r#"{"data":[]}"#));
/// # let send = |request, exchange: &_| BlockingTransport::send(&sender, request, exchange);
/// # let key = ApiKey::new("sk-or-v1-0123456789abcdef")?;
///
/// let mut audit = Audit::new().begin(&Config::new(), &CallOptions::new());
/// let begun = Instant::now();
/// let mut event = Event::Begin(Seed { entropy: 4, now: None });
/// let report = loop {
///     event = match audit.resume(event, begun.elapsed()) {
///         Action::Authenticate(_) => Event::Key(Ok(key.clone())),
///         Action::Send(exchange) => Event::Response(send(audit.request(), &exchange)),
///         Action::Sleep(time) => {
///             std::thread::sleep(time);
///             Event::Slept
///         }
///         Action::Ask(question) => Event::Answer(Err(format!("{question:?}").into())),
///         Action::Done(result) => break result?,
///     };
/// };
/// assert!(report.keys.is_empty());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// A call consists of [`Attempt`](machine::Attempt)s: one request each, and what its outcome means.
pub mod machine {
    pub use crate::call::{Action, Attempt, CallMachine, Event, Machine, Seed, Step};
    pub use crate::workflow::WorkflowMachine;
}

/// For the other crates of this repository. Not part of the API.
#[doc(hidden)]
pub mod internal {
    pub use crate::call::refused;
    pub use crate::config::is_loopback;
    pub use crate::redact::{mask, shows_key};
    pub use crate::transport::arrived::Arrived;
    pub use crate::transport::head::{HeaderLines, ReadHeaders};
    pub use crate::transport::race;
    pub use crate::transport::wire::{Outgoing, Wire};
    pub use crate::types::{Object, ValueRef};
    pub use crate::workflow::{is_marked, unmarked};
    pub use openrouter_keys_types::values::flat::{Flat, Tag as FlatTag, shape as flat_shape};
}
