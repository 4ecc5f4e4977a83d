//! Simulates a fleet of clients whose server goes down and comes back.
//!
//! The calls are the core's own attempts; only time, the network and the server are
//! simulated. All randomness comes from one seed, so the same seed gives the same figures
//! on every machine.

mod agenda;
mod attempts;
mod figures;
mod rule;
mod scenario;
mod sdk;
mod server;
mod simulation;
mod table;

pub use figures::Figures;
pub use rule::Rule;
pub use scenario::{AFTER, DRAINED, OUTAGE, Recovery, Refusal, Scenario, WARM_UP};
pub use simulation::simulate;
pub use table::{SECTIONS, Section, table};
