//! The place of one key's secret: a file, a command, a keyring entry or standard output.

use std::fs;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use openrouter_keys_native::Secret;
use openrouter_keys_native::workflow::Rotation;
use zeroize::Zeroizing;

use super::{Delivery, Sink, Stored, command, print};
use crate::failure::{Failure, Result};
use crate::private_file::{self, Prepared};
use crate::{keyring, text};

/// The option whose program a message is about.
pub(super) const OPTION: &str = "--secret-to";
/// More than any key has: a longer file is something else.
const LONGEST: u64 = 4096;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    File(PathBuf),
    /// The words of the command.
    Command(Vec<String>),
    Keyring(String),
    Reveal,
}

impl Place {
    /// In words.
    pub(crate) fn in_words(&self) -> String {
        match self {
            Self::File(path) => format!("file {}", text::visible(&path.display().to_string())),
            Self::Command(words) => {
                format!("command {}", text::visible(words.first().map_or("", String::as_str)))
            }
            Self::Keyring(entry) => format!("keyring entry {}", text::visible(entry)),
            Self::Reveal => "standard output".to_owned(),
        }
    }

    /// The place of a key that does not exist yet, where nothing may be.
    pub(super) fn prepare(self) -> Result<Ready> {
        let file = match &self {
            Self::File(path) => Some(Prepared::new(path)?),
            Self::Keyring(entry) if keyring::find(entry)?.is_some() => {
                return Err(Failure::usage(format!(
                    "the keyring has an entry {} already; nothing was sent; choose another, it \
                     will not be overwritten",
                    text::visible(entry)
                )));
            }
            Self::Keyring(_) => None,
            Self::Command(_) | Self::Reveal => {
                self.check_usable()?;
                None
            }
        };
        Ok(Ready { place: self, file })
    }

    /// The same place from any folder. The file behind a link is replaced, and not the link.
    pub(crate) fn absolute(self) -> Result<Self> {
        Ok(match self {
            Self::File(path) if path.is_symlink() => Self::File(path.canonicalize()?),
            Self::File(path) => Self::File(std::path::absolute(path)?),
            other => other,
        })
    }

    /// The sink of this place as a file of state has it: it means the same from any folder.
    pub(crate) fn describe(&self, sink: &Sink) -> String {
        match self {
            Self::File(path) => format!("file:{}", path.display()),
            Self::Keyring(entry) => format!("keyring:{entry}"),
            Self::Command(_) | Self::Reveal => sink.describe(),
        }
    }

    /// Whether a secret could be stored, whatever is there now.
    pub(crate) fn check_usable(&self) -> Result<()> {
        match self {
            Self::File(path) => private_file::check_writable(path),
            Self::Command(words) => command::require_program(words, OPTION),
            Self::Keyring(_) => Ok(()),
            Self::Reveal => check_stdout(),
        }
    }

    /// Whether the secret can be stored, as far as that shows before it exists. Anything but this
    /// key's secret is not replaced.
    pub(crate) fn check(&self, old_label: Option<&str>) -> Result<()> {
        self.check_usable()?;
        let content = match self {
            Self::File(path) => content(path)?,
            Self::Keyring(entry) => keyring::find(entry)?,
            Self::Command(_) | Self::Reveal => None,
        };
        let Some(content) = content else { return Ok(()) };
        if old_label.is_some_and(|label| has_label(&content, label)) {
            return Ok(());
        }
        Err(Failure::usage(format!(
            "the {} exists and does not hold the secret of this key, so it will not be replaced; \
             no key was created; choose another place, or move it away",
            self.in_words()
        )))
    }

    /// Whether something is there that the secret of a new key must not replace.
    pub(crate) fn is_taken(&self) -> Result<bool> {
        Ok(match self {
            Self::File(path) => path.symlink_metadata().is_ok(),
            Self::Keyring(entry) => keyring::find(entry)?.is_some(),
            Self::Command(_) | Self::Reveal => false,
        })
    }

    /// Stores the secret; a file or an entry is replaced.
    pub(crate) fn store(&self, secret: &Secret, about: &Delivery<'_>) -> Stored {
        let stored = match self {
            Self::File(path) => private_file::replace_secret(path, &line(secret)),
            Self::Keyring(entry) => keyring::write(entry, secret.reveal()),
            Self::Command(words) => return command::store(words, secret, about),
            Self::Reveal => print(secret),
        };
        match stored {
            Ok(()) => Stored::Yes,
            // It may have failed after the secret was stored.
            Err(failure) => match self.holds(|text| text == secret.reveal()) {
                Ok(Some(true)) => Stored::Yes,
                Ok(_) => Stored::No(failure),
                Err(_) => Stored::Unknown(failure),
            },
        }
    }

    /// Whether the new key of this rotation is stored; `None` if the place cannot be read.
    pub(crate) fn holds_new(&self, state: &Rotation) -> Result<Option<bool>> {
        self.holds(|text| state.is_new_key(text))
    }

    /// Whether the secret with this label is stored; `None` if the place cannot be read.
    pub(crate) fn holds_label(&self, label: &str) -> Result<Option<bool>> {
        self.holds(|text| has_label(text, label))
    }

    fn holds(&self, is_it: impl FnOnce(&str) -> bool) -> Result<Option<bool>> {
        match self {
            Self::File(path) => Ok(Some(content(path)?.is_some_and(|text| is_it(text.trim())))),
            Self::Keyring(entry) => {
                Ok(Some(keyring::find(entry)?.is_some_and(|text| is_it(&text))))
            }
            // What was printed may not have been read.
            Self::Reveal => Ok(Some(false)),
            Self::Command(_) => Ok(None),
        }
    }
}

/// A place that is ready to take the secret of a new key.
pub(crate) struct Ready {
    place: Place,
    /// Opened before the key is created, so that nothing can come in between.
    file: Option<Prepared>,
}

impl Ready {
    /// Whether the secret will be printed.
    pub(crate) fn is_revealed(&self) -> bool {
        self.place == Place::Reveal
    }

    /// Delivers the secret; returns in words where it is.
    pub(crate) fn deliver(self, secret: &Secret, about: &Delivery<'_>) -> Result<String> {
        let shown = self.place.in_words();
        if let Some(file) = self.file {
            file.finish(&line(secret)).map_err(|error| {
                Failure::failed(format!("the {shown} cannot be written: {error}"))
            })?;
            return Ok(shown);
        }
        match self.place.store(secret, about) {
            Stored::Yes => Ok(shown),
            Stored::No(failure) | Stored::Unknown(failure) => Err(failure),
        }
    }

    /// Delivers the secret of one of many keys: on standard output, name and hash are beside it.
    pub(crate) fn deliver_one_of_many(self, secret: &Secret, about: &Delivery<'_>) -> Result<()> {
        if !self.is_revealed() {
            return self.deliver(secret, about).map(|_| ());
        }
        let (name, hash) = (text::visible(about.name), about.hash.unwrap_or_default());
        let mut stdout = std::io::stdout().lock();
        writeln!(stdout, "{name}\t{hash}\t{}", secret.reveal())?;
        Ok(stdout.flush()?)
    }
}

/// Refuses a standard output that keeps nothing. One that is closed is the null device by now.
#[cfg(unix)]
fn check_stdout() -> Result<()> {
    use std::os::fd::AsFd as _;
    use std::os::unix::fs::MetadataExt as _;
    let device = |file: std::fs::File| file.metadata().map(|metadata| metadata.rdev());
    let stdout = std::io::stdout().as_fd().try_clone_to_owned().map(std::fs::File::from);
    let (stdout, null) =
        (stdout.and_then(device), std::fs::File::open("/dev/null").and_then(device));
    match (stdout, null) {
        (Ok(stdout), Ok(null)) if stdout != null => Ok(()),
        (Ok(_), Err(_)) => Ok(()),
        _ => Err(Failure::usage(
            "standard output is closed or /dev/null, so the secret would be lost; nothing was \
             sent; let something read it, or store it with --secret-to file:PATH",
        )),
    }
}

#[cfg(not(unix))]
fn check_stdout() -> Result<()> {
    Ok(())
}

/// The content of a file with this secret.
fn line(secret: &Secret) -> Zeroizing<Vec<u8>> {
    let mut content = Zeroizing::new(Vec::with_capacity(secret.reveal().len().saturating_add(1)));
    content.extend(secret.reveal().as_bytes());
    content.push(b'\n');
    content
}

/// The start of the file, if it exists.
fn content(path: &Path) -> Result<Option<Zeroizing<String>>> {
    let unreadable = |error| Failure::failed(format!("{} cannot be read: {error}", path.display()));
    let file = match fs::File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unreadable(error)),
    };
    let mut content = Zeroizing::new(Vec::new());
    file.take(LONGEST).read_to_end(&mut content).map_err(unreadable)?;
    Ok(Some(Zeroizing::new(String::from_utf8_lossy(&content).into_owned())))
}

/// Whether the text is the secret with this label.
fn has_label(text: &str, label: &str) -> bool {
    Secret::new(text.trim()).has_label(label)
}

#[cfg(test)]
mod tests {
    use openrouter_keys_native::Secret;

    use super::has_label;
    use crate::sink::{Delivery, Place, Sink, Stored, refuse_shared};

    const ABOUT: Delivery<'_> = Delivery { name: "ada", hash: None, token: "t" };

    #[test]
    fn a_secret_is_recognised_by_its_two_ends() {
        assert!(has_label("sk-or-v1-abc123456789xyz9\n", "sk-or-v1-abc...xyz9"));
        assert!(!has_label("sk-or-v1-abd123456789xyz9\n", "sk-or-v1-abc...xyz9"));
    }

    #[test]
    fn only_the_old_secret_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let sink = Sink::File(folder.path().join("{name}.key").display().to_string());
        let place = sink.place("ada").unwrap();
        let path = folder.path().join("ada.key");
        assert!(place.check(Some("sk-or-v1-abc...xyz9")).is_ok());
        std::fs::write(&path, "notes").unwrap();
        assert!(place.check(Some("sk-or-v1-abc...xyz9")).is_err());
        std::fs::write(&path, "sk-or-v1-abc123456789xyz9\n").unwrap();
        assert!(place.check(Some("sk-or-v1-abc...xyz9")).is_ok());
        let stored = place.store(&Secret::new("sk-or-v1-new"), &ABOUT);
        assert!(matches!(stored, Stored::Yes));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "sk-or-v1-new\n");
    }

    #[test]
    fn two_secrets_never_go_to_one_place() {
        let [lower, upper] = ["a.key", "A.key"].map(|path| Place::File(path.into()));
        assert!(refuse_shared([("a", &lower), ("b", &upper)]).is_err());
        let command = Place::Command(vec!["true".to_owned()]);
        assert!(refuse_shared([("a", &command), ("b", &command), ("c", &lower)]).is_ok());
    }

    #[cfg(unix)]
    #[test]
    fn a_command_says_by_its_exit_code_whether_it_stored_the_secret() {
        let stored = |command: &str| {
            let place = Sink::Command(command.to_owned()).place("ada").unwrap();
            place.store(&Secret::new("sk-or-v1-new"), &ABOUT)
        };
        assert!(matches!(stored("true"), Stored::Yes));
        assert!(matches!(stored("sh -c 'exit 10'"), Stored::No(_)));
        assert!(matches!(stored("false"), Stored::Unknown(_)));
        let absent = Sink::Command("/no/such/program".to_owned()).place("ada").unwrap();
        assert!(absent.check_usable().is_err() && absent.prepare().is_err());
    }
}
