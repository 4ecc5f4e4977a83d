//! The size of the npm package, and the start-up time it adds.

use std::process::Command;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::{Plan, Section};
use crate::failure::Failure;
use crate::files;
use crate::number;
use crate::run::Bench;
use crate::table::Table;

pub(super) const PLAN: Plan =
    Plan { name: "package", about: "Size and start-up time of the npm package", measure };

const TEXT: &str = "\
Sizes are those of one file, as a bundler writes it or as the package contains it, and after \
gzip and brotli. A start-up is a new process that imports the client, constructs one, and exits; \
the runtimes take turns.

`node bindings-js/bench/sizes.mjs` and `node bindings-js/bench/startup.mjs` measure only these.";

#[derive(Deserialize)]
struct Rows<T> {
    rows: Vec<T>,
}

#[derive(Deserialize)]
struct Size {
    what: String,
    raw: u64,
    gzip: u64,
    brotli: u64,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Start {
    Missing {
        runtime: String,
        missing: String,
    },
    Measured {
        runtime: String,
        version: String,
        client: String,
        median_ms: f64,
        low_ms: f64,
        high_ms: f64,
    },
}

fn measure(bench: &mut Bench) -> Section {
    let mut section = Section::new(TEXT);

    let mut sizes = Table::new("Size in bytes", &["what", "raw", "gzip", "brotli"]);
    match rows::<Size>("sizes.mjs", "--json") {
        Ok(rows) => rows.into_iter().for_each(|Size { what, raw, gzip, brotli }| {
            sizes.row([what, number::whole(raw), number::whole(gzip), number::whole(brotli)]);
        }),
        Err(why) => sizes.not_measured("sizes", why),
    }
    section.tables.push(sizes);

    let mut starts =
        Table::new("Start-up", &["runtime", "client", "median ms", "interquartile range"]);
    let options = if bench.quick { "--json --rounds 3" } else { "--json" };
    match rows::<Start>("startup.mjs", options) {
        Ok(rows) => rows.into_iter().for_each(|start| match start {
            Start::Measured { runtime, version, client, median_ms, low_ms, high_ms } => {
                let range = format!("{}–{}", number::short(low_ms), number::short(high_ms));
                starts.row([
                    format!("{runtime} {version}"),
                    client,
                    number::short(median_ms),
                    range,
                ]);
            }
            Start::Missing { runtime, missing } => starts.not_measured(runtime, missing),
        }),
        Err(why) => starts.not_measured("start-up", why),
    }
    section.tables.push(starts);
    section
}

fn rows<T: DeserializeOwned>(script: &str, options: &str) -> Result<Vec<T>, Failure> {
    let script = format!("bindings-js/bench/{script}");
    let mut command = Command::new("node");
    command.arg(&script).args(options.split_whitespace()).current_dir(files::root());
    let output = command.output().map_err(|error| Failure::from(error).within("node"))?;
    if !output.status.success() {
        return Err(Failure::new(format!("`node {script}` failed: {}", output.status)));
    }
    let rows: Rows<T> = serde_json::from_slice(&output.stdout)
        .map_err(|error| Failure::from(error).within(script))?;
    Ok(rows.rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_start_up_was_measured_or_says_why_not() {
        let text = r#"{"rows":[
            {"runtime":"Node","version":"20","client":"SDK","median_ms":9.5,"low_ms":9,"high_ms":11},
            {"runtime":"Bun","version":null,"client":"SDK","missing":"it is not installed"}
        ]}"#;
        let Rows { rows } = serde_json::from_str::<Rows<Start>>(text).unwrap();
        assert!(matches!(rows.as_slice(), [Start::Measured { .. }, Start::Missing { .. }]));
    }
}
