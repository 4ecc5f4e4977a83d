//! `rotate`: replaces a key with a new one with the same settings, and resumes where it was killed.
//!
//! ```text
//!            ┌ read the old key ──▶ create the new ──▶ verify it ──▶ hand_over ┐
//!  begun ────┤     (leaked: disable the old key first)                         │
//!            └◀──────────── whatever fails: delete the new key ◀───────────────┤
//!                                                                              ▼
//!     StillInUse ◀── used ── is the old key quiet? ◀── grace ◀──────── handed_over
//!                                 │ quiet                  (from here on the new
//!                                 ▼                         key is never deleted)
//!     StillInUse ◀── enabled ── disabled ── watch, delete ──▶ deleted ── rename ──▶ done
//! ```
//!
//! The state is saved after each step, and before a step that creates a key.

pub(super) mod blocking_stored;
mod copy_settings;
pub(super) mod rotated;
pub(super) mod rotation;
pub(super) mod rotation_handler;
pub(super) mod stored;

use std::time::Duration;

use self::copy_settings::{Budget, copy, difference, less_left};
use self::rotated::Rotated;
use self::rotation::{Rotation, RotationStep};
use self::rotation_handler::RotationEvent;
use super::context::Context;
use super::create_reconciled::{CreateAttempts, Failed, everywhere, look_for};
use super::definition::Workflow;
use super::machine::WorkflowMachine;
use super::marker::{Kind, Markers, unmarked};
use super::sweep::{delete_hash, delete_named};
use crate::call::{Effect, Error, ErrorKind, trace};
use crate::config::{CallOptions, Config};
use crate::operation::{Create, Created, Get, GetCurrentKeyMetadata, Operation, Orphan, Update};
use crate::types::{
    BuildError, BuildErrorKind, CurrentKey, DecodeError, DecodeErrorKind, Key, KeyHash, Limit,
};

/// The pauses before trying a new key that does not work yet: five times within 30 s.
const TRIES: [Duration; 5] = [
    Duration::ZERO,
    Duration::from_secs(2),
    Duration::from_secs(4),
    Duration::from_secs(8),
    Duration::from_secs(16),
];

/// Replaces a key with a new one with the same settings.
///
/// The new key is created as by [`CreateReconciled`](crate::workflow::CreateReconciled), tested,
/// and passed to your [`RotationHandler`](crate::workflow::RotationHandler), which stores it where
/// it is used. After a grace period in which both keys work, and a quiet period in which nobody
/// used the old one, the old key is disabled, and deleted some time later. The new key then gets
/// its name.
///
/// The new key gets the old one's limit or its remainder, the limit's reset, whether BYOK counts,
/// the expiry, the workspace and the partner's user. The member who created the key
/// (`creator_user_id`) is not copied, because accounts that are not organisations refuse it. If a
/// setting is unreadable, or a limit, a reset or an expiry is missing, nothing is created.
///
/// **The budget:** if a limit never resets, the new key gets its remainder, minus what the old key
/// spends while both work, so that a spent budget stays spent. If nothing is left, the new key's
/// limit is 0, and it works once that is raised. If a limit resets each day, week or month, the new
/// key gets all of it, so that each rotation can cost up to one more limit for the current period.
/// [`limit_remaining`](Rotate::limit_remaining) and [`full_limit`](Rotate::full_limit) override
/// this. The result has what the old key spent; no later listing or audit does.
///
/// The state, a [`Rotation`], is saved before and after anything that cannot be undone. A program
/// that was killed continues with [`Rotate::resume`].
///
/// **Guaranteed**, whenever the program is killed: at least one key that the handler knows works,
/// unless the old one [leaked](Rotate::leaked); once the killed run was resumed, no key is left
/// that nobody holds, unless the result has its name; a new key is never deleted after it was
/// handed over.
///
/// Only one program at a time may run a rotation: two would take each other's keys for leftovers of
/// a killed run. Use a lock, or a `save` that compares the state before it replaces it.
///
/// **Not guaranteed:** that nobody uses the old key. The API reports what was spent and when, and
/// both may lag. A key that is used less often than [`quiet`](Rotate::quiet) looks unused.
///
/// ```no_run
/// # async fn f(client: openrouter_keys_core::Client, vault: impl openrouter_keys_core::workflow::RotationHandler + 'static)
/// # -> Result<(), openrouter_keys_core::Error> {
/// use std::time::Duration;
/// use openrouter_keys_core::workflow::{Rotate, Rotated};
///
/// let rotate = Rotate::new("f01d52606dc8f0a8").grace(Duration::from_secs(600));
/// match client.rotate(rotate, vault).await? {
///     Rotated::Done { new, .. } => println!("the key is now {new}"),
///     Rotated::StillInUse { old, .. } => println!("last used {:?}; try again later", old.last_used_at),
///     _ => {}
/// }
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
#[must_use = "a workflow does nothing until it is run"]
pub struct Rotate {
    state: Result<Rotation, BuildError>,
    lease: Option<Duration>,
    longest_pause: Option<Duration>,
    max_requests: Option<u64>,
}

impl Rotate {
    /// Replaces the key with this hash.
    pub fn new(hash: impl AsRef<str>) -> Self {
        Self::of(KeyHash::new(hash.as_ref()).map(Rotation::new))
    }

    /// Continues a rotation from its saved state.
    pub fn resume(state: Rotation) -> Self {
        Self::of(Ok(state))
    }

    fn of(state: Result<Rotation, BuildError>) -> Self {
        Self { state, lease: None, longest_pause: None, max_requests: None }
    }

    /// How many requests each of its listings may take: see
    /// [`Pages::max_requests`](crate::workflow::Pages::max_requests).
    pub fn max_requests(mut self, requests: u64) -> Self {
        self.max_requests = Some(requests);
        self
    }

    /// Gives the new key the remainder of the old one's limit, even if it resets each day, week or
    /// month: the remainder is then the limit of every later period too.
    ///
    /// By default, a limit that resets is copied in full; one that never resets is reduced to its
    /// remainder.
    pub fn limit_remaining(self) -> Self {
        self.with(|state| (state.remaining, state.full) = (true, false))
    }

    /// Gives the new key the old one's full limit, even if it never resets: what was spent can be
    /// spent again.
    pub fn full_limit(self) -> Self {
        self.with(|state| (state.remaining, state.full) = (false, true))
    }

    /// Disables the old key before anything else, because it has leaked. There is no grace period
    /// and no check that it is quiet. Until the new key is handed over, no key works.
    pub fn leaked(self) -> Self {
        self.with(|state| state.leaked = true)
    }

    /// How long both keys work after the hand-over; 1 minute by default.
    pub fn grace(self, time: Duration) -> Self {
        self.with(|state| state.grace_ms = milliseconds(time))
    }

    /// How long the old key must be unused before it is disabled; 1 minute by default. Zero skips
    /// the check.
    pub fn quiet(self, time: Duration) -> Self {
        self.with(|state| state.quiet_ms = milliseconds(time))
    }

    /// How long the old key stays disabled before it is deleted; 1 minute by default. In that time,
    /// it can be enabled again if somebody still needs it.
    pub fn watch(self, time: Duration) -> Self {
        self.with(|state| state.watch_ms = milliseconds(time))
    }

    /// Claims the rotation for this long before a change, because other machines may continue it
    /// once the claim has ended: see [`RotationHandler::claim`](crate::workflow::RotationHandler::claim).
    ///
    /// Each saved state claims it as well. A change is sent only if its call's timeout ends within
    /// the lease, so a lease that is not longer than the timeout is refused.
    pub fn lease(mut self, time: Duration) -> Self {
        self.lease = Some(time);
        self
    }

    /// Ends the run with [`Rotated::Waiting`] instead of a pause that is longer than this; every
    /// pause is waited for by default. The pause counts from its beginning, however many runs ask
    /// for it, so a program that runs every few minutes needs no process that waits for hours.
    pub fn longest_pause(mut self, time: Duration) -> Self {
        self.longest_pause = Some(time);
        self
    }

    fn with(mut self, change: impl FnOnce(&mut Rotation)) -> Self {
        if let Ok(state) = &mut self.state {
            change(state);
        }
        self
    }
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

impl Workflow for Rotate {
    type Output = Rotated;

    fn name(&self) -> &'static str {
        "rotate"
    }

    fn begin(self, config: &Config, options: &CallOptions) -> WorkflowMachine<Rotated> {
        let name = self.name();
        let state = match self.state.and_then(Rotation::checked) {
            Ok(state) => state,
            Err(refused) => return WorkflowMachine::refused(name, ErrorKind::Build(refused)),
        };
        let Self { lease, longest_pause, max_requests, .. } = self;
        if lease.is_some_and(|lease| lease <= options.timeout_of(config)) {
            let short = "the lease must be longer than the timeout of a call";
            let short = BuildError::new(BuildErrorKind::Timeout, short);
            return WorkflowMachine::refused(name, ErrorKind::Build(short));
        }
        WorkflowMachine::new(name, config, options, move |context| async move {
            let context = context.listing_with(max_requests).leased(lease);
            let markers = Markers::new(Kind::Lasting, context.entropy());
            let longest_pause = longest_pause.unwrap_or(Duration::MAX);
            let mut work = Work { context: &context, state, markers, longest_pause, old: None };
            match work.run().await {
                Ok(rotated) => Ok(rotated),
                Err(Failed { error, left }) => {
                    let may_have_changed = *error.effect() == Effect::MayHaveChanged;
                    let error = context.stopped().unwrap_or(error);
                    let error = error.of_workflow(name, work.state.left(left));
                    Err(match work.state.done(may_have_changed) {
                        Some(done) => error.after(done),
                        None => error,
                    })
                }
            }
        })
    }
}

struct Work<'a> {
    context: &'a Context,
    state: Rotation,
    markers: Markers,
    longest_pause: Duration,
    /// The old key as it was last read, to be kept by the next save.
    old: Option<Key>,
}

/// Why a rotation ends before it is done.
enum Hold {
    /// The old key is in use.
    InUse(Box<Key>),
    /// The rest of a pause is longer than the run may wait.
    Pause(Duration),
}

/// An error says what the step may have left behind.
type Step<T> = Result<T, Failed>;

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Self { left: error.may_have_created().cloned(), error }
    }
}

impl Work<'_> {
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

    async fn save(&self, secret: &str) -> Step<()> {
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

    /// Disables the old key once nobody uses it; returns why not otherwise. A key that is gone
    /// counts as disabled if the new one exists: otherwise something else is wrong, such as the
    /// account.
    async fn disable_old(&mut self) -> Step<Option<Hold>> {
        let old = self.read_old().await?;
        let is_on = old.is_some_and(|old| old.disabled.copied() != Some(true));
        if is_on && !self.state.leaked {
            if let Some(left) = self.rest_of_pause(self.state.since, self.state.grace_ms).await? {
                return Ok(Some(Hold::Pause(left)));
            }
            if let Some(hold) = self.used().await? {
                return Ok(Some(hold));
            }
        }
        self.check_new().await?;
        if is_on {
            self.disable_at_once().await?;
        }
        Ok(None)
    }

    /// Whether the old key is in use, or how long it takes to know. If the API does not say, it
    /// counts as in use.
    async fn used(&mut self) -> Step<Option<Hold>> {
        if self.state.quiet_ms == 0 {
            return Ok(None);
        }
        let quiet = Duration::from_millis(self.state.quiet_ms);
        let kept = self.state.old_key.clone().filter(|_| self.state.quiet_since.is_some());
        let before = if let Some(before) = kept {
            let since = self.state.quiet_since;
            if let Some(left) = self.rest_of_pause(since, self.state.quiet_ms).await? {
                return Ok(Some(Hold::Pause(left)));
            }
            before
        } else {
            let Some(before) = self.read_old().await? else { return Ok(None) };
            let now = self.context.unix_time().filter(|_| quiet > self.longest_pause);
            if now.is_some() {
                // A later run compares the key with this.
                self.keep_old();
                self.state.quiet_since = now;
                self.save("").await?;
                return Ok(Some(Hold::Pause(quiet)));
            }
            self.context.pause(quiet).await?;
            Box::new(before)
        };
        let Some(after) = self.read_old().await? else { return Ok(None) };
        // `null` means that no use is recorded.
        let use_is_told = after.last_used_at.is_null() || after.last_used_at.get().is_some();
        let is_told = after.usage.get().is_some() || use_is_told;
        let is_quiet = before.usage == after.usage
            && before.byok_usage == after.byok_usage
            && before.last_used_at == after.last_used_at;
        if is_told && is_quiet {
            return Ok(None);
        }
        if self.state.quiet_since.take().is_some() {
            self.save("").await?;
        }
        Ok(Some(Hold::InUse(Box::new(after))))
    }

    /// Deletes the old key some time after it was disabled; returns why not otherwise, such as that
    /// somebody enabled it again.
    async fn delete_old(&mut self) -> Step<Option<Hold>> {
        if let Some(left) = self.rest_of_pause(self.state.since, self.state.watch_ms).await? {
            return Ok(Some(Hold::Pause(left)));
        }
        let old = self.read_old().await?;
        if let Some(old) = old.as_ref().filter(|old| old.disabled.copied() != Some(true)) {
            return Ok(Some(Hold::InUse(Box::new(old.clone()))));
        }
        self.check_new().await?;
        if old.is_some() {
            // After the deletion, its spend cannot be read.
            self.keep_old();
            self.save("").await?;
            delete_hash(self.context, &self.state.old).await?;
        }
        Ok(None)
    }

    /// Refuses to disable or delete the old key while the new one does not work.
    async fn check_new(&self) -> Step<()> {
        let new = self.read(self.new_hash()?).await?;
        if new.is_none_or(|new| new.disabled.copied() == Some(true)) {
            return Err(self.unverified("it is disabled or gone").into());
        }
        Ok(())
    }

    /// Waits for the rest of a pause that began then; returns the rest if it is too long.
    async fn rest_of_pause(&self, since: Option<i64>, ms: u64) -> Step<Option<Duration>> {
        let times = since.zip(self.context.unix_time());
        let passed = times.map(|(from, now)| now.saturating_sub(from));
        let passed = passed.and_then(|seconds| u64::try_from(seconds).ok()).unwrap_or_default();
        let left = Duration::from_millis(ms).saturating_sub(Duration::from_secs(passed));
        // Without a clock, no later run would know when the pause began.
        if left > self.longest_pause && times.is_some() {
            return Ok(Some(left));
        }
        self.pause(left).await?;
        Ok(None)
    }

    async fn pause(&self, time: Duration) -> Step<()> {
        if !time.is_zero() {
            self.context.pause(time).await?;
        }
        Ok(())
    }

    async fn disable_at_once(&self) -> Step<()> {
        match self.context.send(Update::new(&self.state.old).disabled(true)).await {
            Err(error) if !error.is_not_found() => Err(error.into()),
            _ => Ok(()),
        }
    }

    fn keep_old(&mut self) {
        if let Some(old) = self.old.take() {
            self.state.old_key = Some(Box::new(old));
        }
    }

    /// The old key, if it exists.
    async fn read_old(&mut self) -> Step<Option<Key>> {
        let old = self.read(&self.state.old).await?;
        if let Some(old) = &old {
            self.old = Some(old.clone());
        }
        Ok(old)
    }

    /// The key with this hash, if it exists.
    async fn read(&self, hash: &KeyHash) -> Step<Option<Key>> {
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

    fn new_hash(&self) -> Result<&KeyHash, Error> {
        self.state
            .new
            .as_ref()
            .ok_or_else(|| self.unverified("the saved state does not have its hash"))
    }

    fn unverified(&self, problem: &'static str) -> Error {
        Error::unsent(self.context.name(), ErrorKind::Unverified { problem })
    }
}

/// A new key, and the marked name under which it was created.
struct Made {
    created: Created,
    name: String,
}
