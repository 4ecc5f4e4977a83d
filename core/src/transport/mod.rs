//! The interface to the network: the traits that a transport implements, and its errors.
//!
//! Uses: `config`, `types`, `redact`.

mod error;
mod race;
mod traits;

pub use error::{BoxError, Delivery, TimeoutPhase, TransportError, TransportErrorKind};
pub use race::race;
pub(crate) use race::{or_cancelled, or_cancelled_late};
pub use traits::{
    BlockingTransport, BoxFuture, MaybeSend, MaybeSendSync, SendContext, Transport, send_within,
};
pub(crate) use traits::{Limits, sent_within};
