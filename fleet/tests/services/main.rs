//! Sinks and stores on real servers: `OpenBao`, and moto's AWS.
//!
//! `cargo xtask test --step services` installs the servers and runs these tests.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "tests")]

mod aws;
mod gate;
mod servers;
mod stores;
mod suite;
mod vault;
