//! The configuration file: profiles, each with a server and a source of the management key.
//! It holds no key itself.

mod key;

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use etcetera::app_strategy::{AppStrategy, AppStrategyArgs};
use openrouter_keys_native::{BASE_URL_VARIABLE, BaseUrl};
use serde::{Deserialize, Serialize};

pub(crate) use key::{Source, entered, find};

use crate::args::Account;
use crate::failure::{Failure, Result};

/// The environment variable that names the profile.
pub(crate) const PROFILE_VARIABLE: &str = "OPENROUTER_KEYS_PROFILE";
/// The profile that is used if none is named.
pub(crate) const DEFAULT_PROFILE: &str = "default";

/// The whole file.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Configuration {
    #[serde(default)]
    pub(crate) profiles: BTreeMap<String, Profile>,
}

/// One account.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Profile {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) base_url: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) key: Option<Source>,
}

impl Configuration {
    pub(crate) fn read() -> Result<Self> {
        // A user without a home, as in many containers, has no profiles.
        let Ok(path) = path() else { return Ok(Self::default()) };
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Ok(Self::default());
            }
            Err(error) => {
                return Err(Failure::usage(format!(
                    "{} cannot be read: {error}; nothing was sent",
                    path.display()
                )));
            }
        };
        crate::private_file::require_own(&path)?;
        toml::from_str(&text).map_err(|error| {
            let problem = crate::settings::mistake(&text, &error);
            Failure::usage(format!("{} is not valid: {problem}; nothing was sent", path.display()))
        })
    }

    pub(crate) fn write(&self) -> Result<PathBuf> {
        let path = path()?;
        let text = toml::to_string(self).map_err(|error| Failure::failed(error.to_string()))?;
        crate::private_file::replace(&path, text.as_bytes())?;
        Ok(path)
    }

    /// The named profile, or the default one if the user named none.
    pub(crate) fn profile(&self, account: &Account) -> Result<(String, Profile, bool)> {
        let (name, is_named) = profile_name(account);
        match self.profiles.get(&name) {
            Some(profile) => Ok((name, profile.clone(), is_named)),
            None if !is_named => Ok((name, Profile::default(), false)),
            None => {
                let known: Vec<_> = self.profiles.keys().map(String::as_str).collect();
                let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
                Err(Failure::usage(format!(
                    "the configuration has no profile \"{}\"; nothing was sent; its profiles: {known}",
                    crate::text::visible(&name)
                )))
            }
        }
    }
}

/// The profile of this run, and whether the user named it.
pub(crate) fn profile_name(account: &Account) -> (String, bool) {
    let named = account.profile.clone().or_else(|| variable(PROFILE_VARIABLE));
    let is_named = named.is_some();
    (named.unwrap_or_else(|| DEFAULT_PROFILE.to_owned()), is_named)
}

/// What is wrong with a TOML file, without quoting the line: it may have a secret in it.
pub(crate) fn mistake(text: &str, error: &toml::de::Error) -> String {
    let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
    let line = before.matches('\n').count().saturating_add(1);
    format!("line {line}: {}", error.message())
}

/// Where the configuration file is.
pub(crate) fn path() -> Result<PathBuf> {
    Ok(folder(AppStrategy::config_dir)?.join("config.toml"))
}

/// Where journals and rotations are kept.
pub(crate) fn state_folder() -> Result<PathBuf> {
    folder(|strategy| strategy.state_dir().unwrap_or_else(|| strategy.data_dir()))
}

/// Where names for completions are kept for a short time.
pub(crate) fn cache_folder() -> Result<PathBuf> {
    folder(AppStrategy::cache_dir)
}

fn folder(of: impl FnOnce(&etcetera::app_strategy::Xdg) -> PathBuf) -> Result<PathBuf> {
    let args = AppStrategyArgs {
        top_level_domain: "ai".to_owned(),
        author: "openrouter-keys".to_owned(),
        app_name: "openrouter-keys".to_owned(),
    };
    let strategy = etcetera::app_strategy::Xdg::new(args)
        .map_err(|_| Failure::usage("this user has no home directory; set HOME"))?;
    Ok(of(&strategy))
}

/// The server: of the command line, the environment, or the profile. A named profile keeps its
/// key from the server that the environment names; a new one may begin with that server.
pub(crate) fn base_url(
    account: &Account,
    profile: &Profile,
    is_named: bool,
) -> Result<Option<BaseUrl>> {
    let from_environment = || variable(BASE_URL_VARIABLE);
    let of_profile = || profile.base_url.clone();
    let url = account.base_url.clone();
    let url = if !is_named {
        url.or_else(from_environment).or_else(of_profile)
    } else if profile.key.is_some() {
        url.or_else(of_profile)
    } else {
        url.or_else(of_profile).or_else(from_environment)
    };
    Ok(url.map(BaseUrl::new).transpose()?)
}

/// Refuses to send the key of the profile to another server because the environment names one.
fn check_server(account: &Account, profile: &Profile) -> Result<()> {
    let Some(named) = variable(BASE_URL_VARIABLE) else { return Ok(()) };
    if account.base_url.is_some() || profile.key.is_none() {
        return Ok(());
    }
    let of_profile = profile.base_url.clone().map(BaseUrl::new).transpose()?.unwrap_or_default();
    if BaseUrl::new(named)? == of_profile {
        return Ok(());
    }
    Err(Failure::usage(format!(
        "the stored key is for {of_profile}, and {BASE_URL_VARIABLE} names another server; \
         nothing was sent; unset the variable, set OPENROUTER_MANAGEMENT_KEY to a key of that \
         server, or pass --base-url to send the stored key there"
    )))
}

/// A variable that is set and not empty. One that is not Unicode has replacement characters,
/// which no setting accepts.
pub(crate) fn variable(name: &str) -> Option<String> {
    let value = std::env::var_os(name).filter(|value| !value.is_empty())?;
    Some(value.to_string_lossy().into_owned())
}
