//! Runs every wire vector of `tests/vectors` through both drivers, the async and the blocking
//! client, and reports all failures together.

#![cfg(not(all(target_family = "wasm", target_os = "unknown")))]
#![allow(clippy::panic, reason = "a test fails with a panic")]

#[path = "vectors/call.rs"]
mod call;
#[path = "vectors/fake.rs"]
mod fake;
#[path = "vectors/judge.rs"]
mod judge;
#[path = "vectors/seen.rs"]
mod seen;

use std::collections::{BTreeMap, BTreeSet};

use call::{Came, Outcome};
use openrouter_keys_core::{Client, blocking};
use openrouter_keys_tests::tables;
use openrouter_keys_tests::vector_files::{FILES, SHARED, VectorFile};
use openrouter_keys_tests::vectors::{FailureName, Vector};

/// The client that makes the call.
#[derive(Clone, Copy, Debug)]
enum Driver {
    Async,
    Blocking,
}

fn vectors(file: &VectorFile) -> Vec<Vector> {
    file.vectors().unwrap_or_else(|problem| panic!("{problem}"))
}

fn make(vector: &Vector, driver: Driver) -> Result<Came, String> {
    let transport = fake::transport(vector)?;
    let carrier = transport.clone();
    let outcome: Outcome = pollster::block_on(async {
        match driver {
            Driver::Async => {
                call::make(vector, |key, config| Client::with_config(carrier, key, config)).await
            }
            Driver::Blocking => {
                let client = |key, config| blocking::Client::with_config(carrier, key, config);
                call::make(vector, client).await
            }
        }
    })?;
    Ok(Came { outcome, requests: fake::requests(&transport), pauses: transport.pauses() })
}

#[test]
fn every_vector_holds_through_both_drivers() {
    let mut failures = Vec::new();
    for file in FILES {
        for vector in vectors(file) {
            for driver in [Driver::Async, Driver::Blocking] {
                let problems = match make(&vector, driver) {
                    Ok(came) => judge::problems(&vector, &came),
                    Err(problem) => vec![format!("the vector cannot be run: {problem}")],
                };
                if !problems.is_empty() {
                    let (file, problems) = (file.name, problems.join("\n    "));
                    failures.push(format!("{file}: {} ({driver:?})\n    {problems}", vector.name));
                }
            }
        }
    }
    let (count, failures) = (failures.len(), failures.join("\n\n"));
    assert!(failures.is_empty(), "{count} vectors fail:\n\n{failures}\n");
}

#[test]
fn no_vector_file_is_forgotten_or_incomplete() {
    let listed: BTreeSet<String> = FILES.iter().map(|file| file.name.to_owned()).collect();
    let folder = openrouter_keys_tests::folder().join("vectors");
    let present: BTreeSet<String> = std::fs::read_dir(folder)
        .unwrap_or_else(|error| panic!("tests/vectors: {error}"))
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .filter_map(|path| Some(path.file_name()?.to_str()?.to_owned()))
        .collect();
    assert_eq!(listed, present, "the files of tests/vectors");
    for file in FILES {
        let (VectorFile { name, least, .. }, count) = (file, vectors(file).len());
        assert!(count >= *least, "{name} has {count} vectors, not at least {least}");
    }
}

#[test]
fn every_vector_has_a_unique_name() {
    let mut files = BTreeMap::new();
    for file in FILES {
        for Vector { name, .. } in vectors(file) {
            if let Some(other) = files.insert(name.clone(), file.name) {
                let file = file.name;
                panic!("{file} and {other} both have a vector named {name:?}");
            }
        }
    }
}

#[test]
fn the_page_on_testing_uses_the_vectors_names_of_failures() {
    let page = include_str!("../../docs/testing.md");
    let rows = page.lines().filter(|line| line.starts_with("| ") && line.contains('`')).skip(1);
    let cells = rows.filter_map(|line| line.trim_end_matches(" |").rsplit(" | ").next());
    let names: Vec<&str> = cells
        .filter_map(|cell| cell.strip_prefix('`')?.split('`').next())
        .filter(|name| *name != "after_ms")
        .collect();
    assert_eq!(names, ["connect", "disconnected", "never", "disconnected", "never"]);
    for name in names {
        let failure = serde_json::from_value::<FailureName>(name.into());
        assert!(failure.is_ok(), "{name}");
    }
}

#[test]
fn the_table_in_the_readme_is_four_vectors() {
    let page = include_str!("../vectors/README.md");
    let table = page.split("```").nth(1).and_then(|block| block.strip_prefix("json")).unwrap_or("");
    let vectors = tables::expand(&format!("[{table}]"), SHARED);
    let vectors = vectors.unwrap_or_else(|problem| panic!("{problem}"));
    let names: Vec<&str> = vectors.iter().filter_map(|vector| vector["name"].as_str()).collect();
    assert_eq!(
        names,
        [
            "get does not follow a 301",
            "get does not follow a 308",
            "create does not follow a 301",
            "create does not follow a 308"
        ]
    );
    assert_eq!(vectors[3]["responses"][0], serde_json::json!({"status": 308}));
    assert_eq!(vectors[3]["error"]["look_for"]["name"], "Customer 42");
    assert_eq!(vectors[1]["error"].get("look_for"), None);
    assert_eq!(vectors[1]["error"]["effect"], "nothing");
}

#[test]
fn a_mistake_in_a_table_is_an_error() {
    let valid = r#"[{"name":"{x}","for":{"x y":[["a",1]]},"operation":"list","responses":["$y"]}]"#;
    assert!(tables::expand(valid, SHARED).is_ok());
    for (known, mistake) in [
        ("{x}", "{z}"),
        ("$y", "$z"),
        ("x y", "x y z"),
        ("\"$y\"", "1"),
        ("1]", "1,2]"),
        ("[[", "{\"a\":[["),
        ("list", "lists"),
    ] {
        let text = valid.replace(known, mistake);
        assert!(tables::expand(&text, SHARED).is_err(), "{text}");
    }
}

#[test]
fn an_unknown_name_in_a_vector_is_an_error() {
    let valid = r#"{"name":"x","operation":"list","error":{"kind":"k","effect":"e","retryable":true,"attempts":1}}"#;
    assert!(serde_json::from_str::<Vector>(valid).is_ok());
    for (known, mistake) in
        [("\"error\"", "\"eror\""), ("\"kind\"", "\"sort\":1,\"kind\""), ("\"list\"", "\"lists\"")]
    {
        let text = valid.replace(known, mistake);
        assert!(serde_json::from_str::<Vector>(&text).is_err(), "{text}");
    }
}
