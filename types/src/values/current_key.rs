//! The current key: the response of `GET /key`.

use super::limit::LimitReset;
use super::macros::open_enum;
use super::timestamp::Timestamp;
use crate::object;

object! {
    /// Metadata of the key that the request was made with.
    ///
    /// Money is in US dollars of OpenRouter credit.
    pub struct CurrentKey {
        /// The masked key, such as `sk-or-v1-0e6...1c96`.
        label: String,
        /// The spending limit; `Null` means that there is none.
        limit: f64,
        /// The remainder of the limit; `Null` without a limit.
        limit_remaining: f64,
        /// When the limit resets; `Null` means never.
        limit_reset: LimitReset,
        /// Whether BYOK spending counts against the limit.
        include_byok_in_limit: bool,
        /// Credit spent so far.
        usage: f64,
        /// Credit spent since midnight UTC.
        usage_daily: f64,
        /// Credit spent since Monday, midnight UTC.
        usage_weekly: f64,
        /// Credit spent since the first of the month, midnight UTC.
        usage_monthly: f64,
        /// BYOK spending so far.
        byok_usage: f64,
        /// BYOK spending since midnight UTC.
        byok_usage_daily: f64,
        /// BYOK spending since Monday, midnight UTC.
        byok_usage_weekly: f64,
        /// BYOK spending since the first of the month, midnight UTC.
        byok_usage_monthly: f64,
        /// When the key stops working; `Null` if never.
        expires_at: Timestamp,
        /// Whether the account has never bought credit.
        is_free_tier: bool,
        /// Whether the key manages keys; such a key cannot run inference.
        is_management_key: bool,
        /// The old name of `is_management_key`.
        is_provisioning_key: bool,
        /// The member of the organisation who created the key.
        creator_user_id: String,
        /// The organisation that the key belongs to.
        organization_id: String,
        /// The workspace that the key belongs to.
        workspace_id: String,
        /// A rate limit that is no longer applied; `requests` is −1.
        rate_limit: RateLimitNote,
        /// Where the key's data may be processed.
        allowed_data_regions: Vec<DataRegion>,
        /// The daily allowance of requests to free models.
        free_model_daily_requests: FreeModelRequests,
        /// Every budget that applies to the key.
        budgets: Vec<Budget>,
        /// The budget that will stop the key first; `Null` if none will.
        effective_budget: Budget,
    }
}

impl CurrentKey {
    /// Whether the key manages keys, by the newer or the older name of the field; `None` if the
    /// response has neither.
    pub fn manages_keys(&self) -> Option<bool> {
        self.is_management_key.copied().or_else(|| self.is_provisioning_key.copied())
    }
}

object! {
    /// A legacy note about a rate limit.
    pub struct RateLimitNote {
        /// How many requests an interval allows; −1 means no limit. An integer today, fractional in
        /// older responses.
        requests: f64,
        /// The interval, such as `10s`.
        interval: String,
        /// The API's note.
        note: String,
    }
}

object! {
    /// The daily allowance of requests to free models.
    pub struct FreeModelRequests {
        /// Requests allowed a day.
        limit: i64,
        /// Requests left today.
        remaining: i64,
        /// Requests made today.
        used: i64,
    }
}

object! {
    /// A budget that limits what a key can spend.
    pub struct Budget {
        /// Whose budget it is.
        scope: BudgetScope,
        /// The budget in US dollars.
        limit_usd: f64,
        /// The spend so far.
        spend_usd: f64,
        /// The remainder.
        remaining_usd: f64,
        /// When it resets; `Null` means never.
        reset_interval: LimitReset,
        /// When it next resets; `Null` if never.
        resets_at: Timestamp,
        /// Whether BYOK spending counts.
        include_byok: bool,
        /// The budget's ID.
        budget_id: String,
        /// The guardrail that sets the budget.
        guardrail_id: String,
    }
}

open_enum! {
    /// Whose budget a [`Budget`] is.
    pub enum BudgetScope {
        /// Every member of the workspace, by default.
        WorkspaceDefaultMember = "workspace_default_member",
        /// Every key of the workspace, by default.
        WorkspaceDefaultKey = "workspace_default_key",
        /// One member.
        Member = "member",
        /// One API key.
        ApiKey = "api_key",
        /// The whole workspace.
        Workspace = "workspace",
        /// The key's own limit.
        KeyLimit = "key_limit",
    }
}

open_enum! {
    /// Where data may be processed.
    pub enum DataRegion {
        /// Anywhere.
        Global = "global",
        /// In Europe.
        Europe = "europe",
        /// In the United States.
        Us = "us",
    }
}
