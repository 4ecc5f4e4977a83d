//! Decides whether a secret may be written to a place that has conditional writes.

use async_trait::async_trait;
use openrouter_keys_core::error::BoxError;
use openrouter_keys_core::types::Secret;
use openrouter_keys_core::workflow::{Delivery, PutError, SecretSink};

use super::mark::{Held, Mark, is_hash};

/// How often a write is tried that another one is faster than.
const ROUNDS: usize = 8;

/// A place that is read and then written only if nobody else has written in between.
#[async_trait]
pub(crate) trait Place: Send {
    /// What a conditional write compares.
    type Version: Send + Sync;

    /// The place in words.
    fn describe(&self, key: &Delivery) -> String;

    async fn read(&mut self, key: &Delivery) -> Result<Found<Self::Version>, BoxError>;

    /// Writes the secret and its mark, unless somebody has written since `found` was read: then it
    /// returns `false`.
    async fn write(
        &mut self,
        key: &Delivery,
        found: &Found<Self::Version>,
        secret: &Secret,
        mark: Mark,
    ) -> Result<bool, PutError>;

    /// Fails if the place could not be written, as far as that shows without writing.
    async fn check(&mut self, _: &Delivery) -> Result<(), BoxError> {
        Ok(())
    }
}

/// What is in a place.
pub(crate) struct Found<V> {
    pub(crate) secret: Option<Secret>,
    pub(crate) mark: Option<Mark>,
    pub(crate) version: V,
}

/// Whose secret is in a place.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Holder {
    Nobody,
    New,
    Old,
    /// Another new key of the same rotation, by its hash.
    Sibling(String),
    Other,
}

impl<V> Found<V> {
    fn holder(&self, key: &Delivery) -> Holder {
        let Some(secret) = &self.secret else { return Holder::Nobody };
        let is_old = || key.old_label.as_deref().is_some_and(|label| secret.has_label(label));
        let marked = self.mark.as_ref().and_then(|mark| Some((mark, mark.holder(secret)?)));
        match marked {
            Some((_, hash)) if is_hash(hash, &key.hash) => Holder::New,
            Some((_, hash)) if is_hash(hash, &key.replaces) => Holder::Old,
            Some((mark, hash)) if mark.is_of_rotation(key) => Holder::Sibling(hash.to_owned()),
            None if key.is_secret(secret.reveal()) => Holder::New,
            None if is_old() => Holder::Old,
            Some(_) | None => Holder::Other,
        }
    }

    /// The fence of this rotation, if the place has seen it.
    fn fence(&self, key: &Delivery) -> Option<u64> {
        self.mark.as_ref().filter(|mark| mark.is_of_rotation(key)).map(|mark| mark.fence)
    }

    /// Whether another machine has continued the rotation.
    fn is_overtaken(&self, key: &Delivery) -> bool {
        self.fence(key).is_some_and(|fence| fence > key.fence)
    }

    /// Whether the mark must be written again to keep machines with a lower fence out. The mark of
    /// a later rotation is kept.
    fn needs_fence(&self, key: &Delivery) -> bool {
        match self.fence(key) {
            Some(fence) => fence < key.fence,
            None => !key.replaces.is_empty(),
        }
    }

    fn is_marked(&self) -> bool {
        let marked = self.mark.as_ref().zip(self.secret.as_ref());
        marked.is_some_and(|(mark, secret)| mark.holder(secret).is_some())
    }
}

/// A sink in a place: of two machines that rotate one key, the one with the lower fence is kept
/// out.
pub(crate) struct Fenced<P>(pub(crate) P);

impl<P: Place> Fenced<P> {
    /// Whose secret is in the place, if another one may be written there.
    fn allow(
        &self,
        found: &Found<P::Version>,
        secret: Option<&Secret>,
        key: &Delivery,
    ) -> Result<Holder, PutError> {
        if found.is_overtaken(key) {
            return Err(PutError::Unknown(self.overtaken(key)));
        }
        let is_there =
            found.secret.as_ref().zip(secret).is_some_and(|(it, new)| it.reveal() == new.reveal());
        match found.holder(key) {
            _ if is_there => Ok(Holder::New),
            Holder::New if secret.is_some() => {
                let message = format!("{} has another secret of this key", self.0.describe(key));
                Err(PutError::Unknown(message.into()))
            }
            Holder::Other => {
                let message = format!(
                    "{} has another secret, which will not be replaced; move it away, or choose \
                     another place",
                    self.0.describe(key)
                );
                Err(PutError::NotStored(message.into()))
            }
            holder => Ok(holder),
        }
    }

    fn overtaken(&self, key: &Delivery) -> BoxError {
        let place = self.0.describe(key);
        format!("another machine has continued the rotation, as {place} shows").into()
    }

    /// Another machine was faster each time.
    fn contended(&self, key: &Delivery) -> BoxError {
        let place = self.0.describe(key);
        format!("others change {place} all the time; nothing was stored").into()
    }

    async fn round(&mut self, secret: &Secret, key: &Delivery) -> Result<bool, PutError> {
        let found = self.0.read(key).await.map_err(PutError::NotStored)?;
        let holder = self.allow(&found, Some(secret), key)?;
        // A mark of a later rotation stays.
        let is_behind = found.fence(key).is_some_and(|fence| fence < key.fence);
        if holder == Holder::New && found.is_marked() && !is_behind {
            return Ok(true);
        }
        let mut mark = Mark::new(Held::new(key.hash.as_str(), secret), key);
        mark.before = found.secret.as_ref().map(|before| {
            let hash = match holder {
                Holder::Sibling(hash) => hash,
                Holder::New => key.hash.clone(),
                _ => key.replaces.clone(),
            };
            Held::new(hash, before)
        });
        self.0.write(key, &found, secret, mark).await
    }
}

#[async_trait]
impl<P: Place> SecretSink for Fenced<P> {
    async fn check(&mut self, key: &Delivery) -> Result<(), BoxError> {
        self.0.check(key).await?;
        let found = self.0.read(key).await?;
        match self.allow(&found, None, key) {
            Ok(_) => Ok(()),
            Err(PutError::NotStored(cause) | PutError::Unknown(cause)) => Err(cause),
            Err(_) => Err("the sink refuses the secret".into()),
        }
    }

    async fn put(&mut self, secret: &Secret, key: &Delivery) -> Result<(), PutError> {
        for _ in 0..ROUNDS {
            if self.round(secret, key).await? {
                return Ok(());
            }
        }
        Err(PutError::NotStored(self.contended(key)))
    }

    async fn was_put(&mut self, key: &Delivery) -> Result<Option<bool>, BoxError> {
        for _ in 0..ROUNDS {
            let found = self.0.read(key).await?;
            if found.is_overtaken(key) {
                return Err(self.overtaken(key));
            }
            let (was_put, hash) = match found.holder(key) {
                Holder::Nobody | Holder::Other => return Ok(Some(false)),
                Holder::New => (true, key.hash.clone()),
                Holder::Old => (false, key.replaces.clone()),
                Holder::Sibling(hash) => (false, hash),
            };
            // Where the secret is the new one, the mark may be of the next rotation.
            let is_settled = was_put && found.is_marked() && found.fence(key).is_none();
            let Some(secret) = found.secret.as_ref().filter(|_| !is_settled) else {
                return Ok(Some(was_put));
            };
            if !found.needs_fence(key) {
                return Ok(Some(was_put));
            }
            let mark = Mark::new(Held::new(hash, secret), key);
            match self.0.write(key, &found, secret, mark).await {
                Ok(true) => return Ok(Some(was_put)),
                Ok(false) => {}
                Err(PutError::NotStored(cause) | PutError::Unknown(cause)) => return Err(cause),
                Err(_) => return Err("the fence cannot be raised".into()),
            }
        }
        Err(self.contended(key))
    }
}

#[cfg(test)]
#[path = "fence_tests.rs"]
mod tests;
