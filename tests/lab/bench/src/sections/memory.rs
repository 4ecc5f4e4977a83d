//! The memory of a clone and of a call in flight.

use std::collections::BTreeMap;

use super::{Plan, Section};
use crate::failure::Failure;
use crate::goals::Goal;
use crate::number;
use crate::process::{Contestant, Who};
use crate::protocol::{Request, Task};
use crate::run::Bench;
use crate::statistics::Series;
use crate::table::Table;

pub(super) const PLAN: Plan =
    Plan { name: "memory", about: "Memory of clones and calls in flight", measure };

const TEXT: &str = "\
10,000 gets, each in its own task, wait for a server that does not respond. Heap bytes are from \
a counting allocator; resident bytes are the growth of the process's resident memory. Over \
HTTP/1.1 they include a connection per call; over HTTP/2 all calls share one. Figures per call are \
medians of several processes; those per clone are averages of 100,000 clones.";

const CALLS: u32 = 10_000;
const CLONES: u32 = 100_000;
const OURS: &str = "this client";
const REQWEST: &str = "reqwest";
const CLIENTS: [(&str, &str); 2] = [(OURS, "ours"), (REQWEST, "reqwest")];

fn measure(bench: &mut Bench) -> Section {
    let plain = bench.holding(CALLS);
    let secure = bench.over_http2(plain.clone());
    let heads =
        ["protocol", "client", "heap bytes per call", "× reqwest", "resident bytes per call"];
    let mut table = Table::new("Calls in flight", &heads);
    for (protocol, request, goal) in
        [("HTTP/1.1", plain, Goal::HoldHttp1), ("HTTP/2", secure, Goal::HoldHttp2)]
    {
        let held = CLIENTS.map(|(label, name)| (label, held(bench, name, &request)));
        let heap = |client: &str| {
            let (_, held) = held.iter().find(|(label, _)| *label == client)?;
            Some(held.as_ref().ok()?.heap)
        };
        let ratio = |client| Some(heap(client)? / heap(REQWEST)?);
        bench.record(goal, ratio(OURS));
        for (label, held) in &held {
            match held {
                Ok(held) => table.row([
                    protocol.into(),
                    (*label).into(),
                    number::rounded(held.heap),
                    ratio(label).map_or_else(String::new, number::ratio),
                    number::rounded(held.resident),
                ]),
                Err(why) => table.not_measured(format!("{protocol}, {label}"), why),
            }
        }
    }
    let mut section = Section::new(TEXT);
    section.tables.push(table);
    section.tables.push(clones(bench));
    section
}

/// Bytes per call.
struct Held {
    heap: f64,
    resident: f64,
}

fn held(bench: &Bench, name: &'static str, request: &Request) -> Result<Held, Failure> {
    let (mut heap, mut resident) = (Series::default(), Series::default());
    for _ in 0..bench.repeats(5) {
        let figures = figures(name, request)?;
        heap.push(figures.get("heap").copied().unwrap_or(f64::NAN));
        resident.push(figures.get("resident").copied().unwrap_or(f64::NAN));
    }
    Ok(Held { heap: heap.median(), resident: resident.median() })
}

fn clones(bench: &Bench) -> Table {
    let request = Request::new(Task::Clones, bench.base(1, 1, 0), CLONES);
    let heads = ["client", "heap bytes per clone", "bytes of the value"];
    let mut table = Table::new("Clones of the client", &heads);
    for (label, name) in CLIENTS {
        match figures(name, &request) {
            Ok(figures) => {
                let figure =
                    |what| figures.get(what).map_or("–".into(), |it| number::rounded(*it));
                table.row([label.into(), figure("heap"), figure("inline")]);
            }
            Err(why) => table.not_measured(label, why),
        }
    }
    table
}

/// From a new process, whose memory nothing else has used.
fn figures(name: &'static str, request: &Request) -> Result<BTreeMap<String, f64>, Failure> {
    Ok(Contestant::start(Who::Heap(name))?.ask(request)?.figures)
}
