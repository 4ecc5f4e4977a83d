//! Keys as results: their columns for people, their fields for programs.

use openrouter_keys_native::{Field, Key, KeyHash, Timestamp};

use crate::output::{Cell, Object, Row, Shape, Tone};
use crate::units;

/// The digits of a hash in a table: enough to be accepted as an argument.
const SHOWN_HASH: usize = 12;

pub(crate) const SHAPE: Shape = Shape {
    columns: &["NAME", "HASH", "STATE", "LIMIT", "RESETS", "USED", "LEFT", "LAST USED", "EXPIRES"],
    fields: &[
        "hash",
        "name",
        "label",
        "disabled",
        "limit",
        "limit_remaining",
        "limit_reset",
        "include_byok_in_limit",
        "usage",
        "usage_daily",
        "usage_weekly",
        "usage_monthly",
        "byok_usage",
        "byok_usage_daily",
        "byok_usage_weekly",
        "byok_usage_monthly",
        "created_at",
        "updated_at",
        "expires_at",
        "last_used_at",
        "creator_user_id",
        "workspace_id",
        "external_user",
    ],
};

/// A key as a result.
pub(crate) fn row(key: &Key, now: i64) -> Row {
    let reset = match &key.limit_reset {
        Field::Value(reset) => Cell::text(reset.as_str()),
        Field::Null => Cell::new("-", "").tone(Tone::Dim),
        _ => Cell::new("?", "").tone(Tone::Dim),
    };
    let cells = vec![
        name(key),
        hash(key),
        state(key, now),
        limit(key),
        reset,
        amount(&key.usage),
        left(key),
        at(&key.last_used_at, now, "never"),
        at(&key.expires_at, now, "-"),
    ];
    Row { cells, object: Object::of(key, SHAPE.fields) }
}

/// The name, or the label of a key without one.
pub(crate) fn name_of(key: &Key) -> &str {
    key.name.as_deref().or(key.label.as_deref()).unwrap_or_default()
}

pub(crate) fn name(key: &Key) -> Cell {
    Cell::text(name_of(key))
}

pub(crate) fn hash(key: &Key) -> Cell {
    short_hash(key.hash.get().map(KeyHash::as_str).unwrap_or_default())
}

/// The start of a hash in a table, the whole in a pipe.
pub(crate) fn short_hash(hash: &str) -> Cell {
    Cell::new(hash.chars().take(SHOWN_HASH).collect::<String>(), hash).tone(Tone::Dim)
}

/// Whether a key works at this time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Active,
    Disabled,
    Expired,
    /// The limit is used up.
    Exhausted,
    /// The response does not say.
    Unknown,
}

/// Whether the key has expired, disabled or not.
pub(crate) fn is_expired(key: &Key, now: i64) -> bool {
    key.expires_at.get().is_some_and(|at| at.unix_seconds() <= now)
}

impl State {
    pub(crate) fn of(key: &Key, now: i64) -> Self {
        match key.disabled.copied() {
            Some(true) => Self::Disabled,
            _ if is_expired(key, now) => Self::Expired,
            _ if key.limit_remaining.copied().is_some_and(|left| left <= 0.0) => Self::Exhausted,
            Some(false) => Self::Active,
            None => Self::Unknown,
        }
    }

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Disabled => "disabled",
            Self::Expired => "expired",
            Self::Exhausted => "exhausted",
            Self::Unknown => "unknown",
        }
    }
}

fn state(key: &Key, now: i64) -> Cell {
    let state = State::of(key, now);
    let tone = match state {
        State::Active => Tone::Good,
        State::Disabled | State::Unknown => Tone::Dim,
        State::Expired => Tone::Warning,
        State::Exhausted => Tone::Bad,
    };
    Cell::text(state.as_str()).tone(tone)
}

pub(crate) fn limit(key: &Key) -> Cell {
    match &key.limit {
        Field::Null => Cell::new("none", "none").number().tone(Tone::Warning),
        limit => amount(limit),
    }
}

/// What is left of the limit, and a bar of it; the bars of a table stand below each other.
fn left(key: &Key) -> Cell {
    let Some(left) = key.limit_remaining.copied() else {
        let shown = if key.limit.is_null() { "-" } else { "?" };
        return Cell::new(shown, "").number().tone(Tone::Dim);
    };
    let Some(limit) = key.limit.copied().filter(|limit| *limit > 0.0) else {
        return amount(&key.limit_remaining);
    };
    let share = (left / limit).clamp(0.0, 1.0);
    let tone = match share {
        share if share <= 0.0 => Tone::Bad,
        share if share < 0.2 => Tone::Warning,
        _ => Tone::Plain,
    };
    Cell::new(format!("{} {}", units::dollars(left), bar(share)), left.to_string())
        .number()
        .tone(tone)
}

/// A bar of five cells of which this share is full.
fn bar(share: f64) -> String {
    const CELLS: u32 = 5;
    let full =
        (1..=CELLS).filter(|cell| share * f64::from(CELLS) + 0.5 >= f64::from(*cell)).count();
    (0..5).map(|cell| if cell < full { '▰' } else { '▱' }).collect()
}

pub(crate) fn amount(field: &Field<f64>) -> Cell {
    match field.copied() {
        Some(amount) => Cell::new(units::dollars(amount), amount.to_string()).number(),
        None => Cell::new("?", "").number().tone(Tone::Dim),
    }
}

pub(crate) fn at(field: &Field<Timestamp>, now: i64, if_null: &str) -> Cell {
    match field {
        Field::Value(at) => Cell::new(units::relative(at, now), at.as_str()),
        Field::Null => Cell::new(if_null, "").tone(Tone::Dim),
        _ => Cell::new("?", "").tone(Tone::Dim),
    }
}

#[cfg(test)]
mod tests {
    use super::bar;

    #[test]
    fn a_bar_is_as_full_as_the_share() {
        assert_eq!([0.0, 0.1, 0.5, 1.0].map(bar), ["▱▱▱▱▱", "▰▱▱▱▱", "▰▰▰▱▱", "▰▰▰▰▰"]);
    }
}
