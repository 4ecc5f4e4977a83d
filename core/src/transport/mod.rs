//! The seam to the network: the traits that a transport implements, and its errors.
//!
//! Uses: `config`, `types`, `redact`.

mod error;
mod race;
mod traits;

pub use error::{BoxError, Reach, TimeoutPhase, TransportError, TransportErrorKind};
pub use race::race;
pub(crate) use race::{unless, unless_over};
pub use traits::{
    BlockingTransport, BoxFuture, Exchange, MaybeSend, MaybeSendSync, Transport, send_within,
};
pub(crate) use traits::{Limits, sent_within};
