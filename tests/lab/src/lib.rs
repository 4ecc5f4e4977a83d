//! Simulations that compare this library with models of other clients.
//!
//! They produce the figures in `docs/outages.md`, `docs/create-schedules.md` and
//! `docs/fleet-operations.md`. `tests/lab/bench`, a separate workspace, measures real clients.

pub mod outage;
pub mod rotations;
pub mod schedules;
