//! `temporary`: a key for a job, with an expiry and a marker for temporary keys.
//!
//! ```text
//!  create "name #temp-marker", expires_at ──201──▶ TemporaryKeyInfo ──▶ the work ──▶ CloseTemporary: it is deleted
//!         │ the response was lost                                │ the process dies
//!         ▼                                                      ▼
//!  found, deleted and created again,          the API stops the key at expires_at,
//!  as create_reconciled does                  and Sweep::temporary deletes it
//! ```

use std::fmt;
use std::time::{Duration, SystemTime};

use super::close_temporary::CloseTemporary;
use super::context::Context;
use super::create_reconciled::{CreateAttempts, Failed};
use super::definition::Workflow;
use super::machine::WorkflowMachine;
use super::marker::{Kind, Markers};
use crate::call::{Error, ErrorKind};
use crate::config::{CallOptions, Config};
use crate::operation::{Create, Created, Operation};
use crate::redact::Masked;
use crate::types::{BuildError, BuildErrorKind, Key, Secret, Timestamp};

/// Creates a key that expires: for a CI job, a test or an agent.
///
/// It is created as by [`CreateReconciled`](crate::workflow::CreateReconciled), so a lost response
/// leaves no key behind. In addition, it has an `expires_at`, at which the API stops it if nobody
/// closed it before. And its name has its own kind of marker, `name #temp-` and 32 hexadecimal
/// digits, by which [`Sweep::temporary`](crate::workflow::Sweep::temporary) recognises it. A name
/// has at most 100 characters; a longer one is cut before the marker.
///
/// [`Client::temporary`](crate::Client::temporary) returns it as a guard that you
/// [`close`](crate::client::TemporaryKey::close), or runs a
/// [`scope`](crate::client::TemporaryKeyRequest::scope) and closes it afterwards.
///
/// **Guaranteed:** only keys with a marker of this call are touched. No key is ever requested
/// without an expiry.
///
/// **Not guaranteed:** that the key ends on time. This machine's clock sets the expiry, the
/// server's clock enforces it, and the API stops the key; `created.data` has the expiry that the
/// API returned. A key that was not closed can spend until then: give it a limit.
///
/// ```no_run
/// # async fn f(client: openrouter_keys_core::Client) -> Result<(), openrouter_keys_core::Error> {
/// use std::time::Duration;
/// use openrouter_keys_core::workflow::{Sweep, Temporary};
/// use openrouter_keys_core::{Create, Limit};
///
/// let hour = Duration::from_secs(3600);
/// let key = client.temporary(Temporary::new(Create::new("ci", Limit::usd(1.0)), hour)).await?;
/// run_the_tests(key.key().reveal());
/// key.close().await?;
///
/// // From time to time, for processes that died:
/// client.sweep(Sweep::temporary()).await?;
/// # Ok(()) }
/// # fn run_the_tests(_: &str) {}
/// ```
#[derive(Clone, Debug)]
#[must_use = "a workflow does nothing until it is run"]
pub struct Temporary {
    create: Create,
    lifetime: Duration,
    max_requests: Option<u64>,
}

impl Temporary {
    /// Creates this key, to expire this long after its create is sent. The expiry is rounded up to
    /// a whole second.
    ///
    /// Refused before anything is sent: a lifetime of zero or one that ends after the year 9999, as
    /// [`BuildErrorKind::Lifetime`](crate::error::BuildErrorKind::Lifetime); a create that already
    /// has an `expires_at`, as `Timestamp`; and a transport without a clock, as `Transport`.
    pub fn new(create: Create, lifetime: Duration) -> Self {
        Self { create, lifetime, max_requests: None }
    }

    /// How many requests each of its listings may take: see
    /// [`Pages::max_requests`](crate::workflow::Pages::max_requests).
    pub fn max_requests(mut self, requests: u64) -> Self {
        self.max_requests = Some(requests);
        self
    }

    fn check(&self) -> Result<(), BuildError> {
        if self.create.has_end() {
            return Err(BuildError::new(
                BuildErrorKind::Timestamp,
                "a temporary key's lifetime sets its expiry; do not set an expiry as well",
            ));
        }
        self.create.parts().map(|_| ())
    }
}

/// A temporary key, and what happened to the ones whose responses were lost.
#[derive(Clone)]
#[non_exhaustive]
pub struct TemporaryKeyInfo {
    /// The key, with its secret.
    pub created: Created,
    /// The key's name with its marker.
    pub name: String,
    /// When the key stops working, as requested.
    pub expires_at: Timestamp,
    /// The workspace; `None` means the default one.
    pub workspace_id: Option<String>,
    /// Keys of this call whose responses were lost; they were found and deleted.
    pub swept: Vec<Key>,
    /// Names under which a key may still appear.
    /// [`close`](crate::client::TemporaryKey::close) looks for them once more.
    pub unconfirmed: Vec<String>,
}

impl fmt::Debug for TemporaryKeyInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TemporaryKeyInfo")
            .field("created", &self.created)
            .field("name", &Masked(&self.name))
            .field("expires_at", &self.expires_at)
            .field("workspace_id", &self.workspace_id)
            .field("swept", &self.swept)
            .field("unconfirmed", &Masked(&self.unconfirmed))
            .finish()
    }
}

impl TemporaryKeyInfo {
    /// The secret key, which [`Secret::reveal`] reads.
    pub fn key(&self) -> &Secret {
        self.created.key()
    }

    /// The workflow that deletes the key. It can run in another process.
    pub fn closing(&self) -> CloseTemporary {
        let mut closing = CloseTemporary::named(&self.name).unconfirmed(&self.unconfirmed);
        if let Some(hash) = self.created.data.get().and_then(|key| key.hash.get()) {
            closing = closing.hash(hash.clone());
        }
        match &self.workspace_id {
            Some(id) => closing.workspace_id(id),
            None => closing,
        }
    }
}

impl Workflow for Temporary {
    type Output = TemporaryKeyInfo;

    fn name(&self) -> &'static str {
        "temporary"
    }

    fn begin(self, config: &Config, options: &CallOptions) -> WorkflowMachine<TemporaryKeyInfo> {
        let name = self.name();
        if let Err(refused) = self.check() {
            return WorkflowMachine::refused(name, ErrorKind::Build(refused));
        }
        WorkflowMachine::new(name, config, options, |context| async move {
            let context = context.listing_with(self.max_requests);
            let mut markers = Markers::new(Kind::Temporary, context.entropy());
            let info = create_temporary(&context, self, &mut markers).await;
            info.map_err(|Failed { error, left }| error.of_workflow(name, left))
        })
    }
}

async fn create_temporary(
    context: &Context,
    wanted: Temporary,
    markers: &mut Markers,
) -> Result<TemporaryKeyInfo, Failed> {
    let Temporary { create, lifetime, .. } = wanted;
    let mut attempts = CreateAttempts::new(context);
    loop {
        let name = markers.mark(create.name());
        // Each round gets the whole lifetime.
        let expires_at = match end_of(context.wall_clock(), lifetime) {
            Ok(end) => end,
            Err(refused) => {
                return Err(attempts
                    .with_leftovers(Error::unsent(context.name(), ErrorKind::Build(refused))));
            }
        };
        let create = create.clone().expires_at(expires_at.clone());
        if let Some(created) = attempts.create(&create, &name).await? {
            let workspace = create.may_leave().and_then(|orphan| orphan.workspace_id);
            return Ok(TemporaryKeyInfo {
                created,
                name,
                expires_at,
                workspace_id: workspace.map(str::to_owned),
                unconfirmed: attempts.unconfirmed(),
                swept: attempts.into_swept(),
            });
        }
    }
}

/// When a lifetime that begins now ends, rounded up to whole seconds.
pub(super) fn end_of(now: Option<SystemTime>, lifetime: Duration) -> Result<Timestamp, BuildError> {
    let refused = |kind, problem| Err(BuildError::new(kind, problem));
    if lifetime.is_zero() {
        return refused(BuildErrorKind::Lifetime, "a temporary key must live longer than 0 s");
    }
    let Some(now) = now else {
        return refused(
            BuildErrorKind::Transport,
            "a temporary key's expiry needs a clock, and the transport has none",
        );
    };
    let end = now.checked_add(lifetime).and_then(|end| Timestamp::try_from(end).ok());
    let whole = end.and_then(|end| {
        let cut = i64::from(end.subsec_nanos() > 0);
        Timestamp::from_unix(end.unix_seconds().checked_add(cut)?, 0).ok()
    });
    match whole {
        Some(end) => Ok(end),
        None => {
            refused(BuildErrorKind::Lifetime, "a temporary key's lifetime ends after the year 9999")
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::end_of;
    use crate::types::BuildErrorKind;

    #[test]
    fn an_expiry_is_rounded_up_to_a_whole_second() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_millis(1_798_761_600_250);
        for (lifetime_ms, end) in [
            (1, "2027-01-01T00:00:01Z"),
            (750, "2027-01-01T00:00:01Z"),
            (751, "2027-01-01T00:00:02Z"),
            (3_600_000, "2027-01-01T01:00:01Z"),
        ] {
            let end_of = end_of(Some(now), Duration::from_millis(lifetime_ms)).unwrap();
            assert_eq!(end_of.as_str(), end);
        }
    }

    #[test]
    fn an_invalid_lifetime_and_a_transport_without_a_clock_are_refused() {
        let now = Some(SystemTime::UNIX_EPOCH);
        let year = Duration::from_secs(366 * 86_400);
        for (now, lifetime, kind) in [
            (now, Duration::ZERO, BuildErrorKind::Lifetime),
            (None, Duration::ZERO, BuildErrorKind::Lifetime),
            (now, Duration::MAX, BuildErrorKind::Lifetime),
            (now, 10_000 * year, BuildErrorKind::Lifetime),
            (None, year, BuildErrorKind::Transport),
        ] {
            assert_eq!(end_of(now, lifetime).unwrap_err().kind(), kind, "{lifetime:?}");
        }
    }
}
