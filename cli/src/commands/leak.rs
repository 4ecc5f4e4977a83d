//! `leak`: a key whose secret is known to others is disabled at once, and replaced.

use std::time::Instant;

use clap::Args;
use openrouter_keys_native::workflow::Rotated;
use openrouter_keys_native::{Client, Key, KeyHash, Update};

use super::leak_report::Report;
use super::whose::{self, GUESS, Proof};
use crate::app::App;
use crate::change::ChangeArgs;
use crate::failure::{Exit, Failure, Result};
use crate::rotations::{Folder, Job, Saved};
use crate::select::Named;
use crate::sink::{Sink, SinkArgs};
use crate::{keys, secret_input, signal, suggest, text};

/// Disable a leaked key at once, replace it, and report what it spent
///
/// The key is named, or its secret is read from standard input. Disabling it is the first change
/// that is sent; there is no question, because it can be enabled again. With a sink, a new key
/// with the same settings is then created and stored, and the leaked key is deleted.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Options {
    /// The key's name, its hash, or the beginning of its hash [default: its secret is read from
    /// standard input]
    #[arg(value_name = "KEY", value_parser = Named::parse)]
    key: Option<Named>,
    /// Search this workspace for a secret; may be given more than once
    #[arg(long, value_name = "ID")]
    workspace: Vec<String>,
    #[command(flatten)]
    sink: SinkArgs,
    /// Write the report as Markdown
    #[arg(long, conflicts_with_all = ["json", "jq", "csv"])]
    markdown: bool,
    /// Keep the state of the replacement in this folder
    #[arg(long, value_name = "DIR")]
    state: Option<std::path::PathBuf>,
    /// Show the first request that would change something, and send none
    #[arg(long, help_heading = "Safety")]
    dry_run: bool,
}

const EXAMPLES: &str = "\
Examples:
  openrouter-keys leak < found.txt
  openrouter-keys leak --secret-to file:ada.key --markdown < found.txt
  openrouter-keys leak ada --secret-to keyring:ada";

impl Options {
    pub(crate) async fn run(self, app: &App) -> Result<Exit> {
        app.output.check(&Report::SHAPE)?;
        let sink = match &self.sink.secret_to {
            Some(sink) => Some(sink.clone()),
            None => self.sink.reveal.then_some(Sink::Reveal),
        };
        // Standard output is the secret's; the report would mix with it.
        if sink == Some(Sink::Reveal) && !app.output.is_terminal() {
            return Err(Failure::usage(
                "--reveal would mix the secret with the report; nothing was sent; use --secret-to",
            ));
        }
        // What is wrong whatever the key's name is refused before the key is disabled.
        if let Some(sink) = &sink {
            let name = self.key.as_ref().map_or("key", Named::as_str);
            sink.place(name)?.check_usable()?;
        }
        let folder = Folder::new(self.state.as_deref())?;
        let secret = match &self.key {
            Some(_) => None,
            None => Some(secret_input::read(app)?),
        };
        let change = ChangeArgs { yes: true, dry_run: self.dry_run };
        let work = async |client: Client| {
            let (key, proof) = match (secret, &self.key) {
                (Some(secret), _) => {
                    let found = whose::find(&client, secret, &self.workspace).await;
                    let (key, proof) = found.map_err(|failure| or_finish(app, &folder, failure))?;
                    (key, Some(proof))
                }
                (None, Some(named)) => {
                    let found = named.find(&client).await;
                    let found = found.map_err(|failure| or_resume(app, &folder, named, failure));
                    let key = found?;
                    refuse_new(app, &folder, named, &key)?;
                    (key, None)
                }
                (None, None) => return Err(Failure::usage("no key was named")),
            };
            let found = Instant::now();
            let mut report = disable(&client, key, proof).await?;
            report.disabled_after = found.elapsed();
            let name = text::visible(keys::name_of(&report.key));
            app.waiting.say(&format!("\"{name}\" is disabled"));
            if proof == Some(Proof::Ends) {
                app.waiting.say(GUESS);
            }
            let mut failure = None;
            if let Some(sink) = &sink {
                failure = replace(app, &client, &folder, sink, &mut report).await.err();
            } else {
                let hash = report.key.hash.get().map_or("", KeyHash::as_str);
                let next = folder.command(&format!("leak {hash} --secret-to file:PATH"));
                let next = suggest::for_this_account(next);
                app.waiting.say(&format!("it was not replaced; to replace it:\n\n  {next}\n"));
            }
            Ok((report, failure))
        };
        let Some((report, failure)) = change.perform(app, work).await? else {
            return Ok(Exit::Done);
        };
        report.write(app, self.markdown)?;
        let Some(failure) = failure else { return Ok(Exit::Done) };
        Err(Failure {
            // The command line was not to blame: something was changed.
            exit: if failure.exit == Exit::Usage { Exit::Failed } else { failure.exit },
            message: format!(
                "the leaked key is disabled, but its replacement failed: {}",
                failure.message
            ),
            ..failure
        })
    }
}

/// A key that an interrupted run has deleted already: its rotation only has to be ended.
fn or_resume(app: &App, folder: &Folder, named: &Named, failure: Failure) -> Failure {
    let is_it = |saved: &Saved| {
        saved.name == named.as_str() || named.is_start_of(saved.rotation.old.as_str())
    };
    let open = folder.open(app).unwrap_or_default();
    if failure.exit != Exit::NotFound || !open.iter().any(is_it) {
        return failure;
    }
    interrupted(folder, named)
}

/// Refuses the key that took the name of the leaked one in an interrupted run: it did not leak.
fn refuse_new(app: &App, folder: &Folder, named: &Named, key: &Key) -> Result<()> {
    let is_it = |saved: &Saved| {
        let rotation = &saved.rotation;
        rotation.leaked
            && saved.name == named.as_str()
            && rotation.new.is_some()
            && rotation.new.as_ref() == key.hash.get()
    };
    let open = folder.open(app).unwrap_or_default();
    if open.iter().any(is_it) { Err(interrupted(folder, named)) } else { Ok(()) }
}

/// The leaked key is gone, and only its rotation has to be ended.
fn interrupted(folder: &Folder, named: &Named) -> Failure {
    let message = format!(
        "\"{}\" was disabled and deleted by an interrupted run; to finish its replacement:",
        text::visible(named.as_str())
    );
    let name = text::quoted_for_shell(named.as_str());
    Failure::new(Exit::NotFound, message).next(folder.command(&format!("rotate {name}")))
}

/// The secret of a key that an interrupted run has deleted already belongs to no key.
fn or_finish(app: &App, folder: &Folder, failure: Failure) -> Failure {
    let open = folder.open(app).unwrap_or_default();
    let leaked: Vec<_> = open.iter().filter(|saved| saved.rotation.leaked).collect();
    if failure.exit != Exit::NotFound || leaked.is_empty() {
        return failure;
    }
    let names: Vec<_> =
        leaked.iter().map(|saved| format!("\"{}\"", text::visible(&saved.name))).collect();
    let message = format!(
        "{}; if it was the secret of {}, an interrupted run began to replace that key; to finish:",
        failure.message,
        names.join(" or ")
    );
    Failure { message, ..failure }.next(folder.command("rotate"))
}

/// Replaces the key with the library's rotation of a leaked key.
async fn replace(
    app: &App,
    client: &Client,
    folder: &Folder,
    sink: &Sink,
    report: &mut Report,
) -> Result<()> {
    let job = Job::start(app, folder, &report.key, sink, |rotation| {
        rotation.leaked = true;
        rotation.watch_ms = 0;
    })?;
    let done = job.run(app, client).await?;
    if let Rotated::Done { new, old, carried, unconfirmed, .. } = done.rotated {
        report.new = Some(new);
        report.stored_in = Some(done.place);
        report.carried = carried;
        report.unconfirmed = unconfirmed;
        if let Some(old) = old {
            report.key = *old;
        }
    }
    Ok(())
}

/// Disables the key: nothing is sent before it that would change something.
async fn disable(client: &Client, key: Key, proof: Option<Proof>) -> Result<Report> {
    let hash = key.require_hash().map_err(openrouter_keys_native::Error::from)?.clone();
    let update = Update::new(hash.as_str()).disabled(true);
    let disabled = client.update(update).cancel_on(signal::stopped()).await;
    let disabled = disabled.map_err(|error| {
        let next = format!("openrouter-keys disable {}", hash.as_str());
        Failure::from(error).about("the leaked key may still work").next(next)
    })?;
    Ok(Report::new(key, disabled, proof))
}
