//! Unattended rotation on many machines: how fast it is at a server's rate limit, and what it sends.

use std::collections::BTreeMap;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use http::StatusCode;
use jiff::Timestamp;
use serde_json::Value;

use super::{Plan, Section};
use crate::emulator::{BASE_PATH, Emulator};
use crate::failure::Failure;
use crate::gate::{Gate, Manner};
use crate::goals::Goal;
use crate::number;
use crate::program::{Account, Program};
use crate::run::Bench;
use crate::statistics::float;
use crate::table::Table;

pub(super) const PLAN: Plan = Plan { name: "fleet", about: "Unattended rotation", measure };

const TEXT: &str = "\
One pass of `openrouter-keys fleet run` on each machine, all at the same time, rotates every key \
once, without pauses. A machine is a process, which works on its `--shard` of the keys with the \
default of 8 at once. They share a folder as the store, and each secret goes into a file. \
`openrouter-keys emulator` runs as a separate process behind a gateway that lets 200 requests per \
second through and refuses the others with status 429 and `Retry-After: 1`; the lower bound is the \
time that this rate alone requires. Requests are all that were not refused: those of the \
rotations and those that a pass needs for itself, such as the listing. Afterwards each name has one \
key, a new one, and each key's secret is in its file, or the row says what is not so.";

/// Requests per second.
const RATE: u32 = 200;
const KEYS: u32 = 1_000;
/// Machines and keys of each row.
const ROWS: [(usize, u32); 7] =
    [(1, 10), (1, 100), (8, 100), (1, KEYS), (2, KEYS), (4, KEYS), (8, KEYS)];
/// Where the secrets go.
const FILES: &str = "keys";
const NO_PAUSES: [&str; 6] = ["--grace", "0s", "--unused", "0s", "--watch", "0s"];

fn measure(bench: &mut Bench) -> Section {
    let program = Program { label: "openrouter-keys", path: bench.cli.clone() };
    let heads = [
        "machines",
        "keys",
        "s",
        "lower bound, s",
        "× lower bound",
        "requests per rotation",
        "refused per rotation",
    ];
    let mut table = Table::new("One pass", &heads);
    // A bucket that is full at the start hides the rate from a short run.
    let rows = if bench.quick { &ROWS[..2] } else { &ROWS[..] };
    let mut worst = BTreeMap::new();
    for &(machines, keys) in rows {
        match pass(&program, machines, keys) {
            Ok(pass) => {
                if keys == KEYS {
                    let mut keep = |goal, figure: f64| {
                        let entry = worst.entry(goal).or_insert(figure);
                        *entry = entry.max(figure);
                    };
                    keep(Goal::FleetRate, pass.took / pass.bound);
                    keep(Goal::FleetRequests, pass.requests);
                }
                table.row(pass.cells(machines, keys));
            }
            Err(why) => table.not_measured(format!("{machines} machines, {keys} keys"), why),
        }
    }
    for (goal, figure) in worst {
        bench.record(goal, Some(figure));
    }
    Section { tables: vec![table], ..Section::new(TEXT) }
}

/// What all machines together took.
struct Pass {
    /// In seconds, like the bound.
    took: f64,
    bound: f64,
    /// For each rotation, like the refused ones.
    requests: f64,
    refused: f64,
}

impl Pass {
    fn cells(&self, machines: usize, keys: u32) -> Vec<String> {
        // Less than the requests of one second may come at once.
        let is_limited = self.bound > 0.0;
        let ratio = if is_limited { number::ratio(self.took / self.bound) } else { String::new() };
        vec![
            machines.to_string(),
            number::whole(keys),
            number::short(self.took),
            number::short(self.bound),
            ratio,
            format!("{:.2}", self.requests),
            format!("{:.2}", self.refused),
        ]
    }
}

fn pass(program: &Program, machines: usize, keys: u32) -> Result<Pass, Failure> {
    let mut account = Account::new(String::new(), String::new())?;
    let emulator = Emulator::start(&program.path, account.home.path(), keys)?;
    let gate = Gate::start(&emulator.url, Manner { rate: Some(RATE), ..Manner::default() })?;
    account.management_key.clone_from(&emulator.management_key);
    account.base = format!("{}{BASE_PATH}", emulator.url);
    let old = names(program, &account)?;
    std::fs::create_dir(account.home.path().join(FILES))?;
    // A key's creation is known to the second, and no key that this pass creates may be due.
    let due = next_second()?;
    account.base = format!("{}{BASE_PATH}", gate.url);
    let begun = Instant::now();
    let running = (1..=machines).map(|part| {
        let shard = format!("{part}/{machines}");
        let due = due.to_string();
        let arguments = ["fleet", "run", "--store", "store", "--created-before", &due];
        let secrets = ["--secret-to", "file:keys/{name}", "--shard", &shard, "--json"];
        let arguments: Vec<&str> = arguments.into_iter().chain(secrets).chain(NO_PAUSES).collect();
        let mut command = program.command(&arguments, &account);
        command.stdin(std::process::Stdio::null());
        command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::piped());
        command.spawn()
    });
    let running = running.collect::<Result<Vec<_>, _>>()?;
    for machine in running {
        let output = machine.wait_with_output()?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            return Err(Failure::new(format!("{}: {said}", output.status)));
        }
    }
    let took = begun.elapsed().as_secs_f64();
    let passed = gate.passed();
    let is_refused = |status| status == StatusCode::TOO_MANY_REQUESTS;
    let refused = passed.iter().filter(|passed| is_refused(passed.status)).count();
    let requests = float(passed.len()) - float(refused);
    account.base = format!("{}{BASE_PATH}", emulator.url);
    let new = names(program, &account)?;
    check(&old, &new, &account)?;
    let rotations = f64::from(keys);
    Ok(Pass {
        took,
        bound: (requests - f64::from(RATE)).max(0.0) / f64::from(RATE),
        requests: requests / rotations,
        refused: float(refused) / rotations,
    })
}

/// The hashes of all keys by their names; a name of two keys is an error.
fn names(program: &Program, account: &Account) -> Result<BTreeMap<String, String>, Failure> {
    let run = program.run(&["list", "--json"], account, "")?.succeeded()?;
    let page: Value = serde_json::from_str(&run.stdout)?;
    let rows = page.get("data").or(Some(&page)).and_then(Value::as_array);
    let mut names = BTreeMap::new();
    for row in rows.into_iter().flatten() {
        let text = |field| row.get(field).and_then(Value::as_str).unwrap_or_default().to_owned();
        let name = text("name");
        if names.insert(name.clone(), text("hash")).is_some() {
            return Err(Failure::new(format!("two keys have the name {name}")));
        }
    }
    Ok(names)
}

type Names = BTreeMap<String, String>;

/// Whether every key was replaced once, and its secret stored.
fn check(old: &Names, new: &Names, account: &Account) -> Result<(), Failure> {
    if old.len() != new.len() || !old.keys().eq(new.keys()) {
        return Err(Failure::new(format!("{} keys became {}", old.len(), new.len())));
    }
    for (name, hash) in new {
        if old.get(name) == Some(hash) {
            return Err(Failure::new(format!("{name} was not rotated")));
        }
        if !account.home.path().join(FILES).join(name).is_file() {
            return Err(Failure::new(format!("the secret of {name} is in no file")));
        }
    }
    Ok(())
}

/// Waits for the next second, and returns it.
fn next_second() -> Result<Timestamp, Failure> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let next = now.as_secs().saturating_add(1);
    std::thread::sleep(Duration::from_secs(next).saturating_sub(now));
    let next = i64::try_from(next).unwrap_or_default();
    Timestamp::from_second(next).map_err(|error| Failure::new(error.to_string()))
}
