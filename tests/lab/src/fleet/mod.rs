//! A fleet of clients against a server that goes down and comes back, simulated.
//!
//! The calls are the core's own attempts; only time, the network and the server
//! are made up. Everything that is left to chance comes from one seed, so that
//! the same seed gives the same figures on every machine.

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
