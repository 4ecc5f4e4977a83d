//! An earlier report, to compare with. Keys are matched by hash, so that it may have been
//! grouped in another way.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use openrouter_keys_native::{Key, Timestamp};
use serde::Deserialize;

use super::group::Member;
use crate::failure::{Failure, Result};

pub(super) struct Earlier {
    /// When it was made; an empty report does not say.
    at: Option<i64>,
    members: BTreeMap<String, Member>,
}

/// What a key spent since the earlier report.
#[derive(Debug, PartialEq)]
pub(super) enum Since {
    Spent {
        usage: f64,
        byok_usage: f64,
    },
    /// An amount is missing, or the key was not in the earlier report though it existed.
    Unknown,
}

#[derive(Deserialize)]
struct SavedRow {
    at: Timestamp,
    members: Vec<Member>,
}

impl Earlier {
    pub(super) fn read(path: &Path) -> Result<Self> {
        let shown = path.display();
        let bytes = fs::read(path).map_err(|error| {
            Failure::usage(format!("{shown} cannot be read: {error}; nothing was sent"))
        })?;
        let rows: Vec<SavedRow> = serde_json::from_slice(&bytes).map_err(|_| {
            Failure::usage(format!(
                "{shown} is not a report saved with --json and all its fields; nothing was sent; \
                 save one:"
            ))
            .next("openrouter-keys report --json > report.json")
        })?;
        let at = rows.first().map(|row| row.at.unix_seconds());
        let members = rows.into_iter().flat_map(|row| row.members);
        Ok(Self { at, members: members.map(|member| (member.hash.clone(), member)).collect() })
    }

    pub(super) fn since(&self, key: &Key, usage: Option<f64>, byok_usage: Option<f64>) -> Since {
        let created = key.created_at.get().map(Timestamp::unix_seconds);
        let is_new = self.at.is_none_or(|at| created.is_some_and(|created| created >= at));
        let before = key.hash.get().and_then(|hash| self.members.get(hash.as_str()));
        let before = match before {
            Some(member) => (member.usage, member.byok_usage),
            None if is_new => (Some(0.0), Some(0.0)),
            None => (None, None),
        };
        match (usage, before.0, byok_usage, before.1) {
            (Some(usage), Some(before), Some(byok), Some(byok_before)) => {
                Since::Spent { usage: usage - before, byok_usage: byok - byok_before }
            }
            _ => Since::Unknown,
        }
    }

    /// How many keys of the earlier report are not among these.
    pub(super) fn gone(&self, keys: &[Key]) -> usize {
        let hashes: BTreeSet<_> =
            keys.iter().filter_map(|key| Some(key.hash.get()?.as_str())).collect();
        self.members.keys().filter(|hash| !hashes.contains(hash.as_str())).count()
    }
}

#[cfg(test)]
mod tests {
    use super::{Earlier, Since};

    fn key(text: &str) -> openrouter_keys_native::Key {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn a_key_is_compared_with_itself_and_a_new_one_with_nothing() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(
            file.path(),
            r#"[{"at":"2027-01-01T00:00:00Z","by":"workspace",
                 "members":[{"hash":"a","usage":2,"byok_usage":1},{"hash":"gone","usage":1,"byok_usage":0}]}]"#,
        )
        .unwrap();
        let earlier = Earlier::read(file.path()).unwrap();
        let spent = |usage, byok_usage| Since::Spent { usage, byok_usage };
        let old = key(r#"{"hash":"a","created_at":"2026-01-01T00:00:00Z"}"#);
        assert_eq!(earlier.since(&old, Some(5.0), Some(1.0)), spent(3.0, 0.0));
        assert_eq!(earlier.since(&old, None, Some(1.0)), Since::Unknown);
        let new = key(r#"{"hash":"b","created_at":"2027-01-02T00:00:00Z"}"#);
        assert_eq!(earlier.since(&new, Some(4.0), Some(0.0)), spent(4.0, 0.0));
        let missed = key(r#"{"hash":"c","created_at":"2026-12-31T00:00:00Z"}"#);
        assert_eq!(earlier.since(&missed, Some(4.0), Some(0.0)), Since::Unknown);
        assert_eq!(earlier.gone(&[old, new]), 1);
    }

    #[test]
    fn anything_else_is_refused_with_the_command_that_saves_a_report() {
        let file = tempfile::NamedTempFile::new().unwrap();
        for wrong in ["", "{}", r#"[{"hash":"a"}]"#] {
            std::fs::write(file.path(), wrong).unwrap();
            let failure = Earlier::read(file.path()).err().unwrap();
            assert!(failure.next.is_some(), "{wrong}");
        }
    }
}
