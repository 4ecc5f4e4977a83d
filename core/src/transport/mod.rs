//! The interface to the network: the traits that a transport implements, and its errors.
//!
//! Uses: `config`, `types`, `redact`.

pub(crate) mod arrived;
mod error;
pub(crate) mod head;
mod race;
mod traits;
pub(crate) mod wire;

pub(crate) use arrived::Arrived;
pub use error::{BoxError, Delivery, TimeoutPhase, TransportError, TransportErrorKind};
pub(crate) use head::Head;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
pub use head::ResponseHeaders;
pub(crate) use head::{KnownHeader, ReadHeaders};
pub use race::race;
pub(crate) use race::{or_cancelled, or_cancelled_late};
pub(crate) use traits::Limits;
pub use traits::{
    BlockingTransport, BoxFuture, MaybeSend, MaybeSendSync, SendContext, Transport, send_within,
};
pub(crate) use wire::{Outgoing, Wire, sent_within};
