//! The cost of a call, with this client and with others.

use super::{Plan, Section};
use crate::chart::{Bar, Chart};
use crate::goals::Goal;
use crate::process::Who;
use crate::protocol::{Request, Task};
use crate::race::{Lane, Outcome, Rounds};
use crate::run::Bench;

pub(super) const PLAN: Plan =
    Plan { name: "calls", about: "What a call costs, compared with other clients", measure };

const TEXT: &str = "\
Each client is a separate process with one thread and one keep-alive connection. The clients \
take turns, in alternating order: in each round, each makes the same number of calls, one after \
another, over plain HTTP/1.1. Times are medians per call; a ratio is the median of the rounds' \
ratios. CPU is the user and system time of the client's process.

`reqwest` is reqwest with its defaults and serde into a struct with all 23 fields; \
`openrouter-rs` reads 11 of them. `httpx` and `fetch` only parse the JSON; `SDK, functions` is \
the SDK's standalone functions, which it recommends for small bundles.";

const ROUNDS: Rounds = Rounds { heats: 7, warm_up: 5, counted: 9 };
/// More, since V8 compiles frequent code late.
const ROUNDS_IN_NODE: Rounds = Rounds { heats: 3, warm_up: 30, counted: 21 };

const OURS: &str = "this client";
const NATIVE: [(&str, Who); 5] = [
    (OURS, Who::Rust("ours")),
    (REQWEST, Who::Rust("reqwest")),
    ("openrouter-rs", Who::Rust("openrouter-rs")),
    (PYTHON, Who::Python("sdk")),
    ("Python: httpx", Who::Python("httpx")),
];
const REQWEST: &str = "reqwest";
const PYTHON: &str = "Python SDK";
const NODE: [(&str, Who); 4] = [
    (PACKAGE, Who::Node("package")),
    (FETCH, Who::Node("fetch")),
    ("SDK", Who::Node("sdk")),
    ("SDK, functions", Who::Node("sdk-functions")),
];
const PACKAGE: &str = "this package";
const FETCH: &str = "fetch";

fn measure(bench: &mut Bench) -> Section {
    let mut section = Section::new(TEXT);

    let get = race(bench, &NATIVE, Task::Get, ROUNDS);
    section.tables.push(get.table("Get one key: Rust and Python", REQWEST));
    bench.record(Goal::GetWall, get.wall_ratio(OURS, REQWEST));
    bench.record(Goal::GetCpu, get.cpu_ratio(OURS, REQWEST));
    bench.record(Goal::GetWallOverPython, get.wall_ratio(OURS, PYTHON));
    bench.record(Goal::GetCpuOverPython, get.cpu_ratio(OURS, PYTHON));

    let list = race(bench, &NATIVE, Task::List, ROUNDS);
    section.tables.push(list.table("List 100 keys: Rust and Python", REQWEST));
    bench.record(Goal::ListWall, list.wall_ratio(OURS, REQWEST));
    bench.record(Goal::ListCpu, list.cpu_ratio(OURS, REQWEST));
    bench.record(Goal::ListWallOverPython, list.wall_ratio(OURS, PYTHON));
    bench.record(Goal::ListCpuOverPython, list.cpu_ratio(OURS, PYTHON));
    section.charts.extend(chart("calls-native", "List 100 keys in Rust and Python", &list));

    let get = race(bench, &NODE, Task::Get, ROUNDS_IN_NODE);
    section.tables.push(get.table("Get one key: Node", FETCH));
    bench.record(Goal::NodeGet, get.wall_ratio(PACKAGE, FETCH));

    let list = race(bench, &NODE, Task::List, ROUNDS_IN_NODE);
    section.tables.push(list.table("List 100 keys: Node", FETCH));
    bench.record(Goal::NodeList, list.wall_ratio(PACKAGE, FETCH));
    section.charts.extend(chart("calls-node", "List 100 keys in Node", &list));
    section
}

fn race(bench: &mut Bench, clients: &[(&str, Who)], task: Task, rounds: Rounds) -> Outcome {
    let (calls, keys) = if task == Task::Get { (50, 1) } else { (20, 100) };
    let request = Request::new(task, bench.base(100, 100, 0), calls);
    let lanes = clients.iter().map(|(label, who)| Lane::new(*label, *who, request.clone(), keys));
    bench.race(lanes.collect(), rounds)
}

fn chart(file: &'static str, title: &'static str, outcome: &Outcome) -> Option<Chart> {
    let bars = outcome.lanes().filter_map(|(label, times)| {
        let length = times.ok()?.wall.median() / 1e6;
        Some(Bar { label: label.into(), length, ours: label == OURS || label == PACKAGE })
    });
    Chart::bars(file, title, "ms per call, wall clock", bars.collect())
}
