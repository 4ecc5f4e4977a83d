//! What the files of a folder are called, without their extensions.

use std::path::Path;

use crate::failure::Failure;

pub(crate) fn stems(folder: &Path) -> Result<Vec<String>, Failure> {
    let failure = |error| Failure::new(format!("{}: {error}", folder.display()));
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failure)? {
        let path = entry.map_err(failure)?.path();
        names.extend(path.file_stem().and_then(|stem| stem.to_str()).map(str::to_owned));
    }
    names.sort_unstable();
    Ok(names)
}
