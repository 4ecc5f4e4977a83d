//! The account's state.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::api::Create;
use crate::builder::Beginning;
use crate::record::{Funds, Record, Spent};
use crate::secret;
use crate::seeds::KeySeed;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Store {
    /// The seed determines the series of secrets, so none has to be stored.
    pub(crate) seed: u64,
    issued: u64,
    /// How many secrets of the series the keys of the seed file use.
    #[serde(default)]
    seeded: u64,
    pub(crate) management: Record,
    /// Oldest first.
    pub(crate) keys: Vec<Record>,
}

impl Store {
    /// The state on a first start.
    pub(crate) fn new(seed: u64, beginning: &Beginning, now: Timestamp) -> Self {
        let management = new_record(&management_key(seed), Create::named("management key"), now);
        let mut store = Self { seed, issued: 0, seeded: 0, management, keys: Vec::new() };
        for key in &beginning.seeds.keys {
            store.add_seed(key, now);
        }
        store.seeded = store.issued;
        store.add_numbered(beginning.keys, now);
        store.prepare(beginning, now);
        store
    }

    /// Applied on every start, whatever the saved state.
    pub(crate) fn prepare(&mut self, beginning: &Beginning, now: Timestamp) {
        let key = beginning.management_key.clone().unwrap_or_else(|| management_key(self.seed));
        (self.management.hash, self.management.label) = (secret::hash(&key), secret::label(&key));
        let Some(name) = &beginning.ordinary_key else { return };
        let secret = ordinary_key(self.seed);
        if self.find(&secret::hash(&secret)).is_none() {
            self.keys.push(new_record(&secret, Create::named(name), now));
        }
    }

    fn add_seed(&mut self, seed: &KeySeed, now: Timestamp) {
        let create = Create {
            name: seed.name.clone(),
            limit: seed.limit,
            limit_reset: seed.limit_reset,
            include_byok_in_limit: seed.include_byok_in_limit,
            expires_at: seed.expires_at,
            workspace_id: seed.workspace_id.clone(),
            creator_user_id: seed.creator_user_id.clone(),
            external_user: seed.external_user.clone(),
        };
        self.create(create, seed.created_at.unwrap_or(now));
        if let Some(record) = self.keys.last_mut() {
            record.disabled = seed.disabled;
            record.spent.extend(seed.spend.iter().map(|spend| Spent {
                at: spend.at.unwrap_or(now),
                usd: spend.usd,
                funds: if spend.byok { Funds::Byok } else { Funds::Credit },
            }));
        }
    }

    /// Adds the keys `key 000`, `key 001` and so on, and returns their hashes in this order.
    pub(crate) fn add_numbered(&mut self, count: usize, now: Timestamp) -> Vec<String> {
        let name = |index| format!("key {index:03}");
        (0..count).map(|index| self.create(Create::named(&name(index)), now).1.hash).collect()
    }

    /// The keys of the seed file that still exist, with their secrets.
    pub(crate) fn seeded(&self) -> impl Iterator<Item = (String, &Record)> {
        let secrets = (1..=self.seeded).map(|number| secret::secret(self.seed, number));
        secrets.filter_map(|secret| {
            let record = self.find(&secret::hash(&secret))?;
            Some((secret, record))
        })
    }

    pub(crate) fn find(&self, hash: &str) -> Option<&Record> {
        self.keys.iter().find(|record| record.hash == hash)
    }

    pub(crate) fn find_mut(&mut self, hash: &str) -> Option<&mut Record> {
        self.keys.iter_mut().find(|record| record.hash == hash)
    }

    /// Adds a key and returns its secret, which is not stored.
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

    /// Records an amount; `None` if there is no such key.
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

/// The first secret of the series.
pub(crate) fn management_key(seed: u64) -> String {
    secret::secret(seed, 0)
}

/// The last secret of the series, so that every start knows it.
pub(crate) fn ordinary_key(seed: u64) -> String {
    secret::secret(seed, u64::MAX)
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
