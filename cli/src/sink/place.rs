//! The place of one key's secret: a file, a command, a keyring entry or standard output.

use std::io::Write as _;
use std::path::PathBuf;

use openrouter_keys_fleet::sink::Target;
use openrouter_keys_native::Secret;
use openrouter_keys_native::workflow::Delivery;
use zeroize::Zeroizing;

use super::{Sink, Stored, command, fleet, print};
use crate::failure::{Failure, Result};
use crate::private_file::{self, Prepared};
use crate::{keyring, text};

/// The option whose program a message is about.
pub(super) const OPTION: &str = "--secret-to";

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    File(PathBuf),
    Keyring(String),
    /// A command, Vault or AWS; and the same in words.
    Fleet(Target, String),
    Reveal,
}

impl Place {
    /// In words.
    pub(crate) fn in_words(&self) -> String {
        match self {
            Self::File(path) => format!("file {}", text::visible(&path.display().to_string())),
            Self::Keyring(entry) => format!("keyring entry {}", text::visible(entry)),
            Self::Fleet(_, shown) => text::visible(shown),
            Self::Reveal => "standard output".to_owned(),
        }
    }

    /// The place of a key that does not exist yet, where nothing may be.
    pub(super) fn prepare(self, name: &str) -> Result<Ready> {
        let file = match &self {
            Self::File(path) => Some(Prepared::new(path)?),
            Self::Keyring(entry) if keyring::find(entry)?.is_some() => {
                return Err(Failure::usage(format!(
                    "the keyring has an entry {} already; nothing was sent; choose another, it \
                     will not be overwritten",
                    text::visible(entry)
                )));
            }
            Self::Fleet(target, _) => {
                fleet::check(target, &Delivery::new(name)).map_err(|error| unusable(&error))?;
                None
            }
            Self::Keyring(_) => None,
            Self::Reveal => {
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
            Self::Fleet(..) | Self::Reveal => sink.describe(),
        }
    }

    /// Whether a secret could be stored, whatever is there now.
    pub(crate) fn check_usable(&self) -> Result<()> {
        match self {
            Self::File(path) => private_file::check_writable(path),
            Self::Fleet(target, _) => match target.program() {
                Some(program) => command::require_program(&[program.to_owned()], OPTION),
                None => target.open().map(drop).map_err(|error| unusable(&error)),
            },
            Self::Keyring(_) => Ok(()),
            Self::Reveal => check_stdout(),
        }
    }

    /// The place as a sink of the fleet.
    fn target(&self) -> Result<Option<Target>> {
        Ok(match self {
            Self::File(path) => {
                let target = Target::parse(&format!("file:{}", path.display()));
                Some(target.map_err(|error| unusable(&error))?)
            }
            Self::Fleet(target, _) => Some(target.clone()),
            Self::Keyring(_) | Self::Reveal => None,
        })
    }

    /// Whether the secret can be stored, as far as that shows before it exists. Anything but the
    /// secret of the key that it replaces stays.
    pub(crate) fn check(&self, key: &Delivery) -> Result<()> {
        self.check_usable()?;
        if let Some(target) = self.target()? {
            return fleet::check(&target, key).map_err(|error| unusable(&error));
        }
        let Self::Keyring(entry) = self else { return Ok(()) };
        let Some(content) = keyring::find(entry)? else { return Ok(()) };
        if key.old_label.as_deref().is_some_and(|label| has_label(&content, label)) {
            return Ok(());
        }
        Err(unusable(&format!(
            "{} has another secret, which will not be replaced; move it away, or choose another \
             place",
            self.in_words()
        )))
    }

    /// Whether something is there that the secret of a new key must not replace.
    pub(crate) fn is_taken(&self) -> Result<bool> {
        Ok(match self {
            Self::File(path) => path.symlink_metadata().is_ok(),
            Self::Keyring(entry) => keyring::find(entry)?.is_some(),
            // What is there shows when it is checked.
            Self::Fleet(..) | Self::Reveal => false,
        })
    }

    /// Stores the secret; the old key's is replaced.
    pub(crate) fn store(&self, secret: &Secret, key: &Delivery) -> Stored {
        let stored = match self.target() {
            Ok(Some(target)) => return fleet::store(&target, secret, key),
            Ok(None) => match self {
                Self::Keyring(entry) => keyring::write(entry, secret.reveal()),
                _ => print(secret),
            },
            Err(failure) => Err(failure),
        };
        let Err(failure) = stored else { return Stored::Yes };
        // It may have failed after the secret was stored.
        let Self::Keyring(entry) = self else { return Stored::No(failure) };
        match keyring::find(entry) {
            Ok(Some(text)) if text.as_str() == secret.reveal() => Stored::Yes,
            Ok(_) => Stored::No(failure),
            Err(_) => Stored::Unknown(failure),
        }
    }

    /// Whether the secret of this key is stored; `None` if the place cannot be asked.
    pub(crate) fn holds(&self, key: &Delivery) -> Result<Option<bool>> {
        if let Some(target) = self.target()? {
            return fleet::was_put(&target, key)
                .map_err(|error| Failure::failed(error.to_string()));
        }
        Ok(Some(match self {
            Self::Keyring(entry) => keyring::find(entry)?.is_some_and(|text| key.is_secret(&text)),
            // What was printed may not have been read.
            _ => false,
        }))
    }
}

/// A place that cannot take a secret.
fn unusable(problem: &impl std::fmt::Display) -> Failure {
    Failure::usage(format!("{problem}; no key was created"))
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
    pub(crate) fn deliver(self, secret: &Secret, key: &Delivery) -> Result<String> {
        let shown = self.place.in_words();
        if let Some(file) = self.file {
            file.finish(&line(secret)).map_err(|error| {
                Failure::failed(format!("the {shown} cannot be written: {error}"))
            })?;
            return Ok(shown);
        }
        match self.place.store(secret, key) {
            Stored::Yes => Ok(shown),
            Stored::No(failure) | Stored::Unknown(failure) => Err(failure),
        }
    }

    /// Delivers the secret of one of many keys: on standard output, name and hash are beside it.
    pub(crate) fn deliver_one_of_many(self, secret: &Secret, key: &Delivery) -> Result<()> {
        if !self.is_revealed() {
            return self.deliver(secret, key).map(|_| ());
        }
        let (name, hash) = (text::visible(&key.name), &key.hash);
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

/// Whether the text is the secret with this label.
fn has_label(text: &str, label: &str) -> bool {
    Secret::new(text.trim()).has_label(label)
}

#[cfg(test)]
mod tests {
    use openrouter_keys_native::Secret;

    use crate::sink::{Place, Sink, Stored, delivery, refuse_shared};

    #[test]
    fn only_the_old_secret_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let sink = Sink::File(folder.path().join("{name}.key").display().to_string());
        let place = sink.place("ada").unwrap();
        let path = folder.path().join("ada.key");
        let mut key = delivery("ada", None, None);
        "0e6f44a4".clone_into(&mut key.replaces);
        key.old_label = Some("sk-or-v1-abc...xyz9".to_owned());
        assert!(place.check(&key).is_ok());
        std::fs::write(&path, "notes").unwrap();
        assert!(place.check(&key).is_err());
        std::fs::write(&path, "sk-or-v1-abc123456789xyz9\n").unwrap();
        assert!(place.check(&key).is_ok());
        "f01d5260".clone_into(&mut key.hash);
        let stored = place.store(&Secret::new("sk-or-v1-new"), &key);
        assert!(matches!(stored, Stored::Yes), "{stored:?}");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "sk-or-v1-new\n");
        assert_eq!(place.holds(&key).unwrap(), Some(true));
    }

    #[test]
    fn two_secrets_never_go_to_one_place() {
        let [lower, upper] = ["a.key", "A.key"].map(|path| Place::File(path.into()));
        assert!(refuse_shared([("a", &lower), ("b", &upper)]).is_err());
        let command = Sink::parse("command:true").unwrap().place("a").unwrap();
        assert!(refuse_shared([("a", &command), ("b", &command), ("c", &lower)]).is_ok());
    }

    #[cfg(unix)]
    #[test]
    fn a_command_says_by_its_exit_code_whether_it_stored_the_secret() {
        let stored = |command: &str| {
            let place = Sink::parse(&format!("command:{command}")).unwrap().place("ada").unwrap();
            place.store(&Secret::new("sk-or-v1-new"), &delivery("ada", None, None))
        };
        assert!(matches!(stored("true"), Stored::Yes));
        assert!(matches!(stored("sh -c 'exit 10'"), Stored::No(_)));
        assert!(matches!(stored("false"), Stored::Unknown(_)));
        let absent = Sink::parse("command:/no/such/program").unwrap().place("ada").unwrap();
        assert!(absent.check_usable().is_err() && absent.prepare("ada").is_err());
    }
}
