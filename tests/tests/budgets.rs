//! Costs of building requests, reading responses and workflows, against `tests/budgets.json`:
//! memory allocations and requests.

#![cfg(not(all(target_family = "wasm", target_os = "unknown")))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::collections::BTreeMap;
use std::hint::black_box;
use std::time::Duration;

use allocation_counter::{AllocationInfo, measure};
use bytes::Bytes;
use http::Response;
use openrouter_keys_core::machine::{Attempt, Seed, Step};
use openrouter_keys_core::operation::{Delete, Get, GetCurrentKeyMetadata, Operation};
use openrouter_keys_core::test_util::{FakeTransport, samples};
use openrouter_keys_core::transport::{BlockingTransport, SendContext};
use openrouter_keys_core::workflow::{
    Audit, CreateReconciled, Ensure, FindBySecret, Pages, Rotate, Sweep, Temporary,
};
use openrouter_keys_core::{
    ApiKey, BaseUrl, CallOptions, Client, Config, Create, Limit, LimitReset, List, Update,
};
use openrouter_keys_emulator::Emulator;
use openrouter_keys_native::NativeTransport;
use openrouter_keys_native::blocking::BlockingNativeTransport;
use openrouter_keys_tests::vault::Vault;
use serde::Deserialize;

const HASH: &str = "f01d52606dc8f0a8303a7b5cc3fa07109c2e346cec7c0a16b40de462992ce943";

type Counts = BTreeMap<String, u64>;

#[derive(Deserialize)]
struct Budgets {
    allocations: Counts,
    heap: Counts,
    requests: Counts,
}

fn budgets() -> Budgets {
    serde_json::from_str(include_str!("../budgets.json")).unwrap()
}

/// Counts the cost of one operation and its response.
trait Count {
    fn add<O: Operation>(&mut self, operation: impl Fn() -> O, body: &str);
}

fn each_operation(count: &mut impl Count) {
    let create = || Create::new("Customer 42", Limit::usd(25.0)).limit_reset(LimitReset::Monthly);
    count.add(|| List::new().include_disabled(true).offset(100), &samples::page(100));
    count.add(create, samples::CREATED);
    count.add(|| Get::new(HASH), samples::KEY);
    count.add(|| Update::new(HASH).limit(Limit::unlimited()), samples::KEY);
    count.add(|| Delete::new(HASH), samples::DELETED);
    count.add(GetCurrentKeyMetadata::new, samples::CURRENT_KEY);
}

/// The allocations of the work, and its result.
fn allocations<T>(work: impl FnOnce() -> T) -> (AllocationInfo, T) {
    let mut given = None;
    let info = measure(|| given = Some(black_box(work())));
    (info, given.unwrap())
}

fn first<O: Operation>(config: &Config, operation: O) -> Attempt<O> {
    Attempt::first(config, &CallOptions::new(), operation, Seed::default()).unwrap()
}

fn api_key() -> ApiKey {
    ApiKey::new("sk-or-v1-0123456789abcdef").unwrap()
}

#[derive(Default)]
struct Allocations(Counts);

impl Count for Allocations {
    fn add<O: Operation>(&mut self, operation: impl Fn() -> O, body: &str) {
        let (config, key, given) = (Config::new(), api_key(), operation());
        let (building, _) = allocations(|| {
            let mut attempt = first(&config, given);
            let request = attempt.request(&key);
            (attempt, request)
        });
        let (operation, name) = (operation(), operation().name());
        let (reading, _) = allocations(|| operation.parse(body.as_bytes()).unwrap());
        self.0.insert(format!("build {name}"), building.count_total);
        self.0.insert(format!("read {name}"), reading.count_total);
    }
}

#[test]
fn building_requests_and_reading_responses_allocate_as_budgeted() {
    let mut counted = Allocations::default();
    each_operation(&mut counted);
    assert_eq!(counted.0, budgets().allocations);
}

#[derive(Default)]
struct Heap(Counts);

impl Count for Heap {
    fn add<O: Operation>(&mut self, operation: impl Fn() -> O, body: &str) {
        let (config, key, given) = (Config::new(), api_key(), operation());
        let body = Bytes::from(body.to_owned());
        let (reading, _) = allocations(|| given.parse(&body).unwrap());
        let (building, attempt) = allocations(|| {
            let mut attempt = first(&config, given);
            drop(attempt.request(&key));
            attempt
        });
        let response = Response::new(body);
        let (finishing, _) = allocations(|| match attempt.finish(Ok(response), Duration::ZERO) {
            Step::Done(result) => result.unwrap(),
            Step::Retry { .. } => panic!("an attempt that succeeds is the last"),
        });
        let kept = u64::try_from(building.bytes_current).unwrap();
        let more = finishing.bytes_total.saturating_sub(reading.bytes_total);
        self.0.insert(operation().name().to_owned(), kept.saturating_add(more));
    }
}

/// Not counting the request and the output, which the caller gets.
#[test]
fn a_successful_attempt_uses_the_budgeted_memory_and_at_most_a_kibibyte() {
    let mut counted = Heap::default();
    each_operation(&mut counted);
    assert_eq!(counted.0, budgets().heap);
    assert!(counted.0.values().all(|bytes| *bytes <= 1024), "{:?}", counted.0);
}

/// A client whose pauses take no time, and the number of its requests.
struct Counted {
    emulator: Emulator,
    client: Client,
}

impl Counted {
    fn new() -> Self {
        let emulator = Emulator::start().unwrap();
        let wire = BlockingNativeTransport::new(NativeTransport::new().unwrap()).unwrap();
        let transport = FakeTransport::answering(move |_, request| {
            BlockingTransport::send(&wire, request.clone(), &SendContext::default()).into()
        });
        let config = Config::new().base_url(BaseUrl::new(emulator.base_url()).unwrap());
        let key = ApiKey::new(emulator.management_key()).unwrap();
        Self { client: Client::with_config(transport, key, config).unwrap(), emulator }
    }

    fn with_keys(count: usize) -> (Self, Vec<String>) {
        let counted = Self::new();
        let hashes = counted.emulator.seed_keys(count);
        counted.emulator.clear_requests();
        (counted, hashes)
    }

    fn requests(&self) -> u64 {
        u64::try_from(self.emulator.requests().len()).unwrap()
    }
}

async fn listing(pages: Pages) -> u64 {
    let (counted, hashes) = Counted::with_keys(1000);
    let mut keys = counted.client.list_all(pages);
    let mut seen = 0;
    while let Some(key) = keys.next().await {
        key.unwrap();
        seen += 1;
    }
    assert_eq!(seen, hashes.len());
    counted.requests()
}

#[tokio::test]
async fn each_workflow_sends_the_budgeted_number_of_requests() {
    let mut counts = Counts::new();
    let mut count = |name: &str, requests| counts.insert(name.to_owned(), requests);

    count("list_all of 1,000 keys", listing(Pages::new(List::new())).await);
    let short = Pages::new(List::new()).stop_at_short_page();
    count("list_all of 1,000 keys, to the short page", listing(short).await);
    let ahead = Pages::new(List::new()).prefetch(8);
    count("list_all of 1,000 keys, prefetch 8", listing(ahead).await);

    let create = || Create::new("ci", Limit::usd(1.0));
    let (counted, _) = Counted::with_keys(250);
    counted.client.create_reconciled(CreateReconciled::new(create())).await.unwrap();
    count("create_reconciled", counted.requests());

    let (counted, _) = Counted::with_keys(250);
    counted.client.sweep(Sweep::temporary()).await.unwrap();
    count("sweep of 250 keys, none to delete", counted.requests());

    let (counted, _) = Counted::with_keys(250);
    let hour = Duration::from_secs(3600);
    let info = counted.client.temporary(Temporary::new(create(), hour)).await.unwrap();
    info.close().await.unwrap();
    count("temporary, closed", counted.requests());

    let (counted, _) = Counted::with_keys(250);
    counted.client.audit(Audit::new()).await.unwrap();
    count("audit of 250 keys", counted.requests());

    let (counted, _) = Counted::with_keys(250);
    counted.client.ensure(Ensure::new(create())).await.unwrap();
    count("ensure among 250 keys, created", counted.requests());
    counted.emulator.clear_requests();
    // So young a key could be one of several created in a race.
    counted.emulator.clock().advance(hour);
    counted.client.ensure(Ensure::new(create())).await.unwrap();
    count("ensure among 251 keys, existing", counted.requests());

    let (counted, hashes) = Counted::with_keys(250);
    let old = hashes.first().unwrap().as_str();
    counted.client.rotate(Rotate::new(old), Vault::default()).await.unwrap();
    count("rotate", counted.requests());

    let (counted, _) = Counted::with_keys(250);
    let (_, secret) = counted.emulator.create_ordinary_key("lost");
    counted.client.find_by_secret(FindBySecret::new(secret)).await.unwrap();
    count("find_by_secret among 251 keys", counted.requests());

    assert_eq!(counts, budgets().requests);
}
