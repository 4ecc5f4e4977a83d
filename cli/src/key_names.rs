//! Names of keys for the completions of a shell, from a cache that lives for minutes and holds
//! no secret.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use clap::Command;
use clap_complete::engine::{ArgValueCandidates, CompletionCandidate};
use openrouter_keys_native::{API_KEY_VARIABLES, KeyHash, List};
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::args::{Account, Global};
use crate::failure::Result;
use crate::select::{self, Filters};
use crate::settings::{self, Configuration, Source, variable};
use crate::{keys, private_file, text, units};

/// How long names are taken from the cache.
const LIFETIME_SECONDS: i64 = 5 * 60;
/// A completion waits no longer for the server.
const PATIENCE: Duration = Duration::from_secs(2);
/// As many digits of a hash as a table shows.
const SHOWN_HASH: usize = 12;

#[derive(Debug, Serialize, Deserialize)]
struct Cache {
    server: String,
    profile: String,
    at: i64,
    /// What is completed, and what is said about it.
    names: Vec<(String, String)>,
}

/// The command, whose arguments that name a key complete names.
pub(crate) fn completed(command: Command) -> Command {
    command
        .mut_args(|arg| {
            let names = arg.get_value_names().unwrap_or_default();
            if names.iter().any(|name| *name == "KEY") {
                arg.add(ArgValueCandidates::new(candidates))
            } else {
                arg
            }
        })
        .mut_subcommands(completed)
}

/// A completion that fails offers nothing; it must not print anything.
fn candidates() -> Vec<CompletionCandidate> {
    let names = names().unwrap_or_default().into_iter();
    names.map(|(name, about)| CompletionCandidate::new(name).help(Some(about.into()))).collect()
}

fn names() -> Result<Vec<(String, String)>> {
    let words = std::env::args().skip_while(|word| word != "--").skip(1);
    let account = Account { timeout: Some(PATIENCE), ..account_of(words) };
    let (profile_name, profile, is_named) = Configuration::read()?.profile(&account)?;
    let url = settings::base_url(&account, &profile, is_named)?.unwrap_or_default();
    let server = url.to_string();
    let profile_name = match &account.key_file {
        Some(path) => format!("{profile_name} {}", path.display()),
        None => profile_name,
    };
    let path = settings::cache_folder()?.join("names.json");
    let is_fresh = |cache: &Cache| {
        let age = units::now().saturating_sub(cache.at);
        (0..LIFETIME_SECONDS).contains(&age)
            && cache.server == server
            && cache.profile == profile_name
    };
    if let Some(cache) = read(&path).filter(is_fresh) {
        return Ok(cache.names);
    }
    // A command or a keyring might ask the user for something in the middle of a line.
    if account.key_command.is_some()
        || account.key_file.as_ref().is_some_and(|path| path.as_os_str() == "-")
    {
        return Ok(Vec::new());
    }
    let is_in_environment =
        !is_named && API_KEY_VARIABLES.iter().any(|name| variable(name).is_some());
    if !is_in_environment
        && account.key_file.is_none()
        && !matches!(profile.key, Some(Source::File(_) | Source::Env(_)))
    {
        return Ok(Vec::new());
    }
    let names = fetch(account)?;
    let cache = Cache { server, profile: profile_name, at: units::now(), names };
    if let Ok(json) = serde_json::to_vec(&cache) {
        let _ = private_file::replace(&path, &json);
    }
    Ok(cache.names)
}

/// The account of the command line that is being completed. Standard input is the shell's.
fn account_of(mut words: impl Iterator<Item = String>) -> Account {
    let mut account = Account::default();
    while let Some(word) = words.next() {
        // What follows is the command of `run`.
        if word == "--" {
            break;
        }
        let (option, value) = match word.split_once('=') {
            Some((option, value)) => (option.to_owned(), Some(value.to_owned())),
            None => (word, None),
        };
        let place = match option.as_str() {
            "--profile" => &mut account.profile,
            "--base-url" => &mut account.base_url,
            "--key-command" => &mut account.key_command,
            "--key-file" => {
                account.key_file = value.or_else(|| words.next()).map(PathBuf::from);
                continue;
            }
            _ => continue,
        };
        *place = value.or_else(|| words.next());
    }
    account
}

fn read(path: &PathBuf) -> Option<Cache> {
    serde_json::from_slice(&fs::read(path).ok()?).ok()
}

fn fetch(account: Account) -> Result<Vec<(String, String)>> {
    let app = App::new(Global { account, quiet: true, ..Global::default() })?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let everything = List::new().include_disabled(true).include_expired(true);
    let keys = runtime.block_on(async {
        let client = app.client()?;
        let filters = Filters::default();
        let listing = select::all(&client, &filters, everything);
        let listed = tokio::time::timeout(PATIENCE, listing).await;
        listed.unwrap_or_else(|_| Ok(Vec::new()))
    })?;
    let named = keys.iter().filter_map(|key| {
        let hash = key.hash.get().map(KeyHash::as_str)?;
        let name = keys::name_of(key);
        let short: String = hash.chars().take(SHOWN_HASH).collect();
        // What a shell would have to quote is completed as a hash.
        let is_plain = |char: char| char.is_ascii_alphanumeric() || "-_.@".contains(char);
        if !name.is_empty() && !name.starts_with('-') && name.chars().all(is_plain) {
            Some((name.to_owned(), short))
        } else {
            Some((short, text::visible(name)))
        }
    });
    Ok(named.collect())
}
