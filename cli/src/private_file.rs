//! Files that only their owner may read, written whole or not at all.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::failure::{Exit, Failure, Result};

/// A file that is not there yet under its name. Opening it finds out, before anything is
/// sent, whether it can be written.
pub(crate) struct Prepared {
    file: NamedTempFile,
    path: PathBuf,
}

impl Prepared {
    /// Opens a file beside `path`, which must not exist. The mode is 0600.
    pub(crate) fn new(path: &Path) -> Result<Self> {
        let is_folder = path.as_os_str().as_encoded_bytes().ends_with(b"/");
        match path.symlink_metadata() {
            Ok(_) => Err(Failure::usage(format!(
                "{} exists already; nothing was sent; choose another file, it will not be \
                 overwritten",
                path.display()
            ))),
            Err(error)
                if error.kind() == std::io::ErrorKind::NotFound
                    && path.file_name().is_some()
                    && !is_folder =>
            {
                match beside(path) {
                    Ok(file) => Ok(Self { file, path: path.to_owned() }),
                    Err(failure) if failure.exit == Exit::Usage => Err(failure),
                    Err(Failure { message, exit, next }) => {
                        Err(Failure { message: format!("{message}; nothing was sent"), exit, next })
                    }
                }
            }
            Err(error) => Err(unusable(path, &error)),
        }
    }

    /// Writes the whole content and gives the file its name, which still must not exist.
    pub(crate) fn finish(mut self, content: &[u8]) -> std::io::Result<()> {
        self.file.write_all(content)?;
        self.file.as_file().sync_all()?;
        self.file.persist_noclobber(&self.path)?;
        sync_folder(&self.path)
    }
}

/// Replaces the content of the file, or leaves the old one. Its folder is created.
pub(crate) fn replace(path: &Path, content: &[u8]) -> Result<()> {
    if let Some(folder) = path.parent() {
        create_folder(folder).map_err(|error| {
            Failure::failed(format!("{} cannot be created: {error}", folder.display()))
        })?;
    }
    replace_with(path, content, |_| Ok(()))
}

/// Replaces a file without secrets that programs of other users may read.
pub(crate) fn replace_public(path: &Path, content: &[u8]) -> Result<()> {
    replace_with(path, content, |file| {
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            file.set_permissions(fs::Permissions::from_mode(0o644))?;
        }
        #[cfg(not(unix))]
        let _ = file;
        Ok(())
    })
}

fn replace_with(
    path: &Path,
    content: &[u8],
    set: impl FnOnce(&fs::File) -> std::io::Result<()>,
) -> Result<()> {
    let mut file = beside(path)?;
    let written = file.write_all(content).and_then(|()| set(file.as_file()));
    written.and_then(|()| file.as_file().sync_all()).map_err(|error| cannot_write(path, &error))?;
    file.persist(path).map_err(|error| cannot_write(path, &error.error))?;
    sync_folder(path).map_err(|error| cannot_write(path, &error))
}

/// Creates a folder that only its owner may open, unless it is there.
pub(crate) fn create_folder(folder: &Path) -> std::io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt as _;
        builder.mode(0o700);
    }
    builder.create(folder)
}

/// Finds out whether a file can be written in this place, and leaves nothing there.
pub(crate) fn check_writable(path: &Path) -> Result<()> {
    if path.is_dir() || path.file_name().is_none() {
        return Err(Failure::usage(format!(
            "{} is a folder; nothing was sent; write the name of a file",
            path.display()
        )));
    }
    beside(path).map(drop)
}

/// A temporary file in the folder of `path`, with mode 0600.
fn beside(path: &Path) -> Result<NamedTempFile> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let file = NamedTempFile::with_prefix_in(".openrouter-keys-", folder);
    file.map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => {
            let shown = folder.display().to_string();
            let failure =
                format!("the folder {shown} does not exist; nothing was sent; create it:");
            Failure::usage(failure).next(format!("mkdir {}", crate::text::quoted_for_shell(&shown)))
        }
        // Without the name of the temporary file.
        kind => cannot_write(path, &kind.into()),
    })
}

/// A path that can never be written.
fn unusable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::usage(format!(
        "\"{}\" cannot be the file of a secret: {error}; nothing was sent",
        path.display()
    ))
}

/// Removes the file, if it is there.
pub(crate) fn remove(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(Failure::failed(format!("{} cannot be removed: {error}", path.display())))
        }
        _ => Ok(()),
    }
}

/// The options of a lock file, which only its owner may open.
pub(crate) fn lock_options() -> fs::OpenOptions {
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    options
}

fn cannot_write(path: &Path, error: &std::io::Error) -> Failure {
    Failure::failed(format!("{} cannot be written: {error}", path.display()))
}

/// The name survives a crash once the folder is on the disk.
pub(crate) fn sync_folder(path: &Path) -> std::io::Result<()> {
    #[cfg(unix)]
    if let Some(folder) = path.parent() {
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        fs::File::open(folder)?.sync_all()?;
    }
    #[cfg(not(unix))]
    let _ = path;
    Ok(())
}

/// Refuses an open file with a secret that others may read.
pub(crate) fn require_private(path: &Path, file: &fs::File) -> Result<()> {
    refuse_mode(path, file.metadata(), 0o077, "can be read by others")
}

/// Refuses a file that others may change, such as one that names commands to run.
pub(crate) fn require_own(path: &Path) -> Result<()> {
    refuse_mode(path, fs::metadata(path), 0o022, "can be changed by others")
}

#[cfg(unix)]
fn refuse_mode(
    path: &Path,
    metadata: std::io::Result<fs::Metadata>,
    refused: u32,
    what: &str,
) -> Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    let metadata = metadata.map_err(|error| {
        Failure::usage(format!("{} cannot be read: {error}; nothing was sent", path.display()))
    })?;
    let mode = metadata.permissions().mode() & 0o777;
    if metadata.is_file() && mode & refused != 0 {
        let name = crate::text::quoted_for_shell(&path.display().to_string());
        return Err(Failure::usage(format!(
            "{} {what} (mode {mode:03o}); nothing was sent; make it private:",
            path.display()
        ))
        .next(format!("chmod 600 {name}")));
    }
    Ok(())
}

#[cfg(not(unix))]
fn refuse_mode(_: &Path, _: std::io::Result<fs::Metadata>, _: u32, _: &str) -> Result<()> {
    Ok(())
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::{check_writable, create_folder};

    #[test]
    fn a_new_folder_is_private_and_a_folder_is_no_file() {
        let folder = tempfile::tempdir().unwrap();
        let new = folder.path().join("a/b");
        create_folder(&new).unwrap();
        create_folder(&new).unwrap();
        assert_eq!(new.metadata().unwrap().permissions().mode() & 0o777, 0o700);
        assert!(check_writable(&new).is_err());
        assert!(check_writable(&new.join("c")).is_ok());
    }
}
