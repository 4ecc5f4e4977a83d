//! Simulations of this library beside models of other clients.
//!
//! The figures of `docs/fleet.md` and `docs/create-schedules.md` come from here, and the
//! tests compare them. `tests/lab/bench` measures real clients and is a workspace of its own.

pub mod fleet;
pub mod schedules;
