//! A key and a page as one writes them down for serde, with every field of the
//! documentation: what a client without promises reads an answer into.

use serde::Deserialize;

#[derive(Debug, Deserialize)]
#[allow(dead_code, reason = "what is measured is the reading of all of them")]
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
