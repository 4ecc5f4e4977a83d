//! `create_reconciled`: a create that finds and deletes what a lost response left behind, and then
//! creates the key again.
//!
//! ```text
//!  ┌──▶ create "name #marker" ──201──▶ done: the key
//!  │         │ the response was lost
//!  │         ▼
//!  │    wait 2, 4, 8 s, and after each look for this call's markers ──▶ delete what is found
//!  │         │ found and deleted, or still not visible after 14 s: unconfirmed
//!  └─────────┴── at most 3 rounds within 180 s, then an error with the names
//! ```

use std::fmt;
use std::time::Duration;

use super::context::Context;
use super::definition::Workflow;
use super::machine::WorkflowMachine;
use super::marker::{Kind, Markers};
use super::pages::Pages;
use super::sweep::{Found, delete_named};
use crate::call::{Error, ErrorKind, MayHaveCreated, trace};
use crate::config::{CallOptions, Config};
use crate::operation::{Create, Created, List, Operation, Orphan};
use crate::redact::Masked;
use crate::types::Key;

/// How long to wait before each look.
pub(super) const LOOKS: [Duration; 3] =
    [Duration::from_secs(2), Duration::from_secs(4), Duration::from_secs(8)];
const ROUNDS: u32 = 3;
const DEADLINE: Duration = Duration::from_secs(180);

/// Creates a key, and cleans up after a create whose response was lost.
///
/// The API has no idempotency keys. Instead, the key's name carries a marker of 128 random bits, a
/// new one each round, by which this call recognises its own keys: a lost key is looked up by its
/// exact name, among disabled and expired keys too, and deleted before the next one is created. A
/// name has at most 100 characters; a longer one is cut before the marker.
///
/// **Guaranteed:** only keys with a marker of this call are touched. The caller gets at most one
/// key. A key that is neither returned nor [swept](Reconciled::swept) can only have one of the
/// names in the result (or in the error's [`may_have_created`](crate::Error::may_have_created));
/// pass these to [`Sweep`](crate::workflow::Sweep) later.
///
/// **Not guaranteed:** that keys with these names exist. A create may still be on its way to the
/// server after the last look.
///
/// ```no_run
/// # async fn f(client: openrouter_keys_core::Client) -> Result<(), openrouter_keys_core::Error> {
/// use openrouter_keys_core::workflow::Sweep;
/// use openrouter_keys_core::{Create, Limit};
///
/// let reconciled = client.create_reconciled(Create::new("ci", Limit::usd(5.0))).await?;
/// store(reconciled.created.key().reveal());
/// // An hour later, if any names are unconfirmed:
/// client.sweep(Sweep::new(reconciled.unconfirmed)).await?;
/// # Ok(()) }
/// # fn store(_: &str) {}
/// ```
#[derive(Clone, Debug)]
#[must_use = "a workflow does nothing until it is run"]
pub struct CreateReconciled {
    create: Create,
    seed: Option<u128>,
    max_requests: Option<u64>,
}

impl CreateReconciled {
    /// Creates this key, with a marker added to its name.
    pub fn new(create: Create) -> Self {
        Self { create, seed: None, max_requests: None }
    }

    /// Takes the markers from these 128 random bits, so that [`names`](Self::names) are known and
    /// can be saved before anything is sent. After a crash, pass them to
    /// [`Sweep`](crate::workflow::Sweep) and create the key with another seed.
    ///
    /// Each call needs a seed of its own: two calls with the same seed delete each other's keys.
    pub fn seed(mut self, seed: u128) -> Self {
        self.seed = Some(seed);
        self
    }

    /// Every name under which it may create a key; none without a [`seed`](Self::seed).
    pub fn names(&self) -> Vec<String> {
        let Some(seed) = self.seed else { return Vec::new() };
        let mut markers = Markers::new(Kind::Lasting, seed);
        (0..ROUNDS).map(|_| markers.mark(self.create.name())).collect()
    }

    /// How many requests each of its listings may take: see
    /// [`Pages::max_requests`](crate::workflow::Pages::max_requests).
    pub fn max_requests(mut self, requests: u64) -> Self {
        self.max_requests = Some(requests);
        self
    }
}

impl From<Create> for CreateReconciled {
    fn from(create: Create) -> Self {
        Self::new(create)
    }
}

/// A created key, and what happened to the ones whose responses were lost.
#[derive(Clone)]
#[non_exhaustive]
pub struct Reconciled {
    /// The key, with its secret.
    pub created: Created,
    /// The key's name with its marker.
    pub name: String,
    /// Keys of this call whose responses were lost; they were found and deleted.
    pub swept: Vec<Key>,
    /// Names under which a key may still appear: pass them to [`Sweep`](crate::workflow::Sweep)
    /// later.
    pub unconfirmed: Vec<String>,
}

impl fmt::Debug for Reconciled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reconciled")
            .field("created", &self.created)
            .field("name", &Masked(&self.name))
            .field("swept", &self.swept)
            .field("unconfirmed", &Masked(&self.unconfirmed))
            .finish()
    }
}

impl Workflow for CreateReconciled {
    type Output = Reconciled;

    fn name(&self) -> &'static str {
        "create_reconciled"
    }

    fn begin(self, config: &Config, options: &CallOptions) -> WorkflowMachine<Reconciled> {
        let name = self.name();
        if let Err(refused) = self.create.parts() {
            return WorkflowMachine::refused(name, ErrorKind::Build(refused));
        }
        WorkflowMachine::new(name, config, options, |context| async move {
            let context = context.listing_with(self.max_requests);
            let seed = self.seed.unwrap_or_else(|| context.entropy());
            let mut markers = Markers::new(Kind::Lasting, seed);
            let reconciled = reconcile(&context, &self.create, &mut markers).await;
            reconciled.map_err(|Failed { error, left }| error.of_workflow(name, left))
        })
    }
}

async fn reconcile(
    context: &Context,
    create: &Create,
    markers: &mut Markers,
) -> Result<Reconciled, Failed> {
    let mut attempts = CreateAttempts::new(context);
    loop {
        let name = markers.mark(create.name());
        if let Some(created) = attempts.create(create, &name).await? {
            let unconfirmed = attempts.unconfirmed();
            return Ok(Reconciled { created, name, swept: attempts.into_swept(), unconfirmed });
        }
    }
}

/// Why there is no key, and what may have been left behind.
pub(super) struct Failed {
    pub(super) error: Error,
    pub(super) left: Option<MayHaveCreated>,
}

/// The creates of one call, each under its own name.
pub(super) struct CreateAttempts {
    context: Context,
    lost: LostCreates,
    left: u32,
}

impl CreateAttempts {
    pub(super) fn new(context: &Context) -> Self {
        Self { context: context.within(DEADLINE), lost: LostCreates::default(), left: ROUNDS }
    }

    /// Creates the key under this name; `None` if the response was lost and another round is
    /// allowed.
    pub(super) async fn create(
        &mut self,
        create: &Create,
        name: &str,
    ) -> Result<Option<Created>, Failed> {
        let error = match self.context.send(create.clone().named(name.to_owned())).await {
            Ok(response) => return Ok(Some(response.output)),
            Err(error) => error,
        };
        let Some(orphan) = error.may_have_created().cloned() else {
            return Err(self.with_leftovers(error));
        };
        self.lost.unconfirmed.push(orphan);
        if let Err(cancelled) = self.lost.look(&self.context, create, name).await {
            return Err(self.with_leftovers(cancelled));
        }
        self.left = self.left.saturating_sub(1);
        let is_over = self.left == 0 || self.context.time_left().is_some_and(|left| left.is_zero());
        if is_over { Err(self.with_leftovers(error)) } else { Ok(None) }
    }

    /// The names under which a key may still appear.
    pub(super) fn unconfirmed(&self) -> Vec<String> {
        self.lost.names().map(str::to_owned).collect()
    }

    /// The keys whose responses were lost, and which were found and deleted.
    pub(super) fn into_swept(mut self) -> Vec<Key> {
        self.hand_on();
        std::mem::take(&mut self.lost.swept)
    }

    /// Forgets the names, because the caller has them now; none is reported on drop.
    pub(super) fn hand_on(&mut self) {
        self.lost.unconfirmed.clear();
    }

    /// The error that ended the call, with what it may have left behind.
    pub(super) fn with_leftovers(&mut self, error: Error) -> Failed {
        Failed { error, left: MayHaveCreated::all(std::mem::take(&mut self.lost.unconfirmed)) }
    }
}

/// Every key of the create's workspace.
pub(super) fn everywhere(create: &Create) -> Pages {
    Pages::new(create.in_workspace(List::everything()))
}

/// Looks for keys with these names that an ended run may have created, deletes those it finds, and
/// returns the names it did not find.
pub(super) async fn look_for(
    context: &Context,
    create: &Create,
    names: Vec<String>,
) -> Result<Vec<String>, Error> {
    let orphan =
        |name: &String| MayHaveCreated::known(create.clone().named(name.clone()).may_leave(), None);
    let mut lost =
        LostCreates { unconfirmed: names.iter().map(orphan).collect(), swept: Vec::new() };
    let newest = names.last().map(String::as_str).unwrap_or_default();
    let looked = lost.look(context, create, newest).await;
    // The rotation's state has them, even if the look fails.
    let names = std::mem::take(&mut lost.unconfirmed);
    looked.map(|()| names.into_iter().map(|orphan| orphan.name).collect())
}

/// The keys of this call whose responses were lost.
#[derive(Default)]
struct LostCreates {
    /// Those that may exist.
    unconfirmed: Vec<MayHaveCreated>,
    /// Those that were found and deleted.
    swept: Vec<Key>,
}

/// Warns of the names of a dropped call, since nobody else knows them.
impl Drop for LostCreates {
    fn drop(&mut self) {
        for MayHaveCreated { name, workspace_id, .. } in &self.unconfirmed {
            let orphan = Orphan { name, workspace_id: workspace_id.as_deref() };
            trace::dropped("create", orphan, &[]);
        }
    }
}

impl LostCreates {
    fn names(&self) -> impl Iterator<Item = &str> {
        self.unconfirmed.iter().map(|orphan| orphan.name.as_str())
    }

    /// Looks for all of them until the newest is found, at most three times. A look that fails
    /// counts as one that found nothing.
    async fn look(
        &mut self,
        context: &Context,
        create: &Create,
        newest: &str,
    ) -> Result<(), Error> {
        for wait in LOOKS {
            context.pause(wait).await?;
            let names: Vec<String> = self.names().map(str::to_owned).collect();
            let found = match delete_named(context, everywhere(create), &names).await {
                Ok(found) => found,
                Err(error) if error.is_cancelled() => return Err(error),
                Err(_) => continue,
            };
            for Found { key, deleted } in found {
                match deleted {
                    Ok(()) => {
                        self.unconfirmed
                            .retain(|orphan| Some(&*orphan.name) != key.name.as_deref());
                        self.swept.push(key);
                    }
                    Err(error) if error.is_cancelled() => return Err(error),
                    // The next look finds it again.
                    Err(_) => {}
                }
            }
            if !self.names().any(|name| name == newest) {
                break;
            }
        }
        Ok(())
    }
}
