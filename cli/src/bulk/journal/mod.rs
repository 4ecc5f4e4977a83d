//! What a run over many keys has done, one line of JSON after another, so that a run that was
//! killed at any moment can go on. It has no secrets.

mod event;
mod file;

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use fs4::TryLockError;

use self::event::apply;
pub(crate) use self::event::{Account, Entry, Event, Raise, Stage};
use self::file::{Lines, options, unusable};
use crate::failure::{Failure, Result};
use crate::shared_journal::Shared;

const VERSION: u32 = 1;

pub(crate) struct Journal {
    place: Place,
    /// The file's path or the name on the store.
    name: String,
    entries: HashMap<String, Entry>,
}

/// Where the lines are.
enum Place {
    File(Mutex<Lines>),
    Store(Shared),
    /// Nothing is written.
    Nowhere,
}

impl Journal {
    /// Opens or creates the file for this command and account, and keeps other runs out.
    pub(crate) fn open(path: &Path, command: &str, account: Account) -> Result<Self> {
        let cannot = |error: std::io::Error| unusable(path, &error);
        let file = options().open(path).map_err(cannot)?;
        let (mut lines, text) = Lines::open(file, path)?;
        let begin = begin(command, account);
        let name = path.display().to_string();
        let entries = read(&name, text.lines(), &begin)?;
        // What a line that was cut off would have allowed was not begun.
        lines.cut().map_err(cannot)?;
        if text.is_empty() {
            lines.append(&line(&begin)?).map_err(|error| cannot_write(&name, &error))?;
            crate::private_file::sync_folder(path).map_err(cannot)?;
        }
        Ok(Self { place: Place::File(Mutex::new(lines)), name, entries })
    }

    /// Takes what a dry run would do from the file, which stays as it is, or absent.
    pub(crate) fn copy(path: &Path, command: &str, account: Account) -> Result<Self> {
        let (_, text) = Lines::open(file::copied(path)?, path)?;
        Self::of(path.display().to_string(), text.lines(), command, account)
    }

    /// The same from the events of a journal on a store.
    pub(crate) fn copy_of(
        name: &str,
        events: &[String],
        command: &str,
        account: Account,
    ) -> Result<Self> {
        Self::of(name.to_owned(), events.iter().map(String::as_str), command, account)
    }

    fn of<'a>(
        name: String,
        lines: impl Iterator<Item = &'a str>,
        command: &str,
        account: Account,
    ) -> Result<Self> {
        let entries = read(&name, lines, &begin(command, account))?;
        Ok(Self { place: Place::Nowhere, name, entries })
    }

    /// The journal on a store, which has these events so far.
    pub(crate) async fn on_store(
        shared: Shared,
        events: &[String],
        command: &str,
        account: Account,
    ) -> Result<Self> {
        let (name, begin) = (shared.name().to_owned(), begin(command, account));
        let entries = read(&name, events.iter().map(String::as_str), &begin)?;
        let journal = Self { place: Place::Store(shared), name, entries };
        if events.is_empty() {
            journal.write(&[begin]).await?;
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

    /// Fails if another machine has continued the journal: then nothing may be sent.
    pub(crate) async fn check(&self) -> Result<()> {
        match &self.place {
            Place::Store(shared) => shared.check().await,
            Place::File(_) | Place::Nowhere => Ok(()),
        }
    }

    /// Writes the events where they outlive the run.
    pub(crate) async fn write(&self, events: &[Event]) -> Result<()> {
        match &self.place {
            Place::File(lines) => {
                let content: Vec<_> = events.iter().map(line).collect::<Result<_>>()?;
                let mut lines = lines.lock().unwrap_or_else(PoisonError::into_inner);
                lines.append(&content.concat()).map_err(|error| cannot_write(&self.name, &error))
            }
            Place::Store(shared) => {
                let events = events.iter().map(serde_json::to_string);
                let events: Vec<_> = events
                    .collect::<std::result::Result<_, _>>()
                    .map_err(|error| cannot_serialize(&error))?;
                shared.append(&events).await
            }
            Place::Nowhere => Ok(()),
        }
    }
}

fn begin(command: &str, account: Account) -> Event {
    Event::Begin { version: VERSION, command: command.to_owned(), account }
}

fn line(event: &Event) -> Result<Vec<u8>> {
    let mut line = serde_json::to_vec(event).map_err(|error| cannot_serialize(&error))?;
    line.push(b'\n');
    Ok(line)
}

fn cannot_serialize(error: &serde_json::Error) -> Failure {
    Failure::failed(error.to_string())
}

fn cannot_write(name: &str, error: &std::io::Error) -> Failure {
    Failure::failed(format!("the journal {name} cannot be written: {error}"))
}

fn read<'a>(
    name: &str,
    lines: impl Iterator<Item = &'a str>,
    expected: &Event,
) -> Result<HashMap<String, Entry>> {
    let mut entries: HashMap<String, Entry> = HashMap::new();
    for (number, line) in lines.enumerate() {
        let line_number = number.saturating_add(1);
        let event: Event = serde_json::from_str(line).map_err(|error| {
            Failure::usage(format!(
                "line {line_number} of the journal {name} cannot be read: {error}; nothing was sent"
            ))
        })?;
        if matches!(event, Event::Begin { .. }) != (number == 0)
            || (number == 0 && event != *expected)
        {
            return Err(Failure::usage(format!(
                "the journal {name} belongs to another command or account; nothing was sent; \
                 choose another with --journal"
            )));
        }
        apply(&mut entries, event);
    }
    Ok(entries)
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

    #[tokio::test]
    async fn a_line_that_was_cut_off_never_happened() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        let account = |owner: &str| Account { owner: owner.to_owned(), ..Account::default() };
        let open = || Journal::open(&path, "create", account("ada"));
        let journal = open().unwrap();
        journal.write(&[creating("a", "a #1"), creating("b", "b #1")]).await.unwrap();
        journal
            .write(&[Event::Created {
                name: "a".to_owned(),
                hash: None,
                marked: "a #1".to_owned(),
            }])
            .await
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
        journal.write(&[creating("b", "b #2")]).await.unwrap();
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
