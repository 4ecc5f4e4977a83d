//! One pass over the rotations of a machine's shard.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::{FutureExt as _, StreamExt as _, TryStreamExt as _};
use http::StatusCode;
use openrouter_keys_core::error::BoxError;
use openrouter_keys_core::operation::List;
use openrouter_keys_core::transport::Transport as _;
use openrouter_keys_core::workflow::{
    Pages, Rotate, Rotated, Rotation, RotationEntry, RotationStep, RotationStore as _,
};
use openrouter_keys_core::{Client, Error, KeyHash, Timestamp};

use crate::budget::Budgeted;
use crate::claim::{Claim, release};
use crate::late;
use crate::machine::Machine;
use crate::report::{Outcome, Planned, Report, Row};
use crate::stop::{Gate, Stop, is_over, unless};
use crate::store::unusable;
use crate::watched::Watched;
use crate::work::{Event, Selection, Work};

/// How long requests that are on their way get once the pass is stopped.
const LAST_REQUESTS: Duration = Duration::from_secs(3);
/// After so long, a store or a sink that does not respond is left alone.
const LAST_WRITES: Duration = Duration::from_secs(10);

pub(crate) struct Pass<'a> {
    machine: &'a Machine,
    work: &'a Work,
    pub(crate) transport: Budgeted,
    pub(crate) client: Client,
    /// Nothing is begun any more.
    stop: Stop,
    /// Rotations end where they stand.
    cancel: Stop,
}

/// The rotations to work on.
struct Jobs {
    planned: Vec<Planned>,
    /// Rotations that are done, but may have created another key.
    late: Vec<KeyHash>,
}

impl<'a> Pass<'a> {
    pub(crate) fn new(machine: &'a Machine, work: &'a Work) -> Result<Self, BoxError> {
        let gate = Gate::default();
        let transport = machine.transport.behind(gate.clone());
        let (clock, asked, limit) = (transport.clone(), work.stop.clone(), work.time_limit);
        let stop = async move {
            match limit {
                Some(limit) => drop(unless(asked, clock.sleep(limit)).await),
                None => asked.await,
            }
        };
        let stop = stop.boxed().shared();
        let (clock, stopped) = (transport.clone(), stop.clone());
        let cancel = async move {
            stopped.await;
            gate.close();
            unless(clock.sleep(LAST_REQUESTS), gate.empty()).await;
        };
        let client = machine.client(transport.clone())?;
        Ok(Self { machine, work, transport, client, stop, cancel: cancel.boxed().shared() })
    }

    pub(crate) async fn run(&self) -> Result<Report, BoxError> {
        let (began, sent) = (self.transport.now(), self.transport.sent());
        let starting = async {
            if let Some(account) = &self.machine.account {
                self.machine.store.require_account(account).await?;
            }
            self.jobs().await
        };
        let Some(jobs) = unless(self.stop.clone(), starting).await else {
            return Err("the pass was stopped before it began; nothing was changed".into());
        };
        let jobs = jobs?;
        let swept = late::sweep(&self.client, self.now(), &self.machine.store, jobs.late);
        let swept = unless(self.stop.clone(), swept).await.unwrap_or_default();
        let rows = futures_util::stream::iter(jobs.planned)
            .map(|job| self.row(job))
            .buffer_unordered(self.machine.in_flight);
        let mut rows: Vec<Row> = rows.collect().await;
        rows.sort_by(|one, other| one.old.cmp(&other.old));
        let requests = self.transport.sent().saturating_sub(sent);
        let took = self.transport.now().saturating_sub(began);
        Ok(Report { rows, swept: swept.deleted, not_swept: swept.failed, requests, took })
    }

    pub(crate) async fn plan(&self) -> Result<Vec<Planned>, BoxError> {
        Ok(self.jobs().await?.planned)
    }

    /// The old keys to work on: open rotations first.
    async fn jobs(&self) -> Result<Jobs, BoxError> {
        let mut logs = self.machine.store.scan().await.map_err(unusable)?;
        logs.retain(|hash, _| self.work.shard.has(hash));
        let mut selected = self.selected().await?;
        let mut planned = Vec::new();
        let mut late = Vec::new();
        let is_only = matches!(self.work.keys, Selection::Keys { only: true, .. });
        for (old, log) in logs {
            let chosen = selected.remove(&old);
            if !log.is_done && (chosen.is_some() || !is_only) {
                let is_due = chosen.is_some();
                planned.push(Planned { old, name: chosen.flatten(), is_open: true, is_due });
            } else if log.is_late {
                late.push(old);
            }
        }
        let new = selected.into_iter().filter(|(old, _)| self.work.shard.has(old));
        let new = new.map(|(old, name)| Planned { old, name, is_open: false, is_due: true });
        planned.extend(new.take(self.work.at_most));
        Ok(Jobs { planned, late })
    }

    /// The keys that are due, with their names where they were listed.
    async fn selected(&self) -> Result<BTreeMap<KeyHash, Option<String>>, BoxError> {
        Ok(match &self.work.keys {
            Selection::Open => BTreeMap::new(),
            Selection::Keys { hashes, .. } => {
                hashes.iter().map(|hash| (hash.clone(), None)).collect()
            }
            Selection::Rule(rule) => {
                let pages = Pages::new(List::new()).workspaces(rule.workspace_ids());
                let keys: Vec<_> = self.client.list_all(pages).try_collect().await?;
                let now = self.now();
                let due = keys.iter().filter(|key| rule.selects(key, now.as_ref()));
                let named = due.filter_map(|key| {
                    Some((key.hash.get()?.clone(), key.name.as_deref().map(str::to_owned)))
                });
                named.collect()
            }
        })
    }

    pub(crate) fn now(&self) -> Option<Timestamp> {
        Timestamp::try_from(self.transport.wall_clock()?).ok()
    }

    async fn row(&self, job: Planned) -> Row {
        let Planned { old, name, is_due, .. } = job;
        let observer = self.work.observer.clone();
        let log = Watched::new(self.machine.store.log(&old), observer);
        let outcome = if is_over(&self.stop) {
            Outcome::Stopped
        } else {
            let rotated = unless(self.abandon(), self.rotate(&old, is_due, log.clone())).await;
            rotated.unwrap_or(Ok(Outcome::Stopped)).unwrap_or_else(Outcome::Unreachable)
        };
        let entry = log.newest();
        let name = entry.as_ref().and_then(|entry| entry.rotation.name.clone()).or(name);
        let row = Row { old, name, entry, outcome };
        (self.work.observer)(Event::Ended(&row));
        row
    }

    /// Completes when a stopped pass has waited long enough for the store and the sink.
    async fn abandon(&self) {
        self.cancel.clone().await;
        self.transport.sleep(LAST_WRITES).await;
    }

    /// Begins or continues one rotation.
    async fn rotate(
        &self,
        old: &KeyHash,
        is_due: bool,
        mut log: Watched,
    ) -> Result<Outcome, BoxError> {
        let Self { machine, work, .. } = self;
        let first = || {
            let mut rotation = Rotation::new(old.clone());
            (work.settings)(&mut rotation);
            RotationEntry::before(rotation, work.sink.as_str())
        };
        let newest = log.load().await?.unwrap_or_else(first);
        if newest.rotation.step == RotationStep::Done {
            let new = newest.rotation.new.clone();
            let new = new.ok_or("the log of a completed rotation has no new key")?;
            return done(&log, new, newest.rotation.unconfirmed).await;
        }
        let terms = &machine.terms;
        let settled = terms.settled(&self.transport, &mut log, newest, &self.stop);
        let mut newest = match settled.await? {
            Claim::Mine(newest) => newest,
            Claim::Theirs(owner) => return Ok(Outcome::Busy { owner }),
        };
        // Where nothing was created yet, an earlier pass may have been given a wrong sink.
        if is_due && !work.sink.is_empty() && is_untouched(&newest.rotation) {
            work.sink.clone_into(&mut newest.sink);
            (work.settings)(&mut newest.rotation);
        }
        // Only now: the machine that gave the rotation up may have been given another sink.
        let sink = machine.sinks.open(&newest.sink, old)?;
        let stored = match terms.claim(&self.transport, log.clone(), sink, newest).await? {
            Claim::Mine(stored) => stored,
            Claim::Theirs(owner) => return Ok(Outcome::Busy { owner }),
        };
        let owner = stored.owner().to_owned();
        let mut rotate = Rotate::resume(stored.rotation().clone()).lease(terms.lease);
        if let Some(longest) = machine.longest_pause {
            rotate = rotate.longest_pause(longest);
        }
        let ended = self.client.rotate(rotate, *stored).cancel_on(self.cancel.clone()).await;
        let failed = match ended {
            Ok(Rotated::Done { new, unconfirmed, .. }) => {
                return done(&log, new, unconfirmed).await;
            }
            Ok(rotated) => Ok(rotated),
            Err(error) => Err(error),
        };
        // If that fails, others wait for the lease to end.
        let was_ours = release(log.clone(), &owner).await.unwrap_or(false);
        Ok(match failed {
            Ok(Rotated::Waiting { left, .. }) => Outcome::Waiting { left },
            Ok(_) => Outcome::StillInUse,
            Err(_) if is_over(&self.stop) => Outcome::Stopped,
            Err(error) if was_ours && self.is_gone(&log, &error).await => {
                if machine.account.is_some() {
                    log.finish(has_unconfirmed(&log)).await?;
                }
                Outcome::Gone
            }
            Err(error) => Outcome::Failed(error),
        })
    }

    /// Whether nothing is left to do, because the old key is not there, nor the new one.
    async fn is_gone(&self, log: &Watched, error: &Error) -> bool {
        let Some(state) = log.newest().map(|entry| entry.rotation) else { return false };
        let hashes = match &state.new {
            Some(new) if state.step >= RotationStep::HandedOver => vec![&state.old, new],
            None if is_untouched(&state) && is_absent(error) => vec![&state.old],
            _ => return false,
        };
        for hash in hashes {
            if !self.client.get(hash.clone()).await.is_err_and(|error| is_absent(&error)) {
                return false;
            }
        }
        error.may_have_created().is_none()
    }
}

fn has_unconfirmed(log: &Watched) -> bool {
    log.newest().is_some_and(|entry| !entry.rotation.unconfirmed.is_empty())
}

fn is_absent(error: &Error) -> bool {
    error.status() == Some(StatusCode::NOT_FOUND)
}

async fn done(log: &Watched, new: KeyHash, unconfirmed: Vec<String>) -> Result<Outcome, BoxError> {
    log.finish(!unconfirmed.is_empty()).await?;
    Ok(Outcome::Done { new, unconfirmed })
}

fn is_untouched(rotation: &Rotation) -> bool {
    rotation.step == RotationStep::Begun && rotation.unconfirmed.is_empty()
}
