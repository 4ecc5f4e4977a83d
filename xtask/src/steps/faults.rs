//! Checks the fault matrix: each row names tests, all of them run, and they use the carriers that
//! the row claims.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, Error, Result, ensure};
use cargo_metadata::Message;

use crate::matrix::{self, Proof, Row};
use crate::shell::cmd;
use crate::step::{Context, Step};
use crate::workspace::Workspace;

pub(crate) const STEP: Step = Step::extra(
    "faults",
    "every row of docs/fault-matrix.md is proved by tests that exist and run",
    run,
);

#[path = "../../../tests/src/tables.rs"]
#[expect(unreachable_pub, reason = "a module of the tests' library")]
mod tables;

const PAGE: &str = "docs/fault-matrix.md";
const SHARED: &str = "tests/vectors/shared/values.json";
/// Rows are never removed.
const ROWS: usize = 33;

fn run(context: &Context) -> Result<()> {
    let workspace = &context.workspace;
    let rows = matrix::rows(&workspace.read(PAGE)?);
    let mut problems = Vec::new();
    if rows.len() < ROWS || !rows.iter().map(|row| row.number).eq(1..=rows.len()) {
        problems.push(format!("the rows of {PAGE} must be numbered from 1 up to at least {ROWS}"));
    }
    let programs = programs(workspace)?;
    let mut files: BTreeMap<&str, Tests> = BTreeMap::new();
    for row in &rows {
        let through = carriers(row);
        if row.through != through {
            problems.push(format!("row {} is proved through {through}", row.number));
        }
        if row.proofs.is_empty() {
            problems.push(format!("row {} names no test", row.number));
        }
        for Proof { file, name } in &row.proofs {
            if !files.contains_key(&**file) {
                files.insert(file, Tests::of(workspace, &programs, file)?);
            }
            if !files.get(&**file).is_some_and(|tests| tests.run(name)) {
                problems.push(format!("row {}: {file} runs no test `{name}`", row.number));
            }
        }
    }
    ensure!(problems.is_empty(), problems.join("\n"));
    let proofs: usize = rows.iter().map(|row| row.proofs.len()).sum();
    println!("{} rows, proved by {proofs} tests", rows.len());
    Ok(())
}

/// A way in which calls are carried.
struct Carrier {
    name: &'static str,
    /// Whether the tests of this file use it.
    is_used_by: fn(&str) -> bool,
}

const CARRIERS: [Carrier; 5] = [
    Carrier {
        name: "core",
        is_used_by: |file| {
            is_of(
                file,
                &["types/", "core/", "tests/vectors/", "tests/tests/", "tests/lab/", CONTRACT],
            ) && !SOCKETS.contains(&file)
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
/// The tests that open sockets; the others beside them use scripted transports.
const SOCKETS: [&str; 8] = [
    ASYNC_ALONE,
    "tests/tests/connecting.rs",
    "tests/tests/environment.rs",
    "tests/tests/fork.rs",
    "tests/tests/faults_over_sockets.rs",
    "tests/tests/runtimes.rs",
    "tests/lab/tests/stale_connections.rs",
    "tests/tests/vectors_over_sockets.rs",
];
const CONTRACT: &str = "tests/src/contract.rs";

fn is_of(file: &str, places: &[&str]) -> bool {
    places.iter().any(|place| file.starts_with(place))
}

/// Vectors of failures below HTTP do not run over sockets, because no server can produce them.
fn is_over_sockets(file: &str) -> bool {
    SOCKETS.contains(&file)
        || (is_of(file, &["tests/vectors/", CONTRACT]) && file != "tests/vectors/failures.json")
}

/// The carriers of a row, as the page should list them.
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
    /// By name; for Rust, by path.
    Named(Vec<String>),
    /// A file whose every check runs in every runtime, as text.
    Scenario(String),
}

impl Tests {
    fn of(workspace: &Workspace, programs: &Programs, file: &str) -> Result<Self> {
        let extension = Path::new(file).extension().and_then(|extension| extension.to_str());
        match extension.unwrap_or_default() {
            "rs" => {
                let target = target(file);
                let program = programs.get(&target);
                let program =
                    program.with_context(|| format!("{file} is not in a test {target:?}"))?;
                rust(workspace, program).map(Self::Named)
            }
            "json" => {
                let named = vectors(&workspace.read(file)?, &workspace.read(SHARED)?);
                named.with_context(|| file.to_owned()).map(Self::Named)
            }
            "mjs" => node(workspace, file).map(Self::Named),
            _ => workspace.read(file).map(Self::Scenario),
        }
    }

    fn run(&self, name: &str) -> bool {
        match self {
            Self::Named(paths) => {
                paths.iter().any(|path| path == name || path.rsplit("::").next() == Some(name))
            }
            Self::Scenario(text) => text.contains(&format!("check(\"{name}\"")),
        }
    }
}

/// The program of each target with tests, by the folder of its package and the target's name,
/// which is empty for a library.
type Programs = BTreeMap<(String, String), String>;

/// As built by the step `tests`.
fn programs(workspace: &Workspace) -> Result<Programs> {
    let shell = &workspace.shell;
    let build = cmd!(
        shell,
        "cargo test --workspace --all-features --locked --lib --tests --no-run --quiet --message-format=json"
    );
    let written = build.read()?;
    let mut programs = Programs::new();
    for message in Message::parse_stream(written.as_bytes()) {
        let Message::CompilerArtifact(artifact) = message? else { continue };
        let Some(program) = artifact.executable.filter(|_| artifact.profile.test) else { continue };
        let folder = artifact.manifest_path.parent();
        let folder = folder.and_then(|folder| folder.strip_prefix(workspace.root()).ok());
        let is_library = artifact.target.is_lib();
        let name = if is_library { String::new() } else { artifact.target.name };
        let folder = folder.map(ToString::to_string).unwrap_or_default();
        programs.insert((folder, name), program.into_string());
    }
    Ok(programs)
}

/// The target that a test file belongs to.
fn target(file: &str) -> (String, String) {
    let folders = ["types", "core", "transport-native", "tests/lab"];
    let folder = folders.into_iter().find(|folder| is_of(file, &[folder])).unwrap_or("tests");
    // A target with several files is a folder.
    let within = file.rsplit_once("/tests/").and_then(|(_, within)| within.split('/').next());
    let name = within.or(file.rsplit('/').next()).unwrap_or(file).trim_end_matches(".rs");
    // The contract's cases run in the targets that include them.
    let has_its_own = file.contains("/tests/") || file == CONTRACT;
    (folder.to_owned(), if has_its_own { name.to_owned() } else { String::new() })
}

/// The tests the program would run, without ignored ones.
fn rust(workspace: &Workspace, program: &str) -> Result<Vec<String>> {
    let shell = &workspace.shell;
    let ignored = cmd!(shell, "{program} --list --ignored").read()?;
    let all = cmd!(shell, "{program} --list").read()?;
    let running = all.lines().filter(|line| !ignored.lines().any(|other| other == *line));
    Ok(running.filter_map(|line| line.strip_suffix(": test")).map(str::to_owned).collect())
}

/// The names of all vectors; another test checks that every file is run in full.
fn vectors(text: &str, shared: &str) -> Result<Vec<String>> {
    let vectors = tables::expand(text, shared).map_err(Error::msg)?;
    let names = vectors.iter().filter_map(|vector| vector.get("name")?.as_str());
    Ok(names.map(str::to_owned).collect())
}

/// The tests that pass in Node, without skipped and todo ones.
fn node(workspace: &Workspace, file: &str) -> Result<Vec<String>> {
    let report = cmd!(workspace.shell, "node --test --test-reporter=tap {file}").read()?;
    let passed = report.lines().filter_map(|line| line.trim_start().strip_prefix("ok "));
    let names = passed.filter_map(|line| Some(line.split_once(" - ")?.1));
    Ok(names.filter(|name| !name.contains(" # ")).map(str::to_owned).collect())
}
