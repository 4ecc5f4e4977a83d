//! `create_reconciled`: a create that finds and deletes what a lost response left
//! behind, and makes the key once more.
//!
//! ```text
//!  ┌──▶ create "name #marker" ──201──▶ done: the key
//!  │         │ the response was lost
//!  │         ▼
//!  │    wait 2, 4, 8 s, and after each look for this call's markers ──▶ delete what is found
//!  │         │ found and deleted, or not to be seen after 14 s: unconfirmed
//!  └─────────┴── at most 3 rounds within 180 s, then the error that tells the names
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

/// When to look, after the create or the look before.
pub(super) const LOOKS: [Duration; 3] =
    [Duration::from_secs(2), Duration::from_secs(4), Duration::from_secs(8)];
const ROUNDS: u32 = 3;
const DEADLINE: Duration = Duration::from_secs(180);

/// Makes a key, and cleans up after a create whose response was lost.
///
/// The API has no idempotency key. In its place, the key's name carries a marker
/// of 128 random bits, a new one in each round, by which this call knows its own:
/// a lost key is looked for by its exact name, disabled and expired keys
/// included, and deleted before the next is made. A name has 100 characters at
/// most; a longer one is cut before the marker.
///
/// **Guaranteed:** nothing without a marker of this call is touched. At most one
/// key that the caller holds comes of it. A key that is neither returned nor
/// [swept](Reconciled::swept) can only have one of the names that the result (or
/// the error's [`may_have_created`](crate::Error::may_have_created)) tells; give
/// these to [`Sweep`](crate::workflow::Sweep) later.
///
/// **Not guaranteed:** that the names which it tells exist. A create may still be
/// on its way to the server after the last look.
///
/// ```no_run
/// # async fn f(client: openrouter_keys_core::Client) -> Result<(), openrouter_keys_core::Error> {
/// use openrouter_keys_core::workflow::Sweep;
/// use openrouter_keys_core::{Create, Limit};
///
/// let reconciled = client.create_reconciled(Create::new("ci", Limit::usd(5.0))).await?;
/// store(reconciled.created.key().reveal());
/// // An hour later, if there is something to look for:
/// client.sweep(Sweep::new(reconciled.unconfirmed)).await?;
/// # Ok(()) }
/// # fn store(_: &str) {}
/// ```
#[derive(Clone, Debug)]
#[must_use = "a workflow does nothing until it is run"]
pub struct CreateReconciled {
    create: Create,
    max_requests: Option<u64>,
}

impl CreateReconciled {
    /// Makes this key, under its name with a marker.
    pub fn new(create: Create) -> Self {
        Self { create, max_requests: None }
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

/// A key that was made, and what became of those that were lost on the way.
#[derive(Clone)]
#[non_exhaustive]
pub struct Reconciled {
    /// The key, with its secret.
    pub created: Created,
    /// The key's name with its marker.
    pub name: String,
    /// The keys of this call whose answers were lost, found and deleted.
    pub swept: Vec<Key>,
    /// Names under which a key may still turn up: give them to
    /// [`Sweep`](crate::workflow::Sweep) later.
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
            let mut markers = Markers::new(Kind::Lasting, context.entropy());
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

/// The creates of one call, each under a name of its own.
pub(super) struct CreateAttempts {
    context: Context,
    lost: LostCreates,
    left: u32,
}

impl CreateAttempts {
    pub(super) fn new(context: &Context) -> Self {
        Self { context: context.within(DEADLINE), lost: LostCreates::default(), left: ROUNDS }
    }

    /// Makes the key under this name; `None` if the response was lost and another
    /// round may be made.
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
            return Err(self.told(error));
        };
        self.lost.unconfirmed.push(orphan);
        if let Err(cancelled) = self.lost.look(&self.context, create, name).await {
            return Err(self.told(cancelled));
        }
        self.left = self.left.saturating_sub(1);
        let is_over = self.left == 0 || self.context.time_left().is_some_and(|left| left.is_zero());
        if is_over { Err(self.told(error)) } else { Ok(None) }
    }

    /// The names under which a key may still turn up.
    pub(super) fn unconfirmed(&self) -> Vec<String> {
        self.lost.names().map(str::to_owned).collect()
    }

    /// The keys whose answers were lost, found and deleted.
    pub(super) fn into_swept(mut self) -> Vec<Key> {
        self.hand_on();
        std::mem::take(&mut self.lost.swept)
    }

    /// Somebody else knows the names from now on.
    pub(super) fn hand_on(&mut self) {
        self.lost.unconfirmed.clear();
    }

    /// The error that ended the call, with what it may have left behind.
    pub(super) fn told(&mut self, error: Error) -> Failed {
        Failed { error, left: MayHaveCreated::all(std::mem::take(&mut self.lost.unconfirmed)) }
    }
}

/// Every key of the workspace in which the create makes its own.
pub(super) fn everywhere(create: &Create) -> Pages {
    Pages::new(create.in_workspace(List::everything()))
}

/// Looks for keys of these names that a program may have made before it ended,
/// deletes what it finds, and returns the names that it did not find.
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
    // The rotation's state has them, whatever becomes of the look.
    let names = std::mem::take(&mut lost.unconfirmed);
    looked.map(|()| names.into_iter().map(|orphan| orphan.name).collect())
}

/// The keys of this call whose answers were lost.
#[derive(Default)]
struct LostCreates {
    /// Those that may exist.
    unconfirmed: Vec<MayHaveCreated>,
    /// Those that were found and deleted.
    swept: Vec<Key>,
}

/// Nobody else knows the names of a call that is dropped.
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

    /// Looks for all of them, until the one of this name is found or it is time
    /// to give up. A look that fails is one that found nothing.
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
                    // The next look finds it once more.
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
