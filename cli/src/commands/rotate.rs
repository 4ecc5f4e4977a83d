//! `rotate`: keys are replaced one by one while both work, and what was interrupted goes on.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use clap::builder::BoolishValueParser;
use futures_util::{StreamExt as _, stream};
use openrouter_keys_native::workflow::{Rotate, Rotated, Rotation};
use openrouter_keys_native::{Client, Key, KeyHash};

use super::rotate_report::{self, Outcome};
use crate::app::App;
use crate::change::ChangeArgs;
use crate::failure::{Exit, Failure, Result};
use crate::keys::{self, State};
use crate::rotations::{Folder, Job, Saved, sweep_late};
use crate::select::{self, Filters, Named};
use crate::sink::{self, Place, Sink, SinkArgs};
use crate::{signal, text, units};

/// Replace keys with new ones with the same settings
///
/// The new key is created, tested and stored; for a while both keys work; once the old one is
/// unused it is disabled, and later deleted. If the old key stays in use, nothing is disabled and
/// the exit code is 8: run the command again later. What was interrupted, even by a crash, goes on
/// when the command is run again.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Options {
    /// Each key's name, its hash, or the beginning of its hash; without keys and filters, all
    /// open rotations are resumed
    #[arg(value_name = "KEY", value_parser = Named::parse)]
    pub(super) keys: Vec<Named>,
    /// Rotate all keys that work
    #[arg(long, conflicts_with = "keys")]
    pub(super) all: bool,
    /// List the open rotations
    #[arg(long, conflicts_with_all = ["keys", "all", "was_stored", "store"])]
    status: bool,
    #[command(flatten)]
    pub(super) filters: Filters,
    #[command(flatten)]
    pub(super) sink: SinkArgs,
    #[command(flatten)]
    pub(super) settings: Settings,
    /// Whether the command of the sink stored the new key, if the run was interrupted just then
    #[arg(long, value_name = "yes|no", value_parser = BoolishValueParser::new(), requires = "keys")]
    was_stored: Option<bool>,
    /// Keep the state of open rotations in this folder
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
    #[arg(
        long,
        value_name = "URL",
        conflicts_with_all = ["state", "was_stored", "reveal"],
        help = "Keep the logs of rotations in this store, which other machines may share: a \
                folder, s3://BUCKET/PREFIX, gs:// or az://; see the command fleet",
    )]
    pub(super) store: Option<String>,
    /// How many keys to rotate at the same time
    #[arg(long, value_name = "COUNT", default_value_t = 8, value_parser = clap::value_parser!(u8).range(1..))]
    pub(super) at_once: u8,
    #[command(flatten)]
    pub(super) change: ChangeArgs,
}

/// The pauses and the budget of new rotations.
#[derive(Clone, Copy, Debug, Default, Args)]
pub(super) struct Settings {
    #[command(flatten)]
    times: Times,
    /// Give the new key the whole limit, even if the old limit never resets
    #[arg(long, conflicts_with = "remaining_limit")]
    full_limit: bool,
    /// Give the new key what is left of the limit, even if the old one's resets
    #[arg(long)]
    remaining_limit: bool,
}

impl Settings {
    pub(super) fn set(self, rotation: &mut Rotation) {
        self.times.set(rotation);
        rotation.full = self.full_limit;
        rotation.remaining = self.remaining_limit;
    }
}

/// How long each part of a rotation takes; 1 minute by default.
#[derive(Clone, Copy, Debug, Default, Args)]
struct Times {
    /// How long both keys work after the new one is stored [default: 1m]
    #[arg(long, value_name = "TIME", value_parser = units::duration)]
    grace: Option<Duration>,
    /// How long the old key must be unused before it is disabled; 0s does not check [default: 1m]
    #[arg(long, value_name = "TIME", value_parser = units::duration)]
    unused: Option<Duration>,
    /// How long the old key stays disabled before it is deleted [default: 1m]
    #[arg(long, value_name = "TIME", value_parser = units::duration)]
    watch: Option<Duration>,
}

const EXAMPLES: &str = "\
Examples:
  openrouter-keys rotate ada --secret-to file:ada.key
  openrouter-keys rotate --older-than 90d --secret-to 'file:keys/{name}' --grace 1h --yes
  openrouter-keys rotate --all --store s3://ops/openrouter --secret-to 'vault:secret/openrouter/{name}'
  openrouter-keys rotate --status
  openrouter-keys rotate";

impl Times {
    fn set(self, rotation: &mut Rotation) {
        let set = |ms: &mut u64, time: Option<Duration>| {
            if let Some(time) = time {
                *ms = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
            }
        };
        set(&mut rotation.grace_ms, self.grace);
        set(&mut rotation.quiet_ms, self.unused);
        set(&mut rotation.watch_ms, self.watch);
    }
}

impl Options {
    pub(crate) async fn run(self, app: &App) -> Result<Exit> {
        if self.store.is_some() {
            return super::rotate_store::run(self, app).await;
        }
        let folder = Folder::new(self.state.as_deref())?;
        if self.status {
            return rotate_report::status(app, &folder);
        }
        app.output.check(&rotate_report::SHAPE)?;
        let open = folder.open(app)?;
        if self.change.dry_run {
            let tried = self.change.perform(app, async |client| self.dry_run(&client, &open).await);
            return tried.await.map(|_| Exit::Done);
        }
        let client = app.client()?;
        sweep_late(app, &client, &folder).await?;
        let (resumed, new) = self.select(&client, open).await?;
        let sink = if new.is_empty() { None } else { Some(self.sink.require()?) };
        if let Some(sink) = &sink {
            check_sinks(sink, &new)?;
        }
        self.change.confirm("replace and then delete", &new).await?;
        let resumed = resumed.iter().map(|saved| (saved.name.clone(), self.resume(&folder, saved)));
        let resumed: Vec<_> = resumed.collect();
        let started = new.iter().zip(std::iter::repeat(sink.as_ref())).map(|(key, sink)| {
            let sink = sink.unwrap_or(&Sink::Reveal);
            let started =
                Job::start(app, &folder, key, sink, |rotation| self.settings.set(rotation));
            (keys::name_of(key).to_owned(), started.map(Some))
        });
        let is_single = resumed.len() + new.len() == 1;
        let jobs: Vec<_> = resumed.into_iter().chain(started).collect();
        if jobs.is_empty() {
            app.waiting.say("no key to rotate, and no open rotation");
            return Ok(Exit::Done);
        }
        let works = jobs.into_iter().map(|(name, job)| run(app, &client, name, job, is_single));
        let at_once = usize::from(self.at_once);
        let outcomes: Vec<Outcome> = stream::iter(works).buffered(at_once).collect().await;
        rotate_report::write(app, &folder, outcomes, sink == Some(Sink::Reveal))
    }

    fn resume(&self, folder: &Folder, saved: &Saved) -> Result<Option<Job>> {
        let sink = self.sink.secret_to.as_ref();
        let mut job = Job::resume(folder, saved, self.was_stored, sink)?;
        if let Some(job) = &mut job {
            self.settings.times.set(&mut job.saved.rotation);
        }
        Ok(job)
    }

    /// The open rotations to resume, and the keys to begin with.
    async fn select(&self, client: &Client, open: Vec<Saved>) -> Result<(Vec<Saved>, Vec<Key>)> {
        let mut new = Vec::new();
        if self.keys.is_empty() {
            if self.all || self.filters.any() {
                new = select::matching(client, &self.filters).await?;
                let is_in_rotation = |key: &Key| {
                    let hash = key.hash.get();
                    open.iter().any(|saved| {
                        hash == Some(&saved.rotation.old) || hash == saved.rotation.new.as_ref()
                    })
                };
                let now = units::now();
                new.retain(|key| is_working(key, now) && !is_in_rotation(key));
            } else if open.is_empty() && self.sink.secret_to.is_some() {
                return Err(Failure::usage(
                    "no key is named and no filter is given; nothing was sent; name a key, or \
                     choose with filters such as --older-than 90d",
                ));
            }
            return Ok((open, new));
        }
        let mut resumed: Vec<Saved> = Vec::new();
        for named in &self.keys {
            // A key may be named twice, by its name and by its hash.
            if let Some(saved) = open_for(&open, named)? {
                if resumed.iter().all(|other| other.rotation.old != saved.rotation.old) {
                    resumed.push(saved.clone());
                }
                continue;
            }
            let key = named.find(client).await?;
            if new.iter().all(|other: &Key| other.hash != key.hash) {
                new.push(key);
            }
        }
        require_working(&new)?;
        Ok((resumed, new))
    }

    /// What the first request of each rotation would be.
    async fn dry_run(&self, client: &Client, open: &[Saved]) -> Result<()> {
        let (_, new) = self.select(client, open.to_vec()).await?;
        check_sinks(&self.sink.require()?, &new)?;
        for key in &new {
            let hash = key.require_hash().map_err(openrouter_keys_native::Error::from)?;
            let mut rotation = Rotation::new(hash.clone());
            self.settings.set(&mut rotation);
            // The create is not sent, and ends the rotation.
            let run = client.rotate(Rotate::resume(rotation), rotate_report::Unsaved);
            let _ = run.cancel_on(signal::stopped()).await;
        }
        Ok(())
    }
}

async fn run(
    app: &App,
    client: &Client,
    name: String,
    job: Result<Option<Job>>,
    is_single: bool,
) -> Outcome {
    let (old, result) = match job {
        Ok(Some(job)) => {
            let old = Some(job.saved.rotation.old.clone());
            (old, job.run(app, client).await.map(Some))
        }
        // Another process finished it.
        Ok(None) => (None, Ok(None)),
        Err(failure) => (None, Err(failure)),
    };
    if let (Err(failure), false) = (&result, is_single) {
        app.waiting.say(&format!("{}: {}", text::visible(&name), failure.in_one_line()));
    }
    if let Ok(Some(done)) = &result
        && let Rotated::StillInUse { .. } = done.rotated
    {
        app.waiting.say(&format!("{}: the old key is still in use", text::visible(&name)));
    }
    Outcome { name, old, result }
}

pub(super) fn is_working(key: &Key, now: i64) -> bool {
    !matches!(State::of(key, now), State::Disabled | State::Expired)
}

pub(super) fn require_working(new: &[Key]) -> Result<()> {
    let now = units::now();
    match new.iter().find(|key| !is_working(key, now)) {
        None => Ok(()),
        Some(key) => Err(Failure::usage(format!(
            "\"{}\" is {}; its replacement would work again; nothing was changed",
            text::visible(keys::name_of(key)),
            State::of(key, now).as_str()
        ))),
    }
}

/// The open rotation of this name or old hash, if there is one.
fn open_for<'a>(open: &'a [Saved], named: &Named) -> Result<Option<&'a Saved>> {
    let is_it = |saved: &&Saved| {
        let hash = saved.rotation.old.as_str();
        let new = saved.rotation.new.as_ref().map(KeyHash::as_str);
        saved.name == named.as_str()
            || named.is_start_of(hash)
            || new.is_some_and(|new| named.is_start_of(new))
    };
    let found: Vec<_> = open.iter().filter(is_it).collect();
    match found.as_slice() {
        [] => Ok(None),
        [saved] => Ok(Some(saved)),
        _ => Err(Failure::usage(format!(
            "{} open rotations match \"{}\"; nothing was changed; use the hash of one:",
            found.len(),
            text::visible(named.as_str())
        ))
        .next("openrouter-keys rotate --status")),
    }
}

/// Refuses a sink that would take the secrets of two keys, or none.
fn check_sinks(sink: &Sink, new: &[Key]) -> Result<()> {
    if *sink == Sink::Reveal && new.len() > 1 {
        return Err(Failure::usage(
            "--reveal prints the secret of one key only; nothing was changed; use --secret-to \
             with {name} in it",
        ));
    }
    let place = |key: &Key| Ok((keys::name_of(key).to_owned(), sink.place(keys::name_of(key))?));
    let places: Vec<(String, Place)> = new.iter().map(place).collect::<Result<_>>()?;
    sink::refuse_shared(places.iter().map(|(name, place)| (name.as_str(), place)))?;
    for ((_, place), key) in places.iter().zip(new) {
        place.check(&sink::replacing(key))?;
    }
    Ok(())
}
