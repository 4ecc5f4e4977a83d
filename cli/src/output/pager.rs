//! A table that is longer than the terminal goes to the user's pager.

use std::io::{self, IsTerminal as _, Write as _};
use std::process::{Command, Stdio};

use crate::signal;

/// What a pager may need; everything else might have a secret.
const KEPT: [&str; 11] = [
    "HOME",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "LESS",
    "LESSCHARSET",
    "LINES",
    "COLUMNS",
    "PATH",
    "TERM",
    "TERMINFO",
];

/// Shows the text in the pager, if there is one and the text is longer than this many lines.
pub(super) fn shows(text: &[u8], lines: usize) -> bool {
    let is_long = text.split(|byte| *byte == b'\n').count() > lines;
    is_long && io::stdin().is_terminal() && run(text).is_some()
}

/// `None` if the pager did not start.
fn run(text: &[u8]) -> Option<()> {
    let line = std::env::var("PAGER").unwrap_or_else(|_| "less".to_owned());
    let words = shlex::split(&line)?;
    let [program, arguments @ ..] = words.as_slice() else { return None };
    if super::is_dumb() || program == "cat" {
        return None;
    }
    let mut pager = Command::new(program);
    pager.args(arguments).env_clear();
    // Quits if all fits, passes colours on, and leaves the text on the screen.
    pager.env("LESS", "FRX");
    pager.envs(KEPT.into_iter().filter_map(|name| Some((name, std::env::var_os(name)?))));
    // Ctrl-C is the pager's business while it runs.
    let _listening = signal::stopped();
    let mut pager = pager.stdin(Stdio::piped()).spawn().ok()?;
    if let Some(mut input) = pager.stdin.take() {
        // A pager that was left early does not read the rest.
        let _ = input.write_all(text);
    }
    let _ = pager.wait();
    Some(())
}
