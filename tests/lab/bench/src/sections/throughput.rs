//! Calls per second with many in flight.

use super::{Plan, Section};
use crate::goals::Goal;
use crate::number;
use crate::process::Who;
use crate::protocol::{Request, Task};
use crate::race::{Lane, Rounds};
use crate::run::Bench;
use crate::table::Table;

pub(super) const PLAN: Plan =
    Plan { name: "throughput", about: "Calls per second with 256 in flight", measure };

const TEXT: &str = "\
Gets of one key, with 256 in flight at all times, from one thread: over 256 plain HTTP/1.1 \
connections, and over one HTTP/2 connection with TLS. The server also has one thread and uses \
less of it than the clients do of theirs, so the clients are the bottleneck.";

const IN_FLIGHT: u32 = 256;
const CALLS: u32 = 4_096;
const OURS: &str = "this client";
const REQWEST: &str = "reqwest";

fn measure(bench: &mut Bench) -> Section {
    let heads = ["protocol", "client", "calls per second", "× reqwest", "CPU µs per call"];
    let mut table = Table::new("", &heads);
    let plain = Request::new(Task::Get, bench.base(1, 1, 0), CALLS).at_once(IN_FLIGHT);
    let secure = bench.over_http2(plain.clone());
    for (protocol, request, goal) in
        [("HTTP/1.1", plain, Goal::ThroughputHttp1), ("HTTP/2", secure, Goal::ThroughputHttp2)]
    {
        let lanes = [(OURS, "ours"), (REQWEST, "reqwest")]
            .map(|(label, name)| Lane::new(label, Who::Rust(name), request.clone(), 1));
        let outcome = bench.race(lanes.into(), Rounds { heats: 25, warm_up: 2, counted: 2 });
        // Inverted: the ratio of rates is the inverse of that of times.
        bench.record(goal, outcome.wall_ratio(REQWEST, OURS));
        for (label, times) in outcome.lanes() {
            match times {
                Ok(times) => table.row([
                    protocol.into(),
                    label.into(),
                    number::short(1e9 / times.wall.median()),
                    outcome.wall_ratio(REQWEST, label).map_or_else(String::new, number::ratio),
                    number::micros(times.cpu.median()),
                ]),
                Err(why) => table.not_measured(format!("{protocol}, {label}"), why),
            }
        }
    }
    Section { tables: vec![table], ..Section::new(TEXT) }
}
