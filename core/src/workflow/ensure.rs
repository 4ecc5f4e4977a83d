//! `ensure`: a key with this name and these settings, created only if there is none.
//!
//! ```text
//!            ┌──────────────── none ──▶ create ──▶ wait, look again ──┬─ it is the oldest ──▶ Created
//!            │                                                        └─ it is not ──▶ delete it ─┐
//!  look ─────┼─ one ──▶ what differs? ──┬─ nothing ──▶ Existing                                   │
//!            │            ▲             └─ PATCH it ──▶ Existing                                  │
//!            │            └───────────────────────────────────────────────────────────────────────┘
//!            └─ more ──▶ wait, look again ──▶ still more: an error, or the newest
//! ```

use std::cmp::Ordering;
use std::time::Duration;

use super::context::{Context, Listed};
use super::definition::Workflow;
use super::machine::WorkflowMachine;
use super::pages::Pages;
use super::sweep::delete;
use crate::call::{DuplicateBy, Error, ErrorKind, MayHaveCreated, trace};
use crate::config::{CallOptions, Config};
use crate::operation::{Create, Created, List, Operation, Update};
use crate::types::{Field, Key, LimitReset};

/// Longer than a listing lags, and than the resolution of creation times.
const SETTLE: Duration = Duration::from_secs(5);
/// After this time, a caller that lost a race has deleted its key, unless it died.
const RIVALRY: Duration = Duration::from_secs(60);
/// How often to look while a race may be going on.
const LOOKS: u32 = 12;
/// How often to start over if the key is deleted between look and update.
const TRIES: u32 = 3;

/// Ensures that there is one key with this name and these settings.
///
/// The name is compared exactly. Disabled keys count, because a key that was disabled on purpose
/// must not be silently replaced; they stay disabled unless [`disabled`](Ensure::disabled) says
/// otherwise. Expired keys do not count.
///
/// An existing key is changed only where it differs, and only in the limit and in whichever of
/// `limit_reset`, `include_byok_in_limit` and `disabled` was set. What the API cannot change
/// (`expires_at`, `creator_user_id`, `external`) applies only to a new key.
///
/// **Guaranteed**, if every response arrives: however many callers do this at once, one key stays,
/// and at most one caller has its secret.
///
/// **Not guaranteed:** the API has no transactions, so this is not atomic. For a short time there
/// may be several keys. A caller that dies in that time, or whose responses are lost, may leave a
/// second key behind; the next caller then gets [`ErrorKind::SeveralKeys`]. A listing that lags
/// more than [`settle`](Ensure::settle) may hide a key.
///
/// ```no_run
/// # async fn f(client: openrouter_keys_core::Client) -> Result<(), openrouter_keys_core::Error> {
/// use openrouter_keys_core::workflow::{Ensure, Ensured};
/// use openrouter_keys_core::{Create, Limit, LimitReset};
///
/// let wanted = Create::new("billing", Limit::usd(50.0)).limit_reset(LimitReset::Monthly);
/// match client.ensure(Ensure::new(wanted)).await? {
///     Ensured::Created { created, .. } => store(created.key().reveal()),
///     // Its secret cannot be recovered: use the copy stored when it was created.
///     Ensured::Existing { key, changed } => println!("{:?} is there, changed: {changed:?}", key.hash),
///     _ => {}
/// }
/// # Ok(()) }
/// # fn store(_: &str) {}
/// ```
#[derive(Clone, Debug)]
#[must_use = "a workflow does nothing until it is run"]
pub struct Ensure {
    create: Create,
    clears_reset: bool,
    disabled: Option<bool>,
    on_duplicate: OnDuplicate,
    settle: Duration,
    max_requests: Option<u64>,
}

/// Which key counts if several have the name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum OnDuplicate {
    /// None: the workflow returns [`ErrorKind::SeveralKeys`].
    #[default]
    Refuse,
    /// The one that was created last. The others are left alone.
    Newest,
}

impl Ensure {
    /// Ensures a key with this name and these settings.
    pub fn new(create: Create) -> Self {
        Self {
            create,
            clears_reset: false,
            disabled: None,
            on_duplicate: OnDuplicate::Refuse,
            settle: SETTLE,
            max_requests: None,
        }
    }

    /// Makes the limit of an existing key never reset.
    pub fn no_limit_reset(mut self) -> Self {
        self.clears_reset = true;
        self
    }

    /// Disables or enables an existing key.
    pub fn disabled(mut self, disabled: bool) -> Self {
        self.disabled = Some(disabled);
        self
    }

    /// Which key counts if several have the name.
    pub fn on_duplicate(mut self, on_duplicate: OnDuplicate) -> Self {
        self.on_duplicate = on_duplicate;
        self
    }

    /// How long to wait after a create before looking for other callers' keys, and before relying
    /// on a key that was only just created; 5 s by default.
    ///
    /// It must be longer than the listing lags, and than the resolution of the server's creation
    /// times.
    pub fn settle(mut self, time: Duration) -> Self {
        self.settle = time;
        self
    }

    /// How many requests each of its listings may take: see
    /// [`Pages::max_requests`](crate::workflow::Pages::max_requests).
    pub fn max_requests(mut self, requests: u64) -> Self {
        self.max_requests = Some(requests);
        self
    }

    /// The update that gives the key the wanted settings, and the names of its fields.
    fn difference(&self, key: &Key, hash: &str) -> (Update, Vec<&'static str>) {
        let mut update = Update::new(hash);
        let mut names = Vec::new();
        let settings = self.create.settings();
        let limit = settings.limit;
        if !says(&key.limit, limit.amount().as_ref()) {
            update = update.limit(limit);
            names.push("limit");
        }
        if let Some(reset) = settings.limit_reset.filter(|_| !self.clears_reset) {
            if !says(&key.limit_reset, Some(reset)) {
                update = update.limit_reset(reset.clone());
                names.push("limit_reset");
            }
        } else if self.clears_reset && !says::<LimitReset>(&key.limit_reset, None) {
            update = update.no_limit_reset();
            names.push("limit_reset");
        }
        if let Some(include) = settings.include_byok_in_limit {
            if !says(&key.include_byok_in_limit, Some(&include)) {
                update = update.include_byok_in_limit(include);
                names.push("include_byok_in_limit");
            }
        }
        if let Some(disabled) = self.disabled {
            if !says(&key.disabled, Some(&disabled)) {
                update = update.disabled(disabled);
                names.push("disabled");
            }
        }
        (update, names)
    }
}

/// Whether the field has this value; `None` is `null`.
fn says<T: PartialEq>(field: &Field<T>, wanted: Option<&T>) -> bool {
    match wanted {
        Some(wanted) => field.get() == Some(wanted),
        None => field.is_null(),
    }
}

/// The result of [`Ensure`].
#[derive(Debug)]
#[non_exhaustive]
pub enum Ensured {
    /// There was none: it was created, and the result has its secret.
    Created {
        /// The new key.
        created: Box<Created>,
        /// The error of the check for keys that other callers created at the same time, if it
        /// failed. Run `ensure` again to check.
        unsettled: Option<Error>,
    },
    /// There is one. Its secret was shown once, to whoever created it.
    Existing {
        /// The key, after any change.
        key: Box<Key>,
        /// The fields that were changed, by the API's names.
        changed: Vec<&'static str>,
    },
}

impl Workflow for Ensure {
    type Output = Ensured;

    fn name(&self) -> &'static str {
        "ensure"
    }

    fn begin(self, config: &Config, options: &CallOptions) -> WorkflowMachine<Ensured> {
        let name = self.name();
        if let Err(refused) = self.create.parts() {
            return WorkflowMachine::refused(name, ErrorKind::Build(refused));
        }
        WorkflowMachine::new(name, config, options, |context| async move {
            let context = context.listing_with(self.max_requests);
            ensure(&context, &self).await.map_err(|error| {
                let left = error.may_have_created().cloned();
                error.of_workflow(context.name(), left)
            })
        })
    }
}

async fn ensure(context: &Context, wanted: &Ensure) -> Result<Ensured, Error> {
    let mut tries = 1;
    loop {
        let Some(key) = settled_choice(context, wanted).await? else {
            let created = context.send(wanted.create.clone()).await?.output;
            return settle(context, wanted, created).await;
        };
        match adopt(context, wanted, key).await {
            Err(error) if error.is_not_found() && tries < TRIES => tries += 1,
            result => return result,
        }
    }
}

/// The key with the name, if there is one. While a race may be going on, it looks again.
async fn settled_choice(context: &Context, wanted: &Ensure) -> Result<Option<Key>, Error> {
    let mut listed = look(context, wanted).await?;
    for _ in 1..LOOKS {
        if !is_open(&listed, wanted.settle) {
            break;
        }
        context.pause(wanted.settle).await?;
        listed = look(context, wanted).await?;
    }
    let mut keys = listed.keys;
    match (keys.len(), wanted.on_duplicate) {
        (0 | 1, _) | (_, OnDuplicate::Newest) => Ok(keys.pop()),
        (_, OnDuplicate::Refuse) => Err(several(context, wanted, keys)),
    }
}

fn several(context: &Context, wanted: &Ensure, keys: Vec<Key>) -> Error {
    let by = DuplicateBy::Name(wanted.create.name().to_owned());
    Error::unsent(context.name(), ErrorKind::SeveralKeys { by, keys })
}

/// Whether a race may be going on: a key that was just created may have a rival, and if there are
/// several, the callers that lost are about to delete theirs.
fn is_open(listed: &Listed, settle: Duration) -> bool {
    let time = if listed.keys.len() > 1 { RIVALRY } else { settle };
    let ages = listed.keys.iter().filter_map(|key| {
        let age = listed.since?.saturating_sub(key.created_at.get()?.unix_seconds());
        // Created in the future: the clocks differ.
        Some(Duration::from_secs(u64::try_from(age).unwrap_or_default()))
    });
    ages.min().is_some_and(|age| age <= time)
}

/// The unexpired keys with the name, oldest first.
async fn look(context: &Context, wanted: &Ensure) -> Result<Listed, Error> {
    let list = wanted.create.in_workspace(List::new().include_disabled(true));
    let is_named = |key: &Key| key.name.as_deref() == Some(wanted.create.name());
    let mut listed = context.list_all(Pages::new(list), &is_named).await?;
    listed.keys.sort_by(by_age);
    Ok(listed)
}

/// The same order for every caller. A key without a creation time comes last.
fn by_age(one: &Key, other: &Key) -> Ordering {
    let age = |key: &Key| (key.created_at.get().is_none(), key.created_at.get().cloned());
    age(one).cmp(&age(other)).then_with(|| one.hash.get().cmp(&other.hash.get()))
}

/// Checks whether another caller created a key too. The oldest stays.
async fn settle(context: &Context, wanted: &Ensure, created: Created) -> Result<Ensured, Error> {
    let watch = trace::held(context.name(), wanted.create.may_leave());
    let looked = match context.pause(wanted.settle).await {
        Ok(()) => look(context, wanted).await,
        Err(cancelled) => Err(cancelled),
    };
    watch.finish();
    // Whatever goes wrong, the secret is returned.
    let kept = |created, unsettled: Option<Error>| {
        let unsettled =
            unsettled.map(|error| error.beside("a key was created and is in the result"));
        Ok(Ensured::Created { created: Box::new(created), unsettled })
    };
    let mut keys = match looked {
        Ok(listed) => listed.keys,
        Err(error) => return kept(created, Some(error)),
    };
    let place = match keys.iter().position(|key| created.is_of(key)) {
        None if !keys.is_empty() => return kept(created, Some(several(context, wanted, keys))),
        None | Some(0) => return kept(created, None),
        Some(place) => place,
    };
    let own = keys.swap_remove(place);
    if let Err(error) = delete(context, &own).await {
        let left = MayHaveCreated::known(wanted.create.may_leave(), own.hash.get().cloned());
        return Err(error.of_workflow(context.name(), Some(left)));
    }
    let adopted = adopt(context, wanted, keys.swap_remove(0)).await;
    adopted.map_err(|error| error.beside("a key was created and deleted again"))
}

/// Gives an existing key the wanted settings.
async fn adopt(context: &Context, wanted: &Ensure, key: Key) -> Result<Ensured, Error> {
    let hash = match key.require_hash() {
        Ok(hash) => hash.as_str().to_owned(),
        Err(lacking) => return Err(Error::unsent("ensure", ErrorKind::Decode(lacking))),
    };
    let (update, changed) = wanted.difference(&key, &hash);
    let key = if changed.is_empty() { key } else { context.send(update).await?.output };
    Ok(Ensured::Existing { key: Box::new(key), changed })
}
