//! The summary: a table of the steps and a line that counts them.

use std::fmt;
use std::time::Duration;

use crate::failure::Failure;
use crate::step::Outcome;

/// What became of the steps, in their order.
#[derive(Default)]
pub(crate) struct Report {
    rows: Vec<Row>,
}

struct Row {
    name: &'static str,
    end: End,
    time: Duration,
}

enum End {
    Passed,
    Failed,
    Skipped(String),
    NotRun,
}

impl Report {
    pub(crate) fn add(
        &mut self,
        name: &'static str,
        result: &Result<Outcome, Failure>,
        time: Duration,
    ) {
        let end = match result {
            Ok(Outcome::Passed) => End::Passed,
            Ok(Outcome::Skipped(reason)) => End::Skipped(reason.clone()),
            Err(_) => End::Failed,
        };
        self.rows.push(Row { name, end, time });
    }

    pub(crate) fn add_not_run(&mut self, name: &'static str) {
        self.rows.push(Row { name, end: End::NotRun, time: Duration::ZERO });
    }

    pub(crate) fn has_failed(&self) -> bool {
        self.rows.iter().any(|row| matches!(row.end, End::Failed))
    }

    fn count(&self, is_it: fn(&End) -> bool) -> usize {
        self.rows.iter().filter(|row| is_it(&row.end)).count()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Row { name, end, time } in &self.rows {
            let time = time.as_secs_f64();
            match end {
                End::Passed => writeln!(f, "  {name:<20} passed   {time:>7.1} s")?,
                End::Failed => writeln!(f, "  {name:<20} FAILED   {time:>7.1} s")?,
                End::Skipped(reason) => {
                    writeln!(f, "  {name:<20} SKIPPED  {time:>7.1} s  {reason}")?;
                }
                End::NotRun => writeln!(f, "  {name:<20} not run")?,
            }
        }
        let passed = self.count(|end| matches!(end, End::Passed));
        let failed = self.count(|end| matches!(end, End::Failed));
        let skipped = self.count(|end| matches!(end, End::Skipped(_)));
        write!(f, "\n{passed} passed, {failed} failed, {skipped} skipped")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_counts_every_kind() {
        let mut report = Report::default();
        let time = Duration::from_millis(1250);
        report.add("a", &Ok(Outcome::Passed), time);
        report.add("b", &Ok(Outcome::Skipped("no wheels".into())), time);
        assert!(!report.has_failed());
        report.add("c", &Err(Failure::new("broken")), time);
        report.add_not_run("d");
        assert!(report.has_failed());

        let text = report.to_string();
        assert_eq!(text.lines().last(), Some("1 passed, 1 failed, 1 skipped"), "{text}");
        assert!(text.contains("SKIPPED      1.2 s  no wheels"), "{text}");
        assert_eq!(text.lines().count(), 6, "{text}");
    }
}
