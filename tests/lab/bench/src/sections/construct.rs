//! The cost of constructing a client.

use super::{Plan, Section};
use crate::goals::Goal;
use crate::number;
use crate::process::Who;
use crate::protocol::{Request, Task};
use crate::race::{Lane, Rounds};
use crate::run::Bench;
use crate::table::Table;

pub(super) const PLAN: Plan =
    Plan { name: "construct", about: "What constructing a client costs", measure };

const TEXT: &str = "\
A client is constructed and dropped. *With the system's roots*, it loads the certificates that \
the system trusts, as by default; *with one root*, it is given the only certificate it trusts, so \
nothing is loaded; *over reqwest*, it is given an existing reqwest client. This client builds two \
reqwest clients, since each create has its own connection, and two more when it first calls this \
machine, for which it bypasses any proxy.";

const WAYS: [(&str, Task, u32); 3] = [
    ("with the system's roots", Task::Construct, 1),
    ("with one root", WITHOUT_ROOTS, 10),
    ("over reqwest", Task::ConstructOverReqwest, 100),
];
const WITHOUT_ROOTS: Task = Task::ConstructWithoutRoots;
const OURS: &str = "this client";

fn measure(bench: &mut Bench) -> Section {
    let heads = ["how", "client", "wall ms", "middle half", "CPU ms"];
    let mut table = Table::new("", &heads);
    for (way, task, calls) in WAYS {
        let request = bench.trusting(Request::new(task, bench.base(1, 1, 0), calls));
        let mut clients = vec![(OURS, "ours")];
        // Given an existing client, reqwest has nothing to construct.
        if task != Task::ConstructOverReqwest {
            clients.push(("reqwest", "reqwest"));
        }
        let lanes = clients
            .into_iter()
            .map(|(label, name)| Lane::new(label, Who::Rust(name), request.clone(), 0));
        let outcome = bench.race(lanes.collect(), Rounds { heats: 1, warm_up: 3, counted: 31 });
        for (label, times) in outcome.lanes() {
            match times {
                Ok(times) => {
                    let (low, high) = times.wall.quartiles();
                    table.row([
                        way.into(),
                        label.into(),
                        number::millis(times.wall.median()),
                        format!("{}–{}", number::millis(low), number::millis(high)),
                        number::millis(times.cpu.median()),
                    ]);
                }
                Err(why) => table.not_measured(format!("{way}, {label}"), why),
            }
        }
        if task == WITHOUT_ROOTS {
            let milliseconds = outcome.times(OURS).map(|times| times.wall.median() / 1e6);
            bench.record(Goal::Construct, milliseconds);
        }
    }
    Section { tables: vec![table], ..Section::new(TEXT) }
}
