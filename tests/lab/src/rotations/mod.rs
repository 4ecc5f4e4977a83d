//! Machines that rotate the same keys, and die, sleep and lose their network while they do.
//!
//! Everything happens in virtual time on one thread, with all chance from the story's seed.

mod machine;
mod network;
mod objects;
mod story;
mod world;

pub use story::{Scenario, Trouble, play};
pub use world::{FenceRule, Tally};
