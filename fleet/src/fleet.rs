//! A machine that rotates keys, and its settings.

use std::sync::Arc;
use std::time::Duration;

use openrouter_keys_core::error::BoxError;
use openrouter_keys_core::transport::Transport;
use openrouter_keys_core::{Config, KeySource};

use crate::account::Account;
use crate::budget::Budgeted;
use crate::claim::Terms;
use crate::machine::Machine;
use crate::pass::Pass;
use crate::report::{Planned, Report};
use crate::sinks::Sinks;
use crate::store::Store;
use crate::work::Work;

const LEASE: Duration = Duration::from_secs(180);
const TIMEOUT: Duration = Duration::from_secs(60);
const IN_FLIGHT: usize = 8;

/// A machine that rotates keys; see the crate's documentation.
pub struct Fleet(Machine);

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
        let random = (transport.entropy(), transport.entropy());
        let owner = format!("{:016x}{:016x}", random.0, random.1);
        let terms = Terms { owner, lease: LEASE, timeout: TIMEOUT, patience: None };
        let machine = Machine {
            transport,
            keys: key.into(),
            config,
            store,
            sinks: Arc::new(sinks),
            terms,
            in_flight: IN_FLIGHT,
            longest_pause: None,
            account: None,
        };
        // Refuses what cannot be sent.
        machine.client(machine.transport.clone())?;
        Ok(Self(machine))
    }

    /// Sends at most so many requests to the API each minute, evenly spaced; without a limit by
    /// default. A request whose turn comes after its timeout is not sent.
    #[must_use]
    pub fn requests_per_minute(self, requests: u32) -> Self {
        self.0.transport.limit(requests);
        self
    }

    /// The name of this machine in the logs; a random one by default. Something random is added for
    /// each claim.
    #[must_use]
    pub fn owner(mut self, name: impl Into<String>) -> Self {
        self.0.terms.owner = name.into();
        self
    }

    /// The timeout of a call; 1 minute by default.
    #[must_use]
    pub fn timeout(mut self, time: Duration) -> Self {
        self.0.terms.timeout = time;
        self
    }

    /// How long a rotation is this machine's before it has to claim it again; 3 minutes by default.
    /// It must be longer than the timeout of a call.
    #[must_use]
    pub fn lease(mut self, time: Duration) -> Self {
        self.0.terms.lease = time;
        self
    }

    /// How many rotations it works on at once; 8 by default.
    #[must_use]
    pub fn in_flight(mut self, rotations: usize) -> Self {
        self.0.in_flight = rotations.max(1);
        self
    }

    /// How long it waits for a rotation that another machine may have left when it died; by default
    /// for its own lease and the timeout of a call. With less, such a rotation is reported as busy.
    #[must_use]
    pub fn patience(mut self, time: Duration) -> Self {
        self.0.terms.patience = Some(time);
        self
    }

    /// The longest pause of a rotation that a pass waits for; every one by default. A rotation with
    /// a longer one is given up and reported as [waiting](crate::Outcome::Waiting); the pause counts
    /// from its beginning, and the first pass after it continues.
    #[must_use]
    pub fn longest_pause(mut self, time: Duration) -> Self {
        self.0.longest_pause = Some(time);
        self
    }

    /// The account that the management key belongs to. A pass then fails if the store has the
    /// rotations of another one, and changes nothing: see [`Store::require_account`].
    #[must_use]
    pub fn account(mut self, account: Account) -> Self {
        self.0.account = Some(account);
        self
    }

    /// Makes one pass. It fails only if the store or the API cannot be listed, or the store belongs
    /// to another account.
    pub async fn run(&self, work: Work) -> Result<Report, BoxError> {
        if self.0.terms.lease <= self.0.terms.timeout {
            return Err("the lease must be longer than the timeout of a call".into());
        }
        Pass::new(&self.0, &work)?.run().await
    }

    /// What a pass with this work would do, without doing it.
    pub async fn plan(&self, work: &Work) -> Result<Vec<Planned>, BoxError> {
        if let Some(account) = &self.0.account {
            self.0.store.check_account(account).await?;
        }
        Pass::new(&self.0, work)?.plan().await
    }
}
