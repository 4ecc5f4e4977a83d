//! Rotations on many machines, whose logs are in a store that they share.

mod progress;
mod report;
mod sinks;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use clap::Args;
use openrouter_keys_fleet::{Account, Fleet, Planned, Shard, Store, Work};
use openrouter_keys_native::{Client, Error};

pub(crate) use report::{LOG, PLAN, SHAPE, STATUS, log_row, status_row};
pub(crate) use sinks::Sink;

use crate::app::App;
use crate::failure::{Exit, Failure, Result};
use crate::{signal, text, units};

/// The environment variable with the store.
const VARIABLE: &str = "OPENROUTER_KEYS_STORE";
const LEASE: Duration = Duration::from_secs(180);
/// The timeout of a call, unless the user chose another.
const TIMEOUT: Duration = Duration::from_secs(60);

/// The store of the logs.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct StoreArgs {
    #[arg(
        long,
        value_name = "URL",
        help = "Where the logs of the rotations are: a folder, s3://BUCKET/PREFIX, gs:// or az://; \
                or set OPENROUTER_KEYS_STORE"
    )]
    pub(crate) store: Option<String>,
}

impl StoreArgs {
    fn url(&self) -> Result<String> {
        let set = std::env::var(VARIABLE).ok().filter(|url| !url.is_empty());
        self.store.clone().or(set).ok_or_else(|| {
            Failure::usage(format!(
                "no store is given; nothing was sent; pass --store with a folder or \
                 s3://BUCKET/PREFIX, or set {VARIABLE}"
            ))
        })
    }

    /// The store, which is created if it is a folder.
    pub(crate) fn open(&self) -> Result<Store> {
        let url = self.url()?;
        Store::open(&url).map_err(|error| {
            Failure::usage(format!(
                "the store {} cannot be opened: {error}; nothing was sent",
                text::visible(&url)
            ))
        })
    }

    /// The store; a folder must be there.
    pub(crate) fn open_existing(&self) -> Result<Store> {
        let url = self.url()?;
        if !url.contains("://") && !std::path::Path::new(&url).is_dir() {
            return Err(Failure::usage(format!(
                "the store {} is not a folder; nothing was sent",
                text::visible(&url)
            )));
        }
        self.open()
    }

    /// A command on the same store, ready to paste.
    pub(crate) fn command(&self, command: &str) -> String {
        match &self.store {
            Some(store) => {
                format!("openrouter-keys {command} --store {}", text::quoted_for_shell(store))
            }
            None => format!("openrouter-keys {command}"),
        }
    }
}

/// How a pass works.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Pass")]
pub(crate) struct PassArgs {
    /// Work only on this part of the keys, such as 1/4 on the first of four machines
    #[arg(long, value_name = "PART/OF", value_parser = shard)]
    pub(crate) shard: Option<Shard>,
    /// Send at most so many requests to the API each minute, evenly spaced
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) requests_per_minute: Option<u32>,
    /// How many keys to rotate at the same time
    #[arg(long, value_name = "COUNT", default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) at_once: u16,
    /// How long to wait for a pause of a rotation, or for a machine that may have died; what takes
    /// longer is left to a later pass
    #[arg(long, value_name = "TIME", default_value = "5m", value_parser = units::duration)]
    pub(crate) patience: Duration,
    /// Stop after this time, as after SIGTERM
    #[arg(long, value_name = "TIME", value_parser = units::duration)]
    pub(crate) time_limit: Option<Duration>,
    /// How long other machines leave a rotation alone if this one dies; longer than --timeout
    /// [default: 3m]
    #[arg(long, value_name = "TIME", value_parser = units::duration)]
    pub(crate) lease: Option<Duration>,
    /// This machine's name in the logs [default: HOSTNAME, or a random name]
    #[arg(long, value_name = "NAME")]
    pub(crate) owner: Option<String>,
}

/// `1/4` is the first of four parts.
fn shard(text: &str) -> Result<Shard, String> {
    let parts = text.split_once('/');
    let numbers = parts.and_then(|(part, of)| Some((part.parse::<u32>().ok()?, of.parse().ok()?)));
    numbers
        .and_then(|(part, of)| Shard::new(part.checked_sub(1)?, of))
        .ok_or_else(|| format!("\"{text}\" is not a part; write 1/4 for the first of four"))
}

impl PassArgs {
    /// A pass that a person waits for.
    pub(crate) fn by_hand(at_once: u16) -> Self {
        Self {
            shard: None,
            requests_per_minute: None,
            at_once,
            patience: Duration::from_secs(300),
            time_limit: None,
            lease: None,
            owner: None,
        }
    }

    /// The machine, with the account of its management key.
    pub(crate) async fn fleet(&self, app: &App, store: Store) -> Result<Fleet> {
        let timeout = app.global.account.timeout.unwrap_or(TIMEOUT);
        let lease = self.lease.unwrap_or(LEASE);
        if lease <= timeout {
            return Err(Failure::usage(format!(
                "the lease of {} s is not longer than the time limit of a call, {} s; nothing was \
                 sent; set --lease or --timeout",
                lease.as_secs(),
                timeout.as_secs()
            )));
        }
        let account = account(app, &app.client()?).await?;
        let mut fleet = app
            .fleet(store, sinks::Opened)?
            .account(account)
            .timeout(timeout)
            .lease(lease)
            .in_flight(usize::from(self.at_once))
            .patience(self.patience)
            .longest_pause(self.patience);
        let name = std::env::var("HOSTNAME").ok().filter(|name| !name.is_empty());
        if let Some(name) = self.owner.clone().or(name) {
            fleet = fleet.owner(name);
        }
        if let Some(requests) = self.requests_per_minute {
            fleet = fleet.requests_per_minute(requests);
        }
        Ok(fleet)
    }

    pub(crate) fn set(&self, mut work: Work) -> Work {
        if let Some(shard) = self.shard {
            work = work.shard(shard);
        }
        if let Some(limit) = self.time_limit {
            work = work.time_limit(limit);
        }
        work
    }
}

async fn account(app: &App, client: &Client) -> Result<Account> {
    let (server, _) = app.account()?;
    let current = client.get_current_key_metadata().cancel_on(signal::stopped()).await?;
    if current.is_management_key.copied() == Some(false) {
        return Err(Failure::new(
            Exit::NotAuthorized,
            "this is an inference key; a management key is required; nothing was changed",
        ));
    }
    Ok(Account::of(server, &current))
}

/// Makes a pass, says what happens, and writes a row for each rotation.
pub(crate) async fn run(app: &App, fleet: &Fleet, work: Work, store: &StoreArgs) -> Result<Exit> {
    let is_signalled = Arc::new(AtomicBool::new(false));
    let (stopped, flag) = (signal::stopped(), Arc::clone(&is_signalled));
    let waiting = app.waiting.clone();
    let work = work
        .stop_on(async move {
            stopped.await;
            flag.store(true, Ordering::Relaxed);
            waiting.say("stopping: rotations end where they stand; a later pass continues them");
        })
        .observe(progress::observer(app.waiting.clone()));
    let report = fleet.run(work).await;
    let is_signalled = is_signalled.load(Ordering::Relaxed);
    let report = match report {
        Err(error) if is_signalled => return Err(Failure::new(Exit::Cancelled, error.to_string())),
        report => report.map_err(refused)?,
    };
    report::write(app, report, is_signalled, store)
}

/// Writes what a pass would do.
pub(crate) async fn plan(app: &App, fleet: &Fleet, work: &Work) -> Result<Exit> {
    let planned: Vec<Planned> = fleet.plan(work).await.map_err(refused)?;
    app.waiting.say("dry run: nothing was changed");
    let rows: Vec<_> = planned.iter().map(report::plan_row).collect();
    app.output.rows(&PLAN, &rows)?;
    Ok(Exit::Done)
}

/// A failure of the whole pass: of the API, or of the store.
fn refused(error: openrouter_keys_native::error::BoxError) -> Failure {
    match error.downcast::<Error>() {
        Ok(error) => Failure::from(*error),
        Err(error) => Failure::failed(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use openrouter_keys_fleet::Shard;

    use super::shard;

    #[test]
    fn parts_are_counted_from_one() {
        assert_eq!(shard("1/4").ok(), Shard::new(0, 4));
        assert_eq!(shard("4/4").ok(), Shard::new(3, 4));
        for wrong in ["0/4", "5/4", "1", "1/0", "a/4", "1/", "-1/4", "1/4/4"] {
            assert!(shard(wrong).is_err(), "{wrong}");
        }
    }
}
