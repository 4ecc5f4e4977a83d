//! `audit`: one pass over all keys that reports which of them need attention.
//!
//! ```text
//!  list every key of the workspaces, through every page ──▶ check each ──▶ done: the report
//!
//!  a key ─┬─ is expired or disabled ──▶ Expired, Disabled
//!         └─ is in use ──▶ NoLimit, NearLimit, LimitReached ──▶ Unused, NeverUsed ──▶ ExpiresSoon
//!  each ──▶ DuplicateName, unless it is expired ──▶ Unreadable
//! ```

mod findings;
pub(super) mod report;
mod table;

use self::report::AuditReport;
use super::context::Context;
use super::definition::Workflow;
use super::machine::WorkflowMachine;
use super::pages::Pages;
use crate::call::{Error, ErrorKind};
use crate::config::{CallOptions, Config};
use crate::operation::{List, Operation};
use crate::types::{BuildError, BuildErrorKind, Key, Timestamp};

/// Checks all keys, including disabled and expired ones, and reports those that need attention.
/// It only reads.
///
/// [`AuditFinding`](crate::workflow::AuditFinding) lists what is checked. Ages are counted from
/// the `Date` of the server's response or, if that is not available, from this machine's clock.
///
/// ```no_run
/// # async fn f(client: openrouter_keys_core::Client) -> Result<(), openrouter_keys_core::Error> {
/// use openrouter_keys_core::workflow::{Audit, AuditFinding};
///
/// let report = client.audit(Audit::new().near_limit(0.9).unused_for(30)).await?;
/// println!("{report}");
/// for audited in report.with_findings() {
///     if audited.findings.contains(&AuditFinding::NoLimit) {
///         eprintln!("{:?} can spend all there is", audited.key.label);
///     }
/// }
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
#[must_use = "a workflow does nothing until it is run"]
pub struct Audit {
    near_limit: f64,
    unused_for: u32,
    expiring_within: u32,
    disabled_for: u32,
    workspaces: Vec<String>,
    max_requests: Option<u64>,
}

impl Default for Audit {
    fn default() -> Self {
        Self {
            near_limit: 0.8,
            unused_for: 90,
            expiring_within: 7,
            disabled_for: 0,
            workspaces: Vec::new(),
            max_requests: None,
        }
    }
}

impl Audit {
    /// Audits the default workspace.
    pub fn new() -> Self {
        Self::default()
    }

    /// The spent share of the limit at which a key is near it, from 0 to 1; 0.8 by default.
    /// Anything else is refused with [`BuildErrorKind::NearLimit`].
    pub fn near_limit(mut self, share: f64) -> Self {
        self.near_limit = share;
        self
    }

    /// After how many days of 24 hours without a request a key counts as unused; 90 by default.
    pub fn unused_for(mut self, days: u32) -> Self {
        self.unused_for = days;
        self
    }

    /// How many days of 24 hours before its expiry a key is reported; 7 by default.
    pub fn expiring_within(mut self, days: u32) -> Self {
        self.expiring_within = days;
        self
    }

    /// After how many days of 24 hours without a change a disabled key is reported; 0 by default,
    /// so each one is.
    pub fn disabled_for(mut self, days: u32) -> Self {
        self.disabled_for = days;
        self
    }

    /// The workspaces (UUIDs) to audit, instead of the default one.
    pub fn workspaces<T: Into<String>>(mut self, ids: impl IntoIterator<Item = T>) -> Self {
        self.workspaces = ids.into_iter().map(Into::into).collect();
        self
    }

    /// How many requests each of its listings may take: see
    /// [`Pages::max_requests`](crate::workflow::Pages::max_requests).
    pub fn max_requests(mut self, requests: u64) -> Self {
        self.max_requests = Some(requests);
        self
    }

    /// Checks keys that you already have, as of this time. Without a time, some checks are
    /// skipped: see [`AuditReport::at`].
    ///
    /// Pass all keys of a workspace: duplicate names are found only among these keys.
    ///
    /// ```
    /// use openrouter_keys_core::workflow::{Audit, AuditFinding};
    /// use openrouter_keys_core::{Key, Timestamp};
    ///
    /// let key: Key = serde_json::from_str(
    ///     r#"{"hash":"0e6","name":"ci","disabled":false,"limit":null,"expires_at":null,
    ///         "last_used_at":"2027-01-31T00:00:00Z",
    ///         "usage":1,"usage_daily":0,"usage_weekly":0,"usage_monthly":1,
    ///         "byok_usage":0,"byok_usage_daily":0,"byok_usage_weekly":0,"byok_usage_monthly":0}"#,
    /// )?;
    /// let now = Timestamp::parse("2027-02-01T00:00:00Z")?;
    /// let report = Audit::new().report([key], now)?;
    /// assert_eq!(report.keys[0].findings, [AuditFinding::NoLimit]);
    /// assert_eq!(report.spend.monthly, 1.0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn report(
        &self,
        keys: impl IntoIterator<Item = Key>,
        now: impl Into<Option<Timestamp>>,
    ) -> Result<AuditReport, BuildError> {
        self.check()?;
        Ok(findings::report(self, keys.into_iter().collect(), now.into()))
    }

    fn check(&self) -> Result<(), BuildError> {
        if !(0.0..=1.0).contains(&self.near_limit) {
            return Err(BuildError::new(
                BuildErrorKind::NearLimit,
                "the share of a limit is not between 0 and 1; write 80 % as 0.8",
            ));
        }
        // Checks all of them before the first request.
        let list_of = |id: &String| List::new().workspace_id(id).parts();
        self.workspaces.iter().try_for_each(|id| list_of(id).map(|_| ()))
    }
}

impl Workflow for Audit {
    type Output = AuditReport;

    fn name(&self) -> &'static str {
        "audit"
    }

    fn begin(self, config: &Config, options: &CallOptions) -> WorkflowMachine<AuditReport> {
        let name = self.name();
        if let Err(refused) = self.check() {
            return WorkflowMachine::refused(name, ErrorKind::Build(refused));
        }
        WorkflowMachine::new(name, config, options, |context| async move {
            audit(&context.listing_with(self.max_requests), &self).await
        })
    }
}

async fn audit(context: &Context, audit: &Audit) -> Result<AuditReport, Error> {
    let everywhere = Pages::new(List::everything()).workspaces(&audit.workspaces);
    let listed = context
        .list_all(everywhere, &|_| true)
        .await
        .map_err(|error| error.of_workflow(context.name(), None))?;
    let now = listed.date.and_then(|seconds| Timestamp::from_unix(seconds, 0).ok());
    let mut report = findings::report(audit, listed.keys, now);
    report.unexpected_rows = listed.unexpected_rows;
    Ok(report)
}
