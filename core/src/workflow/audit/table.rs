//! What an audit found, as a table for people.

use std::fmt;

use super::report::{AuditReport, AuditedKey, Finding, Spend};
use crate::field::Field;
use crate::quote::OneLine;
use crate::redact;

const COLUMNS: usize = 8;
const HEAD: [&str; COLUMNS] =
    ["name", "label", "limit", "today", "week", "month", "last used", "findings"];
/// Whether the column holds amounts, which stand at its right edge.
const IS_AMOUNT: [bool; COLUMNS] = [false, false, true, true, true, true, false, false];
/// The most characters of a text of somebody else's.
const WIDEST: usize = 32;

impl fmt::Display for AuditReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_shown = |audited: &&AuditedKey| f.alternate() || !audited.findings.is_empty();
        let rows: Vec<Row> = self.keys.iter().filter(is_shown).map(row).collect();
        if !rows.is_empty() {
            write_rows(f, rows)?;
            f.write_str("\n")?;
        }
        write_summary(f, self)
    }
}

type Row = [String; COLUMNS];

fn row(AuditedKey { key, findings }: &AuditedKey) -> Row {
    let texts: Vec<String> = findings.iter().map(ToString::to_string).collect();
    [
        text(&key.name),
        text(&key.label),
        if key.limit.is_null() { "none".to_owned() } else { amount(&key.limit) },
        amount(&key.usage_daily),
        amount(&key.usage_weekly),
        amount(&key.usage_monthly),
        match &key.last_used_at {
            Field::Value(at) => at.as_str().chars().take("2027-01-31".len()).collect(),
            Field::Null => "never".to_owned(),
            _ => UNKNOWN.to_owned(),
        },
        texts.join("; "),
    ]
}

const UNKNOWN: &str = "?";

/// A text on one line, cut, and without whatever looks like an API key.
fn text(field: &Field<String>) -> String {
    let Some(text) = field.as_deref() else { return UNKNOWN.to_owned() };
    let shown = OneLine(&redact::mask(text, &[])).to_string();
    match shown.char_indices().nth(WIDEST - 1) {
        Some((at, last)) if at.saturating_add(last.len_utf8()) < shown.len() => {
            shown.get(..at).unwrap_or_default().to_owned() + "…"
        }
        _ => shown,
    }
}

fn amount(field: &Field<f64>) -> String {
    field.copied().map_or_else(|| UNKNOWN.to_owned(), dollars)
}

/// In cents, without the tables that formatting a double brings along.
fn dollars(amount: f64) -> String {
    const MOST: f64 = 1e15;
    let size = amount.abs();
    let cents = whole((size * 100.0).round());
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

fn write_rows(f: &mut fmt::Formatter<'_>, rows: Vec<Row>) -> fmt::Result {
    let rows: Vec<Row> = std::iter::once(HEAD.map(str::to_owned)).chain(rows).collect();
    let mut widths = [0; COLUMNS];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.chars().count().max(*width);
        }
    }
    for row in rows {
        let mut line = String::new();
        for ((cell, width), is_amount) in row.iter().zip(widths).zip(IS_AMOUNT) {
            let gap = width.saturating_sub(cell.chars().count());
            let (before, after) = if is_amount { (gap, 0) } else { (0, gap) };
            line.extend(std::iter::repeat_n(' ', before));
            line.push_str(cell);
            line.extend(std::iter::repeat_n(' ', after.saturating_add(2)));
        }
        f.write_str(line.trim_end())?;
        f.write_str("\n")?;
    }
    Ok(())
}

fn write_summary(f: &mut fmt::Formatter<'_>, report: &AuditReport) -> fmt::Result {
    let (keys, found) = (report.keys.len(), report.with_findings().count());
    write!(f, "{keys} key{}, {found} with findings", if keys == 1 { "" } else { "s" })?;
    match &report.at {
        Some(at) => write!(f, ", at {at}")?,
        None => f.write_str("; nobody told the time: neither age nor expiry was judged")?,
    }
    if report.odd_rows > 0 {
        write!(f, "\nnot judged, because they are no keys: {} rows", report.odd_rows)?;
    }
    write_spend(f, "spent", report.spend)?;
    if report.byok_spend != Spend::default() {
        write_spend(f, "BYOK", report.byok_spend)?;
    }
    let is_part = |finding: &Finding| matches!(finding, Finding::Unreadable { fields } if fields.iter().any(|field| field.contains("usage")));
    if report.with_findings().any(|audited| audited.findings.iter().any(is_part)) {
        f.write_str("\nthe sums lack what is unreadable")?;
    }
    Ok(())
}

fn write_spend(f: &mut fmt::Formatter<'_>, what: &str, spend: Spend) -> fmt::Result {
    let [daily, weekly, monthly, total] =
        [spend.daily, spend.weekly, spend.monthly, spend.total].map(dollars);
    write!(f, "\n{what}: {daily} today, {weekly} this week, {monthly} this month, {total} in all")
}
