//! A server of `POST /keys` as a model, in virtual time: every schedule of three
//! faults, and what becomes of a create under one retry rule or another.

mod call;
mod fault;
mod loan;
mod reconciliation;
#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
mod rivals;
#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
mod rotations;
mod server;
mod wire;

pub use call::{Call, NAME};
pub use fault::{Fault, Schedule, schedules};
pub use loan::{Ending, Loan};
pub use reconciliation::{FOREIGN, Reconciliation};
#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
pub use rivals::{Conditions, Race};
#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
pub use rotations::{Story, Users};
pub use server::{Content, NEVER, Post, Server, ServerKey, ServerResponse};
