//! A stored key: its settings and every amount spent with it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::money;
use crate::reset::Reset;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Record {
    pub(crate) hash: String,
    pub(crate) label: String,
    pub(crate) name: String,
    pub(crate) disabled: bool,
    pub(crate) limit: Option<f64>,
    pub(crate) limit_reset: Option<Reset>,
    pub(crate) include_byok_in_limit: bool,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Option<Timestamp>,
    pub(crate) expires_at: Option<Timestamp>,
    pub(crate) creator_user_id: Option<String>,
    pub(crate) workspace_id: String,
    pub(crate) external_user: Option<String>,
    pub(crate) spent: Vec<Spent>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Spent {
    pub(crate) at: Timestamp,
    pub(crate) usd: f64,
    pub(crate) funds: Funds,
}

/// Whose money was spent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Funds {
    /// The account's own credit.
    Credit,
    /// The user's account with a provider ("bring your own key").
    Byok,
}

impl Record {
    pub(crate) fn is_expired(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|expiry| expiry <= now)
    }

    pub(crate) fn last_used_at(&self) -> Option<Timestamp> {
        self.spent.iter().map(|spent| spent.at).max()
    }

    /// The amount spent since the window around `now` began, or in total without a window.
    pub(crate) fn spent_in(&self, window: Option<Reset>, funds: Funds, now: Timestamp) -> f64 {
        let since = window.map_or(Timestamp::MIN, |window| window.window_start(now));
        let counted = |spent: &&Spent| spent.funds == funds && spent.at >= since;
        // `sum` of nothing is -0.0.
        let sum = self.spent.iter().filter(counted).fold(0.0, |sum, spent| sum + spent.usd);
        money::rounded(sum)
    }

    /// The amount that counts against the limit in the current window.
    pub(crate) fn spent_of_limit(&self, now: Timestamp) -> f64 {
        let credit = self.spent_in(self.limit_reset, Funds::Credit, now);
        if !self.include_byok_in_limit {
            return credit;
        }
        money::rounded(credit + self.spent_in(self.limit_reset, Funds::Byok, now))
    }

    pub(crate) fn limit_remaining(&self, now: Timestamp) -> Option<f64> {
        let remaining = self.limit? - self.spent_of_limit(now);
        Some(money::rounded(remaining.max(0.0)))
    }
}
