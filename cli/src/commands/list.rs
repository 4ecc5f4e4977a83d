//! `list`: every key that matches, whole or not at all.

use std::cmp::Ordering;

use clap::{Args, ValueEnum};
use openrouter_keys_native::{Field, Key, List, Timestamp};

use crate::app::App;
use crate::failure::{Exit, Result};
use crate::select::{self, Filters};
use crate::{keys, units};

/// List keys
///
/// Disabled and expired keys are left out unless you ask for them.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
pub(crate) struct Options {
    /// Include disabled keys
    #[arg(long)]
    include_disabled: bool,
    /// Include expired keys
    #[arg(long)]
    include_expired: bool,
    /// Include disabled and expired keys
    #[arg(long, short)]
    all: bool,
    #[command(flatten)]
    filters: Filters,
    /// Sort by this
    #[arg(long, value_enum, value_name = "ORDER", default_value_t = Order::Created)]
    sort: Order,
    /// Reverse the order
    #[arg(long)]
    reverse: bool,
    /// Print at most COUNT keys
    #[arg(long, value_name = "COUNT")]
    limit: Option<usize>,
}

const EXAMPLES: &str = "\
Examples:
  openrouter-keys list
  openrouter-keys list --all --sort usage --reverse --limit 10
  openrouter-keys list --near-limit 90% --json name,usage,limit
  openrouter-keys list --idle 90d --jq '.[].hash'";

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum Order {
    /// The order of the API: newest first
    #[default]
    Created,
    Name,
    /// What was spent in all
    Usage,
    /// What is left of the limit
    Left,
    LastUsed,
    Expires,
}

impl Options {
    pub(crate) async fn run(self, app: &App) -> Result<Exit> {
        app.output.check(&keys::SHAPE)?;
        let client = app.client()?;
        let list = List::new()
            .include_disabled(self.all || self.include_disabled || self.filters.disabled)
            .include_expired(self.all || self.include_expired || self.filters.expired);
        let mut found = select::all(&client, &self.filters, list).await?;
        let now = units::now();
        found.retain(|key| self.filters.matches(key, now));
        self.sort.sort(&mut found, self.reverse);
        found.truncate(self.limit.unwrap_or(usize::MAX));
        if found.is_empty() && app.output.is_for_people() {
            app.waiting.say("no keys");
        }
        let rows: Vec<_> = found.iter().map(|key| keys::row(key, now)).collect();
        app.output.rows(&keys::SHAPE, &rows)?;
        Ok(Exit::Done)
    }
}

impl Order {
    /// A key without the value comes last, in either direction.
    fn sort(self, keys: &mut [Key], is_reverse: bool) {
        if matches!(self, Self::Created) && is_reverse {
            return keys.reverse();
        }
        let turned = |ordering: Ordering| if is_reverse { ordering.reverse() } else { ordering };
        let amount = |left: Option<f64>, right: Option<f64>| match (left, right) {
            (Some(left), Some(right)) => turned(left.total_cmp(&right)),
            (left, right) => left.is_none().cmp(&right.is_none()),
        };
        let time = |left: &Field<Timestamp>, right: &Field<Timestamp>| {
            let [left, right] = [left, right].map(|at| at.get().map(Timestamp::unix_seconds));
            match (left, right) {
                (Some(left), Some(right)) => turned(left.cmp(&right)),
                (left, right) => left.is_none().cmp(&right.is_none()),
            }
        };
        keys.sort_by(|left, right| match self {
            Self::Created => Ordering::Equal,
            Self::Name => turned(keys::name_of(left).cmp(keys::name_of(right))),
            Self::Usage => amount(left.usage.copied(), right.usage.copied()),
            Self::Left => amount(left.limit_remaining.copied(), right.limit_remaining.copied()),
            Self::LastUsed => time(&left.last_used_at, &right.last_used_at),
            Self::Expires => time(&left.expires_at, &right.expires_at),
        });
    }
}
