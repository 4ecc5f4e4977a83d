//! What the tests of openrouter-keys share.

pub mod caller;
pub mod contract;
pub mod vectors;
