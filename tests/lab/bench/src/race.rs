//! Races: contestants take turns, so that other activity on the machine affects all of them
//! alike.

use std::collections::BTreeMap;

use crate::failure::Failure;
use crate::number;
use crate::process::{Contestant, Who};
use crate::protocol::{Measurement, Request};
use crate::statistics::{Series, float};
use crate::table::Table;

/// One row of a table: a contestant and its request.
pub(crate) struct Lane {
    label: String,
    who: Who,
    request: Request,
    /// The number of keys that it has to receive.
    keys: u64,
}

impl Lane {
    /// Each call has to receive `keys_per_call` keys.
    pub(crate) fn new(
        label: impl Into<String>,
        who: Who,
        request: Request,
        keys_per_call: u32,
    ) -> Self {
        let keys = u64::from(request.calls).saturating_mul(keys_per_call.into());
        Self { label: label.into(), who, request, keys }
    }

    fn ask(&self, contestant: &mut Contestant) -> Result<Measurement, Failure> {
        let measurement = contestant.ask(&self.request)?;
        if measurement.checked == self.keys {
            return Ok(measurement);
        }
        Err(Failure::new(format!("it received {} keys of {}", measurement.checked, self.keys)))
    }
}

/// How often the contestants take turns. Each heat starts new processes, since the memory
/// layout of a process makes it a few percent faster or slower for as long as it lives.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rounds {
    pub(crate) heats: u32,
    /// Uncounted rounds at the start of each heat.
    pub(crate) warm_up: u32,
    /// Counted rounds in each heat.
    pub(crate) counted: u32,
}

/// Nanoseconds per call, round by round.
#[derive(Clone, Debug, Default)]
pub(crate) struct Times {
    pub(crate) wall: Series,
    pub(crate) cpu: Series,
}

/// The results of a race, lane by lane.
pub(crate) struct Outcome {
    lanes: Vec<(String, Result<Times, Failure>)>,
    pub(crate) versions: BTreeMap<String, String>,
}

/// Runs a race. A contestant that fails drops out; the others continue.
pub(crate) fn run(lanes: Vec<Lane>, rounds: Rounds) -> Outcome {
    let mut versions = BTreeMap::new();
    let mut results: Vec<_> = lanes.iter().map(|_| Ok(Times::default())).collect();
    for _ in 0..rounds.heats {
        let mut contestants = Vec::new();
        for (lane, result) in lanes.iter().zip(&mut results) {
            if result.is_err() {
                continue;
            }
            match Contestant::start(lane.who) {
                Ok(contestant) => {
                    versions.extend(contestant.versions.clone());
                    contestants.push((lane, contestant, result));
                }
                Err(failure) => *result = Err(failure),
            }
        }
        heat(contestants, rounds);
    }
    Outcome { lanes: lanes.into_iter().map(|lane| lane.label).zip(results).collect(), versions }
}

fn heat(mut contestants: Vec<(&Lane, Contestant, &mut Result<Times, Failure>)>, rounds: Rounds) {
    for round in 0..rounds.warm_up.saturating_add(rounds.counted) {
        for (lane, contestant, result) in &mut contestants {
            let Ok(times) = result else { continue };
            match lane.ask(contestant) {
                Ok(measurement) if round >= rounds.warm_up => {
                    let calls = f64::from(lane.request.calls);
                    times.wall.push(float(measurement.wall_ns) / calls);
                    times.cpu.push(float(measurement.cpu_ns) / calls);
                }
                Ok(_) => {}
                Err(failure) => **result = Err(failure),
            }
        }
        // So that no contestant always follows the same other one.
        contestants.reverse();
    }
}

impl Outcome {
    pub(crate) fn lanes(&self) -> impl Iterator<Item = (&str, Result<&Times, &Failure>)> {
        self.lanes.iter().map(|(label, times)| (label.as_str(), times.as_ref()))
    }

    pub(crate) fn times(&self, label: &str) -> Option<&Times> {
        self.lanes().find(|(name, _)| *name == label)?.1.ok()
    }

    /// The median over the rounds of the ratio of wall-clock times.
    pub(crate) fn wall_ratio(&self, label: &str, base: &str) -> Option<f64> {
        Some(self.times(label)?.wall.over(&self.times(base)?.wall).median())
    }

    /// The same for CPU time.
    pub(crate) fn cpu_ratio(&self, label: &str, base: &str) -> Option<f64> {
        Some(self.times(label)?.cpu.over(&self.times(base)?.cpu).median())
    }

    /// Formats every lane's times, and their ratios to those of `base`.
    pub(crate) fn table(&self, caption: impl Into<String>, base: &str) -> Table {
        let (wall, cpu) = (format!("wall, × {base}"), format!("CPU, × {base}"));
        let heads =
            ["client", "wall µs per call", "interquartile range", "CPU µs per call", &wall, &cpu];
        let mut table = Table::new(caption, &heads);
        for (label, times) in self.lanes() {
            let times = match times {
                Ok(times) => times,
                Err(why) => {
                    table.not_measured(label, why);
                    continue;
                }
            };
            let (low, high) = times.wall.quartiles();
            let ratio = |ratio: Option<f64>| ratio.map_or("–".into(), number::ratio);
            table.row([
                label.into(),
                number::micros(times.wall.median()),
                format!("{}–{}", number::micros(low), number::micros(high)),
                number::micros(times.cpu.median()),
                ratio(self.wall_ratio(label, base)),
                ratio(self.cpu_ratio(label, base)),
            ]);
        }
        table
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times(figures: &[f64]) -> Times {
        let series: Series = figures.iter().copied().collect();
        Times { wall: series.clone(), cpu: series }
    }

    fn outcome() -> Outcome {
        let lanes = vec![
            ("ours".into(), Ok(times(&[1_000.0, 30_000.0, 1_200.0]))),
            ("base".into(), Ok(times(&[1_000.0, 20_000.0, 1_000.0]))),
            ("gone".into(), Err(Failure::new("it does not exist"))),
        ];
        Outcome { lanes, versions: BTreeMap::new() }
    }

    #[test]
    fn a_ratio_is_the_median_of_the_rounds_ratios() {
        let ratio = outcome().wall_ratio("ours", "base").unwrap();
        assert!((ratio - 1.2).abs() < 1e-9, "{ratio}");
        assert_eq!(outcome().cpu_ratio("ours", "gone"), None);
        assert_eq!(outcome().cpu_ratio("nobody", "base"), None);
    }

    #[test]
    fn a_contestant_that_dropped_out_is_listed_with_the_reason() {
        let table = outcome().table("", "base").markdown();
        assert!(table.contains("wall, × base"), "{table}");
        assert!(table.contains("not measured: it does not exist"), "{table}");
        assert!(table.contains("1.20"), "{table}");
    }
}
