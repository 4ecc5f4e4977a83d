//! The result of an audit, as a table for people.

use std::fmt;

use super::findings::{is_recorded, is_unspent};
use super::report::{AuditFinding, AuditReport, AuditedKey, Spend};
use crate::redact;
use crate::redact::{OneLine, columns};
use crate::types::Field;

const COLUMNS: usize = 8;
const HEAD: [&str; COLUMNS] =
    ["name", "label", "limit", "today", "week", "month", "last used", "findings"];
/// Whether the column has amounts, which are right-aligned.
const IS_AMOUNT: [bool; COLUMNS] = [false, false, true, true, true, true, false, false];
/// The most columns that a name or a label takes.
const WIDEST: usize = 32;

impl fmt::Display for AuditReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.table(f.alternate(), &[]))
    }
}

impl AuditReport {
    /// The table, with these secrets masked too.
    #[doc(hidden)]
    pub fn table(&self, has_all: bool, secrets: &[&str]) -> String {
        let mut table = Table(Vec::new());
        for audited in &self.keys {
            if has_all || !audited.findings.is_empty() {
                table.push_row(audited, secrets);
            }
        }
        let mut text = table.into_text();
        if !text.is_empty() {
            text.push('\n');
        }
        push_summary(&mut text, self);
        text
    }
}

/// The cells, row by row.
struct Table(Vec<String>);

impl Table {
    fn push_row(&mut self, AuditedKey { key, findings }: &AuditedKey, secrets: &[&str]) {
        if self.0.is_empty() {
            self.0.extend(HEAD.iter().map(|&name| name.to_owned()));
        }
        self.0.push(text(&key.name, secrets));
        self.0.push(text(&key.label, secrets));
        let is_open = key.limit.is_null();
        self.0.push(if is_open { "none".to_owned() } else { amount(&key.limit) });
        for field in [&key.usage_daily, &key.usage_weekly, &key.usage_monthly] {
            self.0.push(amount(field));
        }
        self.0.push(match &key.last_used_at {
            Field::Value(at) => at.as_str().chars().take("2027-01-31".len()).collect(),
            Field::Null if is_unspent(key) => "never".to_owned(),
            Field::Null if is_recorded(key) => UNKNOWN.to_owned(),
            Field::Null => "before 2026".to_owned(),
            _ => UNKNOWN.to_owned(),
        });
        let mut said = String::new();
        for finding in findings {
            if !said.is_empty() {
                said.push_str("; ");
            }
            said.push_str(&finding.to_string());
        }
        self.0.push(said);
    }

    fn into_text(self) -> String {
        let mut widths = [0; COLUMNS];
        for row in self.0.chunks(COLUMNS) {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = width_of(cell).max(*width);
            }
        }
        let mut text = String::new();
        for row in self.0.chunks(COLUMNS) {
            for ((cell, width), is_amount) in row.iter().zip(widths).zip(IS_AMOUNT) {
                let gap = width.saturating_sub(width_of(cell));
                let (before, after) = if is_amount { (gap, 0) } else { (0, gap) };
                push_spaces(&mut text, before);
                text.push_str(cell);
                push_spaces(&mut text, after.saturating_add(2));
            }
            text.truncate(text.trim_end_matches(' ').len());
            text.push('\n');
        }
        text
    }
}

fn push_spaces(text: &mut String, count: usize) {
    for _ in 0..count {
        text.push(' ');
    }
}

const UNKNOWN: &str = "?";

/// A string on one line, cut, without these secrets or anything that looks like an API key.
fn text(field: &Field<String>, secrets: &[&str]) -> String {
    let Some(text) = field.as_deref() else { return UNKNOWN.to_owned() };
    let mut shown = OneLine(&redact::mask(text, secrets)).to_string();
    if width_of(&shown) > WIDEST {
        let mut width = 1;
        let cut = shown.char_indices().find(|(_, char)| {
            width += columns(*char);
            width > WIDEST
        });
        shown.truncate(cut.map_or(0, |(at, _)| at));
        shown.push('…');
    }
    shown
}

fn width_of(text: &str) -> usize {
    text.chars().map(columns).sum()
}

fn amount(field: &Field<f64>) -> String {
    field.copied().map_or_else(|| UNKNOWN.to_owned(), dollars)
}

/// Rounded to cents, without the tables that formatting a double pulls in.
fn dollars(amount: f64) -> String {
    const MOST: f64 = 1e15;
    let size = amount.abs();
    let cents = whole(size * 100.0 + 0.5);
    let sign = if amount < 0.0 { "-" } else { "" };
    match cents {
        _ if amount.is_nan() => UNKNOWN.to_owned(),
        _ if size >= MOST => format!("{sign}1e15+"),
        0 if amount > 0.0 => "<0.01".to_owned(),
        0 => "0.00".to_owned(),
        _ => format!("{sign}{}.{:02}", cents / 100, cents % 100),
    }
}

#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "saturates"
)]
fn whole(number: f64) -> u64 {
    number as u64
}

fn push_summary(text: &mut String, report: &AuditReport) {
    let (keys, found) = (report.keys.len(), report.with_findings().count());
    let plural = if keys == 1 { "" } else { "s" };
    push_all(text, &[&keys.to_string(), " key", plural, ", ", &found.to_string()]);
    text.push_str(" with findings");
    match &report.at {
        Some(at) => push_all(text, &[", at ", at.as_str()]),
        None => text.push_str("; no clock available: age and expiry not checked"),
    }
    if report.unexpected_rows > 0 {
        let rows = report.unexpected_rows.to_string();
        push_all(text, &["\nnot checked, because they are not keys: ", &rows, " rows"]);
    }
    push_spend(text, "\nspent", report.spend);
    if report.byok_spend != Spend::default() {
        push_spend(text, "\nBYOK", report.byok_spend);
    }
    if report.keys.iter().any(|audited| audited.findings.iter().any(lacks_spend)) {
        text.push_str("\ntotals exclude unreadable amounts");
    }
}

fn lacks_spend(finding: &AuditFinding) -> bool {
    let is_spend = |field: &&str| field.starts_with("usage") || field.starts_with("byok_usage");
    matches!(finding, AuditFinding::Unreadable { fields } if fields.iter().any(is_spend))
}

fn push_spend(text: &mut String, what: &str, spend: Spend) {
    text.push_str(what);
    for (before, sum, after) in [
        (": ", spend.daily, " today"),
        (", ", spend.weekly, " this week"),
        (", ", spend.monthly, " this month"),
        (", ", spend.total, " in total"),
    ] {
        push_all(text, &[before, &dollars(sum), after]);
    }
}

fn push_all(text: &mut String, parts: &[&str]) {
    for part in parts {
        text.push_str(part);
    }
}
