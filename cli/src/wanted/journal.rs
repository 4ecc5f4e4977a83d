//! Which creates of an apply may have been sent and have not been stored yet. Kept beside the
//! file of wanted keys, without secrets.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use crate::bulk::journal::Account;
use crate::failure::{Failure, Result};
use crate::{private_file, units};

pub(crate) struct Journal {
    path: PathBuf,
    entries: Mutex<Entries>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entries {
    account: Account,
    /// By name and workspace.
    creating: BTreeMap<String, Creating>,
}

/// A create that may have been sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Creating {
    /// When it was about to be sent, in seconds since 1970.
    pub(crate) at: i64,
    /// Where its secret goes, as a rotation's state has it.
    pub(crate) sink: String,
    /// Every marked name under which the key may exist.
    pub(crate) names: Vec<String>,
    /// Whether the secret is stored, and only the name is to be set.
    pub(crate) is_stored: bool,
}

impl Journal {
    /// Reads the journal of this file, if there is one; it must be of the same account.
    pub(crate) fn open(wanted: &Path, account: &Account) -> Result<Self> {
        let name = wanted.file_name().map(|name| name.to_string_lossy().into_owned());
        let path = wanted.with_file_name(format!(".{}.journal", name.unwrap_or_default()));
        let entries = match fs::read(&path) {
            Ok(text) => serde_json::from_slice(&text).map_err(|error| {
                Failure::failed(format!(
                    "{} is not a journal, or of a newer version's: {error}; nothing was sent; \
                     restore the file or update this program",
                    path.display()
                ))
            })?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                Entries { account: account.clone(), ..Entries::default() }
            }
            Err(error) => {
                return Err(Failure::failed(format!(
                    "{} cannot be read: {error}; nothing was sent",
                    path.display()
                )));
            }
        };
        if entries.account != *account {
            return Err(Failure::usage(format!(
                "{} belongs to an interrupted apply to another account; nothing was sent; finish that \
                 one first",
                path.display()
            )));
        }
        Ok(Self { path, entries: Mutex::new(entries) })
    }

    /// The create of this key, if it is open.
    pub(crate) fn open_create(&self, name: &str, workspace: Option<&str>) -> Option<Creating> {
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.creating.get(&id(name, workspace)).cloned()
    }

    /// When the last open create was about to be sent.
    pub(crate) fn newest(&self) -> Option<i64> {
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.creating.values().map(|creating| creating.at).max()
    }

    /// Written before the create is sent.
    pub(crate) fn begin(
        &self,
        name: &str,
        workspace: Option<&str>,
        sink: String,
        names: Vec<String>,
    ) -> Result<()> {
        self.change(|creating| {
            let begun = Creating { at: units::now(), sink, names, is_stored: false };
            creating.insert(id(name, workspace), begun);
        })
    }

    /// Written before the key gets its name.
    pub(crate) fn stored(&self, name: &str, workspace: Option<&str>) -> Result<()> {
        self.change(|creating| {
            if let Some(creating) = creating.get_mut(&id(name, workspace)) {
                creating.is_stored = true;
            }
        })
    }

    /// The key is stored and has its name, or does not exist.
    pub(crate) fn end(&self, name: &str, workspace: Option<&str>) -> Result<()> {
        self.change(|creating| {
            creating.remove(&id(name, workspace));
        })
    }

    /// The file goes when nothing is open.
    fn change(&self, change: impl FnOnce(&mut BTreeMap<String, Creating>)) -> Result<()> {
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
    use super::{Account, Journal};

    #[test]
    fn an_open_create_is_remembered_by_the_next_run() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("keys.toml");
        let account = || Account { owner: "ada".to_owned(), ..Account::default() };
        let journal = Journal::open(&file, &account()).unwrap();
        let names = vec!["ada #1".to_owned()];
        journal.begin("ada", None, "file:/ada.key".to_owned(), names.clone()).unwrap();
        let again = Journal::open(&file, &account()).unwrap();
        let open = again.open_create("ada", None).unwrap();
        assert_eq!(
            (open.sink.as_str(), open.names, open.is_stored),
            ("file:/ada.key", names, false)
        );
        assert_eq!(again.open_create("ada", Some("w")), None);
        again.stored("ada", None).unwrap();
        assert!(
            Journal::open(&file, &account()).unwrap().open_create("ada", None).unwrap().is_stored
        );
        assert!(Journal::open(&file, &Account::default()).is_err());
        again.end("ada", None).unwrap();
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
