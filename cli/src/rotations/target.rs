//! The sink of one key's rotation. Unlike a new key's, it may hold the old secret, which the new
//! one replaces; and it is asked later what it holds.

use std::fs;
use std::path::{Path, PathBuf};

use openrouter_keys_native::workflow::Rotation;
use openrouter_keys_native::{KeyHash, Secret};
use zeroize::Zeroizing;

use crate::failure::{Failure, Result};
use crate::sink::{self, Delivery, Sink, Stored};
use crate::{keyring, private_file, text};

/// More than any key has: a longer file is something else.
const LONGEST: u64 = 4096;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    File(PathBuf),
    Command(Vec<String>),
    Keyring(String),
    Reveal,
}

impl Target {
    /// The sink for the key of this name.
    pub(crate) fn new(sink: &Sink, name: &str) -> Result<Self> {
        Ok(match sink {
            Sink::File(path) => {
                let path = sink::path_for(path, name)?;
                // The file behind a link is replaced, and not the link.
                let path = if path.is_symlink() { path.canonicalize()? } else { path };
                Self::File(std::path::absolute(&path)?)
            }
            Sink::Command(command) => Self::Command(sink::words(command)?),
            Sink::Keyring(entry) => Self::Keyring(sink::entry_for(entry, name)?),
            Sink::Reveal => Self::Reveal,
        })
    }

    /// The sink as a file of state has it: it means the same from any folder.
    pub(crate) fn describe(&self, sink: &Sink) -> String {
        match self {
            Self::File(path) => format!("file:{}", path.display()),
            Self::Keyring(entry) => format!("keyring:{entry}"),
            Self::Command(_) | Self::Reveal => sink.describe(),
        }
    }

    /// In words.
    pub(crate) fn place(&self) -> String {
        match self {
            Self::File(path) => format!("file {}", text::visible(&path.display().to_string())),
            Self::Command(words) => {
                format!("command {}", text::visible(words.first().map_or("", String::as_str)))
            }
            Self::Keyring(entry) => format!("keyring entry {}", text::visible(entry)),
            Self::Reveal => "standard output".to_owned(),
        }
    }

    /// Whether the secret can be stored, as far as that shows before it exists. A file with
    /// anything but this key's secret is not replaced.
    pub(crate) fn check(&self, old_label: Option<&str>) -> Result<()> {
        let Self::File(path) = self else { return Ok(()) };
        private_file::check_writable(path)?;
        let Some(content) = content(path)? else { return Ok(()) };
        if old_label.is_some_and(|label| has_label(&content, label)) {
            return Ok(());
        }
        Err(Failure::usage(format!(
            "{} exists and does not hold the secret of this key, so it will not be replaced; \
             no key was created; choose another file, or move it away",
            path.display()
        )))
    }

    pub(crate) fn store(&self, secret: &Secret, about: &Delivery<'_>) -> Stored {
        let stored = match self {
            Self::File(path) => {
                let mut content = Zeroizing::new(secret.reveal().as_bytes().to_vec());
                content.push(b'\n');
                private_file::replace(path, &content)
            }
            Self::Keyring(entry) => keyring::write(entry, secret.reveal()),
            Self::Command(words) => return sink::run(words, secret, about),
            Self::Reveal => sink::print(secret),
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

    /// Whether the new key of this rotation is stored; `None` if the sink cannot be read.
    pub(crate) fn holds_new(&self, state: &Rotation) -> Result<Option<bool>> {
        self.holds(|text| state.is_new_key(text))
    }

    /// Whether the secret with this label is stored; `None` if the sink cannot be read.
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

/// The start of the file, if it exists.
fn content(path: &Path) -> Result<Option<Zeroizing<String>>> {
    use std::io::Read as _;
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
    let Ok(any) = KeyHash::new("any") else { return false };
    let mut probe = Rotation::new(any);
    probe.new_label = Some(label.to_owned());
    probe.is_new_key(text.trim())
}

#[cfg(test)]
mod tests {
    use openrouter_keys_native::Secret;

    use super::{Target, has_label};
    use crate::sink::{Delivery, Sink, Stored};

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
        let target = Target::new(&sink, "ada").unwrap();
        let path = folder.path().join("ada.key");
        assert!(target.check(Some("sk-or-v1-abc...xyz9")).is_ok());
        std::fs::write(&path, "notes").unwrap();
        assert!(target.check(Some("sk-or-v1-abc...xyz9")).is_err());
        std::fs::write(&path, "sk-or-v1-abc123456789xyz9\n").unwrap();
        assert!(target.check(Some("sk-or-v1-abc...xyz9")).is_ok());
        let stored = target.store(&Secret::new("sk-or-v1-new"), &ABOUT);
        assert!(matches!(stored, Stored::Yes));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "sk-or-v1-new\n");
    }

    #[cfg(unix)]
    #[test]
    fn a_command_says_by_its_exit_code_whether_it_stored_the_secret() {
        let stored = |command: &str| {
            let target = Target::new(&Sink::Command(command.to_owned()), "ada").unwrap();
            target.store(&Secret::new("sk-or-v1-new"), &ABOUT)
        };
        assert!(matches!(stored("true"), Stored::Yes));
        assert!(matches!(stored("sh -c 'exit 10'"), Stored::No(_)));
        assert!(matches!(stored("false"), Stored::Unknown(_)));
        assert!(Target::new(&Sink::Command("/no/such/program".to_owned()), "ada").is_err());
    }
}
