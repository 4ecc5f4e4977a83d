//! `find_by_secret`: which key a secret belongs to.
//!
//! ```text
//!  GET /key, with the secret ─────────┬─ 200 ──▶ list the keys of its workspace, look for its label ─┐
//!                                     └─ 401 ──▶ list all keys, look for the secret's two ends ──────┤
//!                    done: the key, or none ◀── one match, or none ──────────────────────────────────┤
//!                                  an error ◀── several ─────────────────────────────────────────────┘
//! ```

use super::context::Context;
use super::definition::Workflow;
use super::machine::WorkflowMachine;
use super::pages::Pages;
use crate::call::{DuplicateBy, Error, ErrorKind};
use crate::config::{CallOptions, Config};
use crate::operation::{GetCurrentKeyMetadata, List};
use crate::types::{ApiKey, CurrentKey, Key, Secret};

/// Finds the key that a secret belongs to, such as a secret found in a log.
///
/// The API looks up keys only by hash, and does not return the hash for a secret, only the label:
/// the two ends of the key. Disabled and expired keys are searched too.
///
/// **Guaranteed:** nothing is changed, and the secret is sent only in the `Authorization` header
/// of one request. If several keys have the label, the workflow returns
/// [`ErrorKind::SeveralKeys`], which lists them.
///
/// **Not guaranteed:** a label has seven characters of a key. If the API refuses the secret
/// ([`current`](FoundBySecret::current) is `None`: it is disabled, expired, deleted or not a key),
/// a match is a good guess, not a proof.
///
/// ```no_run
/// # async fn f(client: openrouter_keys_core::Client, leaked: &str) -> Result<(), openrouter_keys_core::Error> {
/// use openrouter_keys_core::workflow::FindBySecret;
/// use openrouter_keys_core::Update;
///
/// let found = client.find_by_secret(FindBySecret::new(leaked)).await?;
/// if let Some(key) = found.key {
///     client.update(Update::new(key.require_hash()?).disabled(true)).await?;
/// }
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
#[must_use = "a workflow does nothing until it is run"]
pub struct FindBySecret {
    secret: Secret,
    workspaces: Vec<String>,
    max_requests: Option<u64>,
}

impl FindBySecret {
    /// Finds the key that this secret belongs to.
    pub fn new(secret: impl Into<Secret>) -> Self {
        Self { secret: secret.into(), workspaces: Vec::new(), max_requests: None }
    }

    /// The workspaces (UUIDs) to search, instead of the one that the API names or, if it names
    /// none, the default one.
    pub fn workspaces<T: Into<String>>(mut self, ids: impl IntoIterator<Item = T>) -> Self {
        self.workspaces = ids.into_iter().map(Into::into).collect();
        self
    }

    /// How many requests each of its listings may take: see
    /// [`Pages::max_requests`](crate::workflow::Pages::max_requests).
    pub fn max_requests(mut self, requests: u64) -> Self {
        self.max_requests = Some(requests);
        self
    }
}

impl<T: Into<Secret>> From<T> for FindBySecret {
    fn from(secret: T) -> Self {
        Self::new(secret)
    }
}

/// The key that a secret belongs to.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct FoundBySecret {
    /// The key; `None` if no listed key has its label. Management keys are in no listing.
    pub key: Option<Key>,
    /// What `get_current_key_metadata` returns for the secret; `None` if the API refuses it.
    pub current: Option<CurrentKey>,
}

impl Workflow for FindBySecret {
    type Output = FoundBySecret;

    fn name(&self) -> &'static str {
        "find_by_secret"
    }

    fn begin(self, config: &Config, options: &CallOptions) -> WorkflowMachine<FoundBySecret> {
        let name = self.name();
        let key = match self.secret.to_api_key() {
            Ok(key) => key,
            Err(refused) => return WorkflowMachine::refused(name, ErrorKind::Build(refused)),
        };
        WorkflowMachine::new(name, config, options, |context| async move {
            let context = context.listing_with(self.max_requests);
            find(&context, self, key).await.map_err(|error| error.of_workflow(context.name(), None))
        })
    }
}

async fn find(
    context: &Context,
    wanted: FindBySecret,
    key: ApiKey,
) -> Result<FoundBySecret, Error> {
    let FindBySecret { secret, workspaces, .. } = wanted;
    let current = match context.send_as(Some(key), GetCurrentKeyMetadata).await {
        Ok(response) => Some(response.output),
        Err(error) if error.is_unauthorized() => None,
        Err(error) => return Err(error),
    };
    let known = current.as_ref().and_then(|current| current.label.as_deref()).map(str::to_owned);
    let has_label = |key: &Key| match (&known, key.label.as_deref()) {
        (Some(known), Some(label)) => known == label,
        (None, Some(label)) => secret.has_label(label),
        (_, None) => false,
    };
    let mut everywhere = List::everything();
    if workspaces.is_empty() {
        let named = current.as_ref().and_then(|current| current.workspace_id.as_deref());
        everywhere = named.map_or(everywhere.clone(), |id| everywhere.workspace_id(id));
    }
    let pages = Pages::new(everywhere).workspaces(workspaces);
    let mut keys = context.list_all(pages, &has_label).await?.keys;
    if keys.len() > 1 {
        let label = keys.first().and_then(|key| key.label.as_deref()).unwrap_or_default();
        let by = DuplicateBy::Label(label.to_owned());
        return Err(Error::unsent(context.name(), ErrorKind::SeveralKeys { by, keys }));
    }
    Ok(FoundBySecret { key: keys.pop(), current })
}
