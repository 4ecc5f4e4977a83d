//! The blocking client: the same API over any
//! [`BlockingTransport`](crate::transport::BlockingTransport), without an async runtime.

pub use super::blocking_client::{Client, KeyProvider};
pub use super::keys::Keys;
use super::{call, run, temporary_key};
pub use crate::workflow::BlockingRotationHandler as RotationHandler;
use crate::workflow::NoHandler;

/// A call, sent by [`send`](Call::send).
pub type Call<O> = call::Call<O, Client>;

/// A [`Call`] that returns its output in a [`Response`](crate::Response).
pub type CallWithResponse<O> = call::CallWithResponse<O, Client>;

/// A workflow, run by [`finish`](Run::finish).
pub type Run<W, H = NoHandler> = run::Run<W, Client, H>;

/// A temporary key, created by [`finish`](TemporaryKeyRequest::finish) or [`scope`](TemporaryKeyRequest::scope).
pub type TemporaryKeyRequest = temporary_key::TemporaryKeyRequest<Client>;

/// A temporary key of this client.
pub type TemporaryKey = temporary_key::TemporaryKey<Client>;
