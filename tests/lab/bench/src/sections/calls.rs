//! What a call costs, here and in other clients.

use super::{Plan, Section};
use crate::chart::{Bar, Chart};
use crate::goals::Goal;
use crate::process::Who;
use crate::protocol::{Request, Task};
use crate::race::{Lane, Outcome, Rounds};
use crate::run::Bench;

pub(super) const PLAN: Plan =
    Plan { name: "calls", about: "What a call costs, beside other clients", measure };

const TEXT: &str = "\
Each client is a process of its own with one thread and one connection that is kept. In \
each round each makes so many calls, one after the other, over HTTP/1.1 in the clear; the \
clients take turns, forwards and backwards. Times are medians per call; a ratio is the \
median of the ratios of each round. CPU is user and system time of the client's process.

`reqwest` is reqwest with its defaults and serde into a struct with all 23 fields; \
`openrouter-rs` reads 11 of them. `httpx` and `fetch` parse the JSON and leave it at that; \
`SDK, functions` is the SDK without its class, as it advises for small bundles.";

const OFTEN: Rounds = Rounds { heats: 7, warm_up: 5, counted: 9 };
/// V8 compiles what it has seen often, and later than the others are warm.
const OFTEN_IN_NODE: Rounds = Rounds { heats: 3, warm_up: 30, counted: 21 };

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

    let get = race(bench, &NATIVE, Task::Get, OFTEN);
    section.tables.push(get.table("Get one key: Rust and Python", REQWEST));
    bench.reached(Goal::GetWall, get.wall_ratio(OURS, REQWEST));
    bench.reached(Goal::GetCpu, get.cpu_ratio(OURS, REQWEST));
    bench.reached(Goal::GetWallOverPython, get.wall_ratio(OURS, PYTHON));
    bench.reached(Goal::GetCpuOverPython, get.cpu_ratio(OURS, PYTHON));

    let list = race(bench, &NATIVE, Task::List, OFTEN);
    section.tables.push(list.table("List 100 keys: Rust and Python", REQWEST));
    bench.reached(Goal::ListWall, list.wall_ratio(OURS, REQWEST));
    bench.reached(Goal::ListCpu, list.cpu_ratio(OURS, REQWEST));
    bench.reached(Goal::ListWallOverPython, list.wall_ratio(OURS, PYTHON));
    bench.reached(Goal::ListCpuOverPython, list.cpu_ratio(OURS, PYTHON));
    section.charts.extend(chart("calls-native", "List 100 keys in Rust and Python", &list));

    let get = race(bench, &NODE, Task::Get, OFTEN_IN_NODE);
    section.tables.push(get.table("Get one key: Node", FETCH));
    bench.reached(Goal::NodeGet, get.wall_ratio(PACKAGE, FETCH));

    let list = race(bench, &NODE, Task::List, OFTEN_IN_NODE);
    section.tables.push(list.table("List 100 keys: Node", FETCH));
    bench.reached(Goal::NodeList, list.wall_ratio(PACKAGE, FETCH));
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
    Chart::bars(file, title, "ms a call, wall clock", bars.collect())
}
