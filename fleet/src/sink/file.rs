//! A file with mode 0600, and its mark beside it.
//!
//! The mark of `NAME` is in `.NAME.rotation`, whose last complete line counts. It is written before
//! the file and says what was there before, so a process that dies in between leaves a place that
//! can still be read. The same file is locked while both are compared and written: a process that
//! was stopped cannot write later what it decided earlier.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use fs4::TryLockError;
use openrouter_keys_core::error::BoxError;
use openrouter_keys_core::types::Secret;
use openrouter_keys_core::workflow::{Delivery, PutError};
use tempfile::NamedTempFile;
use zeroize::Zeroizing;

use super::fence::{Found, Place};
use super::mark::Mark;
use super::name::with_name;

/// More than any key has: a longer file is something else.
const LONGEST: u64 = 4096;
/// How long another process may have the lock.
const PATIENCE: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(5);

/// A file that other programs read.
pub(super) struct SecretFile {
    /// The path, in which `{name}` stands for the key's name.
    path: String,
}

/// What was read: the write compares it.
#[derive(PartialEq, Eq)]
pub(super) struct Content {
    secret: Option<Zeroizing<String>>,
    mark: Option<Mark>,
}

impl SecretFile {
    pub(super) fn new(path: &str) -> Self {
        Self { path: path.to_owned() }
    }

    /// The file itself, if the path is a link.
    fn path(&self, key: &Delivery) -> Result<PathBuf, BoxError> {
        let path = PathBuf::from(with_name(&self.path, &key.name)?);
        if path.is_symlink() {
            return path.canonicalize().map_err(|error| cannot_read(&path, &error));
        }
        Ok(path)
    }
}

#[async_trait]
impl Place for SecretFile {
    type Version = Content;

    fn describe(&self, key: &Delivery) -> String {
        format!("file {}", with_name(&self.path, &key.name).as_deref().unwrap_or(&self.path))
    }

    async fn check(&mut self, key: &Delivery) -> Result<(), BoxError> {
        let path = self.path(key)?;
        blocking(move || {
            if path.is_dir() || path.file_name().is_none() {
                return Err(format!("{} is a folder, not a file", path.display()).into());
            }
            beside(&path).map(drop).map_err(|error| cannot_write(&path, &error))
        })
        .await
    }

    async fn read(&mut self, key: &Delivery) -> Result<Found<Content>, BoxError> {
        let path = self.path(key)?;
        let content = blocking(move || {
            // Between another process's two writes, only it knows what counts.
            let is_marked = mark_path(&path).exists();
            let _lock = is_marked.then(|| lock(&path)).transpose()?;
            Content::read(&path)
        })
        .await?;
        let secret = content.secret.as_ref().map(|secret| Secret::new(secret.as_str()));
        Ok(Found { secret, mark: content.mark.clone(), version: content })
    }

    async fn write(
        &mut self,
        key: &Delivery,
        found: &Found<Content>,
        secret: &Secret,
        mark: Mark,
    ) -> Result<bool, PutError> {
        let path = self.path(key).map_err(PutError::NotStored)?;
        let found = found.version.copy();
        let secret = Zeroizing::new(secret.reveal().to_owned());
        // A key that replaces none has no machine to be kept out.
        let mark = (!mark.replaces.is_empty()).then_some(mark);
        blocking(move || Ok(replace(&path, &found, &secret, mark.as_ref()))).await?
    }
}

/// Runs it on a thread that may block, to its end.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, BoxError> + Send + 'static,
) -> Result<T, BoxError> {
    tokio::task::spawn_blocking(work).await?
}

impl Content {
    fn read(path: &Path) -> Result<Self, BoxError> {
        let secret = match File::open(path) {
            Ok(file) => {
                let mut text = Zeroizing::new(String::new());
                let read = file.take(LONGEST).read_to_string(&mut text);
                read.map_err(|error| cannot_read(path, &error))?;
                Some(Zeroizing::new(text.trim().to_owned()))
            }
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(cannot_read(path, &error)),
        };
        let marks = match fs::read_to_string(mark_path(path)) {
            Ok(marks) => marks,
            Err(error) if error.kind() == ErrorKind::NotFound => String::new(),
            Err(error) => return Err(cannot_read(&mark_path(path), &error)),
        };
        // A line that a process did not complete is not one: it had not touched the file yet.
        let mark = marks.lines().rev().find_map(|line| serde_json::from_str(line).ok());
        Ok(Self { secret, mark })
    }

    fn copy(&self) -> Self {
        Self { secret: self.secret.clone(), mark: self.mark.clone() }
    }
}

/// Writes mark and file, unless they are not what was found.
fn replace(
    path: &Path,
    found: &Content,
    secret: &str,
    mark: Option<&Mark>,
) -> Result<bool, PutError> {
    let not_stored = |error| PutError::NotStored(cannot_write(path, &error));
    let mut file = beside(path).map_err(not_stored)?;
    let content = Zeroizing::new(format!("{secret}\n"));
    let prepared = file
        .write_all(content.as_bytes())
        .and_then(|()| keep_group(file.as_file(), path))
        .and_then(|()| file.as_file().sync_all());
    prepared.map_err(not_stored)?;
    let Some(mark) = mark else {
        return match file.persist_noclobber(path) {
            Ok(_) => {
                sync_folder(path).map(|()| true).map_err(|error| cannot_write(path, &error).into())
            }
            Err(error) if error.error.kind() == ErrorKind::AlreadyExists => Ok(false),
            Err(error) => Err(not_stored(error.error)),
        };
    };
    let mut lock = lock(path).map_err(PutError::NotStored)?;
    if Content::read(path).map_err(PutError::NotStored)? != *found {
        return Ok(false);
    }
    lock.append(mark).map_err(not_stored)?;
    if found.secret.as_ref().is_some_and(|there| there.as_str() == secret) {
        return Ok(true);
    }
    file.persist(path).map_err(|error| not_stored(error.error))?;
    // It has its name, but may lose it if the machine crashes.
    sync_folder(path).map_err(|error| cannot_write(path, &error))?;
    Ok(true)
}

/// The file of the marks, held until dropped.
struct Lock(File);

impl Lock {
    fn append(&mut self, mark: &Mark) -> io::Result<()> {
        let mut line = serde_json::to_string(mark)?;
        // A line that a process did not complete ends here.
        line.insert(0, '\n');
        line.push('\n');
        self.0.write_all(line.as_bytes())?;
        self.0.sync_all()
    }
}

/// The system releases the lock when the process ends.
fn lock(path: &Path) -> Result<Lock, BoxError> {
    let mark = mark_path(path);
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    let file = options.open(&mark).map_err(|error| cannot_write(&mark, &error))?;
    let began = Instant::now();
    loop {
        match fs4::FileExt::try_lock(&file) {
            Ok(()) => return Ok(Lock(file)),
            Err(TryLockError::WouldBlock) if began.elapsed() < PATIENCE => {
                std::thread::sleep(PAUSE);
            }
            Err(TryLockError::WouldBlock) => {
                let shown = mark.display();
                return Err(
                    format!("{shown} is locked by another process; nothing was stored").into()
                );
            }
            Err(TryLockError::Error(error)) => return Err(cannot_write(&mark, &error)),
        }
    }
}

fn mark_path(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.rotation"))
}

/// A temporary file in the same folder, with mode 0600.
fn beside(path: &Path) -> io::Result<NamedTempFile> {
    let folder = folder_of(path);
    NamedTempFile::with_prefix_in(".openrouter-keys-", folder).map_err(|error| match error.kind() {
        ErrorKind::NotFound => {
            let message = format!("the folder {} does not exist", folder.display());
            io::Error::new(ErrorKind::NotFound, message)
        }
        // Without the name of the temporary file.
        kind => kind.into(),
    })
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// The name survives a crash once the folder is on the disk.
fn sync_folder(path: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder_of(path))?.sync_all() } else { Ok(()) }
}

/// Whose group could read the old file can read the new one; other users cannot.
#[cfg(unix)]
fn keep_group(new: &File, old: &Path) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, fchown};
    let old = match fs::metadata(old) {
        Ok(old) => old,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    let is_owned = fchown(new, Some(old.uid()), Some(old.gid())).is_ok()
        || fchown(new, None, Some(old.gid())).is_ok();
    let mode = if is_owned { 0o660 } else { 0o600 };
    new.set_permissions(fs::Permissions::from_mode(old.mode() & mode | 0o600))
}

#[cfg(not(unix))]
fn keep_group(_: &File, _: &Path) -> io::Result<()> {
    Ok(())
}

fn cannot_read(path: &Path, error: &io::Error) -> BoxError {
    format!("{} cannot be read: {error}", path.display()).into()
}

fn cannot_write(path: &Path, error: &io::Error) -> BoxError {
    format!("{} cannot be written: {error}", path.display()).into()
}

#[cfg(test)]
#[path = "file_tests.rs"]
mod tests;
