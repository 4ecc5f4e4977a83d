//! A key as returned by list, create, get and update.

use super::decode_error::DecodeError;
use super::key_hash::KeyHash;
use super::limit::LimitReset;
use super::timestamp::Timestamp;
use crate::object;

object! {
    /// An API key, without its secret.
    ///
    /// Each field is a [`Field`](crate::values::Field), because older or newer versions of the API may lack
    /// it or use another type. Money is in US dollars of OpenRouter credit.
    pub struct Key {
        /// Identifies the key in `Get`, `Update` and
        /// `Delete`.
        hash: KeyHash,
        /// The key's name; several keys may share one.
        name: String,
        /// The masked key, such as `sk-or-v1-0e6...1c96`.
        label: String,
        /// Whether the key is disabled.
        disabled: bool,
        /// The spending limit; `Null` means that there is none.
        limit: f64,
        /// The remainder of the limit; `Null` without a limit.
        limit_remaining: f64,
        /// When the limit resets; `Null` means never.
        limit_reset: LimitReset,
        /// Whether spending with your own provider keys (BYOK) counts against the limit.
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
        /// When the key was created.
        created_at: Timestamp,
        /// When the key was last changed; `Null` if never.
        updated_at: Timestamp,
        /// When the key stops working; `Null` if never.
        expires_at: Timestamp,
        /// When the key was last used; `Null` if no use was recorded since the end of 2025. Such a
        /// key may have been used, and may have spent, before that.
        last_used_at: Timestamp,
        /// The member of the organisation who created the key.
        creator_user_id: String,
        /// The workspace that the key belongs to.
        workspace_id: String,
        /// The partner's user on whose behalf the key was created.
        external_user: String,
    }
}

impl Key {
    /// The hash, or an error if the response has no usable one.
    ///
    /// The error says nothing about earlier calls: a key whose create succeeded exists, and a
    /// listing may have its hash, under its name.
    ///
    /// ```no_run
    /// # async fn f(client: openrouter_keys_core::Client, key: openrouter_keys_core::Key)
    /// # -> Result<(), Box<dyn std::error::Error>> {
    /// client.delete(key.require_hash()?).await?;
    /// # Ok(()) }
    /// ```
    pub fn require_hash(&self) -> Result<&KeyHash, DecodeError> {
        self.hash.get().ok_or_else(|| DecodeError::without_hash(self.hash.is_unexpected()))
    }
}
