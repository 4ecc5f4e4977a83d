//! The folder of open rotations: one file and one lock for each old key.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use fs4::TryLockError;
use openrouter_keys_core::internal::unmarked;
use openrouter_keys_native::KeyHash;
use openrouter_keys_native::workflow::{Delivery, Rotation};
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::failure::{Failure, Result};
use crate::sink::Sink;
use crate::{private_file, settings, text};

/// The extension of a file of a done rotation.
const LATE: &str = "late";

/// One open rotation, as its file has it. It contains no secret.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Saved {
    /// The account it belongs to: its server and profile.
    pub(crate) base_url: String,
    pub(crate) profile: String,
    /// The old key's name.
    pub(crate) name: String,
    /// The sink, as it is written on the command line.
    pub(crate) sink: String,
    /// The old key's label, by which its secret is recognised.
    #[serde(default)]
    pub(crate) label: Option<String>,
    pub(crate) rotation: Rotation,
}

impl Saved {
    pub(crate) fn sink(&self) -> Result<Sink> {
        Sink::of(&self.sink)
    }

    /// The new key and the old one, as a sink receives them. Without a fence: only one process has
    /// the lock.
    pub(crate) fn delivery(&self) -> Delivery {
        let mut key = Delivery::new(unmarked(&self.name));
        let new = self.rotation.new.as_ref();
        key.hash = new.map(ToString::to_string).unwrap_or_default();
        key.label.clone_from(&self.rotation.new_label);
        key.replaces = self.rotation.old.to_string();
        key.old_label.clone_from(&self.label);
        key
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    /// Whether the user named it.
    is_chosen: bool,
}

impl Folder {
    pub(crate) fn new(chosen: Option<&Path>) -> Result<Self> {
        Ok(match chosen {
            Some(folder) => Self { path: folder.to_owned(), is_chosen: true },
            None => Self { path: settings::state_folder()?.join("rotations"), is_chosen: false },
        })
    }

    /// A command that finds its rotations here, ready to paste.
    pub(crate) fn command(&self, command: &str) -> String {
        if !self.is_chosen {
            return format!("openrouter-keys {command}");
        }
        let path = text::quoted_for_shell(&self.path.display().to_string());
        format!("openrouter-keys {command} --state {path}")
    }

    pub(crate) fn file(&self, old: &KeyHash) -> PathBuf {
        self.path.join(format!("{}.json", old.as_str()))
    }

    /// Every open rotation of this account, in the order of the files' names.
    pub(crate) fn open(&self, app: &App) -> Result<Vec<Saved>> {
        ours(self.of_all_accounts()?, app)
    }

    /// Every rotation of this account that is done, but may have created another key.
    pub(crate) fn late(&self, app: &App) -> Result<Vec<Saved>> {
        ours(self.read_all(LATE)?, app)
    }

    pub(crate) fn of_all_accounts(&self) -> Result<Vec<Saved>> {
        self.read_all("json")
    }

    fn read_all(&self, extension: &str) -> Result<Vec<Saved>> {
        let entries = match fs::read_dir(&self.path) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(unreadable(&self.path, &error)),
        };
        let mut files = Vec::new();
        for entry in entries {
            let path = entry.map_err(|error| unreadable(&self.path, &error))?.path();
            if path.extension().is_some_and(|it| it == extension) {
                files.push(path);
            }
        }
        files.sort();
        let mut open = Vec::new();
        for path in files {
            // Another process may finish its rotation in the meantime.
            open.extend(read(&path)?);
        }
        Ok(open)
    }

    pub(crate) fn read(&self, old: &KeyHash) -> Result<Option<Saved>> {
        read(&self.file(old))
    }

    pub(crate) fn save(&self, saved: &Saved) -> Result<()> {
        write(&self.file(&saved.rotation.old), saved)
    }

    pub(crate) fn remove(&self, old: &KeyHash) -> Result<()> {
        private_file::remove(&self.file(old))
    }

    /// Keeps only what a done rotation may have created besides, or nothing.
    pub(crate) fn set_late(&self, saved: &Saved) -> Result<()> {
        let path = self.file(&saved.rotation.old).with_extension(LATE);
        if saved.rotation.unconfirmed.is_empty() {
            return private_file::remove(&path);
        }
        write(&path, saved)
    }

    /// Locks the key for this process. The system releases the lock when the process ends.
    pub(crate) fn lock(&self, old: &KeyHash, name: &str) -> Result<Lock> {
        match self.try_lock(old)? {
            Some(lock) => Ok(lock),
            None => Err(Failure::failed(format!(
                "another process is rotating \"{}\"; this one left the rotation to it; to see how \
                 far it is:",
                text::visible(name)
            ))
            .next(self.command("rotate --status"))),
        }
    }

    /// `None` if another process has the lock.
    pub(crate) fn try_lock(&self, old: &KeyHash) -> Result<Option<Lock>> {
        // Never deleted: otherwise two processes could lock two files of the same name.
        let path = self.path.join(format!("{}.lock", old.as_str()));
        let locked = private_file::create_folder(&self.path)
            .and_then(|()| private_file::lock_options().open(&path));
        let file = locked.map_err(|error| {
            Failure::failed(format!(
                "{} cannot be opened: {error}; the key was not rotated; choose another --state",
                path.display()
            ))
        })?;
        match fs4::FileExt::try_lock(&file) {
            Ok(()) => Ok(Some(Lock { _file: file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => {
                Err(Failure::failed(format!("{} cannot be locked: {error}", path.display())))
            }
        }
    }
}

/// Held until dropped.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
}

fn ours(mut saved: Vec<Saved>, app: &App) -> Result<Vec<Saved>> {
    let account = app.account()?;
    saved.retain(|saved| (&saved.base_url, &saved.profile) == (&account.0, &account.1));
    Ok(saved)
}

fn write(path: &Path, saved: &Saved) -> Result<()> {
    let text = serde_json::to_vec_pretty(saved)
        .map_err(|error| Failure::failed(format!("the rotation cannot be saved: {error}")))?;
    private_file::replace(path, &text)
}

fn read(path: &Path) -> Result<Option<Saved>> {
    let text = match fs::read(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unreadable(path, &error)),
    };
    let saved: Saved = serde_json::from_slice(&text).map_err(|error| {
        Failure::failed(format!(
            "{} is not the state of a rotation, or of a newer version's: {error}; nothing was \
             changed; restore the file or update this program; move the file away only if its \
             keys need no more work",
            path.display()
        ))
    })?;
    Ok(Some(saved))
}

fn unreadable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::failed(format!("{} cannot be read: {error}; nothing was changed", path.display()))
}

#[cfg(test)]
mod tests {
    use openrouter_keys_native::KeyHash;
    use openrouter_keys_native::workflow::Rotation;

    use super::{Folder, Saved};

    #[test]
    fn a_rotation_is_saved_read_and_removed_and_locked_once() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::new(Some(&place.path().join("new"))).unwrap();
        let old = KeyHash::new("0e6f44a4").unwrap();
        assert!(folder.read(&old).unwrap().is_none());
        let lock = folder.lock(&old, "ada").unwrap();
        assert!(folder.lock(&old, "ada").is_err());
        drop(lock);
        assert!(folder.lock(&old, "ada").is_ok());
        let saved = Saved {
            base_url: String::new(),
            profile: "default".to_owned(),
            name: "ada".to_owned(),
            sink: "file:/tmp/ada.key".to_owned(),
            label: None,
            rotation: Rotation::new(old.clone()),
        };
        folder.save(&saved).unwrap();
        assert_eq!(folder.read(&old).unwrap().unwrap().rotation, saved.rotation);
        folder.remove(&old).unwrap();
        folder.remove(&old).unwrap();
        assert!(folder.read(&old).unwrap().is_none());
    }
}
