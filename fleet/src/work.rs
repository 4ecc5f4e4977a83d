//! Which keys a pass rotates, and how.

use std::sync::Arc;
use std::time::Duration;

use openrouter_keys_core::internal::is_marked;
use openrouter_keys_core::workflow::Rotation;
use openrouter_keys_core::{Key, KeyHash, Timestamp};

/// The keys that a machine takes care of: one part of so many, by a number of their hashes. Without
/// shares, machines get in each other's way, which wastes requests and harms nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    index: u32,
    of: u32,
}

impl Default for Share {
    /// All keys.
    fn default() -> Self {
        Self { index: 0, of: 1 }
    }
}

impl Share {
    /// Part `index` of `of`, counted from 0, as a Kubernetes Indexed Job counts. `None` if there is
    /// no such part.
    pub fn new(index: u32, of: u32) -> Option<Self> {
        (index < of).then_some(Self { index, of })
    }

    /// Whether the key is in this part.
    pub fn has(self, hash: &KeyHash) -> bool {
        // FNV-1a: the same on every machine, and even for hashes that are not random.
        let number = hash.as_str().bytes().fold(0xcbf2_9ce4_8422_2325_u64, |number, byte| {
            (number ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        (number >> 32) % u64::from(self.of) == u64::from(self.index)
    }
}

/// Selects keys to rotate: those older than an age, because a key that another machine has just
/// created must not be rotated again. Disabled and expired keys are never selected, nor are keys
/// that a rotation or a temporary use has marked as its own.
#[derive(Clone, Debug)]
#[must_use]
pub struct Rule {
    older_than: Duration,
    prefix: Option<String>,
    workspaces: Vec<String>,
}

impl Rule {
    /// Keys created longer ago than this. A key whose age the API does not say is not selected.
    pub fn older_than(age: Duration) -> Self {
        Self { older_than: age, prefix: None, workspaces: Vec::new() }
    }

    /// Only keys whose names begin with this.
    pub fn name_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = Some(prefix.into());
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
        let prefix = self.prefix.as_deref().unwrap_or_default();
        let has_name =
            key.name.get().is_some_and(|name| name.starts_with(prefix) && !is_marked(name));
        let age = now
            .zip(key.created_at.get())
            .map(|(now, created)| now.unix_seconds().saturating_sub(created.unix_seconds()));
        let age = age.and_then(|age| u64::try_from(age).ok());
        let is_old = age.is_some_and(|age| Duration::from_secs(age) > self.older_than);
        let is_expired = match (now, key.expires_at.get()) {
            (Some(now), Some(end)) => end.unix_seconds() <= now.unix_seconds(),
            _ => false,
        };
        has_name && is_old && !is_expired && key.disabled.copied() != Some(true)
    }
}

/// What a pass does.
#[derive(Clone)]
#[must_use]
pub struct Work {
    pub(crate) keys: Selection,
    pub(crate) sink: String,
    pub(crate) settings: Arc<dyn Fn(&mut Rotation) + Send + Sync>,
    pub(crate) share: Share,
    pub(crate) at_most: usize,
}

#[derive(Clone, Debug)]
pub(crate) enum Selection {
    /// Only the rotations that are open.
    Open,
    Keys(Vec<KeyHash>),
    Rule(Rule),
}

impl Work {
    /// Continues the rotations that are open, and begins none.
    pub fn open() -> Self {
        Self::of(Selection::Open)
    }

    /// Continues the rotations that are open, and begins those of these keys.
    pub fn keys(hashes: impl IntoIterator<Item = KeyHash>) -> Self {
        Self::of(Selection::Keys(hashes.into_iter().collect()))
    }

    /// Continues the rotations that are open, and begins those of the keys that the rule selects.
    pub fn matching(rule: Rule) -> Self {
        Self::of(Selection::Rule(rule))
    }

    fn of(keys: Selection) -> Self {
        let (sink, share) = (String::new(), Share::default());
        Self { keys, sink, settings: Arc::new(|_| {}), share, at_most: usize::MAX }
    }

    /// The sink of the rotations that this pass begins: what [`Sinks`](crate::Sinks) is given.
    pub fn into_sink(mut self, sink: impl Into<String>) -> Self {
        self.sink = sink.into();
        self
    }

    /// Sets the pauses and the budget of the rotations that this pass begins.
    pub fn settings(mut self, set: impl Fn(&mut Rotation) + Send + Sync + 'static) -> Self {
        self.settings = Arc::new(set);
        self
    }

    /// Works only on this share of the keys.
    pub fn share(mut self, share: Share) -> Self {
        self.share = share;
        self
    }

    /// Begins at most so many rotations.
    pub fn at_most(mut self, rotations: usize) -> Self {
        self.at_most = rotations;
        self
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use openrouter_keys_core::KeyHash;

    use super::Share;

    #[test]
    fn every_key_is_in_exactly_one_share() {
        let mut counts = std::collections::BTreeMap::<u32, u32>::new();
        for number in 0..7000 {
            let hash = KeyHash::new(format!("{number:064x}")).unwrap();
            let shares = (0..7).filter(|index| Share::new(*index, 7).unwrap().has(&hash));
            let shares: Vec<u32> = shares.collect();
            assert_eq!(shares.len(), 1, "{hash}");
            *counts.entry(shares.into_iter().sum()).or_default() += 1;
        }
        assert!(counts.values().all(|count| (900..1100).contains(count)), "{counts:?}");
        assert_eq!(Share::new(7, 7), None);
    }
}
