//! The file that keeps the server's state across runs, and its lock.

use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use fs4::{FileExt, TryLockError};

use crate::store::Store;

/// A state file, locked for this server until dropped.
pub(crate) struct StateFile {
    path: PathBuf,
    /// The operating system releases the lock when the process ends, however that happens. The
    /// state file itself cannot carry it, because every change replaces that file.
    _lock: File,
}

impl StateFile {
    /// Locks the file, which need not exist yet.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let path = real(path).map_err(|error| explained(path, &error))?;
        let lock = lock(&path).map_err(|error| explained(&path, &error))?;
        Ok(Self { path, _lock: lock })
    }

    /// Reads the saved state; `None` if the file is missing or empty.
    pub(crate) fn load(&self) -> io::Result<Option<Store>> {
        match fs::read(&self.path) {
            // As `mktemp` creates it.
            Ok(text) if text.trim_ascii().is_empty() => Ok(None),
            Ok(text) => match serde_json::from_slice(&text) {
                Ok(store) => Ok(Some(store)),
                Err(error) => Err(explained(&self.path, &error.into())),
            },
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(explained(&self.path, &error)),
        }
    }

    /// Replaces the file atomically: a reader sees the previous state or the new one.
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

/// The canonical path of the file, with symbolic links resolved.
fn real(path: &Path) -> io::Result<PathBuf> {
    match path.canonicalize() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Ok(real) if real.is_dir() => return Err(io::Error::other("it is a directory")),
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
    // Never deleted: otherwise two servers could lock two different files of this name.
    let file =
        OpenOptions::new().write(true).create(true).truncate(false).open(beside(path, ".lock"))?;
    match FileExt::try_lock(&file) {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(io::Error::new(
            io::ErrorKind::WouldBlock,
            "another emulator is using it; stop that one, or use a different file",
        )),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// A path in the same directory: a rename is atomic only within one file system.
fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

fn explained(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("the state file {}: {error}", path.display()))
}
