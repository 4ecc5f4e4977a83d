//! What `leak` reports: what was found, what was done, what the key spent.

use std::fmt::Write as _;
use std::time::Duration;

use openrouter_keys_native::{Field, Key, KeyHash, Timestamp};

use super::create::warn_of;
use super::whose::Proof;
use crate::app::App;
use crate::failure::Result;
use crate::keys::{self, State};
use crate::output::{Cell, Object, Row, Shape, escaped_markdown};
use crate::units;

pub(super) struct Report {
    /// The leaked key as it was last read.
    pub(super) key: Key,
    /// Whether it worked when it was found.
    state: State,
    proof: Option<Proof>,
    /// From finding the key to the response to its disabling.
    pub(super) disabled_after: Duration,
    pub(super) new: Option<KeyHash>,
    pub(super) stored_in: Option<String>,
    pub(super) carried: Option<f64>,
    pub(super) unconfirmed: Vec<String>,
}

impl Report {
    pub(super) const SHAPE: Shape = Shape {
        columns: &[
            "LEAKED KEY",
            "HASH",
            "FOUND BY",
            "WAS",
            "NOW",
            "DISABLED IN",
            "SPENT",
            "SPENT TODAY",
            "SPENT THIS WEEK",
            "SPENT THIS MONTH",
            "SPENT BY BYOK",
            "LIMIT",
            "LAST USED",
            "REPLACED BY",
            "STORED IN",
            "NEW LIMIT",
        ],
        fields: &[
            "name",
            "hash",
            "found_by",
            "was",
            "now",
            "disabled_after_ms",
            "usage",
            "usage_daily",
            "usage_weekly",
            "usage_monthly",
            "byok_usage",
            "limit",
            "last_used_at",
            "new_hash",
            "stored_in",
            "new_limit",
            "unconfirmed",
        ],
    };

    pub(super) fn new(found: Key, disabled: Key, proof: Option<Proof>) -> Self {
        let state = State::of(&found, units::now());
        // A response without the amounts does not hide what the listing had.
        let key = if disabled.usage.get().is_some() { disabled } else { found };
        Self {
            key,
            state,
            proof,
            disabled_after: Duration::ZERO,
            new: None,
            stored_in: None,
            carried: None,
            unconfirmed: Vec::new(),
        }
    }

    pub(super) fn write(&self, app: &App, is_markdown: bool) -> Result<()> {
        warn_of(app, &self.unconfirmed, self.key.workspace_id.as_deref());
        let row = self.row();
        if is_markdown {
            return app.output.text(&markdown(&row));
        }
        app.output.one(&Self::SHAPE, &row)
    }

    fn row(&self) -> Row {
        let Self { key, .. } = self;
        let hash = key.hash.get().map_or("", KeyHash::as_str);
        let found_by = match self.proof {
            Some(Proof::Server) => "secret",
            Some(Proof::Ends) => "visible ends of the secret",
            None => "name or hash",
        };
        let now = if self.new.is_some() { "deleted" } else { "disabled" };
        let took = u64::try_from(self.disabled_after.as_millis()).unwrap_or(u64::MAX);
        let new = self.new.as_ref().map(KeyHash::as_str);
        let cells = vec![
            Cell::text(keys::name_of(key)),
            Cell::text(hash),
            Cell::text(found_by),
            Cell::text(self.state.as_str()),
            Cell::text(now),
            Cell::new(format!("{took} ms"), took.to_string()),
            dollars(&key.usage),
            dollars(&key.usage_daily),
            dollars(&key.usage_weekly),
            dollars(&key.usage_monthly),
            dollars(&key.byok_usage),
            dollars(&key.limit),
            last_used(&key.last_used_at),
            Cell::new(new.unwrap_or("not replaced"), new.unwrap_or_default()),
            Cell::text(self.stored_in.as_deref().unwrap_or_default()),
            match self.carried {
                Some(left) => Cell::new(units::dollars(left), left.to_string()),
                None if new.is_some() => dollars(&key.limit),
                None => Cell::default(),
            },
        ];
        let of_key = |field: &str| Object::of(key, &[field]).get(field).cloned();
        let mut object = Object::default();
        object.push("name", keys::name_of(key));
        object.push("hash", hash);
        object.push("found_by", found_by);
        object.push("was", self.state.as_str());
        object.push("now", now);
        object.push("disabled_after_ms", took);
        for field in [
            "usage",
            "usage_daily",
            "usage_weekly",
            "usage_monthly",
            "byok_usage",
            "limit",
            "last_used_at",
        ] {
            object.push(field, of_key(field).unwrap_or_default());
        }
        object.push("new_hash", new);
        object.push("stored_in", self.stored_in.as_deref());
        object.push(
            "new_limit",
            self.carried.or_else(|| key.limit.copied().filter(|_| new.is_some())),
        );
        object.push("unconfirmed", self.unconfirmed.clone());
        Row { cells, object }
    }
}

fn dollars(field: &Field<f64>) -> Cell {
    match field {
        Field::Value(amount) => {
            Cell::new(format!("${}", units::dollars(*amount)), amount.to_string())
        }
        Field::Null => Cell::new("none", ""),
        _ => Cell::new("unknown", ""),
    }
}

fn last_used(field: &Field<Timestamp>) -> Cell {
    match field {
        Field::Value(at) => Cell::new(
            format!("{} ({})", at.as_str(), units::relative(at, units::now())),
            at.as_str(),
        ),
        Field::Null => Cell::new("never", ""),
        _ => Cell::new("unknown", ""),
    }
}

/// The report as a Markdown table, for an issue or a chat.
fn markdown(row: &Row) -> String {
    let mut report = "## Leaked key\n\n| | |\n| --- | --- |\n".to_owned();
    for (title, cell) in Report::SHAPE.columns.iter().zip(&row.cells) {
        if !cell.shown.is_empty() {
            let _ = writeln!(
                report,
                "| {} | {} |",
                title.to_lowercase(),
                escaped_markdown(&cell.shown)
            );
        }
    }
    report
}
