//! What a key that replaces another is: the same settings, and nothing guessed.

use crate::current_key::CurrentKey;
use crate::error::{DecodeError, DecodeErrorKind, Error, ErrorKind};
use crate::field::Field;
use crate::key::Key;
use crate::limit::Limit;
use crate::operation::{Create, Created, External};
use crate::timestamp::Timestamp;

/// A create with the settings of the old key. What cannot be read is not guessed:
/// a limit that is missing must not make a key without one.
pub(super) fn copy(old: &Key, remaining: bool) -> Result<Create, Error> {
    let name = required(&old.name, "$.data.name")?;
    let limit = match &old.limit {
        Field::Null => Limit::unlimited(),
        _ if remaining => {
            Limit::usd(required(&old.limit_remaining, "$.data.limit_remaining")?.max(0.0))
        }
        limit => Limit::usd(*required(limit, "$.data.limit")?),
    };
    let mut create = Create::new(name.as_str(), limit);
    if let Some(reset) = told(&old.limit_reset, "$.data.limit_reset")? {
        create = create.limit_reset(reset.clone());
    }
    if let Some(include) = optional(&old.include_byok_in_limit, "$.data.include_byok_in_limit")? {
        create = create.include_byok_in_limit(*include);
    }
    if let Some(time) = told(&old.expires_at, "$.data.expires_at")? {
        create = create.expires_at(time.clone());
    }
    if let Some(id) = optional(&old.workspace_id, "$.data.workspace_id")? {
        create = create.workspace_id(id.as_str());
    }
    if let Some(user) = optional(&old.external_user, "$.data.external_user")? {
        create = create.external(External::new(user.as_str()));
    }
    Ok(create)
}

fn required<'a, T>(field: &'a Field<T>, path: &'static str) -> Result<&'a T, Error> {
    field.get().ok_or_else(|| match field {
        Field::Absent => unreadable(path, DecodeErrorKind::Missing),
        _ => unreadable(path, DecodeErrorKind::WrongType),
    })
}

/// A field that has always been there: an answer without it is no whole one.
fn told<'a, T>(field: &'a Field<T>, path: &'static str) -> Result<Option<&'a T>, Error> {
    if field.is_null() { Ok(None) } else { required(field, path).map(Some) }
}

/// A field that earlier answers lack.
fn optional<'a, T>(field: &'a Field<T>, path: &'static str) -> Result<Option<&'a T>, Error> {
    if field.is_odd() {
        return Err(unreadable(path, DecodeErrorKind::WrongType));
    }
    Ok(field.get())
}

fn unreadable(path: &'static str, kind: DecodeErrorKind) -> Error {
    Error::unsent("rotate", ErrorKind::Decode(DecodeError::at(path, kind)))
}

/// In what the new key is not what was asked for. What the answer lacks is not
/// compared.
pub(super) fn difference(
    create: &Create,
    created: &Created,
    is: &CurrentKey,
) -> Option<&'static str> {
    let settings = create.settings();
    let data = created.data.get();
    // The API may keep cents.
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
