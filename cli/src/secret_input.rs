//! A secret that the user has, from standard input: never an argument.

use std::io::{IsTerminal as _, Read as _};

use openrouter_keys_native::{ApiKey, Secret};
use zeroize::Zeroizing;

use crate::app::App;
use crate::failure::{Failure, Result};

/// More than any key has.
const LONGEST: u64 = 4096;

/// Reads one secret; white space around it does not count. Messages never repeat it.
pub(crate) fn read(app: &App) -> Result<Secret> {
    require_stdin(app, "secret")?;
    let text = if std::io::stdin().is_terminal() {
        Zeroizing::new(rpassword::prompt_password("Secret: ")?)
    } else {
        let mut text = Zeroizing::new(String::new());
        std::io::stdin().lock().take(LONGEST).read_to_string(&mut text).map_err(|error| {
            Failure::usage(format!("standard input cannot be read: {error}; nothing was sent"))
        })?;
        text
    };
    check(text.trim())
}

/// Refuses to read this from standard input if the management key is there.
pub(crate) fn require_stdin(app: &App, what: &str) -> Result<()> {
    let key_file = app.global.account.key_file.as_ref();
    if key_file.is_some_and(|path| path.as_os_str() == "-") {
        return Err(Failure::usage(format!(
            "standard input cannot have both the management key and the {what}; nothing was \
             sent; pass the management key in another way"
        )));
    }
    Ok(())
}

fn check(text: &str) -> Result<Secret> {
    if text.is_empty() {
        return Err(Failure::usage(
            "standard input is empty; nothing was sent; write the secret to it, as in: \
             openrouter-keys whose < FILE",
        ));
    }
    match ApiKey::new(text) {
        Ok(_) if text.starts_with("sk-") => Ok(Secret::new(text)),
        _ => Err(Failure::usage(
            "standard input is not exactly one key, which begins with sk-or-; nothing was sent",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn what_is_not_one_key_is_refused_and_not_repeated() {
        for wrong in
            ["", "secret", "sk-or-v1-a sk-or-v1-b", "sk-or-v1-a\nsk-or-v1-b", "KEY=sk-or-v1-a"]
        {
            let message = check(wrong).unwrap_err().message;
            assert!(!message.contains("v1"), "{message}");
        }
        assert!(check("sk-or-v1-0123").is_ok());
    }
}
