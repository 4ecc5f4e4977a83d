//! Commands that messages suggest: for the account of this run, and ready to paste.

use std::sync::OnceLock;

use crate::args::Account;
use crate::text;

const PROGRAM: &str = "openrouter-keys";

/// The options that say which account this run is for.
static ACCOUNT: OnceLock<String> = OnceLock::new();

/// Keeps the account's options for the commands of messages.
pub(crate) fn remember(account: &Account) {
    let _ = ACCOUNT.set(options_of(account));
}

fn options_of(account: &Account) -> String {
    let key_file = account.key_file.as_ref().map(|path| path.display().to_string());
    [
        ("--profile", account.profile.as_ref()),
        ("--key-file", key_file.as_ref()),
        ("--key-command", account.key_command.as_ref()),
        ("--base-url", account.base_url.as_ref()),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some(format!(" {}", option(name, value?))))
    .collect()
}

fn account() -> &'static str {
    ACCOUNT.get().map_or("", String::as_str)
}

/// This program with these arguments, for the same account.
pub(crate) fn command(arguments: &str) -> String {
    format!("{PROGRAM}{} {arguments}", account())
}

/// The same for a command that may be of another program, or have the account already.
pub(crate) fn for_this_account(command: String) -> String {
    match command.strip_prefix(PROGRAM) {
        Some(rest) if !rest.starts_with(account()) && command != text::this_command() => {
            self::command(rest.trim_start())
        }
        _ => command,
    }
}

/// An option and its value, which may begin with a hyphen.
pub(crate) fn option(name: &str, value: &str) -> String {
    let between = if value.starts_with('-') { '=' } else { ' ' };
    format!("{name}{between}{}", text::quoted_for_shell(value))
}

/// Lists the keys of this name.
pub(crate) fn find(name: &str, workspace: Option<&str>) -> String {
    command(&format!("list --all{} {}", in_workspace(workspace), option("--name", name)))
}

/// Deletes the keys with these marked names.
pub(crate) fn sweep<'a>(
    names: impl IntoIterator<Item = &'a str>,
    workspace: Option<&str>,
) -> String {
    let names: Vec<_> = names.into_iter().collect();
    let end = if names.iter().any(|name| name.starts_with('-')) { " --" } else { "" };
    let names: Vec<_> = names.into_iter().map(text::quoted_for_shell).collect();
    command(&format!("sweep{}{end} {}", in_workspace(workspace), names.join(" ")))
}

fn in_workspace(workspace: Option<&str>) -> String {
    workspace.map(|id| format!(" {}", option("--workspace", id))).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{find, options_of, sweep};
    use crate::args::Account;

    #[test]
    fn the_account_is_the_same() {
        let account = Account {
            profile: Some("-my work".to_owned()),
            key_command: Some("pass show key".to_owned()),
            ..Account::default()
        };
        assert_eq!(options_of(&account), " --profile='-my work' --key-command 'pass show key'");
    }

    #[test]
    fn a_name_is_not_an_option() {
        assert_eq!(
            sweep(["--yes #1", "b #2"], Some("w")),
            "openrouter-keys sweep --workspace w -- '--yes #1' 'b #2'"
        );
        assert_eq!(find("--yes", None), "openrouter-keys list --all --name=--yes");
    }
}
