//! Which keys are due for rotation.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use openrouter_keys_core::internal::is_marked;
use openrouter_keys_core::{Key, Timestamp};

/// Selects keys to rotate, by their age: without one, each pass would rotate the keys that the pass
/// before has created. Disabled and expired keys are never selected, nor are keys that a rotation
/// or a temporary use has marked as its own.
#[derive(Clone)]
#[must_use]
pub struct Rule {
    age: Age,
    workspaces: Vec<String>,
    only: Vec<Predicate>,
}

type Predicate = Arc<dyn Fn(&Key) -> bool + Send + Sync>;

#[derive(Clone, Debug)]
enum Age {
    OlderThan(Duration),
    CreatedBefore(Timestamp),
}

impl Rule {
    /// Keys created longer ago than this. A key whose age the API does not say is not selected.
    pub fn older_than(age: Duration) -> Self {
        Self { age: Age::OlderThan(age), workspaces: Vec::new(), only: Vec::new() }
    }

    /// Keys created before this moment. Every pass with the same moment selects the same keys, so
    /// that all keys of an account are rotated once, however many passes that takes.
    pub fn created_before(moment: Timestamp) -> Self {
        Self { age: Age::CreatedBefore(moment), ..Self::older_than(Duration::ZERO) }
    }

    /// Only keys whose names begin with this.
    pub fn name_prefix(self, prefix: impl Into<String>) -> Self {
        let prefix = prefix.into();
        self.only(move |key| key.name.get().is_some_and(|name| name.starts_with(&prefix)))
    }

    /// Only keys for which this is true.
    pub fn only(mut self, is_due: impl Fn(&Key) -> bool + Send + Sync + 'static) -> Self {
        self.only.push(Arc::new(is_due));
        self
    }

    /// The keys of these workspaces, instead of the default workspace's.
    pub fn workspaces<T: Into<String>>(mut self, ids: impl IntoIterator<Item = T>) -> Self {
        self.workspaces = ids.into_iter().map(Into::into).collect();
        self
    }

    pub(crate) fn workspace_ids(&self) -> &[String] {
        &self.workspaces
    }

    pub(crate) fn selects(&self, key: &Key, now: Option<&Timestamp>) -> bool {
        let is_ours = key.name.get().is_some_and(|name| !is_marked(name));
        let is_expired = match (now, key.expires_at.get()) {
            (Some(now), Some(end)) => end.unix_seconds() <= now.unix_seconds(),
            _ => false,
        };
        is_ours
            && self.is_old(key, now)
            && !is_expired
            && key.disabled.copied() != Some(true)
            && self.only.iter().all(|is_due| is_due(key))
    }

    fn is_old(&self, key: &Key, now: Option<&Timestamp>) -> bool {
        let Some(created) = key.created_at.get().map(Timestamp::unix_seconds) else { return false };
        match &self.age {
            Age::CreatedBefore(moment) => created < moment.unix_seconds(),
            Age::OlderThan(age) => {
                let lived = now.map(|now| now.unix_seconds().saturating_sub(created));
                let lived = lived.and_then(|lived| u64::try_from(lived).ok());
                lived.is_some_and(|lived| Duration::from_secs(lived) > *age)
            }
        }
    }
}

impl fmt::Debug for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { age, workspaces, only } = self;
        f.debug_struct("Rule")
            .field("age", age)
            .field("workspaces", workspaces)
            .field("only", &only.len())
            .finish()
    }
}
