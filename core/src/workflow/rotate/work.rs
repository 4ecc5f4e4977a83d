//! Runs a rotation: creates the new key, hands it over, and has the old one retired.

use std::time::Duration;

use super::copy_settings::{Budget, copy, difference, less_left};
use super::rotated::Rotated;
use super::rotation::{Rotation, RotationStep};
use super::rotation_handler::RotationEvent;
use crate::call::{Effect, Error, ErrorKind, trace};
use crate::operation::{Create, Created, Get, GetCurrentKeyMetadata, Operation, Orphan, Update};
use crate::types::{CurrentKey, DecodeError, DecodeErrorKind, Key, KeyHash, Limit};
use crate::workflow::context::Context;
use crate::workflow::create_reconciled::{CreateAttempts, Failed, everywhere, look_for};
use crate::workflow::marker::{Kind, Markers, unmarked};
use crate::workflow::sweep::{delete_hash, delete_named};

/// The pauses before trying a new key that does not work yet: five times within 30 s.
const TRIES: [Duration; 5] = [
    Duration::ZERO,
    Duration::from_secs(2),
    Duration::from_secs(4),
    Duration::from_secs(8),
    Duration::from_secs(16),
];

pub(super) struct Work<'a> {
    pub(super) context: &'a Context,
    pub(super) state: Rotation,
    markers: Markers,
    pub(super) longest_pause: Duration,
    /// The old key as it was last read, to be kept by the next save.
    old: Option<Key>,
}

/// Why a rotation ends before it is done.
pub(super) enum Hold {
    /// The old key is in use.
    InUse(Box<Key>),
    /// The rest of a pause is longer than the run may wait.
    Pause(Duration),
}

/// An error says what the step may have left behind.
pub(super) type Step<T> = Result<T, Failed>;

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Self { left: error.may_have_created().cloned(), error }
    }
}

impl<'a> Work<'a> {
    pub(super) fn new(
        context: &'a Context,
        state: Rotation,
        longest_pause: Option<Duration>,
    ) -> Self {
        let markers = Markers::new(Kind::Lasting, context.entropy());
        let longest_pause = longest_pause.unwrap_or(Duration::MAX);
        Self { context, state, markers, longest_pause, old: None }
    }

    /// Runs it as far as it goes. An error says what was done and what may be left.
    pub(super) async fn finish(mut self) -> Result<Rotated, Error> {
        let Failed { error, left } = match self.run().await {
            Ok(rotated) => return Ok(rotated),
            Err(failed) => failed,
        };
        let may_have_changed = *error.effect() == Effect::MayHaveChanged;
        let error = self.context.stopped().unwrap_or(error);
        let error = error.of_workflow(self.context.name(), self.state.left(left));
        Err(match self.state.done(may_have_changed) {
            Some(done) => error.after(done),
            None => error,
        })
    }

    async fn run(&mut self) -> Step<Rotated> {
        if self.state.step < RotationStep::HandedOver {
            self.replace().await?;
        }
        if self.state.step == RotationStep::HandedOver {
            if let Some(hold) = self.disable_old().await? {
                return Ok(self.held(hold));
            }
            self.reach(RotationStep::Disabled).await?;
        }
        if self.state.step == RotationStep::Disabled {
            if let Some(hold) = self.delete_old().await? {
                if matches!(hold, Hold::InUse(_)) {
                    self.reach(RotationStep::HandedOver).await?;
                }
                return Ok(self.held(hold));
            }
            self.reach(RotationStep::Deleted).await?;
        }
        let new = self.new_hash()?.clone();
        if self.state.step == RotationStep::Deleted {
            self.settle(&new).await?;
            self.reach(RotationStep::Done).await?;
        }
        let Rotation { old_key: old, carried, unconfirmed, .. } = self.state.clone();
        Ok(Rotated::Done { new, old, carried, unconfirmed })
    }

    /// Gives the new key the old one's name, and subtracts from its limit what the old one spent
    /// while both worked.
    async fn settle(&mut self, new: &KeyHash) -> Step<()> {
        let mut update = Update::new(new);
        if let Some(name) = &self.state.name {
            update = update.name(name.as_str());
        }
        let old = self.state.old_key.as_deref();
        let less = old.zip(self.state.carried).and_then(|(old, carried)| less_left(old, carried));
        if let Some(left) = less {
            update = update.limit(Limit::usd(left));
        }
        if self.state.name.is_some() || less.is_some() {
            self.context.send(update).await?;
        }
        self.state.carried = less.or(self.state.carried);
        Ok(())
    }

    fn held(&self, hold: Hold) -> Rotated {
        let state = Box::new(self.state.clone());
        match hold {
            Hold::InUse(old) => Rotated::StillInUse { old, state },
            Hold::Pause(left) => Rotated::Waiting { left, state },
        }
    }

    /// Marks the step as done and saves the state.
    async fn reach(&mut self, step: RotationStep) -> Step<()> {
        self.keep_old();
        self.state.step = step;
        self.state.since = self.context.unix_time();
        self.state.quiet_since = None;
        self.save("").await
    }

    pub(super) async fn save(&self, secret: &str) -> Step<()> {
        let question = RotationEvent::Save(self.state.clone());
        Ok(self.context.ask(question, secret).await.map(|_| ())?)
    }

    /// Creates the new key and hands it over.
    async fn replace(&mut self) -> Step<()> {
        if self.was_handed_over().await? {
            return self.reach(RotationStep::HandedOver).await;
        }
        if self.state.leaked {
            self.disable_at_once().await?;
        }
        if let Some(hash) = &self.state.new {
            delete_hash(self.context, hash).await?;
            (self.state.new, self.state.new_label) = (None, None);
        }
        let old = self.context.send(Get::new(&self.state.old)).await?.output;
        let budget = match self.state {
            Rotation { full: true, .. } => Budget::Full,
            Rotation { remaining: true, .. } => Budget::Remaining,
            _ => Budget::ByReset,
        };
        let (create, carried) = copy(&old, budget)?;
        self.state.carried = carried;
        self.state.old_key = Some(Box::new(old));
        if !self.state.unconfirmed.is_empty() {
            // Keys that an earlier run may have created.
            let names = self.state.unconfirmed.clone();
            self.state.unconfirmed = look_for(self.context, &create, names).await?;
        }
        let made = self.make(&create).await?;
        let orphan = create.may_leave().map(|orphan| Orphan { name: &made.name, ..orphan });
        let watch = trace::held(self.context.name(), orphan);
        let handed_over = self.hand_over(&create, &made).await;
        watch.finish();
        if let Err(failed) = handed_over {
            return Err(self.abandon(&create, &made, failed.error).await);
        }
        self.reach(RotationStep::HandedOver).await
    }

    /// Whether a run that ended during the hand-over had completed it.
    async fn was_handed_over(&self) -> Step<bool> {
        let Some(new) = &self.state.new else { return Ok(false) };
        let question = RotationEvent::WasHandedOver(self.state.clone());
        if !self.context.ask(question, "").await? {
            return Ok(false);
        }
        // A key that was just created may not be visible at once.
        for wait in TRIES {
            self.pause(wait).await?;
            if self.read(new).await?.is_some() {
                return Ok(true);
            }
        }
        Err(self.unverified("it was handed over and is gone").into())
    }

    /// Creates the new key, under a name that was saved before.
    async fn make(&mut self, create: &Create) -> Step<Made> {
        let base = unmarked(create.name());
        self.state.name = Some(base.to_owned());
        let kept = self.state.unconfirmed.len();
        let mut attempts = CreateAttempts::new(self.context);
        loop {
            let name = self.markers.mark(base);
            self.state.unconfirmed.push(name.clone());
            let made = match self.reach(RotationStep::Creating).await {
                Ok(()) => attempts.create(create, &name).await,
                Err(failed) => Err(failed),
            };
            // The name stays if its create may have created a key.
            self.state.unconfirmed.truncate(kept);
            self.state.unconfirmed.extend(attempts.unconfirmed());
            if let Some(created) = made? {
                attempts.hand_on();
                return Ok(Made { created, name });
            }
        }
    }

    /// Tests the new key and passes it to the handler.
    async fn hand_over(&mut self, create: &Create, made: &Made) -> Step<()> {
        let secret = made.created.key().reveal();
        self.state.new = Some(self.hash_of(create, made).await?);
        let current = self.verify(create, &made.created).await?;
        let from_create = made.created.data.get().and_then(|data| data.label.get());
        let label = current.label.into_option().or_else(|| from_create.cloned());
        self.state.new_label = label.or_else(|| made.created.key().label());
        self.state.step = RotationStep::HandingOver;
        self.save(secret).await?;
        let question = RotationEvent::HandOver(Box::new(made.created.clone()));
        self.context.ask(question, secret).await?;
        Ok(())
    }

    /// The new key's hash: from the create's response or, if that lacks it, from the listing.
    async fn hash_of(&self, create: &Create, made: &Made) -> Step<KeyHash> {
        if let Some(hash) = made.created.data.get().and_then(|data| data.hash.get()) {
            return Ok(hash.clone());
        }
        let is_it = |key: &Key| key.name.as_deref() == Some(&made.name);
        let listed = self.context.list_all(everywhere(create), &is_it).await?;
        let hash = listed.keys.iter().find_map(|key| key.hash.get());
        Ok(hash.cloned().ok_or_else(|| self.unverified("no response has its hash"))?)
    }

    /// Requests the new key's metadata with its own secret until the API accepts it.
    async fn verify(&self, create: &Create, created: &Created) -> Step<CurrentKey> {
        let key = created.key().to_api_key().map_err(|_| {
            let unusable = DecodeError::at("$.key", DecodeErrorKind::WrongType);
            Error::unsent(self.context.name(), ErrorKind::Decode(unusable))
        })?;
        let mut refusal = None;
        for wait in TRIES {
            self.pause(wait).await?;
            match self.context.send_as(Some(key.clone()), GetCurrentKeyMetadata).await {
                Ok(response) => {
                    let current = response.output;
                    return match difference(create, created, &current) {
                        Some(problem) => Err(self.unverified(problem).into()),
                        None => Ok(current),
                    };
                }
                Err(error) if error.is_unauthorized() => refusal = Some(error),
                Err(error) => return Err(error.into()),
            }
        }
        Err(refusal.unwrap_or_else(|| self.unverified("it was not tried")).into())
    }

    /// Deletes a new key that was not handed over, and returns the error that caused it.
    async fn abandon(&mut self, create: &Create, made: &Made, error: Error) -> Failed {
        let deleted = match &self.state.new {
            Some(hash) => delete_hash(self.context, hash).await.map_err(Failed::from),
            None => self.delete_name(create, &made.name).await,
        };
        if deleted.is_err() {
            self.state.unconfirmed.insert(0, made.name.clone());
            return error.into();
        }
        self.state.new = None;
        self.state.new_label = None;
        // If that cannot be saved, the next run finds the key gone.
        let saved = self.reach(RotationStep::Begun).await;
        drop(saved);
        error.into()
    }

    pub(super) async fn pause(&self, time: Duration) -> Step<()> {
        if !time.is_zero() {
            self.context.pause(time).await?;
        }
        Ok(())
    }

    pub(super) async fn disable_at_once(&self) -> Step<()> {
        match self.context.send(Update::new(&self.state.old).disabled(true)).await {
            Err(error) if !error.is_not_found() => Err(error.into()),
            _ => Ok(()),
        }
    }

    pub(super) fn keep_old(&mut self) {
        if let Some(old) = self.old.take() {
            self.state.old_key = Some(Box::new(old));
        }
    }

    /// The old key, if it exists.
    pub(super) async fn read_old(&mut self) -> Step<Option<Key>> {
        let old = self.read(&self.state.old).await?;
        if let Some(old) = &old {
            self.old = Some(old.clone());
        }
        Ok(old)
    }

    /// The key with this hash, if it exists.
    pub(super) async fn read(&self, hash: &KeyHash) -> Step<Option<Key>> {
        match self.context.send(Get::new(hash)).await {
            Ok(response) => Ok(Some(response.output)),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    async fn delete_name(&self, create: &Create, name: &str) -> Step<()> {
        let found = delete_named(self.context, everywhere(create), &[name.to_owned()]).await?;
        match found.into_iter().next() {
            Some(found) => Ok(found.deleted?),
            None => Err(self.unverified("it is not listed").into()),
        }
    }

    pub(super) fn new_hash(&self) -> Result<&KeyHash, Error> {
        self.state
            .new
            .as_ref()
            .ok_or_else(|| self.unverified("the saved state does not have its hash"))
    }

    pub(super) fn unverified(&self, problem: &'static str) -> Error {
        Error::unsent(self.context.name(), ErrorKind::Unverified { problem })
    }
}

/// A new key, and the marked name under which it was created.
struct Made {
    created: Created,
    name: String,
}
