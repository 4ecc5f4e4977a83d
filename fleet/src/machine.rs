//! What a machine works with: the API, the store, the sinks, and its settings.

use std::sync::Arc;
use std::time::Duration;

use openrouter_keys_core::error::BoxError;
use openrouter_keys_core::{Client, Config, KeySource};

use crate::account::Account;
use crate::budget::Budgeted;
use crate::claim::Terms;
use crate::sinks::Sinks;
use crate::store::Store;

pub(crate) struct Machine {
    pub(crate) transport: Budgeted,
    pub(crate) keys: KeySource,
    pub(crate) config: Config,
    pub(crate) store: Store,
    pub(crate) sinks: Arc<dyn Sinks>,
    pub(crate) terms: Terms,
    pub(crate) in_flight: usize,
    pub(crate) longest_pause: Option<Duration>,
    pub(crate) account: Option<Account>,
}

impl Machine {
    /// A client whose requests go through this transport.
    pub(crate) fn client(&self, transport: Budgeted) -> Result<Client, BoxError> {
        let config = self.config.clone().timeout(self.terms.timeout);
        Ok(Client::with_config(transport, self.keys.clone(), config)?)
    }
}
