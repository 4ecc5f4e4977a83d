//! Runs one part of a call as often as requested and nothing else, for a profiler that counts
//! instructions: `openrouter-keys-instructions WHAT TIMES`.
//!
//! One iteration costs the difference between the counts of two runs, divided by the difference
//! in their iterations.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

use std::hint::black_box;
use std::time::Duration;

use bytes::Bytes;
use http::Response;
use openrouter_keys_core::machine::{Attempt, Seed, Step};
use openrouter_keys_core::operation::{Delete, Get, GetCurrentKeyMetadata, Operation};
use openrouter_keys_core::test_util::samples;
use openrouter_keys_core::{ApiKey, CallOptions, Config, Create, Limit, LimitReset, List, Update};

const HASH: &str = "f01d52606dc8f0a8303a7b5cc3fa07109c2e346cec7c0a16b40de462992ce943";

fn main() {
    let mut arguments = std::env::args().skip(1);
    let what = arguments.next().unwrap();
    let times: u32 = arguments.next().unwrap().parse().unwrap();
    let create = || Create::new("Customer 42", Limit::usd(25.0)).limit_reset(LimitReset::Monthly);
    match what.as_str() {
        "build list" => build(times, || List::new().include_disabled(true).offset(100)),
        "build create" => build(times, create),
        "build get" => build(times, || Get::new(HASH)),
        "build update" => build(times, || Update::new(HASH).limit(Limit::unlimited())),
        "build delete" => build(times, || Delete::new(HASH)),
        "build get_current_key_metadata" => build(times, GetCurrentKeyMetadata::new),
        "read list" => read(times, &List::new(), &samples::page(100)),
        "read create" => read(times, &create(), samples::CREATED),
        "read get" => read(times, &Get::new(HASH), samples::KEY),
        "read get_current_key_metadata" => {
            read(times, &GetCurrentKeyMetadata::new(), samples::CURRENT_KEY);
        }
        "attempt get" => attempt(times, || Get::new(HASH), samples::KEY),
        other => panic!("unknown part {other}"),
    }
}

fn build<O: Operation>(times: u32, operation: impl Fn() -> O) {
    let (config, options, key) = settings();
    for _ in 0..times {
        let mut attempt = Attempt::first(&config, &options, operation(), Seed::default()).unwrap();
        black_box(attempt.request(&key));
    }
}

fn read<O: Operation>(times: u32, operation: &O, body: &str) {
    for _ in 0..times {
        black_box(operation.parse(black_box(body.as_bytes())).unwrap().output);
    }
}

fn attempt<O: Operation>(times: u32, operation: impl Fn() -> O, body: &'static str) {
    let (config, options, key) = settings();
    for _ in 0..times {
        let mut attempt = Attempt::first(&config, &options, operation(), Seed::default()).unwrap();
        black_box(attempt.request(&key));
        let response = Response::new(Bytes::from_static(body.as_bytes()));
        let Step::Done(result) = attempt.finish(Ok(response), Duration::ZERO) else {
            panic!("an attempt that succeeds is the last");
        };
        black_box(result.unwrap().output);
    }
}

fn settings() -> (Config, CallOptions, ApiKey) {
    let key = ApiKey::new("sk-or-v1-0123456789abcdef").unwrap();
    (Config::new(), CallOptions::new(), key)
}
