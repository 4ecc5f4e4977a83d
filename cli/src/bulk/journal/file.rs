//! A journal in a file, which one run at a time has open.

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;

use fs4::TryLockError;

use crate::failure::{Failure, Result};

/// How every line begins.
const START: &[u8] = b"{\"event\":\"";

/// The file, which always ends with a whole line.
pub(super) struct Lines {
    file: File,
    length: u64,
    /// Whether it may end with part of a line, which nothing may follow.
    is_broken: bool,
}

impl Lines {
    /// Keeps other runs out, and returns the whole lines that the file has.
    pub(super) fn open(mut file: File, path: &Path) -> Result<(Self, String)> {
        let cannot = |error: std::io::Error| unusable(path, &error);
        match fs4::FileExt::try_lock(&file) {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(Failure::failed(format!(
                    "another run is using the journal {}; nothing was sent; wait until it has ended",
                    path.display()
                )));
            }
            Err(TryLockError::Error(error)) => return Err(cannot(error)),
        }
        let mut content = Vec::new();
        file.read_to_end(&mut content).map_err(cannot)?;
        let whole = content.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        // A line that was cut off, perhaps within a character.
        let rest = content.split_off(whole);
        let text = String::from_utf8(content).ok();
        let text = text.filter(|_| rest.starts_with(START) || START.starts_with(&rest));
        let Some(text) = text else {
            return Err(Failure::usage(format!(
                "{} is not a journal; nothing was sent; choose another with --journal",
                path.display()
            )));
        };
        let length = u64::try_from(whole).unwrap_or_default();
        Ok((Self { file, length, is_broken: false }, text))
    }

    pub(super) fn append(&mut self, lines: &[u8]) -> std::io::Result<()> {
        if self.is_broken {
            return Err(std::io::Error::other("an earlier line is incomplete"));
        }
        let written = self.file.write_all(lines).and_then(|()| self.file.sync_data());
        if written.is_ok() {
            self.length += u64::try_from(lines.len()).unwrap_or_default();
        } else {
            self.is_broken = self.cut().is_err();
        }
        written
    }

    /// Cuts off whatever follows the last whole line.
    pub(super) fn cut(&mut self) -> std::io::Result<()> {
        self.file.set_len(self.length)?;
        self.file.seek(SeekFrom::End(0)).map(|_| ())
    }
}

/// The file, or a copy of it that is empty if there is none.
pub(super) fn copied(path: &Path) -> Result<File> {
    let copied = tempfile::tempfile().and_then(|mut copy| {
        match File::open(path) {
            Ok(mut file) => std::io::copy(&mut file, &mut copy).map(|_| ())?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        copy.rewind()?;
        Ok(copy)
    });
    copied.map_err(|error| unusable(path, &error))
}

pub(super) fn unusable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::failed(format!(
        "the journal {} cannot be used: {error}; nothing was sent",
        path.display()
    ))
}

pub(super) fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    options
}
