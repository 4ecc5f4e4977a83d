//! `report`: what keys spent, by key or by group.

mod earlier;
mod group;

use std::cmp::Ordering;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use self::earlier::Earlier;
use self::group::{By, Group};
use crate::app::App;
use crate::failure::{Exit, Failure, Result};
use crate::output::{Cell, Object, Row, Shape, Tone};
use crate::select::{self, Filters};
use crate::{keys, units};

/// Report what keys spent today, this week, this month and in total
///
/// The periods are the API's: since midnight, since Monday and since the first of the month, in
/// UTC. Disabled and expired keys are included. Spend with your own provider keys (BYOK) is not
/// part of the sums; JSON and CSV have separate fields for it.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Options {
    /// Sum up by this
    #[arg(long, value_enum, value_name = "GROUP", default_value_t = By::Key)]
    by: By,
    /// With --by prefix: where the prefix of a name ends
    #[arg(long, value_name = "TEXT", default_value = "-")]
    separator: String,
    /// Compare with an earlier report that was saved with --json
    #[arg(long, value_name = "FILE")]
    against: Option<PathBuf>,
    /// Print a Markdown table
    #[arg(long, conflicts_with_all = ["json", "jq", "csv"])]
    markdown: bool,
    /// Sort by this, the largest first
    #[arg(long, value_enum, value_name = "ORDER", default_value_t = Order::Total)]
    sort: Order,
    /// Print at most this many rows; the total covers all of them
    #[arg(long, value_name = "COUNT")]
    limit: Option<usize>,
    #[command(flatten)]
    filters: Filters,
}

const EXAMPLES: &str = "\
Examples:
  openrouter-keys report
  openrouter-keys report --by external-user --sort month --csv > spend.csv
  openrouter-keys report --by prefix --separator / --markdown
  openrouter-keys report --json > monday.json
  openrouter-keys report --by workspace --against monday.json --sort change";

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Order {
    /// What the rows are grouped by
    Group,
    Day,
    Week,
    Month,
    Total,
    /// With --against: what was spent since the earlier report
    Change,
}

pub(in crate::commands) const SHAPE: Shape = Shape {
    columns: &["GROUP", "KEYS", "TODAY", "WEEK", "MONTH", "TOTAL"],
    fields: &[
        "by",
        "group",
        "hash",
        "keys",
        "usage_daily",
        "usage_weekly",
        "usage_monthly",
        "usage",
        "byok_usage_daily",
        "byok_usage_weekly",
        "byok_usage_monthly",
        "byok_usage",
        "incomplete",
        "usage_change",
        "byok_usage_change",
        "at",
        "members",
    ],
};

/// The shape of the rows: keys by themselves have a hash, which tells those of the same name apart.
fn shape(by: By, is_compared: bool) -> Shape {
    let columns: &[&str] = match (by == By::Key, is_compared) {
        (false, false) => SHAPE.columns,
        (false, true) => &["GROUP", "KEYS", "TODAY", "WEEK", "MONTH", "TOTAL", "CHANGE"],
        (true, false) => &["KEY", "HASH", "TODAY", "WEEK", "MONTH", "TOTAL"],
        (true, true) => &["KEY", "HASH", "TODAY", "WEEK", "MONTH", "TOTAL", "CHANGE"],
    };
    Shape { columns, ..SHAPE }
}

impl Options {
    pub(crate) async fn run(self, app: &App) -> Result<Exit> {
        let shape = shape(self.by, self.against.is_some());
        app.output.check(&shape)?;
        if self.sort == Order::Change && self.against.is_none() {
            return Err(Failure::usage(
                "--sort change needs an earlier report: --against FILE; nothing was sent",
            ));
        }
        let earlier = self.against.as_deref().map(Earlier::read).transpose()?;
        let keys = select::matching(&app.client()?, &self.filters).await?;
        let groups = group::of(&keys, self.by, &self.separator, earlier.as_ref());
        let total = group::total(&groups);
        let mut shown: Vec<&Group> = groups.iter().collect();
        shown.sort_by(|left, right| self.sort.compare(left, right));
        shown.truncate(self.limit.unwrap_or(usize::MAX));

        let at = jiff::Timestamp::from_second(units::now()).map(|at| at.to_string());
        let at = at.unwrap_or_default();
        let is_compared = earlier.is_some();
        let mut rows: Vec<_> =
            shown.iter().map(|group| row(group, self.by, &at, is_compared)).collect();
        if (self.markdown || app.output.is_for_people()) && !groups.is_empty() {
            rows.push(row(&total, self.by, &at, is_compared));
        }
        if self.markdown {
            app.output.markdown(&shape, &rows)?;
        } else {
            app.output.rows(&without_members(app, &shape), &rows)?;
        }
        say(app, &total, earlier.as_ref().map(|earlier| earlier.gone(&keys)));
        Ok(Exit::Done)
    }
}

/// CSV has no column for the list of a group's keys.
fn without_members(app: &App, shape: &Shape) -> Shape {
    let fields = match shape.fields.split_last() {
        Some((_, fields)) if app.global.format.csv => fields,
        _ => shape.fields,
    };
    Shape { columns: shape.columns, fields }
}

/// What the numbers do not cover.
fn say(app: &App, total: &Group, gone: Option<usize>) {
    if total.keys == 0 && app.output.is_for_people() {
        app.waiting.say("no keys");
    }
    let gone = gone.and_then(|gone| u64::try_from(gone).ok()).unwrap_or_default();
    for (count, what) in [
        (total.incomplete, "left out of the sums: keys for which the response lacks an amount"),
        (total.uncompared, "left out of the change: older keys that the earlier report lacks"),
        (gone, "left out of the change: keys of the earlier report that are not in this one"),
    ] {
        if count > 0 {
            app.waiting.say(&format!("{what}: {count}"));
        }
    }
}

fn row(group: &Group, by: By, at: &str, is_compared: bool) -> Row {
    let dollars = |amount: f64| {
        Cell::new(units::dollars(amount), group::rounded(amount).to_string()).number()
    };
    let shown = match (&group.name, group.is_total) {
        (_, true) => Cell::text("total").tone(Tone::Dim),
        (Some(name), _) => Cell::text(name),
        (None, _) => Cell::new("(none)", "").tone(Tone::Dim),
    };
    let [daily, weekly, monthly, total] = group.spend;
    let mut cells = vec![
        shown,
        if by == By::Key {
            keys::short_hash(group.hash.as_deref().unwrap_or_default())
        } else {
            Cell::text(&group.keys.to_string()).number()
        },
        dollars(daily),
        dollars(weekly),
        dollars(monthly),
        dollars(total),
    ];
    if is_compared {
        let change = Cell::new(signed(group.change), group::rounded(group.change).to_string());
        cells.push(change.number());
    }
    let mut object = Object::default()
        .with("by", by.as_str())
        .with("group", group.name.clone())
        .with("hash", group.hash.clone())
        .with("keys", group.keys);
    let names = ["usage_daily", "usage_weekly", "usage_monthly", "usage"];
    for (name, amount) in names.iter().zip(group.spend) {
        object.push(name, group::json(amount));
    }
    for (name, amount) in names.iter().zip(group.byok) {
        object.push(&format!("byok_{name}"), group::json(amount));
    }
    let change = |amount: f64| is_compared.then(|| group::json(amount));
    object.push("incomplete", group.incomplete);
    object.push("usage_change", change(group.change));
    object.push("byok_usage_change", change(group.byok_change));
    object.push("at", at);
    object.push("members", serde_json::to_value(&group.members).unwrap_or_default());
    Row { cells, object }
}

fn signed(amount: f64) -> String {
    let sign = if amount > 0.0 { "+" } else { "" };
    format!("{sign}{}", units::dollars(amount))
}

impl Order {
    fn compare(self, left: &Group, right: &Group) -> Ordering {
        let [left_spend, right_spend] = [left, right].map(|group| {
            let [day, week, month, total] = group.spend;
            match self {
                Self::Group => 0.0,
                Self::Day => day,
                Self::Week => week,
                Self::Month => month,
                Self::Total => total,
                Self::Change => group.change,
            }
        });
        // Without a name last, and equal amounts in a stable order.
        right_spend.total_cmp(&left_spend).then_with(|| {
            (left.name.is_none(), &left.name, &left.hash).cmp(&(
                right.name.is_none(),
                &right.name,
                &right.hash,
            ))
        })
    }
}
