//! Simulations that compare this library with models of other clients.
//!
//! They produce the figures in `docs/fleet.md` and `docs/create-schedules.md`, and the tests
//! check those pages. `tests/lab/bench`, a separate workspace, measures real clients.

pub mod fleet;
pub mod schedules;
