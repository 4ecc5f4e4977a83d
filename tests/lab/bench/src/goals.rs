//! The project's performance goals, and whether this run reached them.

use std::collections::BTreeMap;

use crate::number;
use crate::table::Table;

/// A goal; the order is that of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Goal {
    GetWall,
    GetCpu,
    ListWall,
    ListCpu,
    GetWallOverPython,
    GetCpuOverPython,
    ListWallOverPython,
    ListCpuOverPython,
    Decode,
    Attempt,
    Construct,
    NodeGet,
    NodeList,
    NodeDecode,
    Prefetch,
    NodePrefetch,
    ThroughputHttp1,
    ThroughputHttp2,
    HoldHttp1,
    HoldHttp2,
    CliHelp,
    CliFirstByte,
    CliListTime,
    CliListMemory,
    CliBulkRate,
    CliBulkFailed,
    CliLeakDisabled,
    CliLeakWhole,
    FleetRate,
    FleetRequests,
}

struct Row {
    goal: Goal,
    what: &'static str,
    target: &'static str,
    bound: Bound,
    /// Empty for a ratio.
    unit: &'static str,
}

enum Bound {
    AtMost(f64),
    AtLeast(f64),
}

const fn at_most(goal: Goal, what: &'static str, target: &'static str, most: f64) -> Row {
    Row { goal, what, target, bound: Bound::AtMost(most), unit: "" }
}

const fn at_least(goal: Goal, what: &'static str, target: &'static str, least: f64) -> Row {
    Row { goal, what, target, bound: Bound::AtLeast(least), unit: "" }
}

impl Row {
    const fn unit(self, unit: &'static str) -> Self {
        Self { unit, ..self }
    }

    fn is_reached(&self, figure: f64) -> bool {
        match self.bound {
            Bound::AtMost(most) => figure <= most,
            Bound::AtLeast(least) => figure >= least,
        }
    }

    fn shown(&self, figure: f64) -> String {
        match self.unit {
            "" => number::ratio(figure),
            unit => format!("{} {unit}", number::short(figure)),
        }
    }
}

#[rustfmt::skip]
const TABLE: [Row; 30] = [
    at_most(Goal::GetWall, "native get vs. raw reqwest, wall", "≤ 1.05", 1.05),
    at_most(Goal::GetCpu, "native get vs. raw reqwest, CPU", "≤ 1.05", 1.05),
    at_most(Goal::ListWall, "native list of 100 keys vs. raw reqwest, wall", "≤ 1.05", 1.05),
    at_most(Goal::ListCpu, "native list of 100 keys vs. raw reqwest, CPU", "≤ 1.05", 1.05),
    at_most(Goal::GetWallOverPython, "native get vs. the Python SDK, wall", "≤ 1/25", 0.04),
    at_most(Goal::GetCpuOverPython, "native get vs. the Python SDK, CPU", "≤ 1/25", 0.04),
    at_most(Goal::ListWallOverPython, "native list of 100 keys vs. the Python SDK, wall", "≤ 1/25", 0.04),
    at_most(Goal::ListCpuOverPython, "native list of 100 keys vs. the Python SDK, CPU", "≤ 1/25", 0.04),
    at_most(Goal::Decode, "decoding 100 keys vs. serde_json into plain structs", "≤ 1.15", 1.15),
    at_most(Goal::Attempt, "heap of an attempt, excluding request and response", "≤ 1 KiB", 1024.0).unit("bytes"),
    at_most(Goal::Construct, "constructing a native client, excluding TLS roots", "≤ 1 ms", 1.0).unit("ms"),
    at_most(Goal::NodeGet, "get in Node vs. fetch and JSON.parse, wall", "≤ 1.15", 1.15),
    at_most(Goal::NodeList, "list of 100 keys in Node vs. fetch and JSON.parse, wall", "≤ 1.5", 1.5),
    at_most(Goal::NodeDecode, "decoding 10,000 keys in one body in Node vs. zod", "≤ 0.5", 0.5),
    at_most(Goal::Prefetch, "10,000 keys, native: 8 pages at a time vs. one", "≤ 1/5", 0.2),
    at_most(Goal::NodePrefetch, "10,000 keys in Node: 8 pages at a time vs. one", "≤ 1/5", 0.2),
    at_least(Goal::ThroughputHttp1, "calls per second vs. raw reqwest, HTTP/1.1", "≥ 0.95", 0.95),
    at_least(Goal::ThroughputHttp2, "calls per second vs. raw reqwest, HTTP/2", "≥ 0.95", 0.95),
    at_most(Goal::HoldHttp1, "heap per call in flight vs. raw reqwest, HTTP/1.1", "≤ 1.2", 1.2),
    at_most(Goal::HoldHttp2, "heap per call in flight vs. raw reqwest, HTTP/2", "≤ 1.2", 1.2),
    at_most(Goal::CliHelp, "command line: --help", "< 10 ms", 10.0).unit("ms"),
    at_most(Goal::CliFirstByte, "command line: first byte sent, more than a bare reqwest program", "≤ 25 ms", 25.0).unit("ms"),
    at_most(Goal::CliListTime, "command line: list of 5,000 keys over 20 ms", "< 2 s", 2.0).unit("s"),
    at_most(Goal::CliListMemory, "command line: memory of that list", "< 60 MB", 60.0).unit("MB"),
    at_most(Goal::CliBulkRate, "command line: bulk create of 1,000 keys vs. the server's rate", "≤ 1.25", 1.25),
    at_most(Goal::CliBulkFailed, "command line: rows of it that failed", "0", 0.0).unit("rows"),
    at_most(Goal::CliLeakDisabled, "command line: a leaked key of 1,000, from found to disabling", "< 1 s", 1.0).unit("s"),
    at_most(Goal::CliLeakWhole, "command line: that key replaced and reported", "< 10 s", 10.0).unit("s"),
    at_most(Goal::FleetRate, "fleet: 1,000 rotations on 1 to 8 machines vs. the server's rate", "≤ 1.25", 1.25),
    at_most(Goal::FleetRequests, "fleet: requests of such a rotation", "≤ 10.2", 10.2).unit("requests"),
];

/// The measured figures.
#[derive(Debug, Default)]
pub(crate) struct Figures(BTreeMap<Goal, f64>);

impl Extend<(Goal, f64)> for Figures {
    fn extend<T: IntoIterator<Item = (Goal, f64)>>(&mut self, figures: T) {
        self.0.extend(figures);
    }
}

impl Figures {
    pub(crate) fn table(&self) -> Table {
        let mut table = Table::new("", &["goal", "target", "this run", ""]);
        for row in &TABLE {
            let figure = self.0.get(&row.goal).copied();
            let verdict = match figure.map(|figure| row.is_reached(figure)) {
                Some(true) => "reached",
                Some(false) => "missed",
                None => "not measured",
            };
            let figure = figure.map_or_else(String::new, |figure| row.shown(figure));
            table.row([row.what.into(), row.target.into(), figure, verdict.into()]);
        }
        table
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn goals_are_reached_up_to_their_bound() {
        let mut figures = Figures::default();
        figures.extend([
            (Goal::GetWall, 1.05),
            (Goal::GetCpu, 1.0501),
            (Goal::ThroughputHttp1, 0.95),
            (Goal::ThroughputHttp2, 0.94),
            (Goal::Attempt, f64::NAN),
        ]);
        let text = figures.table().markdown();
        let verdict = |start: &str| {
            let line = text.lines().find(|line| line.contains(start)).unwrap();
            line.trim_end_matches('|').rsplit('|').next().unwrap().trim().to_owned()
        };
        assert_eq!(verdict("native get vs. raw reqwest, wall"), "reached");
        assert_eq!(verdict("native get vs. raw reqwest, CPU"), "missed");
        assert_eq!(verdict("calls per second vs. raw reqwest, HTTP/1.1"), "reached");
        assert_eq!(verdict("calls per second vs. raw reqwest, HTTP/2"), "missed");
        assert_eq!(verdict("heap of an attempt"), "missed");
        assert_eq!(verdict("decoding 100 keys"), "not measured");
    }

    #[test]
    fn every_goal_is_in_the_table_once() {
        assert!(TABLE.is_sorted_by(|one, next| one.goal < next.goal));
    }
}
