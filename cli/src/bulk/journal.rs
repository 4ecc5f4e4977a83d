//! What a run over many keys has done, one line of JSON after another, so that a run that was
//! killed at any moment can go on. It has no secrets.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{BufRead as _, BufReader, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use fs4::TryLockError;
use serde::{Deserialize, Serialize};

use crate::failure::{Failure, Result};

const VERSION: u32 = 1;
/// How every line begins.
const START: &[u8] = b"{\"event\":\"";

/// Whose keys a journal is about.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Account {
    pub(crate) server: String,
    pub(crate) profile: String,
    /// Of the management key.
    pub(crate) owner: String,
}

/// A line. Each is on the disk before the step that it allows begins.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub(crate) enum Event {
    /// The first line: what the journal is for.
    Begin { version: u32, command: String, account: Account },
    /// A key is about to be created under one of these names.
    Creating { name: String, names: Vec<String>, workspace: Option<String>, settings: String },
    /// The key exists under this one of its names, and its secret is about to be stored.
    Created { name: String, hash: Option<String>, marked: String },
    /// The secret is stored, and the key is about to lose its marker.
    Stored { name: String },
    /// The limit of the key with this hash is about to be raised.
    Raising { hash: String, name: String, from: f64, to: f64 },
    /// Nothing is left to do.
    Done { name: String },
}

/// How far a key is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stage {
    #[default]
    Creating,
    Created,
    Stored,
    Done,
}

/// What the journal says about a key.
#[derive(Clone, Debug, Default)]
pub(crate) struct Entry {
    pub(crate) stage: Stage,
    /// Every name under which a key may have been created.
    pub(crate) names: Vec<String>,
    pub(crate) workspace: Option<String>,
    pub(crate) settings: String,
    pub(crate) hash: Option<String>,
    /// The name under which the last create succeeded.
    pub(crate) marked: Option<String>,
    /// Of a limit that is to be raised.
    pub(crate) raise: Option<Raise>,
}

/// A limit before and after.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Raise {
    /// The key's name; its hash names the entry.
    pub(crate) name: String,
    pub(crate) from: f64,
    pub(crate) to: f64,
}

pub(crate) struct Journal {
    file: Mutex<Lines>,
    path: PathBuf,
    entries: HashMap<String, Entry>,
}

/// The file, which always ends with a whole line.
struct Lines {
    file: File,
    length: u64,
    /// Whether it may end with part of a line, which nothing may follow.
    is_broken: bool,
}

impl Lines {
    fn append(&mut self, lines: &[u8]) -> std::io::Result<()> {
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
    fn cut(&mut self) -> std::io::Result<()> {
        self.file.set_len(self.length)?;
        self.file.seek(SeekFrom::End(0)).map(|_| ())
    }
}

impl Entry {
    /// The names under which a key may exist whose secret is lost. Once a secret is stored, its
    /// key is not among them, even if a listing that lags shows it under its old name.
    pub(crate) fn lost(&self) -> impl Iterator<Item = &String> {
        let kept = self.marked.as_ref().filter(|_| self.stage >= Stage::Stored);
        let is_unknown = self.stage >= Stage::Stored && kept.is_none();
        self.names.iter().filter(move |name| !is_unknown && Some(*name) != kept)
    }
}

impl Journal {
    /// Opens or creates the file for this command and account, and keeps other runs out.
    pub(crate) fn open(path: &Path, command: &str, account: Account) -> Result<Self> {
        let file = options().open(path).map_err(|error| unusable(path, &error))?;
        Self::of(file, path, command, account)
    }

    /// The same with a copy, for a dry run: the journal stays as it is, or absent.
    pub(crate) fn copy(path: &Path, command: &str, account: Account) -> Result<Self> {
        let copied = tempfile::tempfile().and_then(|mut copy| {
            match File::open(path) {
                Ok(mut file) => std::io::copy(&mut file, &mut copy).map(|_| ())?,
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
            copy.rewind()?;
            Ok(copy)
        });
        let copy = copied.map_err(|error| unusable(path, &error))?;
        Self::of(copy, path, command, account)
    }

    fn of(mut file: File, path: &Path, command: &str, account: Account) -> Result<Self> {
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
        let begin = Event::Begin { version: VERSION, command: command.to_owned(), account };
        let entries = read(path, &text, &begin)?;
        // What a line that was cut off would have allowed was not begun.
        let length = u64::try_from(whole).unwrap_or_default();
        let mut lines = Lines { file, length, is_broken: false };
        lines.cut().map_err(cannot)?;
        let journal = Self { file: Mutex::new(lines), path: path.to_owned(), entries };
        if text.is_empty() {
            journal.write(&[begin])?;
            crate::private_file::sync_folder(path).map_err(cannot)?;
        }
        Ok(journal)
    }

    /// Whose keys the journal in this file is about, if it has begun.
    pub(crate) fn account(path: &Path) -> Option<Account> {
        let mut line = String::new();
        BufReader::new(File::open(path).ok()?).read_line(&mut line).ok()?;
        match serde_json::from_str(&line) {
            Ok(Event::Begin { account, .. }) => Some(account),
            _ => None,
        }
    }

    /// Whether no run is using the journal.
    pub(crate) fn is_abandoned(path: &Path) -> bool {
        File::open(path).is_ok_and(|file| fs4::FileExt::try_lock(&file).is_ok())
    }

    /// Whether a run has the journal open.
    pub(crate) fn is_in_use(path: &Path) -> bool {
        let file = options().create(false).open(path);
        file.is_ok_and(|file| {
            matches!(fs4::FileExt::try_lock(&file), Err(TryLockError::WouldBlock))
        })
    }

    /// What an earlier run wrote about the key.
    pub(crate) fn entry(&self, name: &str) -> Option<&Entry> {
        self.entries.get(name)
    }

    /// What earlier runs wrote about all keys.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (&String, &Entry)> {
        self.entries.iter()
    }

    /// Writes the lines to the disk.
    pub(crate) fn write(&self, events: &[Event]) -> Result<()> {
        let mut lines = Vec::new();
        for event in events {
            serde_json::to_writer(&mut lines, event)
                .map_err(|error| Failure::failed(error.to_string()))?;
            lines.push(b'\n');
        }
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.append(&lines).map_err(|error| {
            Failure::failed(format!(
                "the journal {} cannot be written: {error}",
                self.path.display()
            ))
        })
    }
}

fn unusable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::failed(format!(
        "the journal {} cannot be used: {error}; nothing was sent",
        path.display()
    ))
}

fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    options
}

fn read(path: &Path, text: &str, expected: &Event) -> Result<HashMap<String, Entry>> {
    let mut entries: HashMap<String, Entry> = HashMap::new();
    for (number, line) in text.lines().enumerate() {
        let line_number = number.saturating_add(1);
        let event: Event = serde_json::from_str(line).map_err(|error| {
            Failure::usage(format!(
                "line {line_number} of the journal {} cannot be read: {error}; nothing was sent",
                path.display()
            ))
        })?;
        if matches!(event, Event::Begin { .. }) != (number == 0)
            || (number == 0 && event != *expected)
        {
            return Err(Failure::usage(format!(
                "the journal {} belongs to another command or account; nothing was sent; \
                 choose another with --journal",
                path.display()
            )));
        }
        apply(&mut entries, event);
    }
    Ok(entries)
}

fn apply(entries: &mut HashMap<String, Entry>, event: Event) {
    match event {
        Event::Begin { .. } => {}
        Event::Creating { name, names, workspace, settings } => {
            let entry = entries.entry(name).or_default();
            entry.names.extend(names);
            entry.stage = Stage::Creating;
            (entry.workspace, entry.settings) = (workspace, settings);
            (entry.hash, entry.marked) = (None, None);
        }
        Event::Created { name, hash, marked } => {
            let entry = entries.entry(name).or_default();
            (entry.stage, entry.hash, entry.marked) = (Stage::Created, hash, Some(marked));
        }
        Event::Raising { hash, name, from, to } => {
            entries.entry(hash).or_default().raise = Some(Raise { name, from, to });
        }
        Event::Stored { name } => entries.entry(name).or_default().stage = Stage::Stored,
        Event::Done { name } => entries.entry(name).or_default().stage = Stage::Done,
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::{Account, Event, Journal, Stage};

    fn creating(name: &str, marked: &str) -> Event {
        Event::Creating {
            name: name.to_owned(),
            names: vec![marked.to_owned()],
            workspace: None,
            settings: String::new(),
        }
    }

    #[test]
    fn a_key_whose_secret_is_stored_is_not_lost() {
        let names = vec!["a #1".to_owned(), "a #2".to_owned()];
        let entry = |stage| super::Entry {
            stage,
            names: names.clone(),
            marked: Some("a #2".to_owned()),
            ..super::Entry::default()
        };
        let lost = |stage| entry(stage).lost().cloned().collect::<Vec<_>>();
        assert_eq!(lost(Stage::Created), names);
        assert_eq!(lost(Stage::Stored), ["a #1"]);
        assert_eq!(lost(Stage::Done), ["a #1"]);
    }

    #[test]
    fn a_line_that_was_cut_off_never_happened() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        let account = |owner: &str| Account { owner: owner.to_owned(), ..Account::default() };
        let open = || Journal::open(&path, "create", account("ada"));
        let journal = open().unwrap();
        journal.write(&[creating("a", "a #1"), creating("b", "b #1")]).unwrap();
        journal
            .write(&[Event::Created {
                name: "a".to_owned(),
                hash: None,
                marked: "a #1".to_owned(),
            }])
            .unwrap();
        assert!(open().is_err(), "it is locked");
        assert!(Journal::is_in_use(&path));
        drop(journal);
        assert!(!Journal::is_in_use(&path));
        let mut file = std::fs::OpenOptions::new().append(true).open(&path).unwrap();
        // Cut off within a character of two bytes.
        file.write_all(b"{\"event\":\"created\",\"name\":\"Zo\xc3").unwrap();
        let journal = open().unwrap();
        assert_eq!(journal.entry("a").unwrap().stage, Stage::Created);
        assert_eq!(journal.entry("b").unwrap().stage, Stage::Creating);
        journal.write(&[creating("b", "b #2")]).unwrap();
        drop(journal);
        assert_eq!(open().unwrap().entry("b").unwrap().names, ["b #1", "b #2"]);
        assert!(Journal::open(&path, "create", account("bob")).is_err());
    }

    #[test]
    fn a_file_that_is_not_a_journal_is_left_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        for content in ["sk-or-v1-a-secret", "name,limit\nada,5\nbob,5", "\n", "a\nb\n"] {
            std::fs::write(&path, content).unwrap();
            assert!(Journal::open(&path, "create", Account::default()).is_err());
            assert_eq!(std::fs::read_to_string(&path).unwrap(), content);
        }
    }
}
