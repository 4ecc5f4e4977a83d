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
mod retire;
pub(super) mod rotated;
pub(super) mod rotation;
pub(super) mod rotation_handler;
pub(super) mod stored;
mod work;

use std::time::Duration;

use self::rotated::Rotated;
use self::rotation::Rotation;
use self::work::Work;
use super::definition::Workflow;
use super::machine::WorkflowMachine;
use crate::call::ErrorKind;
use crate::config::{CallOptions, Config};
use crate::types::{BuildError, BuildErrorKind, KeyHash};

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
            Work::new(&context, state, longest_pause).finish().await
        })
    }
}
