//! The metadata of the key a request is made with.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

use crate::account;
use crate::key::{Usage, shown};
use crate::money;
use crate::record::Record;
use crate::reset::Reset;

#[derive(Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "the fields are the API's")]
pub(crate) struct CurrentKey<'a> {
    label: &'a str,
    #[serde(serialize_with = "money::write_option")]
    limit: Option<f64>,
    #[serde(serialize_with = "money::write_option")]
    limit_remaining: Option<f64>,
    limit_reset: Option<Reset>,
    include_byok_in_limit: bool,
    #[serde(flatten)]
    usage: Usage,
    expires_at: Option<String>,
    is_free_tier: bool,
    is_management_key: bool,
    /// The older name of `is_management_key`.
    is_provisioning_key: bool,
    creator_user_id: Option<&'a str>,
    organization_id: &'a str,
    workspace_id: &'a str,
    rate_limit: Value,
    allowed_data_regions: [&'static str; 3],
    free_model_daily_requests: Value,
    budgets: Vec<Budget>,
    effective_budget: Option<Budget>,
}

/// A cap on spending. The emulator has one kind: the key's own limit.
#[derive(Clone, Serialize)]
#[expect(clippy::struct_field_names, reason = "the API says `budget_id`")]
struct Budget {
    scope: &'static str,
    #[serde(serialize_with = "money::write")]
    limit_usd: f64,
    #[serde(serialize_with = "money::write")]
    spend_usd: f64,
    /// Unlike `limit_remaining` it goes below zero once the limit is overspent.
    #[serde(serialize_with = "money::write")]
    remaining_usd: f64,
    reset_interval: Option<Reset>,
    resets_at: Option<String>,
    include_byok: bool,
    budget_id: Option<String>,
    guardrail_id: Option<String>,
}

impl<'a> CurrentKey<'a> {
    pub(crate) fn of(record: &'a Record, is_management_key: bool, now: Timestamp) -> Self {
        let budget = Budget::of_limit(record, now);
        Self {
            label: &record.label,
            limit: record.limit,
            limit_remaining: record.limit_remaining(now),
            limit_reset: record.limit_reset,
            include_byok_in_limit: record.include_byok_in_limit,
            usage: Usage::of(record, now),
            expires_at: record.expires_at.map(shown),
            is_free_tier: false,
            is_management_key,
            is_provisioning_key: is_management_key,
            creator_user_id: record.creator_user_id.as_deref(),
            organization_id: account::ORGANIZATION,
            workspace_id: &record.workspace_id,
            rate_limit: json!({
                "requests": -1,
                "interval": "10s",
                "note": "Kept for old clients; it limits nothing.",
            }),
            allowed_data_regions: ["global", "europe", "us"],
            free_model_daily_requests: json!({"limit": 1000, "remaining": 1000, "used": 0}),
            budgets: budget.iter().cloned().collect(),
            effective_budget: budget,
        }
    }
}

impl Budget {
    fn of_limit(record: &Record, now: Timestamp) -> Option<Self> {
        let limit_usd = record.limit?;
        let spend_usd = record.spent_of_limit(now);
        Some(Self {
            scope: "key_limit",
            limit_usd,
            spend_usd,
            remaining_usd: money::rounded(limit_usd - spend_usd),
            reset_interval: record.limit_reset,
            resets_at: record.limit_reset.map(|reset| shown(reset.window_end(now))),
            include_byok: record.include_byok_in_limit,
            budget_id: None,
            guardrail_id: None,
        })
    }
}
