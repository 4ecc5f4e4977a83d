//! `audit`: the keys that need attention.

use std::collections::BTreeMap;

use clap::Args;
use openrouter_keys_native::Timestamp;
use openrouter_keys_native::workflow::{Audit, AuditFinding, AuditReport, AuditedKey, Spend};
use serde_json::Value;

use crate::app::App;
use crate::failure::{Exit, Result};
use crate::output::{Cell, Object, Row, Shape, Tone};
use crate::{keys, select, units};

/// Report the keys that need attention
///
/// Checks every key, disabled and expired ones included, for a missing or used-up limit, long
/// disuse, expiry, leftovers and duplicate names. It changes nothing. The exit code is 3 if any
/// key has findings.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Options {
    /// Report a key that has used this share of its limit
    #[arg(long, value_name = "PERCENT", default_value = "80%", value_parser = select::percent)]
    near_limit: f64,
    /// Report a key that was not used for this long
    #[arg(long, value_name = "DAYS", default_value = "90d", value_parser = units::days)]
    unused_for: u32,
    /// Report a key that expires within this time
    #[arg(long, value_name = "DAYS", default_value = "7d", value_parser = units::days)]
    expiring_within: u32,
    /// Report a disabled key that has not changed for this long
    #[arg(long, value_name = "DAYS", default_value = "0d", value_parser = units::days)]
    disabled_for: u32,
    /// Audit this workspace instead of the default one; may be given more than once
    #[arg(long, value_name = "ID")]
    workspace: Vec<String>,
    /// Leave out findings of this kind, such as disabled; may be given more than once
    #[arg(long, value_name = "KIND", value_parser = AuditFinding::KINDS)]
    ignore: Vec<String>,
    /// Include keys without findings
    #[arg(long, short)]
    all: bool,
    /// Exit with 0 even if there are findings
    #[arg(long)]
    exit_zero: bool,
}

const EXAMPLES: &str = "\
Examples:
  openrouter-keys audit
  openrouter-keys audit --unused-for 30d --ignore no_limit
  openrouter-keys audit --json name,summary
  openrouter-keys audit --jq '.[] | select(.findings | any(.kind == \"no_limit\")) | .hash'";

pub(super) const SHAPE: Shape = Shape {
    columns: &["NAME", "HASH", "LIMIT", "USED", "LAST USED", "FINDINGS"],
    fields: &[
        "hash",
        "name",
        "workspace_id",
        "external_user",
        "limit",
        "limit_remaining",
        "usage",
        "usage_monthly",
        "last_used_at",
        "expires_at",
        "summary",
        "findings",
    ],
};

impl Options {
    pub(crate) async fn run(self, app: &App) -> Result<Exit> {
        app.output.check(&SHAPE)?;
        let audit = Audit::new()
            .near_limit(self.near_limit)
            .unused_for(self.unused_for)
            .expiring_within(self.expiring_within)
            .disabled_for(self.disabled_for)
            .workspaces(self.workspace);
        let mut report = app.client()?.audit(audit).await?;
        for audited in &mut report.keys {
            audited
                .findings
                .retain(|finding| !self.ignore.iter().any(|kind| kind == finding.kind()));
        }
        let now = report.at.as_ref().map_or_else(units::now, Timestamp::unix_seconds);
        let rows: Vec<_> = report
            .keys
            .iter()
            .filter(|audited| self.all || !audited.findings.is_empty())
            .map(|audited| row(audited, now))
            .collect();
        app.output.rows(&SHAPE, &rows)?;
        app.waiting.say(&summary(&report));
        let is_clean = report.with_findings().next().is_none() && report.unexpected_rows == 0;
        Ok(if is_clean || self.exit_zero { Exit::Done } else { Exit::Findings })
    }
}

fn row(audited: &AuditedKey, now: i64) -> Row {
    let AuditedKey { key, findings, .. } = audited;
    let words = findings.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
    let tone = findings.iter().map(tone).max_by_key(|(rank, _)| *rank).map(|(_, tone)| tone);
    let object = Object::of(key, SHAPE.fields);
    let mut picked = Object::default();
    for field in SHAPE.fields {
        if let Some(value) = object.get(field) {
            picked.push(field, value.clone());
        }
    }
    let findings = serde_json::to_value(findings).unwrap_or(Value::Null);
    Row {
        cells: vec![
            keys::name(key),
            keys::hash(key),
            keys::limit(key),
            keys::amount(&key.usage),
            keys::at(&key.last_used_at, now, "never"),
            Cell::text(&words).tone(tone.unwrap_or_default()),
        ],
        object: picked.with("summary", words).with("findings", findings),
    }
}

/// How bad a finding is, with a rank: the worst colours the row.
fn tone(finding: &AuditFinding) -> (u8, Tone) {
    match finding {
        AuditFinding::NoLimit | AuditFinding::LimitReached => (3, Tone::Bad),
        AuditFinding::Disabled { .. } | AuditFinding::Expired { .. } => (1, Tone::Dim),
        _ => (2, Tone::Warning),
    }
}

fn summary(report: &AuditReport) -> String {
    let found = report.with_findings().count();
    let mut lines =
        vec![format!("{}, {found} with findings", units::counted(report.keys.len(), "key"))];
    let mut kinds = BTreeMap::<&str, u32>::new();
    for finding in report.keys.iter().flat_map(|audited| &audited.findings) {
        let count = kinds.entry(finding.kind()).or_default();
        *count = count.saturating_add(1);
    }
    if !kinds.is_empty() {
        let kinds: Vec<_> = kinds.iter().map(|(kind, count)| format!("{kind} {count}")).collect();
        lines.push(kinds.join(", "));
    }
    if report.at.is_none() {
        lines.push("no clock available: age and expiry not checked".to_owned());
    }
    if report.unexpected_rows > 0 {
        lines.push(format!("{} rows are not keys and were not checked", report.unexpected_rows));
    }
    lines.push(format!("spent {}", spent(report.spend)));
    if report.byok_spend != Spend::default() {
        lines.push(format!("BYOK {}", spent(report.byok_spend)));
    }
    lines.join("\n")
}

fn spent(spend: Spend) -> String {
    let [daily, weekly, monthly, total] =
        [spend.daily, spend.weekly, spend.monthly, spend.total].map(units::dollars);
    format!("${daily} today, ${weekly} this week, ${monthly} this month, ${total} in total")
}

#[cfg(test)]
mod tests {
    use openrouter_keys_native::workflow::{Audit, AuditFinding};
    use openrouter_keys_native::{Key, Timestamp};

    use super::{row, summary};

    #[test]
    fn a_row_has_the_findings_in_words_and_as_data() {
        let key: Key = serde_json::from_str(
            r#"{"hash":"0e6","name":"ci","disabled":true,"limit":null,"expires_at":null}"#,
        )
        .unwrap();
        let now = Timestamp::parse("2027-02-01T00:00:00Z").unwrap();
        let report = Audit::new().report([key], now).unwrap();
        let row = row(&report.keys[0], 0);
        let summary_of_row = row.object.get("summary").unwrap().as_str().unwrap().to_owned();
        assert!(summary_of_row.starts_with("disabled; unreadable: "), "{summary_of_row}");
        let findings = row.object.get("findings").unwrap().as_array().unwrap();
        assert!(
            findings
                .iter()
                .all(|finding| AuditFinding::KINDS.contains(&finding["kind"].as_str().unwrap()))
        );
        assert!(summary(&report).starts_with("1 key, 1 with findings\ndisabled 1, unreadable 1\n"));
    }
}
