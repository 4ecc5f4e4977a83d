//! What an audit found, as data.

use std::fmt;

use serde::Serialize;

use crate::types::{Key, Timestamp};

/// What an audit came to.
///
/// Its text is a table of the keys with findings and their sums; `{:#}` has the
/// keys without findings too. Names are shown on one line, cut, and without
/// whatever looks like an API key.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct AuditReport {
    /// When the keys were judged. `None` means that nobody told the time: then
    /// [`Unused`](Finding::Unused), [`NeverUsed`](Finding::NeverUsed),
    /// [`ExpiresSoon`](Finding::ExpiresSoon) and [`Expired`](Finding::Expired) were
    /// not looked for.
    pub at: Option<Timestamp>,
    /// Every key with its findings, in the order of the listing.
    pub keys: Vec<AuditedKey>,
    /// The credit that all keys spent.
    pub spend: Spend,
    /// What all keys spent with keys of one's own at a provider (BYOK). No part of
    /// `spend`: the provider is paid for it, not OpenRouter.
    pub byok_spend: Spend,
    /// Rows of the listing that are not even objects. They may stand for keys,
    /// which were not judged. Rows that are alike may be more than are counted.
    pub odd_rows: u64,
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
    /// What was found, each kind at most once; empty if the key is as it should be.
    pub findings: Vec<Finding>,
}

/// Why a key needs attention.
///
/// Days have 24 hours, and the part of a day that is not whole is dropped. A key
/// that is disabled or has expired spends nothing, so that neither its limit nor
/// its use is looked at.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Finding {
    /// It stopped working.
    Expired {
        /// So many days ago.
        days: u32,
    },
    /// It is switched off and still there.
    Disabled {
        /// For so many days nothing of it was changed, so that it is off for at
        /// least as long; `None` if the time is not known.
        days: Option<u32>,
    },
    /// It has no limit: it can spend whatever the account has.
    NoLimit,
    /// It has spent so much of its limit that it is near it.
    NearLimit {
        /// The share that is spent, from 0 to 1. It is that of the present day,
        /// week or month where the limit starts anew.
        share: f64,
    },
    /// Nothing is left of its limit, which may be 0.
    LimitReached,
    /// Nobody has used it for long.
    Unused {
        /// It was last used this many days ago. A key that has spent and whose
        /// `last_used_at` is `null` was used before the API's records begin, at the end
        /// of 2025: then this is the number of days since, at least, and more than that
        /// of any use on record.
        days: u32,
    },
    /// Nothing was spent with it and no use is on record, and it was made long ago.
    NeverUsed {
        /// So many days ago it was made.
        days: u32,
    },
    /// It will stop working soon.
    ExpiresSoon {
        /// In so many days.
        days: u32,
    },
    /// Other keys of its workspace that have not expired have exactly its name.
    DuplicateName {
        /// So many keys have the name, this one included.
        keys: u32,
    },
    /// Fields that the audit needs are not in the answer, or are not what the API
    /// documents: what hangs on them was not judged, and the sums lack them.
    Unreadable {
        /// The fields, by the API's names.
        fields: Vec<&'static str>,
    },
}

impl Finding {
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
impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Expired { days: 0 } => f.write_str("expired within a day"),
            Self::Expired { days } => write!(f, "expired {} ago", Days(*days)),
            Self::Disabled { days: Some(days) } => write!(f, "disabled, {} as it is", Days(*days)),
            Self::Disabled { days: None } => f.write_str("disabled"),
            Self::NoLimit => f.write_str("no limit"),
            Self::NearLimit { share } => write!(f, "{} % of its limit spent", percent(*share)),
            Self::LimitReached => f.write_str("limit reached"),
            Self::Unused { days } => write!(f, "unused for {}", Days(*days)),
            Self::NeverUsed { days } => write!(f, "never used in {}", Days(*days)),
            Self::ExpiresSoon { days: 0 } => f.write_str("expires within a day"),
            Self::ExpiresSoon { days } => write!(f, "expires in {}", Days(*days)),
            Self::DuplicateName { keys } => write!(f, "{keys} keys of this name"),
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

/// US dollars that were spent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Spend {
    /// Since midnight UTC.
    pub daily: f64,
    /// Since Monday, midnight UTC.
    pub weekly: f64,
    /// Since the first of the month, midnight UTC.
    pub monthly: f64,
    /// So far.
    pub total: f64,
}
