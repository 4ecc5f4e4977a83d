//! The result of an audit, as data.

use std::fmt;

use serde::Serialize;

use crate::types::{Key, Timestamp};

/// The result of an audit.
///
/// It displays as a table of the keys with findings, and totals; `{:#}` includes the keys
/// without findings. Names are shown on one line, cut, and without anything that looks like an
/// API key.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct AuditReport {
    /// When the keys were checked. `None` means that no clock was available: then
    /// [`Unused`](AuditFinding::Unused), [`NeverUsed`](AuditFinding::NeverUsed),
    /// [`ExpiresSoon`](AuditFinding::ExpiresSoon) and [`Expired`](AuditFinding::Expired) were not
    /// checked.
    pub at: Option<Timestamp>,
    /// Every key with its findings, in the order of the listing.
    pub keys: Vec<AuditedKey>,
    /// The credit that all keys spent.
    pub spend: Spend,
    /// The spend of all keys with your own provider keys (BYOK). Not part of `spend`: it is
    /// paid to the provider, not to OpenRouter.
    pub byok_spend: Spend,
    /// Rows of the listing that are not even objects. They may stand for keys, which were not
    /// checked. There may be more identical rows than are counted.
    pub unexpected_rows: u64,
}

impl AuditReport {
    /// The keys that have findings.
    pub fn with_findings(&self) -> impl Iterator<Item = &AuditedKey> {
        self.keys.iter().filter(|audited| !audited.findings.is_empty())
    }
}

/// A key, and what an audit found about it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct AuditedKey {
    /// The key.
    pub key: Key,
    /// The findings, each kind at most once; empty if the key is fine.
    pub findings: Vec<AuditFinding>,
}

/// Why a key needs attention.
///
/// Days have 24 hours and are rounded down. A key that is disabled or has expired spends
/// nothing, so its limit and use are not checked.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum AuditFinding {
    /// It has expired.
    Expired {
        /// This many days ago.
        days: u32,
    },
    /// It is disabled, but not deleted.
    Disabled {
        /// It has not changed for this many days, so it has been disabled for at least as long;
        /// `None` if the time is unknown.
        days: Option<u32>,
    },
    /// It has no limit: it can spend whatever the account has.
    NoLimit,
    /// It has nearly used up its limit.
    NearLimit {
        /// The share that is spent, from 0 to 1: of the current day, week or month, if the limit
        /// resets.
        share: f64,
    },
    /// Nothing is left of its limit, which may be 0.
    LimitReached,
    /// It has not been used for a long time.
    Unused {
        /// It was last used this many days ago. A key that has spent and whose `last_used_at` is
        /// `null` was last used before the API's records begin, at the end of 2025: the days since
        /// then are a lower bound, and more than any recorded use can have.
        days: u32,
    },
    /// It has spent nothing, no use is recorded, and it was created long ago.
    NeverUsed {
        /// It was created this many days ago.
        days: u32,
    },
    /// It will expire soon.
    ExpiresSoon {
        /// In this many days.
        days: u32,
    },
    /// Other unexpired keys of its workspace have exactly the same name.
    DuplicateName {
        /// This many keys have the name, including this one.
        keys: u32,
    },
    /// Fields that the audit needs are missing or of an undocumented type: findings that depend
    /// on them were not checked, and totals exclude them.
    Unreadable {
        /// The fields, by the API's names.
        fields: Vec<&'static str>,
    },
}

impl AuditFinding {
    /// Every kind of finding, as [`kind`](Self::kind) names it.
    pub const KINDS: [&'static str; 10] = [
        "expired",
        "disabled",
        "no_limit",
        "near_limit",
        "limit_reached",
        "unused",
        "never_used",
        "expires_soon",
        "duplicate_name",
        "unreadable",
    ];

    /// The finding's name, such as `no_limit`: the same as `kind` in its JSON.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Expired { .. } => "expired",
            Self::Disabled { .. } => "disabled",
            Self::NoLimit => "no_limit",
            Self::NearLimit { .. } => "near_limit",
            Self::LimitReached => "limit_reached",
            Self::Unused { .. } => "unused",
            Self::NeverUsed { .. } => "never_used",
            Self::ExpiresSoon { .. } => "expires_soon",
            Self::DuplicateName { .. } => "duplicate_name",
            Self::Unreadable { .. } => "unreadable",
        }
    }
}

/// In a few words, such as `unused for 91 days`.
impl fmt::Display for AuditFinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Expired { days: 0 } => f.write_str("expired within a day"),
            Self::Expired { days } => write!(f, "expired {} ago", Days(*days)),
            Self::Disabled { days: Some(days) } => {
                write!(f, "disabled, unchanged for {}", Days(*days))
            }
            Self::Disabled { days: None } => f.write_str("disabled"),
            Self::NoLimit => f.write_str("no limit"),
            Self::NearLimit { share } => write!(f, "{} % of its limit spent", percent(*share)),
            Self::LimitReached => f.write_str("limit reached"),
            Self::Unused { days } => write!(f, "unused for {}", Days(*days)),
            Self::NeverUsed { days } => write!(f, "never used in {}", Days(*days)),
            Self::ExpiresSoon { days: 0 } => f.write_str("expires within a day"),
            Self::ExpiresSoon { days } => write!(f, "expires in {}", Days(*days)),
            Self::DuplicateName { keys } => write!(f, "{keys} keys with this name"),
            Self::Unreadable { fields } => write!(f, "unreadable: {}", fields.join(", ")),
        }
    }
}

struct Days(u32);

impl fmt::Display for Days {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} day{}", self.0, if self.0 == 1 { "" } else { "s" })
    }
}

/// Whole percents. Never 100 while something is left.
#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "saturates"
)]
fn percent(share: f64) -> u8 {
    ((share * 100.0) as u8).min(99)
}

/// Spend in US dollars.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Spend {
    /// Since midnight UTC.
    pub daily: f64,
    /// Since Monday, midnight UTC.
    pub weekly: f64,
    /// Since the first of the month, midnight UTC.
    pub monthly: f64,
    /// In total.
    pub total: f64,
}
