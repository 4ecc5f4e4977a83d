//! What is checked on this machine: settings, files, proxies, open rotations.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use openrouter_keys_native::{ApiKey, BaseUrl};

use super::Findings;
use crate::app::App;
use crate::rotations::Folder;
use crate::settings::{self, Configuration, variable};
use crate::{suggest, text};

/// The server, and the management key if there is one.
pub(super) struct Account {
    pub(super) url: BaseUrl,
    pub(super) key: Option<ApiKey>,
}

/// Checks what needs no server. Without valid settings there is no server to ask.
pub(super) fn check(app: &App, findings: &mut Findings) -> Option<Account> {
    let account = account(app, findings);
    files(findings);
    proxies(findings);
    rotations(app, findings);
    account
}

fn account(app: &App, findings: &mut Findings) -> Option<Account> {
    let account = &app.global.account;
    let settings = Configuration::read().and_then(|read| read.profile(account)).and_then(
        |(name, profile, is_named)| {
            let url = settings::base_url(account, &profile, is_named)?.unwrap_or_default();
            Ok((name, profile, is_named, url))
        },
    );
    let (name, profile, is_named, url) = match settings {
        Ok(settings) => settings,
        Err(failure) => {
            findings.problem("settings", failure.message, "correct the configuration file");
            return None;
        }
    };
    findings.ok("settings", format!("profile \"{}\", server {url}", text::visible(&name)));
    let key = match settings::find(account, &profile, is_named) {
        Ok(found) => {
            findings.ok("management key", format!("from the {}", found.origin));
            Some(found.key)
        }
        Err(failure) => {
            let advice = failure.next.unwrap_or_else(|| "openrouter-keys auth login".to_owned());
            findings.problem("management key", failure.message, advice);
            None
        }
    };
    Some(Account { url, key })
}

/// Files with secrets are for their owner only, and nobody else may change the configuration,
/// which can name commands to run.
fn files(findings: &mut Findings) {
    let Ok(configuration) = settings::path() else { return };
    let mut private = Vec::new();
    inside(&configuration.with_file_name("keys"), &mut private);
    if let Ok(folder) = settings::state_folder() {
        inside(&folder, &mut private);
    }
    let mut open: Vec<_> = private.into_iter().filter(|path| has_mode(path, 0o077)).collect();
    if has_mode(&configuration, 0o022) {
        open.push(configuration);
    }
    if open.is_empty() {
        findings.ok("files", "nobody else can read secrets or change settings");
    }
    for path in open {
        let path = path.display().to_string();
        let advice = format!("chmod 600 {}", text::quoted_for_shell(&path));
        findings.problem("files", format!("{path} is open to others"), advice);
    }
}

/// The files of a folder and of the folders in it.
fn inside(folder: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => inside(&entry.path(), found),
            Ok(kind) if kind.is_file() => found.push(entry.path()),
            _ => {}
        }
    }
}

#[cfg(unix)]
fn has_mode(path: &Path, mode: u32) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    fs::metadata(path).is_ok_and(|metadata| metadata.permissions().mode() & mode != 0)
}

#[cfg(not(unix))]
fn has_mode(_: &Path, _: u32) -> bool {
    false
}

fn proxies(findings: &mut Findings) {
    const NAMES: [&str; 3] = ["https_proxy", "http_proxy", "all_proxy"];
    let set: Vec<_> = NAMES
        .into_iter()
        .flat_map(|name| [name.to_owned(), name.to_ascii_uppercase()])
        .filter_map(|name| variable(&name).map(|value| format!("{name}={}", without_user(&value))))
        .collect();
    if set.is_empty() {
        findings.ok("proxy", "no proxy variable is set");
    } else {
        let detail = format!("requests may go through a proxy: {}", set.join(", "));
        findings.warning("proxy", detail, "if it should not be used for this server, set NO_PROXY");
    }
}

/// A proxy's address without the user and password in it.
fn without_user(address: &str) -> String {
    match (address.split_once("://"), address.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, host))) => format!("{scheme}://***@{host}"),
        (None, Some((_, host))) => format!("***@{host}"),
        _ => address.to_owned(),
    }
}

/// Open rotations of this account and of others, whose status this account would not show.
fn rotations(app: &App, findings: &mut Findings) {
    let all = Folder::new(None).and_then(|folder| folder.of_all_accounts());
    let (all, ours) = match all.and_then(|all| Ok((all, app.account()?))) {
        Ok(found) => found,
        Err(failure) => {
            let advice = "see the message; the other rotations cannot go on until then";
            return findings.problem("rotations", failure.message, advice);
        }
    };
    if all.is_empty() {
        return findings.ok("rotations", "none is open");
    }
    let mut by_account = BTreeMap::<_, usize>::new();
    for saved in all {
        let count = by_account.entry((saved.base_url, saved.profile)).or_default();
        *count = count.saturating_add(1);
    }
    for ((server, profile), count) in by_account {
        let (of, advice) = if (&server, &profile) == (&ours.0, &ours.1) {
            (String::new(), suggest::command("rotate --status"))
        } else {
            // The default profile need not be in the configuration.
            let options: Vec<_> = [("--profile", &profile), ("--base-url", &server)]
                .into_iter()
                .filter(|(_, value)| *value != settings::DEFAULT_PROFILE)
                .map(|(name, value)| suggest::option(name, value))
                .collect();
            let options = options.join(" ");
            let of = format!(" of the profile \"{profile}\" at {server}");
            (of, format!("openrouter-keys rotate --status {options}"))
        };
        let detail = format!("{count} open{of}; until they end, the old keys may still work");
        findings.warning("rotations", detail, advice);
    }
}

#[cfg(test)]
mod tests {
    use super::without_user;

    #[test]
    fn the_password_of_a_proxy_is_not_shown() {
        assert_eq!(without_user("http://u:p@proxy:3128"), "http://***@proxy:3128");
        assert_eq!(without_user("http://u:p@x@proxy"), "http://***@proxy");
        assert_eq!(without_user("u:p@proxy:3128"), "***@proxy:3128");
        assert_eq!(without_user("socks5://proxy"), "socks5://proxy");
    }
}
