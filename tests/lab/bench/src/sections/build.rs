//! The allocations of building a request, and the heap of an attempt besides its messages.

use super::{Plan, Section};
use crate::failure::Failure;
use crate::goals::Goal;
use crate::number;
use crate::process::{Contestant, Who};
use crate::protocol::{Request, Task};
use crate::run::Bench;
use crate::table::Table;

pub(super) const PLAN: Plan =
    Plan { name: "build", about: "What building a request allocates", measure };

const TEXT: &str = "\
`Attempt::first` and `request` for each operation, with a counting allocator. *Bytes excluding \
request and response* is the heap that a successful attempt needs for itself: what remains once \
its request is dropped, and what finishing it allocates beyond the output. The attempt itself is \
a value that the caller moves. The counts are the same in every run.

A get allocates six times: for its path, the path appended to the base URL, the reference count \
of that string, the attempt, and the table and the entries of the header map. A constant path \
saves one allocation; a body adds two, its bytes and their reference count.";

const OPERATIONS: [&str; 6] =
    ["list", "create", "get", "update", "delete", "get_current_key_metadata"];

fn measure(bench: &mut Bench) -> Section {
    let table = counted(bench).unwrap_or_else(|why| {
        let mut table = Table::new("", &["operation", "allocations"]);
        table.not_measured("all", why);
        table
    });
    Section { tables: vec![table], ..Section::new(TEXT) }
}

fn counted(bench: &mut Bench) -> Result<Table, Failure> {
    let mut contestant = Contestant::start(Who::Heap("ours"))?;
    let figures = contestant.ask(&Request::new(Task::Build, "", 1))?.figures;
    let mut heads = vec![
        "operation",
        "allocations",
        "bytes allocated",
        "bytes excluding request and response",
        "bytes of the attempt",
    ];
    if !bench.instructions.is_empty() {
        heads.push("instructions");
    }
    let mut table = Table::new("", &heads);
    let mut largest: Option<f64> = None;
    for operation in OPERATIONS {
        let figure = |what: &str| {
            let figure = figures.get(&format!("{operation} {what}")).copied();
            figure.ok_or_else(|| Failure::new(format!("no figure for {operation}: {what}")))
        };
        let attempt = figure("attempt")?;
        largest = Some(largest.map_or(attempt, |largest| largest.max(attempt)));
        let mut row = vec![operation.to_owned()];
        for what in ["allocations", "bytes", "attempt", "inline"] {
            row.push(number::rounded(figure(what)?));
        }
        if !bench.instructions.is_empty() {
            let count = bench.instructions.get(operation);
            row.push(count.map_or_else(|| "–".into(), |count| number::rounded(*count)));
        }
        table.row(row);
    }
    bench.record(Goal::Attempt, largest);
    Ok(table)
}
