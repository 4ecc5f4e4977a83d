//! Plain serde structs for a key and a page, with every documented field: what code without
//! a client library decodes a response into.

use serde::Deserialize;

#[derive(Debug, Deserialize)]
#[allow(dead_code, reason = "decoding all of them is measured")]
pub(crate) struct Key {
    pub(crate) hash: String,
    pub(crate) name: String,
    label: String,
    disabled: bool,
    limit: Option<f64>,
    limit_remaining: Option<f64>,
    limit_reset: Option<String>,
    include_byok_in_limit: bool,
    usage: f64,
    usage_daily: f64,
    usage_weekly: f64,
    usage_monthly: f64,
    byok_usage: f64,
    byok_usage_daily: f64,
    byok_usage_weekly: f64,
    byok_usage_monthly: f64,
    created_at: String,
    updated_at: Option<String>,
    expires_at: Option<String>,
    last_used_at: Option<String>,
    creator_user_id: Option<String>,
    workspace_id: Option<String>,
    external_user: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct One {
    pub(crate) data: Key,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Page {
    pub(crate) data: Vec<Key>,
}
