//! Everything the server remembers about its account.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::api::Create;
use crate::record::{Funds, Record, Spent};
use crate::secret;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Store {
    /// Secrets are a series that the seed determines, so none has to be stored.
    pub(crate) seed: u64,
    issued: u64,
    pub(crate) management: Record,
    /// Oldest first.
    pub(crate) keys: Vec<Record>,
}

impl Store {
    pub(crate) fn new(seed: u64, now: Timestamp) -> Self {
        let management = new_record(&management_key(seed), Create::named("management key"), now);
        Self { seed, issued: 0, management, keys: Vec::new() }
    }

    pub(crate) fn find(&self, hash: &str) -> Option<&Record> {
        self.keys.iter().find(|record| record.hash == hash)
    }

    pub(crate) fn find_mut(&mut self, hash: &str) -> Option<&mut Record> {
        self.keys.iter_mut().find(|record| record.hash == hash)
    }

    /// Adds a key and returns its secret, which is kept nowhere.
    pub(crate) fn create(&mut self, create: Create, now: Timestamp) -> (String, Record) {
        self.issued += 1;
        let secret = secret::secret(self.seed, self.issued);
        let record = new_record(&secret, create, now);
        self.keys.push(record.clone());
        (secret, record)
    }

    pub(crate) fn delete(&mut self, hash: &str) -> Option<Record> {
        let index = self.keys.iter().position(|record| record.hash == hash)?;
        Some(self.keys.remove(index))
    }

    /// Books an amount; `None` if there is no such key.
    pub(crate) fn spend(
        &mut self,
        hash: &str,
        usd: f64,
        funds: Funds,
        at: Timestamp,
    ) -> Option<()> {
        self.find_mut(hash)?.spent.push(Spent { at, usd, funds });
        Some(())
    }
}

/// The series' first secret is the management key.
pub(crate) fn management_key(seed: u64) -> String {
    secret::secret(seed, 0)
}

fn new_record(secret: &str, create: Create, now: Timestamp) -> Record {
    Record {
        hash: secret::hash(secret),
        label: secret::label(secret),
        name: create.name,
        disabled: false,
        limit: create.limit,
        limit_reset: create.limit_reset,
        include_byok_in_limit: create.include_byok_in_limit,
        created_at: now,
        updated_at: None,
        expires_at: create.expires_at,
        creator_user_id: Some(create.creator_user_id),
        workspace_id: create.workspace_id,
        external_user: create.external_user,
        spent: Vec::new(),
    }
}
