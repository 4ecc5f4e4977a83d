//! `temporary`: a key for a job, with an end of its own and a marker that says
//! so.
//!
//! ```text
//!  create "name #temp-marker", expires_at ──201──▶ TemporaryKeyInfo ──▶ the work ──▶ CloseTemporary: it is deleted
//!         │ the response was lost                                │ the process dies
//!         ▼                                                    ▼
//!  looked for, deleted and made again,        the API stops the key at expires_at,
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

/// Makes a key for a time: for a CI job, a test or an agent.
///
/// It is made as [`CreateReconciled`](crate::workflow::CreateReconciled) makes one, so that
/// a lost response leaves no key behind, with two things more. It has an
/// `expires_at`, at which the API itself stops it if nobody does so before. And
/// its name has a marker of a kind of its own, `name #temp-` and 32 hexadecimal
/// digits, by which [`Sweep::temporary`](crate::workflow::Sweep::temporary) tells it from
/// every other key. A name has 100 characters at most; a longer one is cut before
/// the marker.
///
/// [`Client::temporary`](crate::Client::temporary) makes a guard of it, which
/// [`close`](crate::client::TemporaryKey::close) deletes, or a
/// [`scope`](crate::client::TemporaryKeyRequest::scope) that closes by itself.
///
/// **Guaranteed:** nothing without a marker of this call is touched. Every key
/// that comes of it was asked for with an end.
///
/// **Not guaranteed:** that the key ends in time. The end is told by this
/// machine's clock and kept by the server's, and it is the API that keeps it:
/// `created.data` says what it made of it. A key that was not closed can spend
/// until then: give it a limit.
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
/// // At times, for what processes that died left behind:
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
    /// Makes this key, to live for this time after its create is sent. The end is
    /// rounded up to a whole second.
    ///
    /// Refused before anything is sent, as
    /// [`BuildErrorKind::Lifetime`](crate::error::BuildErrorKind::Lifetime): a lifetime of
    /// zero, and one that ends after the year 9999; as `Timestamp`: a create with
    /// an `expires_at` of its own, because only one of the two could be kept; as
    /// `Transport`: a transport that does not tell the time of day.
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
                "a temporary key expires with its lifetime; leave its expiry out",
            ));
        }
        self.create.parts().map(|_| ())
    }
}

/// A temporary key that was made, and what became of those that were lost on the
/// way.
#[derive(Clone)]
#[non_exhaustive]
pub struct TemporaryKeyInfo {
    /// The key, with its secret.
    pub created: Created,
    /// The key's name with its marker.
    pub name: String,
    /// When the key stops working, as it was asked for.
    pub expires_at: Timestamp,
    /// The workspace; `None` means the default one.
    pub workspace_id: Option<String>,
    /// The keys of this call whose answers were lost, found and deleted.
    pub swept: Vec<Key>,
    /// Names under which a key may still turn up.
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

    /// What deletes the key, as data: a client runs it, in another process too.
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
        // Each round has the whole time before it.
        let expires_at = match end_of(context.wall_clock(), lifetime) {
            Ok(end) => end,
            Err(refused) => {
                return Err(attempts.told(Error::unsent(context.name(), ErrorKind::Build(refused))));
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

/// When a lifetime that begins now is over, in whole seconds and never before.
pub(super) fn end_of(now: Option<SystemTime>, lifetime: Duration) -> Result<Timestamp, BuildError> {
    let refused = |kind, problem| Err(BuildError::new(kind, problem));
    if lifetime.is_zero() {
        return refused(BuildErrorKind::Lifetime, "a temporary key must live longer than 0 s");
    }
    let Some(now) = now else {
        return refused(
            BuildErrorKind::Transport,
            "the transport has no clock, which a temporary key's expiry is counted from",
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
    fn an_end_is_a_whole_second_and_never_before_the_lifetime_is_over() {
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
    fn what_is_no_lifetime_is_refused_and_so_is_a_day_without_a_time() {
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
