//! Counts what building each operation's request allocates, and what a whole attempt
//! allocates besides its request and response.

use std::collections::BTreeMap;
use std::hint::black_box;
use std::time::Duration;

use bytes::Bytes;
use http::Response;
use openrouter_keys_native::machine::{Attempt, Seed, Step};
use openrouter_keys_native::operation::{Delete, Get, GetCurrentKeyMetadata, Operation};
use openrouter_keys_native::test_util::samples;
use openrouter_keys_native::{
    ApiKey, CallOptions, Config, Create, Limit, LimitReset, List, Update,
};

use super::heap::Heap;
use crate::failure::Failure;
use crate::protocol::{API_KEY, HASH, Measurement};
use crate::statistics::float;

pub(super) fn run() -> Result<Measurement, Failure> {
    let mut counter = Counter::new()?;
    counter.add(&samples::page(1), || List::new().include_disabled(true).offset(100))?;
    counter.add(samples::CREATED, || {
        Create::new("Customer 42", Limit::usd(25.0)).limit_reset(LimitReset::Monthly)
    })?;
    counter.add(samples::KEY, || Get::new(HASH))?;
    counter.add(samples::KEY, || Update::new(HASH).limit(Limit::unlimited()))?;
    counter.add(samples::DELETED, || Delete::new(HASH))?;
    counter.add(samples::CURRENT_KEY, GetCurrentKeyMetadata::new)?;
    Ok(Measurement { figures: counter.figures, ..Measurement::default() })
}

struct Counter {
    config: Config,
    options: CallOptions,
    key: ApiKey,
    figures: BTreeMap<String, f64>,
}

impl Counter {
    fn new() -> Result<Self, Failure> {
        let (config, options) = (Config::new(), CallOptions::new());
        Ok(Self { config, options, key: ApiKey::new(API_KEY)?, figures: BTreeMap::new() })
    }

    fn add<O: Operation>(&mut self, body: &str, operation: impl Fn() -> O) -> Result<(), Failure> {
        // Once unmeasured, for allocations that happen only once per process.
        self.attempt(body, operation())?;
        let (request, whole) = self.attempt(body, operation())?;
        let name = operation().name();
        for (what, figure) in [
            ("allocations", request.allocations),
            ("bytes", request.bytes),
            ("attempt", whole),
            ("inline", float(size_of::<Attempt<O>>())),
        ] {
            self.figures.insert(format!("{name} {what}"), figure);
        }
        Ok(())
    }

    /// Returns what building the request allocated, and the bytes that the attempt needed
    /// besides the request and the output.
    fn attempt<O: Operation>(
        &self,
        body: &str,
        operation: O,
    ) -> Result<(super::heap::Change, f64), Failure> {
        let response = Response::new(Bytes::copy_from_slice(body.as_bytes()));
        let heap = Heap::watch()?;
        let parsed = operation.parse(response.body())?;
        let output = heap.change().bytes;
        drop(parsed);

        let heap = Heap::watch()?;
        let mut attempt = Attempt::first(&self.config, &self.options, operation, Seed::default())?;
        let request = black_box(attempt.request(&self.key));
        let building = heap.change();
        drop(request);
        let kept = heap.change().live;

        let heap = Heap::watch()?;
        let Step::Done(result) = attempt.finish(Ok(response), Duration::ZERO) else {
            return Err(Failure::new("a successful attempt was retried"));
        };
        let finishing = heap.change().bytes;
        drop(black_box(result?));
        Ok((building, kept + finishing - output))
    }
}
