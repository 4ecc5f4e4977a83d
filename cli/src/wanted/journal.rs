//! Which creates of an apply may have been sent and have not been stored yet. Kept beside the
//! file of wanted keys or on a store, without secrets.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use crate::bulk::journal::Account;
use crate::failure::{Failure, Result};
use crate::shared_journal::Shared;
use crate::{private_file, units};

/// How long a key may take to appear after its create was sent, in seconds.
const LONGEST: i64 = 24 * 60 * 60;

pub(crate) struct Journal {
    place: Place,
    entries: Mutex<Entries>,
}

/// Where the entries are.
enum Place {
    File(PathBuf),
    /// Each event has all of them.
    Store(Shared),
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entries {
    account: Account,
    /// By name and workspace.
    creating: BTreeMap<String, Creating>,
    /// Names under which a key may still appear whose secret nobody has.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    late: Vec<Late>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Late {
    name: String,
    workspace: Option<String>,
    /// In seconds since 1970.
    since: i64,
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
        let text = match fs::read(&path) {
            Ok(text) => Some(text),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => {
                return Err(Failure::failed(format!(
                    "{} cannot be read: {error}; nothing was sent",
                    path.display()
                )));
            }
        };
        let entries = read(text.as_deref(), &path.display(), account)?;
        Ok(Self { place: Place::File(path), entries: Mutex::new(entries) })
    }

    /// The journal on a store, which has these events so far.
    pub(crate) fn on_store(shared: Shared, events: &[String], account: &Account) -> Result<Self> {
        let newest = events.last().map(String::as_bytes);
        let entries = read(newest, &format_args!("the journal {}", shared.name()), account)?;
        Ok(Self { place: Place::Store(shared), entries: Mutex::new(entries) })
    }

    /// The create of this key, if it is open.
    pub(crate) fn open_create(&self, name: &str, workspace: Option<&str>) -> Option<Creating> {
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.creating.get(&id(name, workspace)).cloned()
    }

    /// Whether a key of this name is one whose secret nobody has.
    pub(crate) fn is_late(&self, name: &str, workspace: Option<&str>) -> bool {
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.late.iter().any(|late| late.is(name, workspace))
    }

    /// When the last open create was about to be sent.
    pub(crate) fn newest(&self) -> Option<i64> {
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.creating.values().map(|creating| creating.at).max()
    }

    /// Written before the create is sent.
    pub(crate) async fn begin(
        &self,
        name: &str,
        workspace: Option<&str>,
        sink: String,
        names: Vec<String>,
    ) -> Result<()> {
        self.change(|Entries { creating, .. }| {
            let begun = Creating { at: units::now(), sink, names, is_stored: false };
            creating.insert(id(name, workspace), begun);
        })
        .await
    }

    /// Written before the key gets its name.
    pub(crate) async fn stored(&self, name: &str, workspace: Option<&str>) -> Result<()> {
        self.change(|Entries { creating, .. }| {
            if let Some(creating) = creating.get_mut(&id(name, workspace)) {
                creating.is_stored = true;
            }
        })
        .await
    }

    /// The key is stored and has its name, or does not exist.
    pub(crate) async fn end(&self, name: &str, workspace: Option<&str>) -> Result<()> {
        self.change(|Entries { creating, .. }| {
            creating.remove(&id(name, workspace));
        })
        .await
    }

    /// Keys of these names may appear later.
    pub(crate) async fn expect(&self, names: &[String], workspace: Option<&str>) -> Result<()> {
        if names.is_empty() {
            return Ok(());
        }
        let late = |name: &String| Late {
            name: name.clone(),
            workspace: workspace.map(str::to_owned),
            since: units::now(),
        };
        self.change(|entries| entries.late.extend(names.iter().map(late))).await
    }

    /// The key that had this name is deleted.
    pub(crate) async fn deleted(&self, name: &str, workspace: Option<&str>) -> Result<()> {
        if !self.is_late(name, workspace) {
            return Ok(());
        }
        self.change(|entries| entries.late.retain(|late| !late.is(name, workspace))).await
    }

    /// Fails if another machine has continued the journal: then nothing may be sent.
    pub(crate) async fn check(&self) -> Result<()> {
        match &self.place {
            Place::File(_) => Ok(()),
            Place::Store(shared) => shared.check().await,
        }
    }

    /// The file goes when nothing is open.
    async fn change(&self, change: impl FnOnce(&mut Entries)) -> Result<()> {
        let appended = {
            let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
            change(&mut entries);
            match &self.place {
                Place::File(path) if entries.creating.is_empty() && entries.late.is_empty() => {
                    return private_file::remove(path);
                }
                Place::File(path) => {
                    let text = serde_json::to_vec_pretty(&*entries)
                        .map_err(|error| cannot_serialize(&error))?;
                    return private_file::replace(path, &text);
                }
                // Queued before another change is made.
                Place::Store(shared) => shared
                    .append(&[serde_json::to_string(&*entries)
                        .map_err(|error| cannot_serialize(&error))?]),
            }
        };
        appended.await
    }
}

fn cannot_serialize(error: &serde_json::Error) -> Failure {
    Failure::failed(error.to_string())
}

fn read(text: Option<&[u8]>, place: &dyn Display, account: &Account) -> Result<Entries> {
    let Some(text) = text else {
        return Ok(Entries { account: account.clone(), ..Entries::default() });
    };
    let mut entries: Entries = serde_json::from_slice(text).map_err(|error| {
        Failure::failed(format!(
            "{place} is not a journal, or of a newer version's: {error}; nothing was sent; restore \
             the file or update this program"
        ))
    })?;
    if entries.account != *account {
        return Err(Failure::usage(format!(
            "{place} belongs to an interrupted apply to another account; nothing was sent; finish \
             that one first"
        )));
    }
    let now = units::now();
    entries.late.retain(|late| now.saturating_sub(late.since) < LONGEST);
    Ok(entries)
}

impl Late {
    fn is(&self, name: &str, workspace: Option<&str>) -> bool {
        self.name == name && self.workspace.as_deref() == workspace
    }
}

fn id(name: &str, workspace: Option<&str>) -> String {
    format!("{}/{name}", workspace.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::{Account, Journal};

    #[tokio::test]
    async fn an_open_create_is_remembered_by_the_next_run() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("keys.toml");
        let account = || Account { owner: "ada".to_owned(), ..Account::default() };
        let journal = Journal::open(&file, &account()).unwrap();
        let names = vec!["ada #1".to_owned()];
        journal.begin("ada", None, "file:/ada.key".to_owned(), names.clone()).await.unwrap();
        let again = Journal::open(&file, &account()).unwrap();
        let open = again.open_create("ada", None).unwrap();
        assert_eq!(
            (open.sink.as_str(), open.names, open.is_stored),
            ("file:/ada.key", names, false)
        );
        assert_eq!(again.open_create("ada", Some("w")), None);
        again.stored("ada", None).await.unwrap();
        assert!(
            Journal::open(&file, &account()).unwrap().open_create("ada", None).unwrap().is_stored
        );
        assert!(Journal::open(&file, &Account::default()).is_err());
        again.end("ada", None).await.unwrap();
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
    #[tokio::test]
    async fn the_file_stays_while_a_key_may_appear() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("keys.toml");
        let journal = Journal::open(&file, &Account::default()).unwrap();
        journal.expect(&["ada #1".to_owned()], Some("w")).await.unwrap();
        let again = Journal::open(&file, &Account::default()).unwrap();
        assert!(again.is_late("ada #1", Some("w")) && !again.is_late("ada #1", None));
        again.deleted("ada #1", Some("w")).await.unwrap();
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
