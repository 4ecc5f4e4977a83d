//! The account whose rotations a store has.
//!
//! `<prefix>/rotations/account.json` is created by the first pass and never changed.

use std::fmt;

use openrouter_keys_core::CurrentKey;
use openrouter_keys_core::error::BoxError;
use serde::{Deserialize, Serialize};

use crate::store::{Store, unusable};

/// An account: a pass with another account's management key would find none of its keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// The base URL of the API.
    pub server: String,
    /// The organisation or the user, as the API names it.
    pub owner: String,
}

impl Account {
    /// The account at this server, by the metadata of its management key. All keys of an organisation
    /// have the same.
    pub fn of(server: impl Into<String>, current: &CurrentKey) -> Self {
        let owner = current.organization_id.as_deref().or(current.creator_user_id.as_deref());
        let owner = owner.or(current.label.as_deref()).unwrap_or_default().to_owned();
        Self { server: server.into(), owner }
    }
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { server, owner } = self;
        match owner.as_str() {
            "" => f.write_str(server),
            owner => write!(f, "{owner} at {server}"),
        }
    }
}

impl Store {
    /// The account whose rotations these are; `None` before the first pass.
    pub async fn account(&self) -> Result<Option<Account>, BoxError> {
        let path = self.account_path();
        let content = self.content(&path).await.map_err(unusable)?;
        let Some(content) = content else { return Ok(None) };
        let account = serde_json::from_slice(&content)
            .map_err(|error| format!("{path} does not name an account: {error}"))?;
        Ok(Some(account))
    }

    /// Makes the rotations this account's, unless they are another's.
    pub async fn require_account(&self, account: &Account) -> Result<(), BoxError> {
        let path = self.account_path();
        if self.account().await?.is_none() {
            self.create(&path, serde_json::to_vec(account)?).await.map_err(unusable)?;
        }
        match self.account().await? {
            Some(owner) if owner == *account => Ok(()),
            Some(owner) => Err(different(&owner, account)),
            None => Err(format!("the store does not have {path}, which was just written").into()),
        }
    }

    /// Fails if the rotations are another account's.
    pub async fn check_account(&self, account: &Account) -> Result<(), BoxError> {
        match self.account().await? {
            Some(owner) if owner != *account => Err(different(&owner, account)),
            _ => Ok(()),
        }
    }
}

fn different(owner: &Account, account: &Account) -> BoxError {
    format!(
        "the rotations in this store are those of the account {owner}, and the management key is of \
         {account}; nothing was changed; use that account's management key, or another store"
    )
    .into()
}
