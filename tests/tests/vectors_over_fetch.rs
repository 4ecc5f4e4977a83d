//! Runs every wire vector of `tests/vectors` over a scripted `fetch`, in the host the tests run
//! in, and reports all failures together.

#![cfg(all(target_family = "wasm", target_os = "unknown"))]
#![allow(clippy::panic, reason = "a test fails with a panic")]

#[path = "vectors/call.rs"]
mod call;
#[path = "vectors/judge.rs"]
mod judge;
#[path = "vectors/scripted_fetch.rs"]
mod scripted_fetch;
#[path = "vectors/seen.rs"]
mod seen;
#[path = "vectors/virtual_clock.rs"]
mod virtual_clock;

use std::collections::BTreeMap;
use std::pin::pin;
use std::time::Duration;

use call::Came;
use openrouter_keys_core::Client;
use openrouter_keys_core::internal::race;
use openrouter_keys_core::transport::Transport as _;
use openrouter_keys_tests::vector_files::FILES;
use openrouter_keys_tests::vectors::Vector;
use openrouter_keys_wasm::FetchTransport;
use scripted_fetch::{LeftOut, ScriptedFetch};
use virtual_clock::VirtualClock;
use wasm_bindgen_test::wasm_bindgen_test;

/// Node exits successfully when nothing is pending, even within a test, so a standstill must fail
/// explicitly.
const STANDSTILL: Duration = Duration::from_secs(20);

fn vectors() -> Vec<(&'static str, Vector)> {
    let mut all = Vec::new();
    for file in FILES {
        let vectors = file.vectors().unwrap_or_else(|problem| panic!("{problem}"));
        all.extend(vectors.into_iter().map(|vector| (file.name, vector)));
    }
    all
}

async fn make(vector: &Vector) -> Result<Came, String> {
    let time = VirtualClock::default();
    let fetch = ScriptedFetch::new(vector, time.clone())?;
    let clock = time.clock().map_err(|thrown| format!("no clock: {thrown:?}"))?;
    let transport = FetchTransport::new().with_direct_fetch(fetch.function()).with_clock(clock);
    let outcome = call::make(vector, |key, config| {
        // No vector needs pauses within a body.
        Client::with_config(transport, key, config.idle_timeout(Duration::MAX))
    })
    .await?;
    Ok(Came { outcome, requests: fetch.take_requests(), pauses: time.pauses() })
}

#[wasm_bindgen_test]
async fn every_vector_holds_over_fetch() {
    let mut failures = Vec::new();
    for (file, vector) in vectors() {
        if LeftOut::reason(&vector).is_some() {
            continue;
        }
        let problems =
            match race(pin!(make(&vector)), FetchTransport::new().sleep(STANDSTILL)).await {
                Some(Ok(came)) => judge::problems(&vector, &came),
                Some(Err(problem)) => vec![format!("the vector cannot be run: {problem}")],
                None => vec!["the call never ended".to_owned()],
            };
        if !problems.is_empty() {
            failures.push(format!("{file}: {}\n    {}", vector.name, problems.join("\n    ")));
        }
    }
    let (count, failures) = (failures.len(), failures.join("\n\n"));
    assert!(failures.is_empty(), "{count} vectors fail:\n\n{failures}\n");
}

#[wasm_bindgen_test]
fn only_vectors_that_fetch_cannot_express_are_left_out() {
    let mut counts = BTreeMap::new();
    for reason in vectors().iter().filter_map(|(_, vector)| LeftOut::reason(vector)) {
        *counts.entry(reason).or_insert(0) += 1;
    }
    assert_eq!(counts, BTreeMap::from([(LeftOut::Failure, 25), (LeftOut::Status, 10)]));
}
