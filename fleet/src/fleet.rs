//! One pass over the rotations of a machine's share.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt as _, TryStreamExt as _};
use http::StatusCode;
use openrouter_keys_core::error::BoxError;
use openrouter_keys_core::operation::List;
use openrouter_keys_core::transport::Transport;
use openrouter_keys_core::workflow::{
    Pages, Rotate, Rotated, Rotation, RotationEntry, RotationStep, RotationStore as _, SecretSink,
};
use openrouter_keys_core::{Client, Config, Error, KeyHash, KeySource, Timestamp};

use crate::budget::Budgeted;
use crate::claim::{Claim, Terms, release};
use crate::log::Store;
use crate::report::{Outcome, Report, Row};
use crate::work::{Selection, Work};

const LEASE: Duration = Duration::from_secs(180);
const TIMEOUT: Duration = Duration::from_secs(60);
const IN_FLIGHT: usize = 8;

/// Opens the sinks of rotations.
pub trait Sinks: Send + Sync {
    /// The sink that a rotation's log names, for the secret of the key with this hash.
    fn open(&self, sink: &str, old: &KeyHash) -> Result<Box<dyn SecretSink>, BoxError>;
}

impl<F> Sinks for F
where
    F: Fn(&str, &KeyHash) -> Result<Box<dyn SecretSink>, BoxError> + Send + Sync,
{
    fn open(&self, sink: &str, old: &KeyHash) -> Result<Box<dyn SecretSink>, BoxError> {
        self(sink, old)
    }
}

/// A machine that rotates keys; see the crate's documentation.
pub struct Fleet {
    transport: Budgeted,
    client: Client,
    store: Store,
    sinks: Arc<dyn Sinks>,
    terms: Terms,
    in_flight: usize,
}

impl Fleet {
    /// A machine with this management key. Each call has a timeout of one minute.
    pub fn new(
        transport: impl Transport + 'static,
        key: impl Into<KeySource>,
        config: Config,
        store: Store,
        sinks: impl Sinks + 'static,
    ) -> Result<Self, BoxError> {
        let transport = Budgeted::new(transport);
        let client = Client::with_config(transport.clone(), key, config.timeout(TIMEOUT))?;
        let random = (transport.entropy(), transport.entropy());
        let owner = format!("{:016x}{:016x}", random.0, random.1);
        let terms = Terms { owner, lease: LEASE, timeout: TIMEOUT, patience: LEASE + TIMEOUT };
        Ok(Self { transport, client, store, sinks: Arc::new(sinks), terms, in_flight: IN_FLIGHT })
    }

    /// Sends at most so many requests to the API each minute, evenly spaced; without a limit by
    /// default. A request whose turn comes after its timeout is not sent.
    #[must_use]
    pub fn requests_per_minute(self, requests: u32) -> Self {
        self.transport.limit(requests);
        self
    }

    /// The name of this machine in the logs; a random one by default. Something random is added for
    /// each claim.
    #[must_use]
    pub fn owner(mut self, name: impl Into<String>) -> Self {
        self.terms.owner = name.into();
        self
    }

    /// How many rotations it works on at once; 8 by default.
    #[must_use]
    pub fn in_flight(mut self, rotations: usize) -> Self {
        self.in_flight = rotations.max(1);
        self
    }

    /// How long it waits for a rotation that another machine may have left when it died; 4 minutes
    /// by default: the lease of 3 minutes and the timeout of a call. With less, such a rotation is
    /// reported as busy.
    #[must_use]
    pub fn patience(mut self, time: Duration) -> Self {
        self.terms.patience = time;
        self
    }

    /// Makes one pass. It fails only if the store or the API cannot be listed.
    pub async fn run(&self, work: Work) -> Result<Report, BoxError> {
        let (began, sent) = (self.transport.now(), self.transport.sent());
        let jobs = self.jobs(&work).await?;
        let rows = futures_util::stream::iter(jobs)
            .map(|old| self.row(old, &work))
            .buffer_unordered(self.in_flight);
        let mut rows: Vec<Row> = rows.collect().await;
        rows.sort_by(|one, other| one.old.cmp(&other.old));
        let requests = self.transport.sent().saturating_sub(sent);
        Ok(Report { rows, requests, took: self.transport.now().saturating_sub(began) })
    }

    /// The old keys to work on: open rotations first.
    async fn jobs(&self, work: &Work) -> Result<Vec<KeyHash>, BoxError> {
        let logs = self.store.list().await?;
        let mut jobs: Vec<KeyHash> =
            logs.iter().filter(|(_, is_done)| !**is_done).map(|(hash, _)| hash.clone()).collect();
        jobs.retain(|hash| work.share.has(hash));
        let selected = match &work.keys {
            Selection::Open => BTreeSet::new(),
            Selection::Keys(hashes) => hashes.iter().cloned().collect(),
            Selection::Rule(rule) => {
                let pages = Pages::new(List::new()).workspaces(rule.workspace_ids());
                let keys: Vec<_> = self.client.list_all(pages).try_collect().await?;
                let now = self.transport.wall_clock();
                let now = now.and_then(|now| Timestamp::try_from(now).ok());
                let selected = keys.iter().filter(|key| rule.selects(key, now.as_ref()));
                selected.filter_map(|key| key.hash.get().cloned()).collect()
            }
        };
        let is_new = |hash: &KeyHash| work.share.has(hash) && !logs.contains_key(hash);
        jobs.extend(selected.into_iter().filter(is_new).take(work.at_most));
        Ok(jobs)
    }

    async fn row(&self, old: KeyHash, work: &Work) -> Row {
        let outcome = self.rotate(&old, work).await.unwrap_or_else(Outcome::Unreachable);
        Row { old, outcome }
    }

    /// Begins or continues one rotation.
    async fn rotate(&self, old: &KeyHash, work: &Work) -> Result<Outcome, BoxError> {
        let mut log = self.store.log(old);
        let first = || {
            let mut rotation = Rotation::new(old.clone());
            (work.settings)(&mut rotation);
            RotationEntry::before(rotation, work.sink.as_str())
        };
        let newest = log.load().await?.unwrap_or_else(first);
        if newest.rotation.step == RotationStep::Done {
            log.finish().await?;
            return done(&newest.rotation);
        }
        let sink = self.sinks.open(&newest.sink, old)?;
        let claimed = self.terms.claim(&self.transport, log.clone(), sink, newest).await?;
        let stored = match claimed {
            Claim::Mine(stored) => stored,
            Claim::Theirs(owner) => return Ok(Outcome::Busy { owner }),
        };
        let (begun, owner) = (stored.rotation().clone(), stored.owner().to_owned());
        let rotate = Rotate::resume(begun.clone()).lease(self.terms.lease);
        let failed = match self.client.rotate(rotate, *stored).await {
            Ok(Rotated::Done { new, unconfirmed, .. }) => {
                log.finish().await?;
                return Ok(Outcome::Done { new, unconfirmed });
            }
            Ok(_) => None,
            Err(error) => Some(error),
        };
        // If that fails, others wait for the lease to end.
        let was_ours = release(log, &owner).await.unwrap_or(false);
        Ok(match failed {
            None => Outcome::StillInUse,
            Some(error) if was_ours && is_untouched(&begun) && self.is_gone(old, &error).await => {
                Outcome::Gone
            }
            Some(error) => Outcome::Failed(error),
        })
    }

    /// Whether nothing was created because the old key is not there.
    async fn is_gone(&self, old: &KeyHash, error: &Error) -> bool {
        let is_absent = |error: &Error| error.status() == Some(StatusCode::NOT_FOUND);
        error.may_have_created().is_none()
            && is_absent(error)
            && self.client.get(old.clone()).await.is_err_and(|error| is_absent(&error))
    }
}

fn is_untouched(rotation: &Rotation) -> bool {
    rotation.step == RotationStep::Begun
        && rotation.new.is_none()
        && rotation.unconfirmed.is_empty()
}

fn done(rotation: &Rotation) -> Result<Outcome, BoxError> {
    let new = rotation.new.clone().ok_or("the log of a completed rotation has no new key")?;
    Ok(Outcome::Done { new, unconfirmed: rotation.unconfirmed.clone() })
}
