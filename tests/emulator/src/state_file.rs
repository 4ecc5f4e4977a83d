//! The file in which the server's memory outlives it, and the lock that keeps it one server's.

use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use fs4::{FileExt, TryLockError};

use crate::store::Store;

/// A state file that belongs to this server alone until it is dropped.
pub(crate) struct StateFile {
    path: PathBuf,
    /// The operating system releases the lock with the process, however that ends. The state
    /// file itself cannot carry it, because every change replaces that file.
    _lock: File,
}

impl StateFile {
    /// Claims the file, which need not exist yet.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let path = real(path).map_err(|error| explained(path, &error))?;
        let lock = lock(&path).map_err(|error| explained(&path, &error))?;
        Ok(Self { path, _lock: lock })
    }

    /// Reads the state of an earlier server; `None` if there is no file, or an empty one.
    pub(crate) fn load(&self) -> io::Result<Option<Store>> {
        match fs::read(&self.path) {
            // As `mktemp` makes it.
            Ok(text) if text.trim_ascii().is_empty() => Ok(None),
            Ok(text) => match serde_json::from_slice(&text) {
                Ok(store) => Ok(Some(store)),
                Err(error) => Err(explained(&self.path, &error.into())),
            },
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(explained(&self.path, &error)),
        }
    }

    /// Replaces the file in one step: whoever reads it finds the old or the new state.
    pub(crate) fn save(&self, store: &Store) -> io::Result<()> {
        self.replace(store).map_err(|error| explained(&self.path, &error))
    }

    fn replace(&self, store: &Store) -> io::Result<()> {
        let draft = beside(&self.path, ".draft");
        let mut file = File::create(&draft)?;
        file.write_all(&serde_json::to_vec_pretty(store)?)?;
        file.sync_all()?;
        fs::rename(draft, &self.path)
    }
}

/// The canonical path of the file, whatever links lead to it.
fn real(path: &Path) -> io::Result<PathBuf> {
    match path.canonicalize() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Ok(real) if real.is_dir() => return Err(io::Error::other("it is a folder")),
        other => return other,
    }
    if path.is_symlink() {
        return Err(io::Error::other("it is a symbolic link to a file that does not exist"));
    }
    let name = path.file_name().ok_or_else(|| io::Error::other("it does not name a file"))?;
    let folder = path.parent().filter(|folder| *folder != OsStr::new(""));
    Ok(folder.unwrap_or(Path::new(".")).canonicalize()?.join(name))
}

fn lock(path: &Path) -> io::Result<File> {
    // It stays there: were it removed, two servers could lock two files of this name.
    let file =
        OpenOptions::new().write(true).create(true).truncate(false).open(beside(path, ".lock"))?;
    match FileExt::try_lock(&file) {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(io::Error::new(
            io::ErrorKind::WouldBlock,
            "another emulator is using it; stop that one, or give this one another file",
        )),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// A neighbour of the file: a rename is only atomic within one file system.
fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

fn explained(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("the state file {}: {error}", path.display()))
}
