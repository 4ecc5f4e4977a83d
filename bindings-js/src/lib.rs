//! The module behind the npm package's JavaScript: a client whose calls take objects of
//! checked values and return plain data.
//!
//! The facade in `js/` does types, names, errors and iteration; requests, parsing, retries
//! and secrets are here. `js/internal/README.md` draws both ways across the border. All
//! operations share one future, so that the machine is in the module once.
//!
//! The crate is for `wasm32-unknown-unknown` with a JavaScript host, and is empty on every
//! other target.
#![cfg(all(target_family = "wasm", target_os = "unknown"))]
#![cfg_attr(not(feature = "workflows"), allow(dead_code, reason = "used by workflows only"))]

mod client;
mod command;
mod error;
mod fetch_adapter;
mod keys;
mod output;
mod params;
mod reply;
mod secrets;
mod tag;
mod task;
mod thrown;
#[cfg_attr(not(feature = "workflows"), path = "without_workflows.rs")]
mod workflows;

/// Overwrites freed memory: a body that repeats a secret is read in many pieces.
#[global_allocator]
static ALLOCATOR: ZeroAlloc<rlsf::SmallGlobalTlsf> = ZeroAlloc(rlsf::SmallGlobalTlsf::new());

use zeroizing_alloc::ZeroAlloc;

pub use client::{Client, Listing};
pub use reply::shape;
pub use secrets::masked;
pub use tag::Tag;
pub use task::Task;
