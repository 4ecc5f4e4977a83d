//! The gain from prefetching pages over a slow link.

use super::{Plan, Section};
use crate::chart::{Bar, Chart};
use crate::goals::Goal;
use crate::number;
use crate::process::Who;
use crate::protocol::{Request, Task};
use crate::race::{Lane, Outcome, Rounds};
use crate::run::Bench;
use crate::table::Table;

pub(super) const PLAN: Plan =
    Plan { name: "prefetch", about: "10,000 keys over a slow link", measure };

const TEXT: &str = "\
`list_all` of 10,000 keys, 100 per page, from a server that takes 50 ms for each page. Pages \
overlap by one key, so that none is missed while keys are created and deleted; read one at a \
time, they take 102 requests. With `prefetch(n)`, n requests are in flight at once, and the guarantee \
is the same.";

const KEYS: u32 = 10_000;
const DELAY: u32 = 50;
const NATIVE: [u32; 5] = [1, 2, 4, 8, 16];
const NODE: [u32; 2] = [1, 8];

fn measure(bench: &mut Bench) -> Section {
    let mut section = Section::new(TEXT);
    let mut bars = Vec::new();
    for (client, who, depths, goal) in [
        ("native", Who::Rust("ours"), NATIVE.as_slice(), Goal::Prefetch),
        ("Node", Who::Node("package"), NODE.as_slice(), Goal::NodePrefetch),
    ] {
        let outcome = race(bench, who, depths);
        bench.record(goal, outcome.wall_ratio("8", "1"));
        let heads = ["pages in flight", "wall ms", "× one at a time", "CPU ms"];
        let mut table = Table::new(client, &heads);
        for (label, times) in outcome.lanes() {
            match times {
                Ok(times) => {
                    bars.push(Bar {
                        label: format!("{client}: {label}"),
                        length: times.wall.median() / 1e9,
                        ours: goal == Goal::Prefetch,
                    });
                    table.row([
                        label.into(),
                        number::millis(times.wall.median()),
                        outcome.wall_ratio(label, "1").map_or_else(String::new, number::ratio),
                        number::millis(times.cpu.median()),
                    ]);
                }
                Err(why) => table.not_measured(label, why),
            }
        }
        section.tables.push(table);
    }
    let title = "10,000 keys from a server that takes 50 ms per page, by pages in flight";
    section.charts.extend(Chart::bars("prefetch", title, "seconds", bars));
    section
}

fn race(bench: &mut Bench, who: Who, depths: &[u32]) -> Outcome {
    let lanes = depths.iter().map(|depth| {
        let request = Request::new(Task::ListAll, bench.base(100, KEYS, DELAY), 1);
        Lane::new(depth.to_string(), who, request.prefetch(*depth), KEYS)
    });
    // A round takes seconds, nearly all of it waiting.
    let counted = if bench.quick { 1 } else { 5 };
    bench.race(lanes.collect(), Rounds { heats: 1, warm_up: 0, counted })
}
