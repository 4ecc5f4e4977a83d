//! The table of `docs/kill-tests.md`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;

use crate::checks::Tally;

/// When a run is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Column {
    Before,
    After,
    Between,
    Twice,
    Late,
}

const COLUMNS: [Column; 5] =
    [Column::Before, Column::After, Column::Between, Column::Twice, Column::Late];

/// The kills of one job.
pub(crate) struct Row {
    pub(crate) title: &'static str,
    requests: usize,
    kills: BTreeMap<Column, usize>,
    doubled: usize,
    lost: usize,
}

impl Row {
    pub(crate) fn new(title: &'static str, requests: usize) -> Self {
        Self { title, requests, kills: BTreeMap::new(), doubled: 0, lost: 0 }
    }

    pub(crate) fn add(&mut self, column: Column, kills: usize, tally: &Tally) {
        *self.kills.entry(column).or_default() += kills;
        self.doubled += tally.doubled;
        self.lost += tally.lost;
    }

    fn add_row(&mut self, row: &Self) {
        self.requests += row.requests;
        self.doubled += row.doubled;
        self.lost += row.lost;
        for (column, kills) in &row.kills {
            *self.kills.entry(*column).or_default() += kills;
        }
    }
}

pub(crate) fn of(rows: &[Row]) -> String {
    let mut table = String::from(
        "| command | requests | before the server acted | after it acted | between requests \
         | twice | request arrives late | kills | keys doubled | secrets lost |\n\
         | --- | --: | --: | --: | --: | --: | --: | --: | --: | --: |\n",
    );
    let mut sum = Row::new("all", 0);
    for row in rows {
        sum.add_row(row);
    }
    for row in rows.iter().chain([&sum]) {
        let count = |column: &Column| row.kills.get(column).copied().unwrap_or_default();
        let kills: Vec<_> = COLUMNS.iter().map(|column| count(column).to_string()).collect();
        let all: usize = row.kills.values().sum();
        let _ = writeln!(
            table,
            "| {} | {} | {} | {all} | {} | {} |",
            row.title,
            row.requests,
            kills.join(" | "),
            row.doubled,
            row.lost
        );
    }
    table
}

/// Compares the table with the one on the page.
pub(crate) fn check(table: &str) {
    let path = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").unwrap())
        .join("../docs/kill-tests.md");
    let page = std::fs::read_to_string(&path).unwrap().replace("\r\n", "\n");
    let rows: Vec<_> = page.split_inclusive('\n').filter(|line| line.starts_with('|')).collect();
    let written = rows.concat();
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, page.replace(&written, table)).unwrap();
        return;
    }
    assert!(
        written == table,
        "docs/kill-tests.md differs; rewrite it: UPDATE=1 cargo test -p openrouter-keys --test kills"
    );
}
