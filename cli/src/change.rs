//! Commands that change something: what will happen, the question, the dry run.

use std::fmt::Write as _;
use std::io::{BufRead as _, IsTerminal as _, Write as _};

use clap::Args;
use openrouter_keys_native::{Client, Key};

use crate::app::App;
use crate::failure::{Exit, Failure, Result};
use crate::transport::Shown;
use crate::{keys, signal, text, units};

/// The options of a command that changes something.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Safety")]
pub(crate) struct ChangeArgs {
    /// Do not ask for confirmation
    #[arg(long, short)]
    pub(crate) yes: bool,
    /// Show the requests that would change something, with the key masked, and send none of them
    #[arg(long)]
    pub(crate) dry_run: bool,
}

impl ChangeArgs {
    /// Does the work, or in a dry run shows its first change: `None` then.
    pub(crate) async fn perform<T>(
        &self,
        app: &App,
        work: impl AsyncFnOnce(Client) -> Result<T>,
    ) -> Result<Option<T>> {
        if !self.dry_run {
            return work(app.client()?).await.map(Some);
        }
        let (client, dry_run) = app.dry_client()?;
        let done = work(client).await;
        let requests = dry_run.take();
        if requests.is_empty() {
            return done.map(Some);
        }
        show(app, &requests)?;
        Ok(None)
    }

    /// Asks before this is done to several keys: the answer must be `yes`.
    pub(crate) async fn confirm_text(&self, what: &str) -> Result<()> {
        if self.yes || self.dry_run {
            return Ok(());
        }
        if !can_answer() {
            return Err(unconfirmed(what));
        }
        ask(&format!("This will {what}. Type yes to continue: "), "yes").await
    }

    /// Asks before keys are lost or many are changed: the answer must be the name of a single
    /// key, and `yes` for several. Where nobody can answer, `--yes` is needed.
    pub(crate) async fn confirm(&self, verb: &str, keys: &[Key]) -> Result<()> {
        if self.yes || self.dry_run || keys.is_empty() {
            return Ok(());
        }
        let (expected, what, question) = match keys {
            [key] if !keys::name_of(key).is_empty() => {
                // As it is shown: a name may have characters that cannot be typed.
                let name = text::visible(keys::name_of(key));
                let question = format!("Type the name, {name}, to continue: ");
                (name.clone(), format!("the key \"{name}\""), question)
            }
            keys => {
                let what = units::counted(keys.len(), "key");
                ("yes".to_owned(), what, "Type yes to continue: ".to_owned())
            }
        };
        let can_answer = can_answer();
        if can_answer || keys.len() > 1 {
            let mut stderr = std::io::stderr().lock();
            writeln!(stderr, "This will {verb}:")?;
            for key in keys {
                let hash: String = key
                    .hash
                    .get()
                    .map(|hash| hash.as_str().chars().take(12).collect())
                    .unwrap_or_default();
                writeln!(stderr, "  {hash:12}  {}", text::visible(keys::name_of(key)))?;
            }
        }
        if !can_answer {
            return Err(unconfirmed(&format!("{verb} {what}")));
        }
        ask(&question, &expected).await
    }
}

/// Whether a person is there to answer a question.
fn can_answer() -> bool {
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

fn unconfirmed(what: &str) -> Failure {
    Failure::usage(format!(
        "this would {what}; nothing was changed; pass --yes to skip the confirmation"
    ))
}

/// Asks on the terminal: only this answer means yes, and a signal means no.
async fn ask(question: &str, expected: &str) -> Result<()> {
    let stopped = signal::stopped();
    write!(std::io::stderr(), "{question}")?;
    std::io::stderr().flush()?;
    let (sender, answer) = tokio::sync::oneshot::channel();
    // A thread of its own: the runtime would wait for one of its threads before it ends.
    std::thread::spawn(move || {
        let mut line = String::new();
        let read = std::io::stdin().lock().read_line(&mut line);
        let _ = sender.send(read.map(|_| line));
    });
    let line = tokio::select! {
        read = answer => read.unwrap_or_else(|_| Ok(String::new()))?,
        () = stopped => {
            // The question stands on a line of its own.
            writeln!(std::io::stderr())?;
            String::new()
        }
    };
    if line.trim_end_matches(['\r', '\n']) == expected {
        return Ok(());
    }
    Err(Failure::new(Exit::Cancelled, "not confirmed; nothing was changed"))
}

/// Shows requests that were not sent.
pub(crate) fn show(app: &App, requests: &[Shown]) -> Result<()> {
    let mut shown = String::new();
    for (number, Shown { method, url, body }) in requests.iter().enumerate() {
        if number > 0 {
            shown.push('\n');
        }
        let url = text::visible(url);
        let _ = writeln!(shown, "{method} {url}\nAuthorization: Bearer ***");
        if !body.is_empty() {
            let _ = writeln!(shown, "\n{}", text::visible(body));
        }
    }
    app.waiting.say(match requests {
        [_] => "dry run: nothing was changed; the first change would be:",
        _ => "dry run: nothing was changed; these changes would be sent:",
    });
    app.output.text(&shown)
}
