//! The sections of the report, each with its measurement.

mod build;
mod calls;
mod cargo;
mod cli;
mod construct;
mod decode;
mod fleet;
mod memory;
mod package;
mod prefetch;
mod scaling;
mod throughput;

use crate::chart::Chart;
use crate::run::Bench;
use crate::table::Table;

/// A section that can be measured.
pub(crate) struct Plan {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    measure: fn(&mut Bench) -> Section,
}

pub(crate) const ALL: &[Plan] = &[
    calls::PLAN,
    decode::PLAN,
    build::PLAN,
    throughput::PLAN,
    memory::PLAN,
    construct::PLAN,
    prefetch::PLAN,
    scaling::PLAN,
    cli::PLAN,
    fleet::PLAN,
    package::PLAN,
    cargo::PLAN,
];

impl Plan {
    pub(crate) fn measure(&self, bench: &mut Bench) -> Section {
        Section { name: self.name, title: self.about, ..(self.measure)(bench) }
    }
}

/// A measured section.
#[derive(Debug, Default)]
pub(crate) struct Section {
    pub(crate) name: &'static str,
    pub(crate) title: &'static str,
    /// Describes the measurement, in Markdown.
    pub(crate) text: String,
    pub(crate) tables: Vec<Table>,
    pub(crate) charts: Vec<Chart>,
}

impl Section {
    fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }

    /// All tables, each below its caption.
    pub(crate) fn tables(&self) -> String {
        let tables = self.tables.iter().map(|table| {
            let caption = &table.caption;
            let caption =
                if caption.is_empty() { String::new() } else { format!("**{caption}**\n\n") };
            format!("{caption}{}\n", table.markdown())
        });
        tables.collect()
    }
}
