//! The clients, async and blocking: they drive calls and workflows over a transport.
//!
//! Uses every other room.

mod answers;
mod async_client;
pub mod blocking;
mod blocking_client;
mod call;
mod cancel;
mod credentials;
mod key_stream;
mod keys;
mod methods;
mod run;
mod temporary_key;

pub use async_client::Client;
pub use call::{Call, CallWithResponse};
pub use credentials::{KeyProvider, KeySource};
pub use key_stream::KeyStream;
pub use run::Run;
pub use temporary_key::{Scoped, TemporaryKey, TemporaryKeyRequest};
