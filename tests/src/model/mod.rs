//! A model of the server of `POST /keys` in virtual time, for every schedule of three faults
//! under one retry rule or another.

mod call;
mod fault;
mod reconciliation;
#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
mod rivals;
#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
mod rotations;
mod server;
mod temporary;
mod wire;

pub use call::{Call, NAME};
pub use fault::{Fault, Schedule, schedules};
pub use reconciliation::{FOREIGN, Reconciliation};
#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
pub use rivals::{Conditions, Race};
#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
pub use rotations::{Story, Users};
pub use server::{Content, NEVER, Post, Server, ServerKey, ServerResponse};
pub use temporary::{Ending, TemporaryCall};
