//! Every fuzz target over its corpus and over inputs derived from it: briefly what `cargo fuzz`
//! does for longer.

#![cfg(not(all(target_family = "wasm", target_os = "unknown")))]
#![allow(clippy::expect_used, reason = "tests")]

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use openrouter_keys_tests::fuzz::TARGETS;
use openrouter_keys_tests::fuzz::mutation::Mutation;

const INPUTS: usize = 1500;

fn folder(name: &str) -> PathBuf {
    openrouter_keys_tests::folder().join(name)
}

/// The names in a folder, sorted.
fn names(folder: &Path) -> BTreeSet<String> {
    let entries = std::fs::read_dir(folder).expect("the folder exists");
    let names = entries.map(|entry| entry.expect("it can be read").file_name());
    names.map(|name| name.into_string().expect("a name of ASCII")).collect()
}

fn corpus(target: &str) -> Vec<Vec<u8>> {
    let folder = folder("corpus").join(target);
    let files = names(&folder).into_iter();
    files.map(|name| std::fs::read(folder.join(name)).expect("it can be read")).collect()
}

fn hold(inputs: impl Fn(&[Vec<u8>]) -> Vec<Vec<u8>>) {
    for (name, run) in TARGETS {
        for input in inputs(&corpus(name)) {
            let outcome = catch_unwind(AssertUnwindSafe(|| run(&input)));
            assert!(outcome.is_ok(), "{name} fails for {}", input.escape_ascii());
        }
    }
}

#[test]
fn every_corpus_input_keeps_every_promise() {
    hold(<[Vec<u8>]>::to_vec);
}

#[test]
fn inputs_derived_from_the_corpora_keep_every_promise() {
    hold(|corpus| {
        let mut mutation = Mutation::new(4);
        (0..INPUTS).map(|_| mutation.next(corpus)).collect()
    });
}

#[test]
fn every_target_has_its_own_corpus_and_program() {
    let targets: BTreeSet<String> = TARGETS.iter().map(|(name, _)| (*name).into()).collect();
    let mut corpora = names(&folder("corpus"));
    corpora.remove("tokens.dict");
    assert_eq!(corpora, targets);
    let programs = names(&folder("fuzz/fuzz_targets"));
    assert_eq!(programs, targets.iter().map(|name| format!("{name}.rs")).collect());
    assert!(targets.iter().all(|name| corpus(name).len() >= 5));
}
