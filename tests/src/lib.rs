//! What the tests of openrouter-keys share. It compiles for the web too.

pub mod caller;
pub mod contract;
pub mod fleet;
pub mod model;
pub mod vector_files;
pub mod vectors;
