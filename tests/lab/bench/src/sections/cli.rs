//! The command line: how fast it starts, and what its larger jobs cost.

use std::fmt::Write as _;
use std::time::Duration;

use http::{Method, StatusCode};
use serde_json::Value;

use super::{Plan, Section, cargo};
use crate::emulator::{BASE_PATH, Emulator};
use crate::failure::Failure;
use crate::files;
use crate::first_byte::Listener;
use crate::gate::{Gate, Manner};
use crate::goals::Goal;
use crate::number;
use crate::program::{Account, Program, Run};
use crate::protocol::{API_KEY, HASH};
use crate::run::Bench;
use crate::statistics::{Series, float};
use crate::table::Table;
use crate::turns::{Task, fill, in_turn};

pub(super) const PLAN: Plan = Plan { name: "cli", about: "The command line", measure };

const TEXT: &str = "\
The release build of `openrouter-keys`, and `openrouter-cli` 0.2.0 from crates.io where it can do \
the same. The programs take turns; each run is a new process with an empty home folder, and the \
first of each is not counted. `true` does nothing. The bare reqwest program sends one GET with \
reqwest's defaults, which includes loading the system's trusted certificates. For the list, the \
bulk create and the leak, `openrouter-keys emulator` runs as a separate process behind a gateway. \
The gateway delays each response by 20 ms. For the bulk create it instead lets 200 requests per \
second through and refuses the others with status 429 and `Retry-After: 1`; the lower bound is \
the time that this rate alone requires. `openrouter-cli keys list` reads only one page. Memory is \
the peak of the resident memory. All figures are medians.";

const OURS: &str = "openrouter-keys";
const OTHER: &str = "openrouter-cli 0.2.0";
const BARE: &str = "bare reqwest";
/// Where `cargo xtask bench` installs the other command line.
const OTHER_PATH: &str = "target/bench-tools/bin/openrouter-cli";

const STARTS: u32 = 60;
const KEYS: u32 = 5_000;
const DELAY: Duration = Duration::from_millis(20);
const ROWS: u32 = 1_000;
/// Requests per second.
const RATE: u32 = 200;
const LEAKED_AMONG: u32 = 1_000;

fn measure(bench: &mut Bench) -> Section {
    let ours = Program { label: OURS, path: bench.cli.clone() };
    let other = Program { label: OTHER, path: files::root().join(OTHER_PATH) };
    let tables = vec![
        size([&ours, &other]),
        help(bench, &ours, &other),
        first_byte(bench, &ours, &other),
        list(bench, &ours, &other),
        bulk(bench, &ours),
        leak(bench, &ours),
    ];
    Section { tables, ..Section::new(TEXT) }
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

fn median(series: &Series) -> String {
    number::short(series.median())
}

fn count(series: &Series) -> String {
    number::rounded(series.median())
}

fn range(series: &Series) -> String {
    let (low, high) = series.quartiles();
    format!("{}–{}", number::short(low), number::short(high))
}

fn size(programs: [&Program; 2]) -> Table {
    let mut table = Table::new("Size", &["program", "bytes", "stripped, bytes"]);
    for program in programs {
        let measured = || {
            let folder = tempfile::tempdir()?;
            let stripped = cargo::stripped(&program.path, &folder.path().join("stripped"));
            Ok::<_, Failure>((std::fs::metadata(&program.path)?.len(), stripped?))
        };
        match measured() {
            Ok((bytes, stripped)) => {
                table.row([program.label.into(), number::whole(bytes), number::whole(stripped)]);
            }
            Err(why) => table.not_measured(program.label, why),
        }
    }
    table
}

fn help(bench: &mut Bench, ours: &Program, other: &Program) -> Table {
    let nothing = Program { label: "true", path: "/bin/true".into() };
    let tasks: [Task<'_>; 3] = [(ours, &["--help"]), (other, &["--help"]), (&nothing, &["--help"])];
    let account = Account::new(String::new(), String::new());
    let times = in_turn(&tasks, bench.repeats(STARTS), |(program, arguments)| {
        let account = account.as_ref().map_err(Clone::clone)?;
        Ok([millis(program.time(arguments, account)?)])
    });
    let mut table = Table::new("`--help`", &["program", "ms", "interquartile range"]);
    fill(&mut table, &tasks, &times, |program, [times]| {
        if program.label == OURS {
            bench.record(Goal::CliHelp, Some(times.median()));
        }
        vec![median(times), range(times)]
    });
    table
}

fn first_byte(bench: &mut Bench, ours: &Program, other: &Program) -> Table {
    let heads = ["program", "ms", "interquartile range", "ms more than bare reqwest"];
    let mut table = Table::new("From the start to the first byte of `get HASH`", &heads);
    let (listener, least) = match (Listener::start(), bare()) {
        (Ok(listener), Ok(least)) => (listener, least),
        (Err(why), _) | (_, Err(why)) => {
            table.not_measured("the request", why);
            return table;
        }
    };
    let base = format!("{}{BASE_PATH}", listener.url);
    let url = format!("{base}/keys/{HASH}");
    let account = Account::new(base, API_KEY.into());
    let tasks: [Task<'_>; 3] =
        [(ours, &["get", HASH]), (&least, &[&url]), (other, &["keys", "get", HASH])];
    let times = in_turn(&tasks, bench.repeats(STARTS), |(program, arguments)| {
        let account = account.as_ref().map_err(Clone::clone)?;
        Ok([millis(listener.time(program.command(arguments, account))?)])
    });
    let of_least = times.get(1).and_then(|times| times.as_ref().ok());
    fill(&mut table, &tasks, &times, |program, [times]| {
        let more = of_least.map(|[least]| times.minus(least).median());
        if program.label == OURS {
            bench.record(Goal::CliFirstByte, more);
        }
        vec![median(times), range(times), more.map_or_else(String::new, number::short)]
    });
    table
}

fn bare() -> Result<Program, Failure> {
    let path = std::env::current_exe()?.with_file_name("openrouter-keys-bench-bare");
    Ok(Program { label: BARE, path })
}

/// An emulator behind a gateway, and an account there.
struct Stage {
    emulator: Emulator,
    gate: Gate,
    account: Account,
}

impl Stage {
    fn set(ours: &Program, keys: u32, manner: Manner) -> Result<Self, Failure> {
        let mut account = Account::new(String::new(), String::new())?;
        let emulator = Emulator::start(&ours.path, account.home.path(), keys)?;
        let gate = Gate::start(&emulator.url, manner)?;
        account.base = format!("{}{BASE_PATH}", gate.url);
        account.management_key.clone_from(&emulator.management_key);
        Ok(Self { emulator, gate, account })
    }
}

/// The rows that a program printed: an array, or one in `data`.
fn rows(stdout: &str) -> Result<Vec<Value>, Failure> {
    let printed = match serde_json::from_str(stdout)? {
        Value::Object(mut page) => page.remove("data"),
        printed => Some(printed),
    };
    match printed {
        Some(Value::Array(rows)) => Ok(rows),
        _ => Err(Failure::new("it printed no array")),
    }
}

fn megabytes(run: &Run) -> f64 {
    float(run.peak) / 1e6
}

fn list(bench: &mut Bench, ours: &Program, other: &Program) -> Table {
    let stage = Stage::set(ours, KEYS, Manner { delay: DELAY, rate: None });
    let tasks: [Task<'_>; 2] =
        [(ours, &["list", "--json"]), (other, &["--output", "json", "keys", "list"])];
    let results = in_turn(&tasks, bench.repeats(15), |(program, arguments)| {
        let stage = stage.as_ref().map_err(Clone::clone)?;
        let before = stage.gate.passed().len();
        let run = program.run(arguments, &stage.account, "")?.succeeded()?;
        let requests = stage.gate.passed().len().saturating_sub(before);
        let listed = float(rows(&run.stdout)?.len());
        Ok([run.took.as_secs_f64(), megabytes(&run), listed, float(requests)])
    });
    let caption = format!("A list of {} keys", number::whole(KEYS));
    let heads = ["program", "s", "interquartile range", "memory, MB", "keys listed", "requests"];
    let mut table = Table::new(caption, &heads);
    fill(&mut table, &tasks, &results, |program, [times, memory, listed, requests]| {
        if program.label == OURS && listed.median() >= f64::from(KEYS) {
            bench.record(Goal::CliListTime, Some(times.median()));
            bench.record(Goal::CliListMemory, Some(memory.median()));
        }
        vec![median(times), range(times), median(memory), count(listed), count(requests)]
    });
    table
}

fn bulk(bench: &mut Bench, ours: &Program) -> Table {
    let arguments = ["bulk", "create", "keys.csv", "--secret-to", "file:{name}.key", "--json"];
    let tasks: [Task<'_>; 1] = [(ours, &arguments)];
    let results = in_turn(&tasks, bench.repeats(4), created);
    let caption = format!("`bulk create` of {} keys with 8 in flight", number::whole(ROWS));
    let heads = [
        "program",
        "s",
        "lower bound, s",
        "× lower bound",
        "requests",
        "refused",
        "keys created",
        "memory, MB",
    ];
    let mut table = Table::new(caption, &heads);
    fill(&mut table, &tasks, &results, |_, [times, bound, requests, refused, created, memory]| {
        let ratio = times.over(bound).median();
        bench.record(Goal::CliBulkRate, Some(ratio));
        bench.record(Goal::CliBulkFailed, Some(f64::from(ROWS) - created.median()));
        let [requests, refused, created] = [requests, refused, created].map(count);
        let ratio = number::ratio(ratio);
        vec![median(times), median(bound), ratio, requests, refused, created, median(memory)]
    });
    table
}

/// One bulk create: a figure for each column but the ratio.
fn created((ours, arguments): Task<'_>) -> Result<[f64; 6], Failure> {
    let stage = Stage::set(ours, 2, Manner { delay: Duration::ZERO, rate: Some(RATE) })?;
    let mut file = String::from("name,limit,reset\n");
    for row in 0..ROWS {
        writeln!(file, "student {row},5,monthly")?;
    }
    std::fs::write(stage.account.home.path().join("keys.csv"), file)?;
    let run = ours.run(arguments, &stage.account, "")?;
    // A run with failed rows prints the rows, too.
    let Ok(rows) = rows(&run.stdout) else {
        run.succeeded()?;
        return Err(Failure::new("it printed no rows"));
    };
    let is_done = |row: &&Value| row.get("state").is_some_and(|state| state == "done");
    let created = float(rows.iter().filter(is_done).count());
    let passed = stage.gate.passed();
    let statuses = passed.iter().map(|passed| passed.status);
    let refused = statuses.filter(|status| *status == StatusCode::TOO_MANY_REQUESTS).count();
    let (requests, refused, rate) = (float(passed.len()), float(refused), f64::from(RATE));
    // Requests of one second may come at once.
    let bound = (requests - refused - rate).max(0.0) / rate;
    Ok([run.took.as_secs_f64(), bound, requests, refused, created, megabytes(&run)])
}

fn leak(bench: &mut Bench, ours: &Program) -> Table {
    let tasks: [Task<'_>; 1] = [(ours, &["leak", "--secret-to", "file:new.key", "--json"])];
    let results = in_turn(&tasks, bench.repeats(7), leaked);
    let keys = number::whole(LEAKED_AMONG);
    let heads = ["program", "from found to disabling, ms", "in all, s", "requests", "memory, MB"];
    let mut table =
        Table::new(format!("`leak` of one of {keys} keys, and its replacement"), &heads);
    fill(&mut table, &tasks, &results, |_, [disabled, times, requests, memory]| {
        bench.record(Goal::CliLeakDisabled, Some(disabled.median()));
        bench.record(Goal::CliLeakWhole, Some(times.median()));
        let disabled = number::short(disabled.median() * 1e3);
        vec![disabled, median(times), count(requests), median(memory)]
    });
    table
}

/// One leaked key: a figure for each column.
fn leaked((ours, arguments): Task<'_>) -> Result<[f64; 4], Failure> {
    let stage = Stage::set(ours, LEAKED_AMONG, Manner { delay: DELAY, rate: None })?;
    let run = ours.run(arguments, &stage.account, &stage.emulator.oldest)?.succeeded()?;
    let passed = stage.gate.passed();
    let first = passed.iter().find(|passed| passed.method != Method::GET);
    let first = first.ok_or_else(|| Failure::new("it changed nothing"))?;
    if first.method != Method::PATCH {
        return Err(Failure::new(format!("its first change was a {}", first.method)));
    }
    // The response before it is the one in which the key was found.
    let earlier = passed.iter().map(|passed| passed.responded).filter(|at| *at <= first.arrived);
    let found = earlier.max().ok_or_else(|| Failure::new("it looked for nothing"))?;
    let disabled = first.arrived.saturating_duration_since(found).as_secs_f64();
    Ok([disabled, run.took.as_secs_f64(), float(passed.len()), megabytes(&run)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rows_are_an_array_or_in_data() {
        assert_eq!(rows(r#"[{"state":"done"}]"#).unwrap().len(), 1);
        assert_eq!(rows(r#"{"data":[1,2]}"#).unwrap().len(), 2);
        rows(r#"{"error":{}}"#).expect_err("no rows");
        rows("").expect_err("nothing");
    }
}
