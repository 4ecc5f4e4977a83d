//! Which keys a command about many is for: named ones, those of a CSV file, or all that match
//! filters.

use std::path::PathBuf;

use clap::Args;
use openrouter_keys_native::{Client, Key};

use super::rows;
use crate::app::App;
use crate::failure::{Failure, Result};
use crate::select::{self, Filters, Named};
use crate::units;

/// The columns that may name a key, the surest first.
const COLUMNS: [&str; 2] = ["hash", "name"];

#[derive(Clone, Debug, Args)]
pub(crate) struct Which {
    /// Each key's name, its hash, or the beginning of its hash
    #[arg(value_name = "KEY", value_parser = Named::parse)]
    keys: Vec<Named>,
    /// The keys of this CSV file, which has a column hash or name; - is standard input
    #[arg(long, value_name = "FILE")]
    from: Option<PathBuf>,
    #[command(flatten)]
    filters: Filters,
}

impl Which {
    /// Whether the user said which keys.
    pub(crate) fn any(&self) -> bool {
        !self.keys.is_empty() || self.from.is_some() || self.filters.any()
    }

    /// Refuses a command that would be about every key because nothing was said, and a file
    /// that cannot be read.
    pub(crate) fn named(&self, app: &App) -> Result<Vec<Named>> {
        if !self.any() {
            return Err(Failure::usage(
                "say which keys: by name or hash, with --from FILE, or with filters \
                 (--name '*' is every key); nothing was sent",
            ));
        }
        let mut named = self.keys.clone();
        if let Some(path) = &self.from {
            named.extend(read(app, path)?);
        }
        Ok(named)
    }

    /// The keys, each once. Filters choose among the named ones if there are any.
    pub(crate) async fn find(&self, client: &Client, named: &[Named]) -> Result<Vec<Key>> {
        let everywhere =
            Filters { workspace: self.filters.workspace.clone(), ..Filters::default() };
        let all = select::matching(client, &everywhere).await?;
        let mut found: Vec<Key> = Vec::new();
        if named.is_empty() && self.from.is_none() {
            found = all;
        } else {
            for named in named {
                let key = named.among(&all)?;
                if !found.iter().any(|other| other.hash == key.hash) {
                    found.push(key.clone());
                }
            }
        }
        let now = units::now();
        found.retain(|key| self.filters.matches(key, now));
        Ok(found)
    }
}

fn read(app: &App, path: &std::path::Path) -> Result<Vec<Named>> {
    let wrong = |problem: String| {
        Failure::usage(format!("{} is wrong: {problem}; nothing was sent", path.display()))
    };
    let mut csv =
        csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(rows::open(app, path)?);
    let header = csv.headers().map_err(|error| wrong(rows::problem(&error)))?.clone();
    let place = COLUMNS
        .iter()
        .find_map(|column| {
            header
                .iter()
                .position(|name| name.trim_start_matches('\u{feff}').eq_ignore_ascii_case(column))
        })
        .ok_or_else(|| wrong("its first line names neither a column hash nor name".to_owned()))?;
    let mut named = Vec::new();
    for record in csv.records() {
        let record = record.map_err(|error| wrong(rows::problem(&error)))?;
        let line = record.position().map_or(0, csv::Position::line);
        let text = record.get(place).unwrap_or_default();
        named.push(Named::parse(text).map_err(|problem| wrong(format!("line {line}: {problem}")))?);
    }
    Ok(named)
}
