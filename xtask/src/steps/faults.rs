//! The fault matrix is honest: each row names tests, each of them runs, and they
//! run through what the row says.

use std::collections::BTreeMap;
use std::path::Path;

use crate::command::Command;
use crate::failure::Failure;
use crate::matrix::{self, Proof, Row};
use crate::step::{Context, Outcome, Step};
use crate::workspace::{CORE, NATIVE, TESTS};

pub(crate) const STEP: Step = Step {
    name: "faults",
    about: "every row of docs/fault-matrix.md is proved by tests that exist and run",
    sets_up: true,
    run,
};

#[path = "../../../tests/src/tables.rs"]
#[expect(unreachable_pub, reason = "it is a module of the tests' library")]
mod tables;

const PAGE: &str = "docs/fault-matrix.md";
const SHARED: &str = "tests/vectors/shared/values.json";
/// Rows are never taken away.
const ROWS: usize = 33;

fn run(context: &Context) -> Result<Outcome, Failure> {
    let root = &context.workspace.root;
    let rows = matrix::rows(&read(root, PAGE)?);
    let mut problems = Vec::new();
    if rows.len() < ROWS || !rows.iter().map(|row| row.number).eq(1..=rows.len()) {
        problems.push(format!("the rows of {PAGE} are not numbered from 1 to {ROWS} or more"));
    }
    let mut sources: BTreeMap<String, Tests> = BTreeMap::new();
    for row in &rows {
        let through = carriers(row);
        if row.through != through {
            problems.push(format!("row {} is proved through {through}", row.number));
        }
        if row.proofs.is_empty() {
            problems.push(format!("row {} names no test", row.number));
        }
        for Proof { file, name } in &row.proofs {
            let source = if extension(file) == "rs" { cargo_target(file) } else { file.clone() };
            if !sources.contains_key(&source) {
                sources.insert(source.clone(), Tests::of(root, &source)?);
            }
            if !sources.get(&source).is_some_and(|tests| tests.run(name)) {
                problems.push(format!("row {}: {file} runs no test `{name}`", row.number));
            }
        }
    }
    if !problems.is_empty() {
        return Err(Failure::new(problems.join("\n")));
    }
    let proofs: usize = rows.iter().map(|row| row.proofs.len()).sum();
    println!("{} rows, proved by {proofs} tests", rows.len());
    Ok(Outcome::Passed)
}

/// What carries calls.
struct Carrier {
    name: &'static str,
    /// Whether the tests of this file use it.
    is_used_by: fn(&str) -> bool,
}

const CARRIERS: [Carrier; 5] = [
    Carrier {
        name: "core",
        is_used_by: |file| {
            is_of(file, &["core/", "tests/vectors/", "tests/tests/", CONTRACT])
                && !SOCKETS.contains(&file)
        },
    },
    Carrier { name: "async", is_used_by: is_over_sockets },
    Carrier { name: "blocking", is_used_by: |file| is_over_sockets(file) && file != ASYNC_ALONE },
    Carrier {
        name: "Node",
        is_used_by: |file| is_of(file, &["tests/vectors/", "bindings-js/test/"]),
    },
    Carrier {
        name: "Chromium",
        is_used_by: |file| is_of(file, &["tests/vectors/", "bindings-js/test/runtimes/"]),
    },
];

const ASYNC_ALONE: &str = "tests/tests/sockets.rs";
/// What opens sockets; the other tests beside them have scripted transports.
const SOCKETS: [&str; 8] = [
    ASYNC_ALONE,
    "tests/tests/connecting.rs",
    "tests/tests/environment.rs",
    "tests/tests/fork.rs",
    "tests/tests/faults_over_sockets.rs",
    "tests/tests/runtimes.rs",
    "tests/tests/stale_connections.rs",
    "tests/tests/vectors_over_sockets.rs",
];
const CONTRACT: &str = "tests/src/contract.rs";

fn is_of(file: &str, places: &[&str]) -> bool {
    places.iter().any(|place| file.starts_with(place))
}

/// Of the vectors, those of failures below HTTP are none that a server can be
/// made to cause.
fn is_over_sockets(file: &str) -> bool {
    SOCKETS.contains(&file)
        || (is_of(file, &["tests/vectors/", CONTRACT]) && file != "tests/vectors/failures.json")
}

/// Through what a row is proved, as the page is to say it.
fn carriers(row: &Row) -> String {
    let files: Vec<&str> = row.proofs.iter().map(|proof| &*proof.file).collect();
    let is_used = |carrier: &&Carrier| files.iter().any(|file| (carrier.is_used_by)(file));
    let names = CARRIERS.iter().filter(is_used).map(|carrier| carrier.name);
    match names.collect::<Vec<_>>() {
        names if names.len() == CARRIERS.len() => "all".to_owned(),
        names => names.join(", "),
    }
}

/// The tests of a file that run.
enum Tests {
    /// Rust's, by their paths.
    Rust(Vec<String>),
    /// Others, by their names.
    Named(Vec<String>),
    /// A file whose every check runs in every runtime, as its text.
    Scenario(String),
}

impl Tests {
    fn of(root: &Path, source: &str) -> Result<Self, Failure> {
        if source.starts_with("-p ") {
            return rust(root, source).map(Self::Rust);
        }
        match extension(source) {
            "json" => vectors(&read(root, source)?, &read(root, SHARED)?).map(Self::Named),
            "mjs" => node(root, source).map(Self::Named),
            _ => read(root, source).map(Self::Scenario),
        }
    }

    fn run(&self, name: &str) -> bool {
        match self {
            Self::Rust(paths) => paths.iter().any(|path| path.rsplit("::").next() == Some(name)),
            Self::Named(names) => names.iter().any(|known| known == name),
            Self::Scenario(text) => text.contains(&format!("check(\"{name}\"")),
        }
    }
}

fn extension(file: &str) -> &str {
    Path::new(file).extension().and_then(|extension| extension.to_str()).unwrap_or_default()
}

/// How cargo is told of the tests in a file.
fn cargo_target(file: &str) -> String {
    let package = match file.split('/').next() {
        Some("core") => CORE,
        Some("transport-native") => NATIVE,
        _ => TESTS,
    };
    // A target of several files is a folder.
    let within = file.rsplit_once("/tests/").and_then(|(_, within)| within.split('/').next());
    let name = within.or(file.rsplit('/').next()).unwrap_or(file).trim_end_matches(".rs");
    // The cases of the contract are tests of what includes them.
    if file.contains("/tests/") || file == CONTRACT {
        format!("-p {package} --test {name}")
    } else {
        format!("-p {package} --lib")
    }
}

/// What cargo would run of the target, without the tests that it ignores.
fn rust(root: &Path, target: &str) -> Result<Vec<String>, Failure> {
    let list = |which: &str| {
        let line = format!("test --quiet {target} --all-features --locked -- {which} --list");
        Command::cargo(&line).output(root)
    };
    let ignored = list("--ignored")?;
    let is_ignored = |line: &&str| ignored.lines().any(|other| other == *line);
    let all = list("")?;
    let running = all.lines().filter(|line| !is_ignored(line));
    Ok(running.filter_map(|line| line.strip_suffix(": test")).map(str::to_owned).collect())
}

/// The names of all vectors: a test holds that every file is run whole.
fn vectors(text: &str, shared: &str) -> Result<Vec<String>, Failure> {
    let vectors = tables::expand(text, shared).map_err(Failure::new)?;
    let names = vectors.iter().filter_map(|vector| vector.get("name")?.as_str());
    Ok(names.map(str::to_owned).collect())
}

/// What passes in Node; a test that is skipped or to be done does not.
fn node(root: &Path, file: &str) -> Result<Vec<String>, Failure> {
    let report = Command::new("node").words("--test --test-reporter=tap").argument(file);
    let report = report.output(root)?;
    let passed = report.lines().filter_map(|line| line.trim_start().strip_prefix("ok "));
    let names = passed.filter_map(|line| Some(line.split_once(" - ")?.1));
    Ok(names.filter(|name| !name.contains(" # ")).map(str::to_owned).collect())
}

fn read(root: &Path, file: &str) -> Result<String, Failure> {
    std::fs::read_to_string(root.join(file))
        .map_err(|error| Failure::new(format!("{file}: {error}")))
}
