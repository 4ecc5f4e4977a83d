//! The summary: a table of the steps and a line with the totals.

use std::fmt;
use std::time::Duration;

use crate::step::End;

/// The results of the steps in order; `None` for steps that did not run.
#[derive(Default)]
pub(crate) struct Report {
    rows: Vec<(&'static str, Option<(End, Duration)>)>,
}

impl Report {
    pub(crate) fn add(&mut self, name: &'static str, end: Option<(End, Duration)>) {
        self.rows.push((name, end));
    }

    pub(crate) fn has_failed(&self) -> bool {
        self.count(|end| matches!(end, End::Failed(_))) > 0
    }

    fn count(&self, is_it: fn(&End) -> bool) -> usize {
        self.rows.iter().filter_map(|(_, end)| end.as_ref()).filter(|(end, _)| is_it(end)).count()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, end) in &self.rows {
            let Some((end, time)) = end else {
                writeln!(f, "  {name:<20} not run")?;
                continue;
            };
            let (word, reason) = match end {
                End::Passed => ("passed", ""),
                End::Failed(_) => ("FAILED", ""),
                End::Skipped(reason) => ("SKIPPED", reason.as_str()),
            };
            let line = format!("  {name:<20} {word:<7}  {:>7.1} s  {reason}", time.as_secs_f64());
            writeln!(f, "{}", line.trim_end())?;
        }
        let passed = self.count(|end| matches!(end, End::Passed));
        let failed = self.count(|end| matches!(end, End::Failed(_)));
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
        report.add("a", Some((End::Passed, time)));
        report.add("b", Some((End::Skipped("no wheels".into()), time)));
        assert!(!report.has_failed());
        report.add("c", Some((End::Failed(anyhow::Error::msg("broken")), time)));
        report.add("d", None);
        assert!(report.has_failed());

        let text = report.to_string();
        assert_eq!(text.lines().last(), Some("1 passed, 1 failed, 1 skipped"), "{text}");
        assert!(text.contains("SKIPPED      1.2 s  no wheels"), "{text}");
        assert_eq!(text.lines().count(), 6, "{text}");
    }
}
