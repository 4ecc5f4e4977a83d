//! How the cost of a call grows with the page size, the calls in flight, and the number of
//! pages.

use super::{Plan, Section};
use crate::chart::Chart;
use crate::number;
use crate::process::Who;
use crate::protocol::{Request, Task};
use crate::race::{Lane, Rounds};
use crate::run::Bench;
use crate::table::Table;

pub(super) const PLAN: Plan =
    Plan { name: "scaling", about: "How costs grow with the size of the job", measure };

const TEXT: &str = "\
This client and `reqwest` with serde, as one dimension at a time grows tenfold. This client's \
body limit, 4 MiB by default, is raised for the page of 10,000 keys. Calls in flight share one \
HTTP/2 connection. Pages are read one at a time; this client's overlap by one key, those of \
`reqwest` do not.";

const OURS: &str = "this client";
const REQWEST: &str = "reqwest";
/// Keys received per round, at least: enough for the clocks.
const KEYS: u32 = 500;

/// A measurement in which one dimension grows.
struct Sweep {
    file: &'static str,
    title: &'static str,
    what: &'static str,
    /// The unit of cost, such as `call`.
    unit: &'static str,
    sizes: &'static [u32],
    /// The request at a size, and the keys that a call receives.
    request: fn(&Bench, u32) -> (Request, u32),
    /// How many units a call has at a size.
    units: fn(u32) -> u32,
}

const SWEEPS: [Sweep; 3] = [
    Sweep {
        file: "scaling-keys",
        title: "A list, by keys on the page",
        what: "keys on the page",
        unit: "call",
        sizes: &[1, 10, 100, 1_000, 10_000],
        request: |bench, size| {
            let base = bench.base(size, size, 0);
            (Request::new(Task::List, base, KEYS.div_ceil(size).min(50)), size)
        },
        units: |_| 1,
    },
    Sweep {
        file: "scaling-in-flight",
        title: "A get, by calls in flight",
        what: "calls in flight",
        unit: "call",
        sizes: &[1, 10, 100, 1_000, 10_000],
        request: |bench, size| {
            let request = Request::new(Task::Get, bench.base(1, 1, 0), size.max(KEYS));
            (bench.over_http2(request.at_once(size)), 1)
        },
        units: |_| 1,
    },
    Sweep {
        file: "scaling-pages",
        title: "All keys, by pages of 100",
        what: "pages",
        unit: "page",
        sizes: &[1, 10, 100],
        request: |bench, size| {
            // The last page is half full, so that neither client requests another.
            let keys = size.saturating_mul(100).saturating_sub(50);
            let request = Request::new(Task::ListAll, bench.base(100, keys, 0), 1);
            (request, keys)
        },
        units: |size| size,
    },
];

fn measure(bench: &mut Bench) -> Section {
    let mut section = Section::new(TEXT);
    for sweep in &SWEEPS {
        let (table, chart) = sweep.measured(bench);
        section.tables.push(table);
        section.charts.extend(chart);
    }
    section
}

impl Sweep {
    fn measured(&self, bench: &mut Bench) -> (Table, Option<Chart>) {
        let Self { unit, what, .. } = self;
        let wall = |client| format!("{client}, wall µs per {unit}");
        let cpu = |client| format!("{client}, CPU µs per {unit}");
        let heads = [
            (*what).to_owned(),
            wall(OURS),
            wall(REQWEST),
            "wall, × reqwest".into(),
            cpu(OURS),
            cpu(REQWEST),
            "CPU, × reqwest".into(),
        ];
        let mut table = Table::new(self.title, &heads.each_ref().map(String::as_str));
        let mut drawn = [OURS, REQWEST].map(|client| (client.to_owned(), Vec::new()));
        for &size in self.sizes {
            let (request, keys) = (self.request)(bench, size);
            let lanes = [(OURS, "ours"), (REQWEST, "reqwest")]
                .map(|(label, name)| Lane::new(label, Who::Rust(name), request.clone(), keys));
            let outcome = bench.race(lanes.into(), Rounds { heats: 3, warm_up: 3, counted: 7 });
            let failure = outcome.lanes().find_map(|(_, times)| times.err());
            let (Some(ours), Some(base)) = (outcome.times(OURS), outcome.times(REQWEST)) else {
                let why = failure.map_or_else(String::new, ToString::to_string);
                table.not_measured(number::whole(size), why);
                continue;
            };
            let units = f64::from((self.units)(size));
            for ((_, points), times) in drawn.iter_mut().zip([ours, base]) {
                points.push((f64::from(size), times.wall.median() / units / 1e3));
            }
            let ratio = |ratio: Option<f64>| ratio.map_or_else(String::new, number::ratio);
            table.row([
                number::whole(size),
                number::micros(ours.wall.median() / units),
                number::micros(base.wall.median() / units),
                ratio(outcome.wall_ratio(OURS, REQWEST)),
                number::micros(ours.cpu.median() / units),
                number::micros(base.cpu.median() / units),
                ratio(outcome.cpu_ratio(OURS, REQWEST)),
            ]);
        }
        let y = format!("µs per {unit}, wall clock");
        (table, Chart::lines(self.file, self.title, self.what, y, drawn.into()))
    }
}
