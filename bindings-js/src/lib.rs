//! What the npm package's JavaScript calls: a client whose calls take arrays of
//! checked values and return arrays of plain data.
//!
//! The facade in `js/` does types, names, errors and iteration; requests,
//! parsing, retries and secrets are here. All operations share one future, so
//! that the machine is in the module once.
//!
//! The crate is for `wasm32-unknown-unknown` with a JavaScript host, and empty
//! on every other target.
#![cfg(all(target_family = "wasm", target_os = "unknown"))]

mod answer;
mod arguments;
mod carrier;
mod client;
mod error;
mod holder;
mod job;
mod keys;
mod secrets;
mod tape;
mod task;
mod thrown;

/// What is freed is overwritten: a body that repeats a secret is read in many pieces.
#[global_allocator]
static ALLOCATOR: ZeroAlloc<rlsf::SmallGlobalTlsf> = ZeroAlloc(rlsf::SmallGlobalTlsf::new());

use zeroizing_alloc::ZeroAlloc;

pub use client::{Client, Listing};
pub use secrets::masked;
pub use tape::shapes;
pub use task::Task;
