//! Which keys a command is about: one by its name or the beginning of its hash, or all that
//! match filters.

use std::fmt::Write as _;
use std::time::Duration;

use clap::Args;
use openrouter_keys_native::workflow::Pages;
use openrouter_keys_native::{Client, Key, KeyHash, List};

use crate::failure::{Exit, Failure, Result};
use crate::keys::{self, State};
use crate::{text, units};

/// The shortest beginning of a hash that is accepted.
const SHORTEST_PREFIX: usize = 6;
/// How far binary fractions blur a share.
const ROUNDING: f64 = 1e-9;
/// The length of a whole hash of the API.
const WHOLE_HASH: usize = 64;

/// Filters; a key matches if it passes all of them.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Filters")]
pub(crate) struct Filters {
    /// Only disabled keys
    #[arg(long)]
    pub(crate) disabled: bool,
    /// Only expired keys
    #[arg(long)]
    pub(crate) expired: bool,
    /// Only keys without a limit
    #[arg(long)]
    pub(crate) unlimited: bool,
    /// Only keys that have used this share of their limit
    #[arg(long, value_name = "PERCENT", num_args = 0..=1, default_missing_value = "80", value_parser = percent)]
    pub(crate) near_limit: Option<f64>,
    /// Only keys that were not used for this time, such as 30d
    #[arg(long, value_name = "TIME", value_parser = units::duration)]
    pub(crate) idle: Option<Duration>,
    /// Only keys created longer ago than this time
    #[arg(long, value_name = "TIME", value_parser = units::duration)]
    pub(crate) older_than: Option<Duration>,
    /// Only keys whose name is this; * stands for any characters
    #[arg(long, value_name = "PATTERN")]
    pub(crate) name: Option<String>,
    /// Only keys of this workspace; may be given more than once
    #[arg(long, value_name = "ID")]
    pub(crate) workspace: Vec<String>,
    /// Only keys for this end user
    #[arg(long, value_name = "USER")]
    pub(crate) external_user: Option<String>,
}

/// A share, from `0%` to `100%`.
pub(crate) fn percent(text: &str) -> Result<f64, String> {
    let number = text.strip_suffix('%').unwrap_or(text);
    match number.parse::<f64>() {
        Ok(share) if (0.0..=100.0).contains(&share) => Ok(share / 100.0),
        _ => Err(format!("\"{text}\" is not a percentage from 0 to 100")),
    }
}

impl Filters {
    /// Whether any filter is given.
    pub(crate) fn any(&self) -> bool {
        self.disabled
            || self.expired
            || self.unlimited
            || self.near_limit.is_some()
            || self.idle.is_some()
            || self.older_than.is_some()
            || self.name.is_some()
            || !self.workspace.is_empty()
            || self.external_user.is_some()
    }

    pub(crate) fn matches(&self, key: &Key, now: i64) -> bool {
        let state = State::of(key, now);
        let is_older = |at: Option<i64>, than: Duration| {
            let than = i64::try_from(than.as_secs()).unwrap_or(i64::MAX);
            at.is_some_and(|at| now.saturating_sub(at) >= than)
        };
        let created = key.created_at.get().map(openrouter_keys_native::Timestamp::unix_seconds);
        let used = key.last_used_at.get().map(openrouter_keys_native::Timestamp::unix_seconds);
        // A key that was never used is idle since it was created.
        let idle_since = if key.last_used_at.is_null() { created } else { used };
        let share = || {
            let limit = key.limit.copied().filter(|limit| *limit > 0.0)?;
            Some(1.0 - key.limit_remaining.copied()? / limit)
        };
        (!self.disabled || state == State::Disabled)
            && (!self.expired || keys::is_expired(key, now))
            && (!self.unlimited || key.limit.is_null())
            && self
                .near_limit
                .is_none_or(|near| share().is_some_and(|share| share >= near - ROUNDING))
            && self.idle.is_none_or(|idle| is_older(idle_since, idle))
            && self.older_than.is_none_or(|age| is_older(created, age))
            && self.name.as_ref().is_none_or(|name| matches_pattern(name, keys::name_of(key)))
            && self
                .external_user
                .as_ref()
                .is_none_or(|user| key.external_user.as_deref() == Some(user))
    }
}

/// Whether the text is the pattern, in which `*` stands for any characters.
pub(crate) fn matches_pattern(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| text.strip_prefix(first)) else {
        return false;
    };
    let mut parts: Vec<_> = parts.collect();
    let Some(last) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        match rest.split_once(part) {
            Some((_, behind)) => rest = behind,
            None => return false,
        }
    }
    rest.ends_with(last)
}

/// All keys of these workspaces, or of the default one.
pub(crate) async fn all(client: &Client, filters: &Filters, list: List) -> Result<Vec<Key>> {
    let mut pages = Pages::new(list);
    if !filters.workspace.is_empty() {
        pages = pages.workspaces(filters.workspace.clone());
    }
    Ok(client.list_all(pages).collect_all().await?)
}

/// All keys that match, disabled and expired ones as well.
pub(crate) async fn matching(client: &Client, filters: &Filters) -> Result<Vec<Key>> {
    let everything = List::new().include_disabled(true).include_expired(true);
    let now = units::now();
    let mut keys = all(client, filters, everything).await?;
    keys.retain(|key| filters.matches(key, now));
    Ok(keys)
}

/// A name for a new key, or a new name: not blank, and not a secret, which everybody in the account
/// would see.
pub(crate) fn new_name(text: &str) -> Result<String, String> {
    if text.trim().is_empty() {
        return Err("the name of the key is empty".to_owned());
    }
    if text::shows_key(text) {
        return Err("this is a secret, which cannot be the name of a key".to_owned());
    }
    Ok(text.to_owned())
}

/// A key that the user named: a whole hash, the beginning of one, or a name.
#[derive(Clone, Debug)]
pub(crate) struct Named(String);

impl Named {
    /// Refuses what could be no name and no hash, before anything is sent.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        match text {
            text if text.trim().is_empty() => {
                Err("the name or hash of the key is empty".to_owned())
            }
            "." | ".." => Err(format!("\"{text}\" is not a name or hash of a key")),
            // `../x` reads like a path and not like a name.
            text if text.starts_with('.') && text.contains(['/', '\\']) => {
                Err(format!("\"{}\" is not a name or hash of a key", text::visible(text)))
            }
            text if text::shows_key(text) => Err("this is a secret, which must not be an \
                argument: other users may see it and the shell remembers it; nothing was sent; \
                pass it on standard input to `openrouter-keys whose` or `leak`"
                .to_owned()),
            text => Ok(Self(text.to_owned())),
        }
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this is the hash, or its beginning.
    pub(crate) fn is_start_of(&self, hash: &str) -> bool {
        self.0.len() >= SHORTEST_PREFIX && hash.starts_with(&self.0)
    }

    /// The whole hash, if it is one: then nothing has to be looked up.
    pub(crate) fn hash(&self) -> Option<KeyHash> {
        let is_whole =
            self.0.len() == WHOLE_HASH && self.0.bytes().all(|byte| byte.is_ascii_hexdigit());
        KeyHash::new(self.0.as_str()).ok().filter(|_| is_whole)
    }

    /// The hash: given whole, or looked up.
    pub(crate) async fn find_hash(&self, client: &Client) -> Result<KeyHash> {
        match self.hash() {
            Some(hash) => Ok(hash),
            None => Ok(self
                .find(client)
                .await?
                .require_hash()
                .map_err(openrouter_keys_native::Error::from)?
                .clone()),
        }
    }

    /// The key: by its whole hash, or the only one that has this name or hash prefix.
    pub(crate) async fn find(&self, client: &Client) -> Result<Key> {
        if let Some(hash) = self.hash() {
            return Ok(client.get(hash).await?);
        }
        self.among(&matching(client, &Filters::default()).await?).cloned()
    }

    /// The only one of these keys that has this hash, this name or this hash prefix.
    pub(crate) fn among<'a>(&self, keys: &'a [Key]) -> Result<&'a Key> {
        let is_hash = |key: &&Key| key.hash.get().is_some_and(|hash| hash.as_str() == self.0);
        let is_prefix =
            |key: &&Key| key.hash.get().is_some_and(|hash| self.is_start_of(hash.as_str()));
        let is_name = |key: &&Key| key.name.as_deref() == Some(&self.0);
        let mut found: Vec<_> = keys.iter().filter(is_hash).collect();
        if found.is_empty() {
            found = keys.iter().filter(|key| is_name(key) || is_prefix(key)).collect();
        }
        match found.as_slice() {
            [key] => Ok(key),
            [] => Err(self.absent()),
            several => Err(self.ambiguous(several)),
        }
    }

    fn absent(&self) -> Failure {
        let message = format!(
            "no key has the name or hash \"{}\"; nothing was changed; a key outside the default \
             workspace needs its whole hash; list the keys:",
            text::visible(&self.0)
        );
        Failure::new(Exit::NotFound, message).next("openrouter-keys list --all")
    }

    fn ambiguous(&self, keys: &[&Key]) -> Failure {
        let mut message = format!(
            "{} keys match \"{}\"; nothing was changed; use one of these hashes:",
            keys.len(),
            text::visible(&self.0)
        );
        for key in keys {
            let hash = key.hash.get().map(KeyHash::as_str).unwrap_or_default();
            let _ = write!(message, "\n  {hash}  {}", text::visible(keys::name_of(key)));
        }
        Failure::usage(message)
    }
}

#[cfg(test)]
mod tests {
    use super::{Named, matches_pattern};

    #[test]
    fn a_star_stands_for_any_characters() {
        for (pattern, text, expected) in [
            ("ci-*", "ci-main", true),
            ("ci-*", "my ci-main", false),
            ("*main*", "ci-main-2", true),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-c-b", false),
            ("exact", "exact", true),
            ("exact", "exactly", false),
            ("*", "", true),
            ("ab*b", "ab", false),
        ] {
            assert_eq!(matches_pattern(pattern, text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn what_could_climb_out_of_the_path_is_not_a_key() {
        for wrong in ["", " ", ".", "..", "../workspaces"] {
            assert!(Named::parse(wrong).is_err(), "{wrong}");
        }
        assert!(Named::parse("Ada's key").is_ok());
    }
}
