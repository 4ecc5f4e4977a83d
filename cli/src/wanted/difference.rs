//! What must be done so that the keys are as the file says.

use std::collections::BTreeSet;

use openrouter_keys_native::{Field, Key, KeyHash, Limit, LimitReset, Timestamp, Update};

use super::file::{Wanted, WantedFile};
use crate::failure::{Failure, Result};
use crate::keys::{self, is_expired};
use crate::{text, units};

/// The API may round amounts to cents, but not one below a cent to another such.
const NEAR: f64 = 0.005;
const EXACT: f64 = 1e-9;

/// A key, and the workspace whose listing it is from: none is the default one.
pub(crate) struct Existing {
    pub(crate) workspace: Option<String>,
    pub(crate) key: Key,
}

impl Existing {
    /// Whether an entry of the file is about this key.
    pub(crate) fn is(&self, name: &str, workspace: Option<&str>) -> bool {
        self.workspace.as_deref() == workspace && keys::name_of(&self.key) == name
    }
}

/// One key of the file.
pub(crate) struct Step {
    pub(crate) name: String,
    /// Of the entry in the file: none is the default one.
    pub(crate) workspace: Option<String>,
    pub(crate) key: Option<Key>,
    pub(crate) action: Action,
}

pub(crate) enum Action {
    Nothing,
    Create(Wanted),
    Update(Update, Vec<Change>),
    Delete(KeyHash),
    /// An interrupted run created the key without storing its secret.
    Discard(KeyHash),
    /// An interrupted run stored the secret of the key, which still has a marker in its name.
    Rename(Update),
    /// It differs in a way that no change can mend.
    Problem(String),
}

/// One setting that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    pub(crate) field: &'static str,
    pub(crate) from: String,
    pub(crate) to: String,
}

impl Action {
    pub(crate) fn as_str(&self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Create(_) => "create",
            Self::Update(..) => "update",
            Self::Delete(_) => "delete",
            Self::Discard(_) => "discard",
            Self::Rename(_) => "rename",
            Self::Problem(_) => "problem",
        }
    }
}

/// Compares the file with all existing keys: what to create and change first, then what to delete.
pub(crate) fn compare(file: &WantedFile, existing: &[Existing]) -> Result<Vec<Step>> {
    let now = units::now();
    let mut steps = Vec::new();
    for wanted in &file.keys {
        // An expired key does not do what the wanted one should.
        let found = named(existing, &wanted.name, wanted.workspace.as_deref());
        let found: Vec<_> = found.into_iter().filter(|key| !is_expired(key, now)).collect();
        let (key, action) = match found.as_slice() {
            [] if is_past(wanted, now)? => {
                let problem = "its expiry is past, so that a new key would not work";
                (None, Action::Problem(problem.to_owned()))
            }
            [] => (None, Action::Create(wanted.clone())),
            [key] => (Some((*key).clone()), difference(wanted, key)?),
            several => (None, Action::Problem(too_many(several))),
        };
        let (name, workspace) = (wanted.name.clone(), wanted.workspace.clone());
        steps.push(Step { name, workspace, key, action });
    }
    for unwanted in &file.deleted {
        let found = named(existing, &unwanted.name, unwanted.workspace.as_deref());
        let (key, action) = match found.as_slice() {
            [] => (None, Action::Nothing),
            [key] => (Some((*key).clone()), Action::Delete(hash_of(key)?)),
            several => (None, Action::Problem(too_many(several))),
        };
        let (name, workspace) = (unwanted.name.clone(), unwanted.workspace.clone());
        steps.push(Step { name, workspace, key, action });
    }
    refuse_two_entries(&steps)?;
    Ok(steps)
}

/// An entry without a workspace and one with the default one's ID may be about the same key.
fn refuse_two_entries(steps: &[Step]) -> Result<()> {
    let mut seen = BTreeSet::new();
    for step in steps {
        let Some(hash) = step.key.as_ref().and_then(|key| key.hash.get()) else { continue };
        if !seen.insert(hash.as_str()) {
            return Err(Failure::usage(format!(
                "two entries of the file are about the same key \"{}\": the default workspace has \
                 an ID too; nothing was changed; remove one of them",
                text::visible(&step.name)
            )));
        }
    }
    Ok(())
}

fn is_past(wanted: &Wanted, now: i64) -> Result<bool> {
    let expires = wanted.expires().map_err(Failure::usage)?;
    Ok(expires.is_some_and(|at| at.unix_seconds() <= now))
}

fn too_many(found: &[&Key]) -> String {
    let hashes: Vec<_> =
        found.iter().filter_map(|key| Some(key.hash.get()?.as_str().to_owned())).collect();
    format!("{} keys have this name: {}", found.len(), hashes.join(", "))
}

fn named<'a>(existing: &'a [Existing], name: &str, workspace: Option<&str>) -> Vec<&'a Key> {
    let found = existing.iter().filter(|existing| existing.is(name, workspace));
    found.map(|existing| &existing.key).collect()
}

fn hash_of(key: &Key) -> Result<KeyHash> {
    Ok(key.require_hash().map_err(openrouter_keys_native::Error::from)?.clone())
}

/// The update of the settings that the file names.
fn difference(wanted: &Wanted, key: &Key) -> Result<Action> {
    let hash = hash_of(key)?;
    let mut update = Update::new(hash.as_str());
    let mut changes = Vec::new();
    let mut change = |field, from: String, to: String| changes.push(Change { field, from, to });
    let limit = wanted.amount().map_err(Failure::usage)?;
    let is_limit = match (limit, &key.limit) {
        (Some(wanted), Field::Value(is)) => {
            let near = if wanted.min(*is) < 0.01 { EXACT } else { NEAR };
            (wanted - is).abs() < near
        }
        (None, Field::Null) => true,
        _ => false,
    };
    if !is_limit {
        change("limit", amount(&key.limit), limit.map_or("none".to_owned(), units::dollars));
        update = update.limit(limit.map_or_else(Limit::unlimited, Limit::usd));
    }
    let reset = wanted.reset().map_err(Failure::usage)?;
    let is_reset = match &reset {
        Field::Value(reset) => key.limit_reset.get() == Some(reset),
        Field::Null => key.limit_reset.is_null(),
        _ => true,
    };
    if !is_reset {
        let named = |reset: &Field<LimitReset>| match reset {
            Field::Value(reset) => reset.as_str().to_owned(),
            Field::Null => "never".to_owned(),
            _ => "unknown".to_owned(),
        };
        change("reset", named(&key.limit_reset), named(&reset));
        update = match reset {
            Field::Value(reset) => update.limit_reset(reset),
            _ => update.no_limit_reset(),
        };
    }
    if let Some(include) = wanted.include_byok
        && key.include_byok_in_limit.copied() != Some(include)
    {
        change("include_byok", boolean(&key.include_byok_in_limit), include.to_string());
        update = update.include_byok_in_limit(include);
    }
    if let Some(disabled) = wanted.disabled
        && key.disabled.copied() != Some(disabled)
    {
        change("disabled", boolean(&key.disabled), disabled.to_string());
        update = update.disabled(disabled);
    }
    if let Some(problem) = unchangeable(wanted, key)? {
        return Ok(Action::Problem(problem));
    }
    Ok(if changes.is_empty() { Action::Nothing } else { Action::Update(update, changes) })
}

/// A difference that the API cannot change.
fn unchangeable(wanted: &Wanted, key: &Key) -> Result<Option<String>> {
    let seconds = |at: &Timestamp| at.unix_seconds();
    if let Some(expires) = wanted.expires().map_err(Failure::usage)? {
        let is = key.expires_at.get();
        if is.map(seconds) != Some(seconds(&expires)) {
            let is = is.map_or("never", Timestamp::as_str);
            return Ok(Some(format!(
                "it expires {is}, not {}, and the API cannot change that",
                expires.as_str()
            )));
        }
    }
    if let Some(user) = &wanted.external_user
        && key.external_user.as_deref() != Some(user)
    {
        let problem = "it belongs to another external user, and the API cannot change that";
        return Ok(Some(problem.to_owned()));
    }
    Ok(None)
}

fn amount(field: &Field<f64>) -> String {
    match field {
        Field::Null => "none".to_owned(),
        field => field.copied().map_or("unknown".to_owned(), units::dollars),
    }
}

fn boolean(field: &Field<bool>) -> String {
    field.copied().map_or("unknown".to_owned(), |is| is.to_string())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{Existing, WantedFile, compare};

    fn actions(file: &str, keys: &[&str]) -> Result<Vec<&'static str>, String> {
        let file = WantedFile::parse(Path::new("keys.toml"), file).unwrap();
        let existing = |(at, key): (usize, &&str)| Existing {
            workspace: (at > 0).then(|| "w".to_owned()),
            key: serde_json::from_str(key).unwrap(),
        };
        let existing: Vec<_> = keys.iter().enumerate().map(existing).collect();
        let steps = compare(&file, &existing).map_err(|failure| failure.message)?;
        Ok(steps.iter().map(|step| step.action.as_str()).collect())
    }

    #[test]
    fn small_amounts_are_compared_exactly() {
        let key = |limit: &str| {
            format!(r#"{{"hash":"a1","name":"a","limit":{limit},"limit_reset":null}}"#)
        };
        for (wanted, is, action) in [
            ("25.001", "25", "nothing"),
            ("25.01", "25", "update"),
            ("0", "0.004", "update"),
            ("0.004", "0.004", "nothing"),
            ("\"none\"", "0", "update"),
        ] {
            let file = format!("[[key]]\nname = \"a\"\nlimit = {wanted}");
            assert_eq!(actions(&file, &[&key(is)]), Ok(vec![action]), "{wanted} {is}");
        }
    }

    #[test]
    fn a_key_that_would_be_created_expired_is_a_problem() {
        let file = "[[key]]\nname = \"a\"\nlimit = 5\nexpires = 2020-01-31";
        assert_eq!(actions(file, &[]), Ok(vec!["problem"]));
    }

    #[test]
    fn two_entries_about_one_key_are_refused() {
        let key = r#"{"hash":"a1","name":"a","limit":5}"#;
        let file = "[[key]]\nname = \"a\"\nlimit = 5\n[[delete]]\nname = \"a\"\nworkspace = \"w\"";
        assert!(actions(file, &[key, key]).unwrap_err().contains("two entries"));
    }
}
