//! The cost of decoding a response, without the network.

use std::hint::black_box;
use std::time::{Duration, Instant};

use openrouter_keys_native::List;
use openrouter_keys_native::operation::{Operation, Page};
use openrouter_keys_native::test_util::samples;

use super::{Plan, Section};
use crate::failure::Failure;
use crate::goals::Goal;
use crate::number;
use crate::plain;
use crate::process::Who;
use crate::protocol::{Request, Task};
use crate::race::{Lane, Outcome, Rounds};
use crate::run::Bench;
use crate::statistics::Series;
use crate::table::Table;

pub(super) const PLAN: Plan =
    Plan { name: "decode", about: "What decoding a response costs, without the network", measure };

const TEXT: &str = "\
From a body with 609 bytes per key to a list of keys. In Rust, `List::parse` takes turns with \
`serde_json::from_slice` into a struct with all 23 fields, which fails at the first field that is \
missing or of another type. In Node, the contestants are `JSON.parse` alone, `JSON.parse` followed \
by the official SDK's zod schema, and a whole call, over a `fetch` that responds from memory, of \
the SDK and of this package.";

/// Keys in a body, and how often it is decoded.
const SIZES: [(u32, u32); 4] = [(1, 400), (100, 400), (1_000, 200), (10_000, 40)];
/// Small bodies are timed this many keys at a time, for the clock's precision.
const BATCH: u32 = 100;

const PACKAGE: &str = "this package";
const ZOD: &str = "JSON.parse and zod";
const NODE: [(&str, Who); 4] = [
    (PACKAGE, Who::Node("package")),
    (ZOD, Who::Node("zod")),
    ("SDK", Who::Node("sdk")),
    ("JSON.parse", Who::Node("json")),
];

fn measure(bench: &mut Bench) -> Section {
    let mut section = Section::new(TEXT);
    let heads = ["keys", "this client, µs", "serde_json, µs", "ratio", "ratio, including drop"];
    let mut table = Table::new("Rust", &heads);
    for (keys, rounds) in SIZES {
        let sides = match Sides::measured(keys, bench.repeats(rounds)) {
            Ok(sides) => sides,
            Err(why) => {
                table.not_measured(number::whole(keys), why);
                continue;
            }
        };
        let ratio = sides.ours.over(&sides.plain).median();
        if keys == 100 {
            bench.record(Goal::Decode, Some(ratio));
        }
        table.row([
            number::whole(keys),
            number::micros(sides.ours.median()),
            number::micros(sides.plain.median()),
            number::ratio(ratio),
            number::ratio(sides.ours_dropped.over(&sides.plain_dropped).median()),
        ]);
    }
    section.tables.push(table);

    let outcome = race(bench, 100, 20);
    section.tables.push(outcome.table("Node: 100 keys", ZOD));
    let outcome = race(bench, 10_000, 1);
    section.tables.push(outcome.table("Node: 10,000 keys in one body", ZOD));
    bench.record(Goal::NodeDecode, outcome.wall_ratio(PACKAGE, ZOD));
    section
}

fn race(bench: &mut Bench, keys: u32, calls: u32) -> Outcome {
    let request = Request { keys: Some(keys), ..Request::new(Task::Decode, "", calls) };
    let lanes = NODE.iter().map(|(label, who)| Lane::new(*label, *who, request.clone(), keys));
    bench.race(lanes.collect(), Rounds { heats: 3, warm_up: 10, counted: 13 })
}

/// Nanoseconds per body.
#[derive(Default)]
struct Sides {
    ours: Series,
    plain: Series,
    /// Including the time to drop the output.
    ours_dropped: Series,
    plain_dropped: Series,
}

impl Sides {
    fn measured(keys: u32, rounds: u32) -> Result<Self, Failure> {
        let body = samples::page(keys.try_into()?);
        let list = List::new();
        let repeats = BATCH.div_ceil(keys);
        let ours = || ours(&list, body.as_bytes());
        let plain = || plain(body.as_bytes());
        timed(ours, repeats)?;
        timed(plain, repeats)?;
        let mut sides = Self::default();
        for round in 0..rounds {
            // In alternating order, as in a race.
            let (ours, plain) = if round % 2 == 0 {
                let ours = timed(ours, repeats)?;
                (ours, timed(plain, repeats)?)
            } else {
                let plain = timed(plain, repeats)?;
                (timed(ours, repeats)?, plain)
            };
            sides.ours.push(ours.read);
            sides.plain.push(plain.read);
            sides.ours_dropped.push(ours.read + ours.dropped);
            sides.plain_dropped.push(plain.read + plain.dropped);
        }
        Ok(sides)
    }
}

fn ours(list: &List, body: &[u8]) -> Result<Page, Failure> {
    Ok(list.parse(black_box(body))?.output)
}

fn plain(body: &[u8]) -> Result<plain::Page, Failure> {
    Ok(serde_json::from_slice(black_box(body))?)
}

/// Nanoseconds per body.
struct Timed {
    read: f64,
    dropped: f64,
}

fn timed<T>(read: impl Fn() -> Result<T, Failure>, repeats: u32) -> Result<Timed, Failure> {
    let mut outputs = Vec::with_capacity(repeats.try_into()?);
    let begun = Instant::now();
    for _ in 0..repeats {
        outputs.push(read()?);
    }
    let reading = begun.elapsed();
    let begun = Instant::now();
    black_box(&mut outputs).clear();
    let dropping = begun.elapsed();
    let each = |time: Duration| time.as_secs_f64() * 1e9 / f64::from(repeats);
    Ok(Timed { read: each(reading), dropped: each(dropping) })
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    #[test]
    fn both_sides_read_the_same_keys() {
        let body = samples::page(3);
        let ours = ours(&List::new(), body.as_bytes()).unwrap();
        let plain = plain(body.as_bytes()).unwrap();
        let names: HashMap<_, _> =
            plain.data.iter().map(|key| (key.hash.as_str(), key.name.as_str())).collect();
        assert_eq!(ours.data.len(), names.len());
        for key in &ours.data {
            let hash = key.hash.get().unwrap().to_string();
            assert_eq!(names.get(hash.as_str()).copied(), key.name.as_deref());
        }
    }
}
