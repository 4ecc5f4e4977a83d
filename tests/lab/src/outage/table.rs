//! The tables of `docs/outages.md`: every rule in every scenario.

use std::fmt::Write as _;
use std::time::Duration;

use super::figures::Figures;
use super::rule::Rule;
use super::scenario::{AFTER, Recovery, Refusal, Scenario};

/// A scenario with the title of its table.
#[derive(Clone, Copy, Debug)]
pub struct Section {
    /// The description above the table.
    pub title: &'static str,
    /// The settings that it describes.
    pub scenario: Scenario,
}

const REFUSED: Scenario = Scenario {
    clients: 10_000,
    calls_per_second: 1.0,
    down: Refusal::Connection,
    overflow: Refusal::Status(503),
    recovery: Recovery::Half,
};

/// Every scenario, with the full fleet.
pub const SECTIONS: [Section; 5] = [
    Section { title: "connections refused; 503 when the queue is full", scenario: REFUSED },
    Section {
        title: "503 and `Retry-After: 2`; 429 and `Retry-After: 2` when the queue is full",
        scenario: Scenario {
            down: Refusal::RetryAfter(503, 2),
            overflow: Refusal::RetryAfter(429, 2),
            ..REFUSED
        },
    },
    Section {
        title: "503 and `Retry-After` until the end of the outage; 503 and `Retry-After: 2` when the queue is full",
        scenario: Scenario {
            down: Refusal::Announced,
            overflow: Refusal::RetryAfter(503, 2),
            ..REFUSED
        },
    },
    Section {
        title: "as the first, but back at a tenth of the capacity, rising to half within 30 s",
        scenario: Scenario { recovery: Recovery::Ramp, ..REFUSED },
    },
    Section {
        title: "as the first, but each client calls once every ten seconds",
        scenario: Scenario { calls_per_second: 0.1, ..REFUSED },
    },
];

/// Formats the figures as one Markdown table per section.
pub fn table<'a>(rows: impl IntoIterator<Item = (&'a Section, Rule, Figures)>) -> String {
    let mut text = String::new();
    let mut title = "";
    for (section, rule, figures) in rows {
        if title != section.title {
            title = section.title;
            let _ = write!(
                text,
                "\n**{title}**\n\n\
                 | rule | requests per call | once drained | peak | back after | unserved |\n\
                 | --- | ---: | ---: | ---: | ---: | ---: |\n"
            );
        }
        let _ = writeln!(
            text,
            "| {} | {:.2} | {:.2} | {:.2} | {} | {:.1} % |",
            rule.name(),
            figures.amplification(),
            figures.amplification_once_drained(),
            figures.peak(),
            figures
                .recovered_after()
                .map_or_else(|| format!("over {} s", AFTER.as_secs()), seconds),
            figures.unserved() * 100.0,
        );
    }
    text
}

fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}
