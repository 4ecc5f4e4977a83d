//! The steps, in the order they run.

mod budgets;
mod deny;
mod dependencies;
mod external_types;
mod faults;
mod features;
mod javascript;
mod paths;
mod platforms;
mod rooms;
mod rust;
mod rust_version;
mod services;
mod wasm;
mod wasm_tests;

use crate::step::Step;

pub(crate) const ALL: &[Step] = &[
    rust::FORMAT,
    paths::STEP,
    rooms::STEP,
    rust::CLIPPY,
    rust::TESTS,
    rust::EXAMPLE,
    rust::BENCHES,
    rust::DOCS,
    dependencies::STEP,
    rust_version::STEP,
    javascript::NPM,
    javascript::UNIT,
    javascript::TYPES,
    features::STEP,
    rust_version::BUILD,
    rust::UNIFIED,
    services::STEP,
    external_types::STEP,
    budgets::STEP,
    deny::STEP,
    deny::ADVISORIES,
    platforms::STEP,
    wasm::STEP,
    wasm_tests::STEP,
    faults::STEP,
    javascript::RUNTIMES,
];
