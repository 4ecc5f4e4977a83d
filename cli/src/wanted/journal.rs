//! Which creates of an apply may have been sent and have not been stored yet. Kept beside the
//! file of wanted keys, without secrets.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use crate::failure::{Failure, Result};
use crate::{private_file, units};

pub(crate) struct Journal {
    path: PathBuf,
    entries: Mutex<Entries>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entries {
    /// The server and the profile.
    base_url: String,
    profile: String,
    /// By name and workspace: when the create was about to be sent, in seconds since 1970.
    creating: BTreeMap<String, i64>,
}

impl Journal {
    /// Reads the journal of this file, if there is one; it must be of the same account.
    pub(crate) fn open(wanted: &Path, (base_url, profile): (String, String)) -> Result<Self> {
        let name = wanted.file_name().map(|name| name.to_string_lossy().into_owned());
        let path = wanted.with_file_name(format!(".{}.journal", name.unwrap_or_default()));
        let entries = match fs::read(&path) {
            Ok(text) => serde_json::from_slice(&text).map_err(|error| {
                Failure::failed(format!(
                    "{} is not a journal: {error}; nothing was sent",
                    path.display()
                ))
            })?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Entries {
                base_url: base_url.clone(),
                profile: profile.clone(),
                ..Entries::default()
            },
            Err(error) => {
                return Err(Failure::failed(format!("{} cannot be read: {error}", path.display())));
            }
        };
        if (&entries.base_url, &entries.profile) != (&base_url, &profile) {
            return Err(Failure::usage(format!(
                "{} is of an interrupted apply to another account; nothing was sent; finish that \
                 one first",
                path.display()
            )));
        }
        Ok(Self { path, entries: Mutex::new(entries) })
    }

    /// When the create of this key was about to be sent, if it is open.
    pub(crate) fn since(&self, name: &str, workspace: Option<&str>) -> Option<i64> {
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.creating.get(&id(name, workspace)).copied()
    }

    /// When the last open create was about to be sent.
    pub(crate) fn newest(&self) -> Option<i64> {
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.creating.values().max().copied()
    }

    /// Written before the create is sent.
    pub(crate) fn begin(&self, name: &str, workspace: Option<&str>) -> Result<()> {
        self.change(|creating| {
            creating.insert(id(name, workspace), units::now());
        })
    }

    /// The key is stored, or does not exist.
    pub(crate) fn end(&self, name: &str, workspace: Option<&str>) -> Result<()> {
        self.change(|creating| {
            creating.remove(&id(name, workspace));
        })
    }

    /// The file goes when nothing is open.
    fn change(&self, change: impl FnOnce(&mut BTreeMap<String, i64>)) -> Result<()> {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut entries.creating);
        if entries.creating.is_empty() {
            return match fs::remove_file(&self.path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Failure::failed(
                    format!("{} cannot be removed: {error}", self.path.display()),
                )),
                _ => Ok(()),
            };
        }
        let text = serde_json::to_vec_pretty(&*entries)
            .map_err(|error| Failure::failed(error.to_string()))?;
        private_file::replace(&self.path, &text)
    }
}

fn id(name: &str, workspace: Option<&str>) -> String {
    format!("{}/{name}", workspace.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::Journal;

    #[test]
    fn an_open_create_is_remembered_by_the_next_run() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("keys.toml");
        let account = || ("url".to_owned(), "default".to_owned());
        let journal = Journal::open(&file, account()).unwrap();
        journal.begin("ada", None).unwrap();
        let again = Journal::open(&file, account()).unwrap();
        assert!(again.since("ada", None).is_some() && again.since("ada", Some("w")).is_none());
        assert!(Journal::open(&file, ("other".to_owned(), "default".to_owned())).is_err());
        again.end("ada", None).unwrap();
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
