//! The settings of a replacement key: copied from the old key, never guessed.

use crate::call::{Error, ErrorKind};
use crate::operation::{Create, Created, External};
use crate::types::{CurrentKey, DecodeError, DecodeErrorKind, Field, Key, Limit, Timestamp};

/// A create with the old key's settings, and the remainder of its limit if that is the new limit.
/// Nothing unreadable is guessed: a missing limit must not create a key without one.
pub(super) fn copy(old: &Key, budget: Budget) -> Result<(Create, Option<f64>), Error> {
    let name = required(&old.name, "$.data.name")?;
    let carried = carried(old, budget)?;
    let limit = match (&old.limit, carried) {
        (Field::Null, _) => Limit::unlimited(),
        (_, Some(left)) => Limit::usd(left),
        (limit, None) => Limit::usd(amount(limit)?),
    };
    let mut create = Create::new(name.as_str(), limit);
    if let Some(reset) = nullable(&old.limit_reset, "$.data.limit_reset")? {
        create = create.limit_reset(reset.clone());
    }
    if let Some(include) = optional(&old.include_byok_in_limit, "$.data.include_byok_in_limit")? {
        create = create.include_byok_in_limit(*include);
    }
    if let Some(time) = nullable(&old.expires_at, "$.data.expires_at")? {
        create = create.expires_at(time.clone());
    }
    if let Some(id) = optional(&old.workspace_id, "$.data.workspace_id")? {
        create = create.workspace_id(id.as_str());
    }
    if let Some(user) = optional(&old.external_user, "$.data.external_user")? {
        create = create.external(External::new(user.as_str()));
    }
    Ok((create, carried))
}

/// How much of the old key's limit the new one gets.
#[derive(Clone, Copy)]
pub(super) enum Budget {
    /// The remainder if it never resets, otherwise all of it.
    ByReset,
    /// The remainder.
    Remaining,
    /// All of it.
    Full,
}

/// The remainder of the old key's limit, if that is the new key's limit.
fn carried(old: &Key, budget: Budget) -> Result<Option<f64>, Error> {
    let limit = match &old.limit {
        Field::Null => return Ok(None),
        limit => amount(limit)?,
    };
    let is_carried = match budget {
        Budget::ByReset => nullable(&old.limit_reset, "$.data.limit_reset")?.is_none(),
        Budget::Remaining => true,
        Budget::Full => false,
    };
    if !is_carried {
        return Ok(None);
    }
    let left = *required(&old.limit_remaining, "$.data.limit_remaining")?;
    Ok(Some(left.min(limit).max(0.0)))
}

/// The old key's current remainder, if it is less than the new key got: for a while, both worked.
pub(super) fn less_left(old: &Key, carried: f64) -> Option<f64> {
    const CENT: f64 = 0.01;
    let left = old.limit_remaining.copied()?.max(0.0);
    (left <= carried - CENT).then_some(left)
}

/// A limit; no valid response has one below 0.
fn amount(limit: &Field<f64>) -> Result<f64, Error> {
    const PATH: &str = "$.data.limit";
    let amount = *required(limit, PATH)?;
    if amount < 0.0 { Err(unreadable(PATH, DecodeErrorKind::WrongType)) } else { Ok(amount) }
}

fn required<'a, T>(field: &'a Field<T>, path: &'static str) -> Result<&'a T, Error> {
    field.get().ok_or_else(|| match field {
        Field::Absent => unreadable(path, DecodeErrorKind::Missing),
        _ => unreadable(path, DecodeErrorKind::WrongType),
    })
}

/// A nullable field that every version of the API has: a response without it is incomplete.
fn nullable<'a, T>(field: &'a Field<T>, path: &'static str) -> Result<Option<&'a T>, Error> {
    if field.is_null() { Ok(None) } else { required(field, path).map(Some) }
}

/// A field that older responses lack.
fn optional<'a, T>(field: &'a Field<T>, path: &'static str) -> Result<Option<&'a T>, Error> {
    if field.is_unexpected() {
        return Err(unreadable(path, DecodeErrorKind::WrongType));
    }
    Ok(field.get())
}

fn unreadable(path: &'static str, kind: DecodeErrorKind) -> Error {
    Error::unsent("rotate", ErrorKind::Decode(DecodeError::at(path, kind)))
}

/// How the new key differs from what was requested. Missing fields are not compared.
pub(super) fn difference(
    create: &Create,
    created: &Created,
    is: &CurrentKey,
) -> Option<&'static str> {
    let settings = create.settings();
    let data = created.data.get();
    // The API may round to cents.
    let is_near = |one: f64, other: f64| (one - other).abs() <= 0.01;
    let is_limit = |limit: &Field<f64>| match (limit, settings.limit.amount()) {
        (Field::Absent, _) | (Field::Null, None) => true,
        (Field::Value(is), Some(wanted)) => is_near(*is, wanted),
        _ => false,
    };
    let has_limit = is_limit(&is.limit) && data.is_none_or(|data| is_limit(&data.limit));
    let is_end = |end: &Field<Timestamp>| end.is_absent() || end.is_null() != create.has_end();
    let has_end = is_end(&is.expires_at) && data.is_none_or(|data| is_end(&data.expires_at));
    let label = is.label.as_deref();
    if label.is_some_and(|label| !created.key().has_label(label)) {
        Some("its label is that of another key")
    } else if is.manages_keys() == Some(true) {
        Some("it is a management key")
    } else if !has_limit {
        Some("its limit differs")
    } else if !is.limit_reset.is_absent() && is.limit_reset.get() != settings.limit_reset {
        Some("its limit reset differs")
    } else if !has_end {
        Some("its expiry differs")
    } else {
        None
    }
}
