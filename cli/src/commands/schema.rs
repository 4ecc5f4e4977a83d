//! `schema`: the fields of every result.

use clap::Args;

use super::leak_report::Report;
use super::{apply, audit, auth, bulk, current, doctor, plan, report, rotate_report, watch};
use crate::app::App;
use crate::failure::{Exit, Failure, Result};
use crate::output::{Cell, Object, Row, Shape};
use crate::text;
use crate::{fleet, keys};

/// List the fields of every result and their types, as --json, --csv and --jq have them
///
/// Any value can be null where it is unknown. A timestamp is a string as in RFC 3339, and since
/// is in seconds since 1970.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  openrouter-keys schema
  openrouter-keys schema list --json")]
pub(crate) struct Options {
    /// Only this command's
    #[arg(value_name = "COMMAND")]
    command: Option<String>,
}

const SHAPE: Shape =
    Shape { columns: &["COMMAND", "FIELD", "TYPE"], fields: &["command", "field", "type"] };

/// The results of the commands. A field is never removed and never changes its meaning.
const RESULTS: &[(&str, &Shape)] = &[
    ("list", &keys::SHAPE),
    ("get", &keys::SHAPE),
    ("create", &keys::SHAPE),
    ("update", &keys::SHAPE),
    ("enable", &keys::SHAPE),
    ("disable", &keys::SHAPE),
    ("current", &current::SHAPE),
    ("ensure", &keys::SHAPE),
    ("sweep", &keys::SHAPE),
    ("temporary", &keys::SHAPE),
    ("whose", &keys::SHAPE),
    ("leak", &Report::SHAPE),
    ("rotate", &rotate_report::SHAPE),
    ("rotate --status", &rotate_report::STATUS),
    ("fleet run", &fleet::SHAPE),
    ("fleet resume", &fleet::SHAPE),
    ("fleet run --dry-run", &fleet::PLAN),
    ("fleet status", &fleet::STATUS),
    ("fleet log", &fleet::LOG),
    ("audit", &audit::SHAPE),
    ("report", &report::SHAPE),
    ("watch", &watch::SHAPE),
    ("bulk", &bulk::outcome::SHAPE),
    ("topup", &bulk::outcome::SHAPE),
    ("plan", &plan::SHAPE),
    ("apply", &apply::SHAPE),
    ("auth status", &auth::SHAPE),
    ("doctor", &doctor::SHAPE),
];

impl Options {
    pub(crate) fn run(self, app: &App) -> Result<Exit> {
        app.output.check(&SHAPE)?;
        let is_wanted = |name: &str| self.command.as_deref().is_none_or(|wanted| wanted == name);
        let mut rows = Vec::new();
        for (command, shape) in RESULTS.iter().filter(|(command, _)| is_wanted(command)) {
            rows.extend(shape.fields.iter().map(|field| row(command, field)));
        }
        if rows.is_empty() {
            let known: Vec<_> = RESULTS.iter().map(|(command, _)| *command).collect();
            return Err(Failure::usage(format!(
                "\"{}\" has no result with fields; these have: {}",
                text::visible(&self.command.unwrap_or_default()),
                known.join(", ")
            )));
        }
        app.output.rows(&SHAPE, &rows)?;
        Ok(Exit::Done)
    }
}

fn row(command: &str, field: &str) -> Row {
    Row {
        cells: vec![Cell::text(command), Cell::text(field), Cell::text(type_of(field))],
        object: Object::default()
            .with("command", command)
            .with("field", field)
            .with("type", type_of(field)),
    }
}

/// The JSON type of a field, which is the same in every result. Any value can be null where it is
/// unknown, and a field that the server does not send is left out.
fn type_of(field: &str) -> &'static str {
    match field {
        "disabled"
        | "include_byok_in_limit"
        | "is_free_tier"
        | "is_management_key"
        | "is_provisioning_key"
        | "leaked"
        | "running" => "boolean",
        "byok_usage" | "byok_usage_change" | "byok_usage_daily" | "byok_usage_monthly"
        | "byok_usage_weekly" | "disabled_after_ms" | "entry" | "incomplete" | "keys"
        | "lease_ms" | "limit" | "limit_remaining" | "new_limit" | "old_usage" | "since"
        | "usage" | "usage_change" | "usage_daily" | "usage_monthly" | "usage_weekly" => "number",
        "changes" | "findings" | "members" | "unconfirmed" => "array",
        "rate_limit" => "object",
        "at" | "created_at" | "expires_at" | "last_used_at" | "updated_at" | "waits_until"
        | "written_at" => "timestamp",
        _ => "string",
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use clap::CommandFactory as _;

    use super::RESULTS;

    #[test]
    fn every_result_is_of_a_command_and_names_each_field_once() {
        let cli = crate::Cli::command();
        for (command, shape) in RESULTS {
            let name = command.split(' ').next().unwrap();
            assert!(cli.find_subcommand(name).is_some(), "{command}");
            let fields: BTreeSet<_> = shape.fields.iter().collect();
            assert_eq!(fields.len(), shape.fields.len(), "{command}");
        }
    }

    #[test]
    fn every_command_with_a_result_is_listed() {
        const WITHOUT: [&str; 9] = [
            "delete",
            "run",
            "man",
            "completions",
            "schema",
            "emulator",
            "demo",
            "metrics",
            "import",
        ];
        let listed: BTreeSet<_> =
            RESULTS.iter().filter_map(|(name, _)| name.split(' ').next()).collect();
        for command in crate::Cli::command().get_subcommands() {
            let name = command.get_name();
            assert!(listed.contains(name) != WITHOUT.contains(&name), "{name}");
        }
    }
}
