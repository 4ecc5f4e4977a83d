//! The steps, in the order in which they run.

mod advisories;
mod benches;
mod budgets;
mod clippy;
mod deny;
mod dependencies;
mod docs;
mod example;
mod external_types;
mod faults;
mod features;
mod format;
mod javascript;
mod npm;
mod paths;
mod rooms;
mod runtimes;
mod rust_version;
mod rust_version_build;
mod tests;
mod unified;
mod wasm;
mod wasm_tests;

use crate::step::Step;

pub(crate) const ALL: &[Step] = &[
    format::STEP,
    paths::STEP,
    rooms::STEP,
    clippy::STEP,
    tests::STEP,
    unified::STEP,
    example::STEP,
    benches::STEP,
    budgets::STEP,
    features::STEP,
    rust_version::STEP,
    rust_version_build::STEP,
    docs::STEP,
    dependencies::STEP,
    deny::STEP,
    advisories::STEP,
    external_types::STEP,
    wasm::STEP,
    wasm_tests::STEP,
    npm::STEP,
    javascript::STEP,
    faults::STEP,
    runtimes::STEP,
];
