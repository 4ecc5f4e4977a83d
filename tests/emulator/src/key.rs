//! A key as the API returns it.

use jiff::Timestamp;
use serde::Serialize;

use crate::money;
use crate::record::{Funds, Record};
use crate::reset::Reset;

/// A key's metadata, with the field names of the API. Timestamps are RFC 3339
/// in UTC with milliseconds, amounts are US dollars.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[expect(missing_docs, reason = "the fields are the API's own, under the API's names")]
pub struct Key {
    pub hash: String,
    pub name: String,
    pub label: String,
    pub disabled: bool,
    #[serde(serialize_with = "money::write_option")]
    pub limit: Option<f64>,
    #[serde(serialize_with = "money::write_option")]
    pub limit_remaining: Option<f64>,
    pub limit_reset: Option<Reset>,
    pub include_byok_in_limit: bool,
    #[serde(flatten)]
    pub usage: Usage,
    pub created_at: String,
    pub updated_at: Option<String>,
    pub expires_at: Option<String>,
    pub last_used_at: Option<String>,
    pub creator_user_id: Option<String>,
    pub workspace_id: String,
    pub external_user: Option<String>,
}

/// The eight spending totals, flattened into the key's JSON object.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[expect(missing_docs, reason = "the fields are the API's own, under the API's names")]
pub struct Usage {
    #[serde(serialize_with = "money::write")]
    pub usage: f64,
    #[serde(serialize_with = "money::write")]
    pub usage_daily: f64,
    #[serde(serialize_with = "money::write")]
    pub usage_weekly: f64,
    #[serde(serialize_with = "money::write")]
    pub usage_monthly: f64,
    #[serde(serialize_with = "money::write")]
    pub byok_usage: f64,
    #[serde(serialize_with = "money::write")]
    pub byok_usage_daily: f64,
    #[serde(serialize_with = "money::write")]
    pub byok_usage_weekly: f64,
    #[serde(serialize_with = "money::write")]
    pub byok_usage_monthly: f64,
}

impl Key {
    pub(crate) fn of(record: &Record, now: Timestamp) -> Self {
        Self {
            hash: record.hash.clone(),
            name: record.name.clone(),
            label: record.label.clone(),
            disabled: record.disabled,
            limit: record.limit,
            limit_remaining: record.limit_remaining(now),
            limit_reset: record.limit_reset,
            include_byok_in_limit: record.include_byok_in_limit,
            usage: Usage::of(record, now),
            created_at: shown(record.created_at),
            updated_at: record.updated_at.map(shown),
            expires_at: record.expires_at.map(shown),
            last_used_at: record.last_used_at().map(shown),
            creator_user_id: record.creator_user_id.clone(),
            workspace_id: record.workspace_id.clone(),
            external_user: record.external_user.clone(),
        }
    }
}

impl Usage {
    pub(crate) fn of(record: &Record, now: Timestamp) -> Self {
        let credit = |window| record.spent_in(window, Funds::Credit, now);
        let byok = |window| record.spent_in(window, Funds::Byok, now);
        Self {
            usage: credit(None),
            usage_daily: credit(Some(Reset::Daily)),
            usage_weekly: credit(Some(Reset::Weekly)),
            usage_monthly: credit(Some(Reset::Monthly)),
            byok_usage: byok(None),
            byok_usage_daily: byok(Some(Reset::Daily)),
            byok_usage_weekly: byok(Some(Reset::Weekly)),
            byok_usage_monthly: byok(Some(Reset::Monthly)),
        }
    }
}

/// A timestamp as the API writes it, always with milliseconds.
pub(crate) fn shown(timestamp: Timestamp) -> String {
    format!("{timestamp:.3}")
}
