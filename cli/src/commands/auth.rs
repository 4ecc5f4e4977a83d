//! `auth`: the management key of a profile, stored in the system's keyring or in a private file.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use openrouter_keys_native::types::KeyKind;
use openrouter_keys_native::{API_KEY_VARIABLES, ApiKey, CurrentKey};

use crate::app::App;
use crate::failure::{Exit, Failure, Result};
use crate::output::{Cell, Object, Row, Shape};
use crate::settings::{self, Configuration, Profile, Source};
use crate::{keyring, private_file, signal, text};

/// Store, show or remove the management key of a profile
#[derive(Debug, Args)]
pub(crate) struct Options {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    Login(Login),
    Status(Status),
    Logout(Logout),
}

/// Store a management key
///
/// The key is read from the terminal without showing it, or from standard input, and stored only
/// if the server takes it for a management key.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  openrouter-keys auth login
  openrouter-keys auth login --profile work < management.key
  openrouter-keys auth login --store file")]
struct Login {
    /// Where to store the key
    #[arg(long, value_enum, value_name = "PLACE", default_value_t = Store::Auto)]
    store: Store,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Store {
    /// The system's keyring, or a file if there is none
    Auto,
    Keyring,
    /// A file that only you may read
    File,
}

/// Show where the management key comes from, and whether the server takes it
#[derive(Debug, Args)]
struct Status {}

/// Remove a profile and its stored management key
///
/// The key itself stays valid; delete it on OpenRouter's page of management keys.
#[derive(Debug, Args)]
struct Logout {}

pub(super) const SHAPE: Shape = Shape {
    columns: &["PROFILE", "SERVER", "KEY FROM", "KEY", "KIND"],
    fields: &["profile", "server", "key_from", "label", "is_management_key"],
};

impl Options {
    pub(crate) async fn run(self, app: &App) -> Result<Exit> {
        match self.what {
            What::Login(login) => login.run(app).await,
            What::Status(_) => status(app).await,
            What::Logout(_) => logout(app),
        }
    }
}

impl Login {
    async fn run(self, app: &App) -> Result<Exit> {
        let account = &app.global.account;
        let (name, is_named) = settings::profile_name(account);
        check_name(&name)?;
        let mut configuration = Configuration::read()?;
        let old = configuration.profiles.get(&name).cloned().unwrap_or_default();
        let url = settings::base_url(account, &old, is_named)?;
        let key = settings::entered(account)?.key;
        let checked = app
            .client_of(key.clone(), url.clone())?
            .check_key(KeyKind::Management)
            .cancel_on(signal::stopped())
            .await;
        let current = checked.map_err(|error| {
            let failure = Failure::from(error);
            let message = format!("{}; the key was not stored", failure.message);
            Failure { message, ..failure }
        })?;
        let (source, place) = self.store.keep(app, &name, &key)?;
        let base_url = url.map(|url| url.to_string());
        configuration
            .profiles
            .insert(name.clone(), Profile { base_url, key: Some(source.clone()) });
        let path = configuration.write()?;
        if let Some(old) = old.key.filter(|old| *old != source) {
            forget(&name, &old);
        }
        app.waiting.say(&format!(
            "the key {} is in {place}; the profile \"{name}\" of {} uses it",
            text::visible(current.label.as_deref().unwrap_or_default()),
            path.display()
        ));
        let shadowing = API_KEY_VARIABLES.iter().find(|name| settings::variable(name).is_some());
        if let Some(variable) = shadowing.filter(|_| !is_named) {
            app.waiting.say(&format!(
                "warning: {variable} is set and is used instead of the stored key, unless you \
                 name the profile: --profile {name}"
            ));
        }
        Ok(Exit::Done)
    }
}

impl Store {
    /// Stores the key; returns how the profile refers to it, and in words where it is.
    fn keep(self, app: &App, profile: &str, key: &ApiKey) -> Result<(Source, String)> {
        let entry = entry(profile);
        if !matches!(self, Self::File) {
            match keyring::write(&entry, key.reveal()) {
                Ok(()) => {
                    let place = format!("the keyring entry {entry}");
                    return Ok((Source::Keyring(entry), place));
                }
                Err(failure) if matches!(self, Self::Keyring) => {
                    let message = format!(
                        "{}; the key was not stored; to store it in a private file: --store file",
                        failure.message
                    );
                    return Err(Failure { message, ..failure });
                }
                Err(failure) => {
                    let reason = failure.message;
                    app.waiting.say(&format!("{reason}; a private file is used instead"));
                }
            }
        }
        let path = file(profile)?;
        let content = zeroize::Zeroizing::new(format!("{}\n", key.reveal()));
        private_file::replace(&path, content.as_bytes())?;
        let place = format!("the file {}", path.display());
        Ok((Source::File(path), place))
    }
}

async fn status(app: &App) -> Result<Exit> {
    app.output.check(&SHAPE)?;
    let account = &app.global.account;
    let (name, profile, is_named) = Configuration::read()?.profile(account)?;
    let url = settings::base_url(account, &profile, is_named)?.unwrap_or_default();
    let found = settings::find(account, &profile, is_named)?;
    let origin = found.origin.clone();
    let client = app.client_of(found.key, Some(url.clone()))?;
    let checked = client.check_key(KeyKind::Management).await;
    let current = checked.map_err(|error| Failure::from(error).about(&origin))?;
    app.output.one(&SHAPE, &row(&name, &url.to_string(), &origin, &current))?;
    Ok(Exit::Done)
}

fn row(profile: &str, server: &str, origin: &str, key: &CurrentKey) -> Row {
    let label = key.label.as_deref().unwrap_or_default();
    let kind = if key.manages_keys() == Some(true) { "management" } else { "unknown" };
    Row {
        cells: [profile, server, origin, label, kind].into_iter().map(Cell::text).collect(),
        object: Object::default()
            .with("profile", profile)
            .with("server", server)
            .with("key_from", origin)
            .with("label", label)
            .with("is_management_key", key.manages_keys()),
    }
}

fn logout(app: &App) -> Result<Exit> {
    let (name, _) = settings::profile_name(&app.global.account);
    let mut configuration = Configuration::read()?;
    let stored = configuration.profiles.get_mut(&name).and_then(|profile| profile.key.take());
    let Some(source) = stored else {
        return Err(Failure::usage(format!(
            "the profile \"{}\" has no stored key; nothing was removed",
            text::visible(&name)
        )));
    };
    // The secret goes first: if it cannot be removed, the profile still says where it is.
    let is_ours = is_ours(&name, &source);
    if is_ours {
        remove(&source)?;
    }
    configuration.profiles.remove(&name);
    configuration.write()?;
    let told = if is_ours { "was removed" } else { "was not stored by this program and stays" };
    app.waiting.say(&format!("the profile \"{name}\" was removed; its key {told}"));
    Ok(Exit::Done)
}

/// Removes what an earlier login stored elsewhere.
fn forget(profile: &str, source: &Source) {
    if is_ours(profile, source) {
        let _ = remove(source);
    }
}

/// Whether `login` stored the key there.
fn is_ours(profile: &str, source: &Source) -> bool {
    match source {
        Source::Keyring(entry) => *entry == self::entry(profile),
        Source::File(path) => file(profile).is_ok_and(|ours| ours == *path),
        Source::Env(_) | Source::Command(_) => false,
    }
}

fn remove(source: &Source) -> Result<()> {
    match source {
        Source::Keyring(entry) => keyring::remove(entry),
        Source::File(path) => private_file::remove(path),
        Source::Env(_) | Source::Command(_) => Ok(()),
    }
}

fn entry(profile: &str) -> String {
    format!("{}{profile}", keyring::MANAGEMENT)
}

fn file(profile: &str) -> Result<PathBuf> {
    Ok(settings::path()?.with_file_name("keys").join(format!("{profile}.key")))
}

/// The name becomes a part of a file's name.
fn check_name(name: &str) -> Result<()> {
    let is_plain = |char: char| char.is_ascii_alphanumeric() || "-_".contains(char);
    if !name.is_empty() && name.chars().all(is_plain) {
        return Ok(());
    }
    Err(Failure::usage(format!(
        "\"{}\" is not a valid profile name; nothing was sent; use letters, digits, - and _",
        text::visible(name)
    )))
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_profile_stays_in_its_folder() {
        for wrong in ["", "..", "a/b", "a\\b", "ä", "a b"] {
            assert!(super::check_name(wrong).is_err(), "{wrong}");
        }
        assert!(super::check_name("work_2-b").is_ok());
    }
}
