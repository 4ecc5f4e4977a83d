//! Callers that ensure the same key at once, under random schedules in virtual time.

#![cfg(not(all(target_family = "wasm", target_os = "unknown")))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::time::Duration;

use openrouter_keys_core::workflow::Ensured;
use openrouter_keys_tests::model::{Conditions, Race};

#[test]
fn concurrent_ensures_leave_one_key_and_one_caller_with_its_secret() {
    let mut races = 0;
    for callers in 2..=8 {
        for seed in 0..1000 {
            let conditions = Conditions {
                callers,
                spread: Duration::from_millis([0, 300, 2_000, 8_000, 20_000][seed % 5]),
                latency: Duration::from_millis([1, 100, 700, 1_500][seed % 4]),
                lag: Duration::from_secs([0, 1, 3][seed % 3]),
                seed: u64::try_from(seed).unwrap(),
            };
            let Race { results, live, made } = Race::run(conditions);
            assert_eq!(live.len(), 1, "{conditions:?}: {results:?}");
            let mut secrets = 0;
            for result in &results {
                let key = match result {
                    Ok(Ensured::Created { created, unsettled: None }) => {
                        secrets += 1;
                        created.data.get().unwrap()
                    }
                    Ok(Ensured::Existing { key, .. }) => key,
                    other => panic!("{conditions:?}: {other:?}"),
                };
                assert_eq!(key.hash.as_deref(), live.first().map(String::as_str), "{conditions:?}");
            }
            assert_eq!((results.len(), secrets), (callers, 1), "{conditions:?}");
            races += usize::from(made > 1);
        }
    }
    // Otherwise the schedules would have tested nothing.
    assert!(races > 2_000, "{races}");
}
