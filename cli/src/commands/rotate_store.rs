//! `rotate --store`: a pass over keys that a person chose.

use openrouter_keys_core::internal::is_marked;
use openrouter_keys_fleet::{Store, Work};
use openrouter_keys_native::{Client, Key, KeyHash};

use super::fleet::{is_named, read};
use super::rotate::{self, Options};
use crate::app::App;
use crate::failure::{Exit, Failure, Result};
use crate::fleet::{self, PLAN, PassArgs, SHAPE, Sink, StoreArgs};
use crate::{select, units};

/// The keys to rotate.
#[derive(Default)]
struct Chosen {
    /// Those whose rotation is open.
    open: Vec<KeyHash>,
    new: Vec<Key>,
}

pub(super) async fn run(options: Options, app: &App) -> Result<Exit> {
    app.output.check(if options.change.dry_run { &PLAN } else { &SHAPE })?;
    let args = StoreArgs { store: options.store.clone() };
    let sink = options.sink.secret_to.as_ref();
    let sink =
        sink.map(|sink| Sink::parse(&sink.describe()).map_err(Failure::usage)).transpose()?;
    let store = args.open()?;
    let client = app.client()?;
    let chosen = choose(&options, &client, &store).await?;
    if !chosen.new.is_empty() {
        let Some(sink) = &sink else {
            return Err(options.sink.require().err().unwrap_or_else(no_sink));
        };
        if chosen.new.len() > 1 {
            sink.require_per_key()?;
        }
    }
    let pass = PassArgs::by_hand(u16::from(options.at_once));
    let machine = pass.fleet(app, store).await?;
    let hashes: Vec<KeyHash> =
        chosen.new.iter().filter_map(|key| key.hash.get().cloned()).collect();
    let work = if options.keys.is_empty() {
        Work::keys(hashes)
    } else {
        Work::only_keys(hashes.into_iter().chain(chosen.open))
    };
    let settings = options.settings;
    let work = work
        .into_sink(sink.as_ref().map_or("", Sink::as_str))
        .settings(move |rotation| settings.set(rotation));
    if options.change.dry_run {
        return fleet::plan(app, &machine, &work).await;
    }
    options.change.confirm("replace and then delete", &chosen.new).await?;
    fleet::run(app, &machine, work, &args).await
}

fn no_sink() -> Failure {
    Failure::usage("say where the secrets go with --secret-to; nothing was sent")
}

async fn choose(options: &Options, client: &Client, store: &Store) -> Result<Chosen> {
    let logs = read(store, false).await?;
    let mut chosen = Chosen::default();
    if options.keys.is_empty() {
        if options.all || options.filters.any() {
            let is_in_rotation = |key: &Key| {
                let hash = key.hash.get();
                logs.iter().any(|log| {
                    let new =
                        log.newest.as_ref().ok().and_then(|entry| entry.rotation.new.as_ref());
                    hash == Some(&log.old) || (hash.is_some() && hash == new)
                })
            };
            let now = units::now();
            chosen.new = select::matching(client, &options.filters).await?;
            chosen.new.retain(|key| rotate::is_working(key, now) && !is_in_rotation(key));
            // Other rotations and temporary uses have keys of their own.
            chosen.new.retain(|key| !key.name.as_deref().is_some_and(is_marked));
        }
        return Ok(chosen);
    }
    for named in &options.keys {
        let mut open = logs.iter().filter(|log| is_named(log, named)).peekable();
        if open.peek().is_some() {
            chosen.open.extend(open.map(|log| log.old.clone()));
            continue;
        }
        let key = named.find(client).await?;
        if chosen.new.iter().all(|other| other.hash != key.hash) {
            chosen.new.push(key);
        }
    }
    rotate::require_working(&chosen.new)?;
    Ok(chosen)
}
