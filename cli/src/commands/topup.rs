//! `topup`: raises limits by an amount, each at most once for a journal.
//!
//! ```text
//!  journal "from 5 to 15" ──▶ PATCH limit 15 ──▶ "done"
//! ```
//!
//! The request has the new limit and not the amount, so sending it once more changes nothing.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use clap::Args;
use futures_util::StreamExt as _;
use openrouter_keys_native::{Client, Error, Key, KeyHash, Limit, Update};

use super::bulk::outcome::{self, Outcome, State, finish};
use crate::app::App;
use crate::bulk::journal::{self, Entry, Event, Journal, Stage};
use crate::bulk::pace::{Pace, Stop};
use crate::bulk::which::Which;
use crate::change::ChangeArgs;
use crate::failure::{Exit, Failure, Result};
use crate::select::{self, Filters};
use crate::{keys, private_file, settings, signal, suggest, text, units};

/// Limits that differ by less are the same.
const SAME: f64 = 0.000_001;

/// The prefix of automatic journals.
const OWN: &str = "topup-";
/// The prefix of those that do not have every new limit yet: nothing was sent.
const INCOMPLETE: &str = "new-topup-";

/// Raise the limits of keys by an amount
///
/// The keys are listed before anything is changed. With --journal, a key is raised once for
/// this journal, however often the command is run: after an interruption, run it again.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  openrouter-keys topup 10 ada
  openrouter-keys topup 5 --name 'class-*' --journal june.journal
  openrouter-keys topup 20 --near-limit 90% --dry-run")]
pub(crate) struct Options {
    /// How many US dollars to add
    #[arg(value_name = "USD", value_parser = units::positive, allow_negative_numbers = true)]
    amount: f64,
    #[command(flatten)]
    which: Which,
    /// Record raised keys here, and never raise them again
    #[arg(long, value_name = "FILE")]
    journal: Option<PathBuf>,
    /// How many requests to send at the same time
    #[arg(long, short, value_name = "COUNT", default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=64))]
    jobs: u16,
    #[command(flatten)]
    change: ChangeArgs,
}

/// A limit to raise.
struct Raise {
    name: String,
    hash: String,
    to: f64,
}

impl Options {
    pub(crate) async fn run(self, app: &App) -> Result<Exit> {
        app.output.check(&outcome::SHAPE)?;
        let is_resumed = self.journal.as_ref().is_some_and(|path| path.exists());
        // What a journal has begun can be finished without saying which keys.
        let has_keys = self.which.any() || !is_resumed;
        let named = if has_keys { self.which.named(app)? } else { Vec::new() };
        let journal = if self.change.dry_run { None } else { self.open(app).await? };
        let done = self
            .change
            .perform(app, async |client| {
                let found =
                    if has_keys { self.which.find(&client, &named).await? } else { Vec::new() };
                let mut all = select::matching(&client, &Filters::default()).await?;
                all.extend(found.iter().cloned());
                all.extend(elsewhere(&client, journal.as_ref(), &all).await?);
                let mut outcomes = Vec::new();
                let mut raises = begun(journal.as_ref(), &all, &mut outcomes);
                let fresh = fresh(app, journal.as_ref(), found, &mut outcomes);
                self.change.confirm("raise the limit of", &fresh).await?;
                let (own, path) = match &journal {
                    None if !self.change.dry_run && !fresh.is_empty() => {
                        let (own, noted, path) = self.note_in_own(app, &fresh).await?;
                        raises.extend(noted);
                        (Some(own), Some(path))
                    }
                    journal => {
                        raises.extend(self.note(journal.as_ref(), &fresh).await?);
                        (None, self.journal.clone())
                    }
                };
                let journal = journal.as_ref().or(own.as_ref());
                let stop = Stop::on_signals();
                let settled = outcomes.len();
                self.all(app, &client, raises, journal, &stop, &mut outcomes).await;
                // Only these may succeed when they are sent again.
                let is_open = outcomes.iter().skip(settled).any(Outcome::is_open);
                Ok((outcomes, stop, path, is_open))
            })
            .await?;
        match done {
            Some((outcomes, stop, path, is_open)) if !outcomes.is_empty() => {
                let again = path.as_ref().filter(|_| is_open).map(|path| self.resumed(path));
                // Also if it is named, because its run was interrupted.
                let own = path.filter(|path| is_own(path) && !is_open);
                if let Some(own) = own {
                    std::fs::remove_file(own)?;
                }
                finish(app, "raised", &outcomes, stop.is_asked(), true, again)
            }
            Some(_) => {
                app.waiting.say("no keys match; nothing was changed");
                Ok(Exit::Done)
            }
            None => Ok(Exit::Done),
        }
    }

    async fn open(&self, app: &App) -> Result<Option<Journal>> {
        let Some(path) = &self.journal else { return Ok(None) };
        let account = app.owned_account(&app.client()?).await?;
        Journal::open(path, &self.command(), account).map(Some)
    }

    /// Writes the new limits to a journal of the run's own, which is removed at its end. One that
    /// is left was not finished, and its keys must not be raised again.
    async fn note_in_own(&self, app: &App, keys: &[Key]) -> Result<(Journal, Vec<Raise>, PathBuf)> {
        let folder = settings::state_folder()?;
        std::fs::create_dir_all(&folder)?;
        let account = app.owned_account(&app.client()?).await?;
        for file in std::fs::read_dir(&folder)? {
            let path = file?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if name.starts_with(INCOMPLETE) && Journal::is_abandoned(&path) {
                std::fs::remove_file(&path)?;
            }
            let Some(rest) = name.strip_prefix(OWN) else { continue };
            // What another account has begun is nothing to this one.
            if Journal::account(&path).is_none_or(|other| other != account) {
                continue;
            }
            if Journal::is_in_use(&path) {
                return Err(Failure::failed(
                    "another top-up is running; nothing was changed; wait until it has ended",
                ));
            }
            let amount = rest.split('-').next().unwrap_or_default();
            let path = text::quoted_for_shell(&path.display().to_string());
            return Err(Failure::failed(format!(
                "an earlier top-up was interrupted; nothing was changed; finish it first, or \
                 delete its journal {path}:"
            ))
            .next(format!("openrouter-keys topup {amount} --journal {path}")));
        }
        let name = format!("{}-{}-{}", self.amount, units::now(), std::process::id());
        let incomplete = folder.join(format!("{INCOMPLETE}{name}"));
        let path = folder.join(format!("{OWN}{name}"));
        let journal = Journal::open(&incomplete, &self.command(), account)?;
        let raises = self.note(Some(&journal), keys).await?;
        // Whoever finds it under this name finds every limit in it.
        std::fs::rename(incomplete, &path)?;
        private_file::sync_folder(&path)?;
        Ok((journal, raises, path))
    }

    /// What the journal says that it is for.
    fn command(&self) -> String {
        format!("topup {}", self.amount)
    }

    /// The command that goes on: without the journal, keys would be raised twice.
    fn resumed(&self, path: &Path) -> String {
        let path = text::quoted_for_shell(&path.display().to_string());
        suggest::command(&format!("{} --journal {path}", self.command()))
    }

    /// The new limits, written to the journal before any is sent.
    async fn note(&self, journal: Option<&Journal>, keys: &[Key]) -> Result<Vec<Raise>> {
        let mut raises = Vec::with_capacity(keys.len());
        let mut events = Vec::with_capacity(keys.len());
        for key in keys {
            let hash = key.require_hash().map_err(Error::from)?.as_str().to_owned();
            let from = key.limit.copied().unwrap_or_default();
            // Sums of cents that binary fractions would blur.
            let to = ((from + self.amount) / SAME).round() * SAME;
            let to = format!("{to:.6}").parse().unwrap_or(to);
            let name = keys::name_of(key).to_owned();
            events.push(Event::Raising { hash: hash.clone(), name: name.clone(), from, to });
            raises.push(Raise { name, hash, to });
        }
        if let Some(journal) = journal.filter(|_| !events.is_empty()) {
            journal.write(&events).await?;
        }
        Ok(raises)
    }

    async fn all(
        &self,
        app: &App,
        client: &Client,
        raises: Vec<Raise>,
        journal: Option<&Journal>,
        stop: &Stop,
        outcomes: &mut Vec<Outcome>,
    ) {
        let pace = Pace::new(app, stop.clone(), "raising limits", raises.len());
        let mut done = futures_util::stream::iter(raises)
            .map(|raise| one(client, raise, journal, &pace))
            .buffered(usize::from(self.jobs));
        while let Some(outcome) = done.next().await {
            // A dry run fails each request on purpose.
            if !self.change.dry_run {
                pace.count(outcome.state == State::Done);
                if let Some(error) = &outcome.error {
                    app.waiting.warn(&format!("{}: {error}", text::visible(&outcome.name)));
                }
            }
            outcomes.push(outcome);
        }
        app.waiting.clear();
    }
}

/// Whether the journal is a run's own.
fn is_own(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let folder = settings::state_folder().ok();
    name.starts_with(OWN) && path.parent() == folder.as_deref()
}

/// The keys that this journal has not raised, with a limit that can be.
fn fresh(
    app: &App,
    journal: Option<&Journal>,
    found: Vec<Key>,
    outcomes: &mut Vec<Outcome>,
) -> Vec<Key> {
    let known: HashSet<_> =
        journal.into_iter().flat_map(Journal::entries).map(|(hash, _)| hash.as_str()).collect();
    let mut fresh = Vec::with_capacity(found.len());
    for key in found {
        let hash = key.hash.get().map(|hash| hash.as_str().to_owned());
        if hash.as_deref().is_some_and(|hash| known.contains(hash)) {
            continue;
        }
        if key.limit.get().is_none() {
            let name = keys::name_of(&key).to_owned();
            app.waiting
                .say(&format!("\"{}\" has no limit; it is left alone", text::visible(&name)));
            outcomes.push(Outcome { name, hash, state: State::Skipped, error: None });
            continue;
        }
        fresh.push(key);
    }
    fresh
}

/// The keys that an earlier run noted and that the listing does not have, because they are in
/// another workspace.
async fn elsewhere(client: &Client, journal: Option<&Journal>, all: &[Key]) -> Result<Vec<Key>> {
    let listed: HashSet<_> = all.iter().filter_map(|key| key.hash.get()).collect();
    let mut found = Vec::new();
    for (hash, entry) in journal.into_iter().flat_map(Journal::entries) {
        let hash = KeyHash::new(hash)?;
        if entry.stage == Stage::Done || listed.contains(&hash) {
            continue;
        }
        match client.get(hash).cancel_on(signal::stopped()).await {
            Ok(key) => found.push(key),
            Err(error) => {
                let failure = Failure::from(error);
                if failure.exit != Exit::NotFound {
                    return Err(failure);
                }
            }
        }
    }
    Ok(found)
}

/// The limits that an earlier run noted and may not have raised. One that is now neither the
/// old nor the new one was changed by somebody else and is left alone.
fn begun(journal: Option<&Journal>, all: &[Key], outcomes: &mut Vec<Outcome>) -> Vec<Raise> {
    let mut raises = Vec::new();
    let mut entries: Vec<_> = journal.into_iter().flat_map(Journal::entries).collect();
    let name_of = |entry: &Entry| entry.raise.as_ref().map(|raise| raise.name.clone());
    entries.sort_by_key(|(_, entry)| name_of(entry));
    for (hash, entry) in entries {
        let name = name_of(entry).unwrap_or_default();
        let hash = hash.clone();
        let outcome = |state, error: Option<&str>| Outcome {
            name: name.clone(),
            hash: Some(hash.clone()),
            state,
            error: error.map(str::to_owned),
        };
        let raise = entry.raise.as_ref().filter(|_| entry.stage != Stage::Done);
        let Some(&journal::Raise { from, to, .. }) = raise else {
            outcomes.push(outcome(State::Before, None));
            continue;
        };
        let is = |key: &&Key| key.hash.get().is_some_and(|other| other.as_str() == hash);
        let limit = all.iter().find(is).and_then(|key| key.limit.copied());
        match limit {
            Some(limit) if (limit - from).abs() < SAME || (limit - to).abs() < SAME => {
                raises.push(Raise { name, hash, to });
            }
            Some(_) => outcomes.push(outcome(
                State::Failed(Exit::Failed),
                Some("its limit was changed by someone else in the meantime; it was not raised"),
            )),
            None => outcomes.push(outcome(
                State::Failed(Exit::NotFound),
                Some("the key no longer exists or no longer has a limit; it was not raised"),
            )),
        }
    }
    raises
}

async fn one(client: &Client, raise: Raise, journal: Option<&Journal>, pace: &Pace<'_>) -> Outcome {
    let (state, error) = match send(client, &raise, journal, pace).await {
        Ok(state) => (state, None),
        Err(failure) => (State::Failed(failure.exit), Some(failure.in_one_line())),
    };
    let Raise { name, hash, .. } = raise;
    Outcome { name, hash: Some(hash), state, error }
}

async fn send(
    client: &Client,
    raise: &Raise,
    journal: Option<&Journal>,
    pace: &Pace<'_>,
) -> Result<State> {
    let update = async |cancel| {
        let update = Update::new(&raise.hash).limit(Limit::usd(raise.to));
        client.update(update).cancel_on(cancel).await
    };
    if pace.send(false, update).await?.is_none() {
        return Ok(State::NotBegun);
    }
    if let Some(journal) = journal {
        journal.write(&[Event::Done { name: raise.hash.clone() }]).await?;
    }
    Ok(State::Done)
}
