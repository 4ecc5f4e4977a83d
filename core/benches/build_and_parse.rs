//! Building requests and parsing responses, counting allocations:
//! `cargo bench -p openrouter-keys-core`.

#![allow(missing_docs, clippy::unwrap_used, clippy::needless_pass_by_value)]

use bytes::Bytes;
use divan::{AllocProfiler, Bencher, black_box};
use openrouter_keys_core::machine::{Attempt, Seed, Step};
use openrouter_keys_core::operation::{Delete, Get, GetCurrentKeyMetadata, Operation};
use openrouter_keys_core::test_util::samples;
use openrouter_keys_core::{ApiKey, CallOptions, Config, Create, Limit, LimitReset, List, Update};
use std::time::Duration;

#[global_allocator]
static ALLOCATOR: AllocProfiler = AllocProfiler::system();

const HASH: &str = "f01d52606dc8f0a8303a7b5cc3fa07109c2e346cec7c0a16b40de462992ce943";

fn main() {
    divan::main();
}

fn build<O: Operation>(bencher: Bencher<'_, '_>, operation: impl Fn() -> O + Sync) {
    let (config, options) = (Config::new(), CallOptions::new());
    let key = ApiKey::new("sk-or-v1-0123456789abcdef").unwrap();
    bencher.bench(|| {
        let mut attempt = Attempt::first(&config, &options, operation(), Seed::default()).unwrap();
        attempt.request(black_box(&key))
    });
}

#[divan::bench]
fn build_list(bencher: Bencher<'_, '_>) {
    build(bencher, || List::new().include_disabled(true).offset(100));
}

#[divan::bench]
fn build_create(bencher: Bencher<'_, '_>) {
    build(bencher, || {
        Create::new("Customer 42", Limit::usd(25.0)).limit_reset(LimitReset::Monthly)
    });
}

#[divan::bench]
fn build_get(bencher: Bencher<'_, '_>) {
    build(bencher, || Get::new(HASH));
}

#[divan::bench]
fn build_update(bencher: Bencher<'_, '_>) {
    build(bencher, || Update::new(HASH).limit(Limit::unlimited()));
}

#[divan::bench]
fn build_delete(bencher: Bencher<'_, '_>) {
    build(bencher, || Delete::new(HASH));
}

#[divan::bench]
fn build_get_current_key_metadata(bencher: Bencher<'_, '_>) {
    build(bencher, GetCurrentKeyMetadata::new);
}

fn parse<O: Operation + Sync>(bencher: Bencher<'_, '_>, operation: O, body: &'static str) {
    bencher.bench(|| operation.parse(black_box(body.as_bytes())).unwrap().output);
}

#[divan::bench]
fn parse_get(bencher: Bencher<'_, '_>) {
    parse(bencher, Get::new(HASH), samples::KEY);
}

#[divan::bench]
fn parse_create(bencher: Bencher<'_, '_>) {
    parse(bencher, Create::new("Customer 42", Limit::usd(25.0)), samples::CREATED);
}

#[divan::bench]
fn parse_get_current_key_metadata(bencher: Bencher<'_, '_>) {
    parse(bencher, GetCurrentKeyMetadata::new(), samples::CURRENT_KEY);
}

#[divan::bench(args = [1, 10, 100])]
fn parse_list(bencher: Bencher<'_, '_>, keys: usize) {
    let body = samples::page(keys);
    bencher.bench(|| List::new().parse(black_box(body.as_bytes())).unwrap().output);
}

/// A retry shares the body and clones the head.
#[divan::bench]
fn retry(bencher: Bencher<'_, '_>) {
    let (config, options) = (Config::new(), CallOptions::new());
    let key = ApiKey::new("sk-or-v1-0123456789abcdef").unwrap();
    bencher
        .with_inputs(|| {
            let operation = Update::new(HASH).name("x".repeat(10_000));
            Attempt::first(&config, &options, operation, Seed::default()).unwrap()
        })
        .bench_values(|attempt| {
            let busy = http::Response::builder().status(503).body(Bytes::new()).unwrap();
            match attempt.finish(Ok(busy), Duration::ZERO) {
                Step::Retry { mut next, .. } => Some(next.request(&key)),
                Step::Done(_) => None,
            }
        });
}
