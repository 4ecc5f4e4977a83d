//! Spending limits and how often they reset.

use serde::{Serialize, Serializer};

use super::build_error::{BuildError, BuildErrorKind};
use super::macros::open_enum;
use super::value_ref::write_number;

/// A key's spending limit, for a create or an update.
///
/// There is no conversion from a bare number or from `None`: in JSON a NaN becomes `null`, and
/// `null` means a key without a limit. Such a key must be requested explicitly.
///
/// ```
/// use openrouter_keys_core::Limit;
///
/// let capped = Limit::usd(25.0);
/// let open = Limit::unlimited();
/// # let _ = (capped, open);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limit(Option<f64>);

impl Limit {
    /// A limit in US dollars of OpenRouter credit, 0 or more.
    ///
    /// NaN, infinities and negative numbers are refused with a [`BuildError`] when the request is
    /// built.
    pub fn usd(amount: f64) -> Self {
        Self(Some(amount))
    }

    /// No limit: the key can spend whatever the account has.
    pub fn unlimited() -> Self {
        Self(None)
    }

    /// The amount; `None` for no limit.
    #[doc(hidden)]
    pub fn amount(self) -> Option<f64> {
        self.0
    }

    #[doc(hidden)]
    pub fn check(self) -> Result<(), BuildError> {
        match self.0 {
            Some(amount) if amount.is_nan() => refused("the limit is NaN"),
            Some(amount) if amount.is_infinite() => refused("the limit is infinite"),
            Some(amount) if amount < 0.0 => refused("the limit is negative"),
            _ => Ok(()),
        }
    }
}

fn refused(problem: &str) -> Result<(), BuildError> {
    Err(BuildError::new(
        BuildErrorKind::Limit,
        format!("{problem}; pass 0 US dollars or more, or request no limit explicitly"),
    ))
}

impl Serialize for Limit {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Some(amount) => write_number(amount, serializer),
            None => serializer.serialize_unit(),
        }
    }
}

open_enum! {
    /// When the spending that counts against a limit is reset, at midnight UTC.
    pub enum LimitReset {
        /// Every day.
        Daily = "daily",
        /// Every Monday.
        Weekly = "weekly",
        /// Every first of the month.
        Monthly = "monthly",
    }
}

impl LimitReset {
    #[doc(hidden)]
    pub fn check(&self) -> Result<(), BuildError> {
        if self.as_str().is_empty() {
            return Err(BuildError::new(
                BuildErrorKind::LimitReset,
                "the limit reset is empty; it is daily, weekly or monthly",
            ));
        }
        Ok(())
    }
}
