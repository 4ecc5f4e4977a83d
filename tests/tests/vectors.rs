//! Runs every wire vector of `tests/vectors` through both drivers, the async
//! and the blocking client, and reports all failures together.

#![allow(clippy::panic, reason = "a test ends by a panic")]

#[path = "vectors/call.rs"]
mod call;
#[path = "vectors/judge.rs"]
mod judge;
#[path = "vectors/seen.rs"]
mod seen;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use call::Driver;
use openrouter_keys_tests::vectors::{Vector, read};

/// Every file, and the number of vectors below which some were lost.
const FILES: [(&str, usize); 13] = [
    ("answers-create.json", 40),
    ("answers-current-key.json", 20),
    ("answers-delete.json", 20),
    ("answers-drift.json", 40),
    ("answers-key.json", 50),
    ("answers-unreadable.json", 50),
    ("errors.json", 50),
    ("failures.json", 90),
    ("redirects.json", 50),
    ("refusals.json", 140),
    ("requests.json", 90),
    ("retries.json", 120),
    ("statuses.json", 170),
];

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("vectors")
}

fn read_file(name: &str) -> Vec<Vector> {
    read(&folder().join(name)).unwrap_or_else(|problem| panic!("{problem}"))
}

#[test]
fn every_vector_holds_through_both_drivers() {
    let mut failures = Vec::new();
    for (file, _) in FILES {
        for vector in read_file(file) {
            for driver in [Driver::Async, Driver::Blocking] {
                let problems = match call::make(&vector, driver) {
                    Ok(came) => judge::problems(&vector, &came),
                    Err(problem) => vec![format!("the vector cannot be run: {problem}")],
                };
                if !problems.is_empty() {
                    let problems = problems.join("\n    ");
                    failures.push(format!("{file}: {} ({driver:?})\n    {problems}", vector.name));
                }
            }
        }
    }
    assert!(
        failures.is_empty(),
        "{} vectors do not hold:

{}
",
        failures.len(),
        failures.join(
            "

"
        )
    );
}

#[test]
fn no_file_is_forgotten_or_lost_a_part() {
    let listed: BTreeSet<String> = FILES.iter().map(|(name, _)| (*name).to_owned()).collect();
    let present: BTreeSet<String> = std::fs::read_dir(folder())
        .unwrap_or_else(|error| panic!("tests/vectors: {error}"))
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .filter_map(|path| Some(path.file_name()?.to_str()?.to_owned()))
        .collect();
    assert_eq!(listed, present, "the files of tests/vectors");
    for (file, least) in FILES {
        let count = read_file(file).len();
        assert!(count >= least, "{file} holds {count} vectors, not at least {least}");
    }
}

#[test]
fn every_vector_has_a_name_of_its_own() {
    let mut files = BTreeMap::new();
    for (file, _) in FILES {
        for Vector { name, .. } in read_file(file) {
            if let Some(other) = files.insert(name.clone(), file) {
                panic!("{file} and {other} both hold a vector named {name:?}");
            }
        }
    }
}

#[test]
fn an_unknown_name_in_a_vector_is_an_error() {
    let sound = r#"{"name":"x","operation":"list","error":{"kind":"k","effect":"e","retryable":true,"attempts":1}}"#;
    assert!(serde_json::from_str::<Vector>(sound).is_ok());
    for (known, slip) in
        [("\"error\"", "\"eror\""), ("\"kind\"", "\"sort\":1,\"kind\""), ("\"list\"", "\"lists\"")]
    {
        let text = sound.replace(known, slip);
        assert!(serde_json::from_str::<Vector>(&text).is_err(), "{text}");
    }
}
