//! `create_reconciled`: a create that finds and deletes what a lost answer left
//! behind, and makes the key once more.
//!
//! ```text
//!  ┌──▶ create "name #marker" ──201──▶ done: the key
//!  │         │ the answer was lost
//!  │         ▼
//!  │    wait 2, 4, 8 s, and after each look for this call's markers ──▶ delete what is found
//!  │         │ found and deleted, or not to be seen after 14 s: unconfirmed
//!  └─────────┴── at most 3 rounds within 180 s, then the error that tells the names
//! ```

use std::convert::Infallible;
use std::time::Duration;

use super::marker::{Kind, Markers};
use super::sweep::{Found, delete_named};
use super::temporary::end_of;
use super::{Desk, Opening, Turn, Workflow, turn};
use crate::error::{Error, ErrorKind, MayHaveCreated};
use crate::key::Key;
use crate::operation::{Create, Created, List, Operation};
use crate::pages::Pages;
use crate::timestamp::Timestamp;
use crate::transport::BoxFuture;

/// When to look, after the create or the look before.
pub(super) const LOOKS: [Duration; 3] =
    [Duration::from_secs(2), Duration::from_secs(4), Duration::from_secs(8)];
const ROUNDS: u32 = 3;
pub(super) const DEADLINE: Duration = Duration::from_secs(180);

/// Makes a key, and cleans up after a create whose answer was lost.
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
/// these to [`Sweep`](crate::Sweep) later.
///
/// **Not guaranteed:** that the names which it tells exist. A create may still be
/// on its way to the server after the last look.
///
/// ```no_run
/// # async fn f(client: openrouter_keys_core::Client) -> Result<(), openrouter_keys_core::Error> {
/// use openrouter_keys_core::{Create, Limit, Sweep};
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
}

impl CreateReconciled {
    /// Makes this key, under its name with a marker.
    pub fn new(create: Create) -> Self {
        Self { create }
    }
}

impl From<Create> for CreateReconciled {
    fn from(create: Create) -> Self {
        Self::new(create)
    }
}

/// A key that was made, and what became of those that were lost on the way.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Reconciled {
    /// The key, with its secret.
    pub created: Created,
    /// The key's name with its marker.
    pub name: String,
    /// The keys of this call whose answers were lost, found and deleted.
    pub swept: Vec<Key>,
    /// Names under which a key may still turn up: give them to
    /// [`Sweep`](crate::Sweep) later.
    pub unconfirmed: Vec<String>,
}

impl Workflow for CreateReconciled {
    type Output = Reconciled;
    type Question = Infallible;

    fn name(&self) -> &'static str {
        "create_reconciled"
    }

    fn begin(self, opening: Opening) -> Turn<Reconciled> {
        let name = self.name();
        if let Err(refused) = self.create.parts() {
            return Turn::Done(Err(Error::unsent(name, ErrorKind::Build(refused))));
        }
        turn::begin(name, opening, |desk| {
            let mut markers = Markers::new(Kind::Lasting, opening.entropy);
            async move {
                let desk = desk.until(DEADLINE);
                reconcile(&desk, &self.create, &mut markers, None).await.map(|(made, _)| made)
            }
        })
    }
}

/// Makes the key, to live for so long if a lifetime is given, and tells when it
/// ends.
pub(super) fn reconcile<'a>(
    desk: &'a Desk<Infallible>,
    create: &'a Create,
    markers: &'a mut Markers,
    lifetime: Option<Duration>,
) -> BoxFuture<'a, Result<(Reconciled, Option<Timestamp>), Error>> {
    // Boxed, so that both workflows share one copy of it.
    Box::pin(async move {
        let mut lost = Lost::default();
        let mut round = 1;
        loop {
            let name = markers.mark(create.name());
            let mut named = create.clone().named(name.clone());
            // Each round has the whole time before it.
            let end = match lifetime.map(|lifetime| end_of(desk.wall_clock(), lifetime)).transpose()
            {
                Ok(end) => end,
                Err(refused) => {
                    let refused = Error::unsent(desk.name(), ErrorKind::Build(refused));
                    return Err(lost.told(desk, refused));
                }
            };
            if let Some(end) = &end {
                named = named.expires_at(end.clone());
            }
            let error = match desk.send(named).await {
                Ok(response) => {
                    let unconfirmed = lost.names().map(str::to_owned).collect();
                    let Lost { swept, .. } = lost;
                    let made = Reconciled { created: response.output, name, swept, unconfirmed };
                    return Ok((made, end));
                }
                Err(error) => error,
            };
            let Some(orphan) = error.may_have_created().cloned() else {
                return Err(lost.told(desk, error));
            };
            lost.unconfirmed.push(orphan);
            let looked = lost.look(desk, create, &name).await;
            let is_over = round >= ROUNDS || desk.time_left().is_some_and(|left| left.is_zero());
            match looked {
                Err(cancelled) => return Err(lost.told(desk, cancelled)),
                Ok(()) if is_over => return Err(lost.told(desk, error)),
                Ok(()) => round += 1,
            }
        }
    })
}

/// Every key of the workspace in which the create makes its own.
fn everywhere(create: &Create) -> Pages {
    Pages::new(create.in_workspace(List::everything()))
}

/// The keys of this call whose answers were lost.
#[derive(Default)]
struct Lost {
    /// Those that may exist.
    unconfirmed: Vec<MayHaveCreated>,
    /// Those that were found and deleted.
    swept: Vec<Key>,
}

impl Lost {
    fn names(&self) -> impl Iterator<Item = &str> {
        self.unconfirmed.iter().map(|orphan| orphan.name.as_str())
    }

    /// Looks for all of them, until the one of this name is found or it is time
    /// to give up. A look that fails is one that found nothing.
    async fn look(
        &mut self,
        desk: &Desk<Infallible>,
        create: &Create,
        newest: &str,
    ) -> Result<(), Error> {
        for wait in LOOKS {
            desk.pause(wait).await?;
            let names: Vec<String> = self.names().map(str::to_owned).collect();
            let found = match delete_named(desk, everywhere(create), &names).await {
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

    /// The error that ended the call, with what it may have left behind.
    fn told(self, desk: &Desk<Infallible>, error: Error) -> Error {
        error.of_workflow(desk.name(), MayHaveCreated::all(self.unconfirmed))
    }
}
