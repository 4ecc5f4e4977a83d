//! A run: measures the selected sections, one after another, and writes the report.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::arguments::RunOptions;
use crate::failure::Failure;
use crate::files;
use crate::goals::{Figures, Goal};
use crate::process::Server;
use crate::protocol::{Request, Task};
use crate::race::{self, Lane, Outcome, Rounds};
use crate::report::{self, Report};
use crate::sections::{self, Section};
use crate::versions;

/// The crates whose versions go into the report.
const CRATES: [&str; 4] = ["openrouter-keys-native", "openrouter-rs", "reqwest", "serde_json"];

/// Where cargo puts the command line, unless it is told another folder.
const CLI: &str = "target/release/openrouter-keys";

/// The shared state of a run: the server, and the results for the report.
pub(crate) struct Bench {
    pub(crate) server: Server,
    pub(crate) quick: bool,
    /// The release build of the command line.
    pub(crate) cli: PathBuf,
    pub(crate) instructions: BTreeMap<String, f64>,
    pub(crate) figures: Figures,
    pub(crate) versions: BTreeMap<String, String>,
}

impl Bench {
    fn new(options: &RunOptions) -> Result<Self, Failure> {
        let instructions = options.instructions.as_ref().map(|file| {
            let text = std::fs::read_to_string(file).map_err(Failure::from);
            let counts = text.and_then(|text| Ok(serde_json::from_str(&text)?));
            counts.map_err(|failure| failure.within(file.display()))
        });
        Ok(Self {
            instructions: instructions.transpose()?.unwrap_or_default(),
            cli: options.cli.clone().unwrap_or_else(|| files::root().join(CLI)),
            server: Server::start()?,
            quick: options.quick,
            figures: Figures::default(),
            versions: versions::of(&CRATES),
        })
    }

    /// Returns `times`, or at most 3 in a quick run.
    pub(crate) fn repeats(&self, times: u32) -> u32 {
        if self.quick { times.min(3) } else { times }
    }

    /// Runs a race and keeps the versions of its contestants.
    pub(crate) fn race(&mut self, lanes: Vec<Lane>, rounds: Rounds) -> Outcome {
        let rounds = Rounds {
            heats: if self.quick { 1 } else { rounds.heats },
            warm_up: self.repeats(rounds.warm_up),
            counted: self.repeats(rounds.counted),
        };
        let outcome = race::run(lanes, rounds);
        self.versions.extend(outcome.versions.clone());
        outcome
    }

    /// A base URL where pages have `per_page` of `total` keys and take `delay` milliseconds.
    pub(crate) fn base(&self, per_page: u32, total: u32, delay: u32) -> String {
        let http = &self.server.addresses.http;
        format!("{http}/page/{per_page}/total/{total}/delay/{delay}/api/v1")
    }

    /// The request over HTTP/2 with TLS instead of plain HTTP/1.1.
    pub(crate) fn over_http2(&self, request: Request) -> Request {
        let addresses = &self.server.addresses;
        let base = request.base.replacen(&addresses.http, &addresses.https, 1);
        self.trusting(Request { base, ..request })
    }

    /// The request with the server's certificate as trusted.
    pub(crate) fn trusting(&self, request: Request) -> Request {
        Request { certificate: Some(self.server.addresses.certificate.clone()), ..request }
    }

    /// A request to keep `calls` calls in flight at the server.
    pub(crate) fn holding(&self, calls: u32) -> Request {
        let http = &self.server.addresses.http;
        let request = Request::new(Task::Hold, format!("{http}/hold/api/v1"), calls);
        Request { control: Some(http.clone()), ..request.at_once(calls) }
    }

    pub(crate) fn record(&mut self, goal: Goal, figure: Option<f64>) {
        self.figures.extend(figure.map(|figure| (goal, figure)));
    }
}

pub(crate) fn run(options: &RunOptions) -> Result<(), Failure> {
    let mut bench = Bench::new(options)?;
    let mut measured: Vec<Section> = Vec::new();
    for plan in sections::ALL.iter().filter(|plan| options.includes(plan.name)) {
        println!("\n==> {}: {}", plan.name, plan.about);
        let section = plan.measure(&mut bench);
        print!("\n{}", files::without_root(&section.tables()));
        measured.push(section);
    }
    let (out, charts) = places(options);
    let report = Report { bench: &bench, sections: &measured, whole: options.is_whole() };
    report::write(&report, &out, &charts)?;
    println!("\n{}", bench.figures.table().markdown());
    println!("The report is in {}.", files::without_root(&out.display().to_string()));
    Ok(())
}

/// A quick or partial run does not overwrite the repository's report.
fn places(options: &RunOptions) -> (PathBuf, PathBuf) {
    let root = files::root();
    let (out, charts) = if options.is_whole() {
        (root.join("BENCHMARKS.md"), root.join("docs/benchmarks"))
    } else {
        (root.join("target/bench/BENCHMARKS.md"), root.join("target/bench/charts"))
    };
    (options.out.clone().unwrap_or(out), options.charts.clone().unwrap_or(charts))
}
