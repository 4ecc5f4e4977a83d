//! The file in which the server's memory outlives it.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::store::Store;

/// Reads what an earlier server left; `None` if there was none.
pub(crate) fn load(path: &Path) -> io::Result<Option<Store>> {
    match fs::read(path) {
        Ok(text) => Ok(Some(serde_json::from_slice(&text)?)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Replaces the file in one step: whoever reads it finds the old or the new state.
pub(crate) fn save(path: &Path, store: &Store) -> io::Result<()> {
    let draft = draft(path);
    let mut file = File::create(&draft)?;
    file.write_all(&serde_json::to_vec_pretty(store)?)?;
    file.sync_all()?;
    fs::rename(draft, path)
}

/// A neighbour of the file: a rename is only atomic within one file system.
fn draft(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".draft");
    name.into()
}
