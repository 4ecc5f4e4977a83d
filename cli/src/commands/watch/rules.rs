//! What is reported about a key, and the period in which it is reported once.

use std::collections::BTreeSet;
use std::time::Duration;

use clap::ValueEnum;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp as Instant, ToSpan as _};
use openrouter_keys_native::{Key, LimitReset, Timestamp};
use serde::Serialize;

use crate::keys::{self, State};
use crate::{select, text, units};

/// Cents have no exact double.
const ROUNDING: f64 = 1e-9;
/// A pace is not judged before this share of the period has passed and of the limit is used.
const EARLIEST: f64 = 0.05;
const LEAST_USED: f64 = 0.1;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, ValueEnum)]
#[serde(rename_all = "snake_case")]
#[value(rename_all = "snake_case")]
pub(super) enum Kind {
    /// Nothing is left of the limit
    UsedUp,
    /// A share of the limit is used
    Used,
    /// At this pace the limit is used up before it resets
    Pace,
    NoLimit,
    /// Not used for long
    Idle,
    /// Expires soon
    Expiring,
    /// Was not there the last time
    New,
}

impl Kind {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::UsedUp => "used_up",
            Self::Used => "used",
            Self::Pace => "pace",
            Self::NoLimit => "no_limit",
            Self::Idle => "idle",
            Self::Expiring => "expiring",
            Self::New => "new",
        }
    }
}

/// One rule for all keys.
#[derive(Clone, Debug)]
pub(super) struct Rules {
    pub(super) used: f64,
    pub(super) idle: Duration,
    pub(super) expiring: Duration,
    pub(super) only: Vec<Kind>,
    pub(super) ignored: Vec<Kind>,
    /// Patterns of names that new keys may have.
    pub(super) expected: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Finding {
    pub(super) kind: Kind,
    pub(super) name: String,
    pub(super) hash: Option<String>,
    pub(super) workspace_id: Option<String>,
    pub(super) external_user: Option<String>,
    pub(super) message: String,
    pub(super) limit: Option<f64>,
    pub(super) limit_remaining: Option<f64>,
    pub(super) at: String,
    /// The same for the same finding in the same period.
    #[serde(skip)]
    pub(super) id: String,
}

impl Rules {
    /// The findings about a key. Without known keys, none is new.
    pub(super) fn check(
        &self,
        key: &Key,
        now: i64,
        known: Option<&BTreeSet<String>>,
    ) -> Vec<Finding> {
        let mut found = Found { key, now, findings: Vec::new() };
        self.new_key(&mut found, known);
        if !matches!(State::of(key, now), State::Disabled | State::Expired) {
            self.limit(&mut found);
            self.idle(&mut found);
            self.expiring(&mut found);
        }
        found.findings.retain(|finding| self.reports(finding.kind));
        found.findings
    }

    /// Whether findings of this kind are reported.
    pub(super) fn reports(&self, kind: Kind) -> bool {
        (self.only.is_empty() || self.only.contains(&kind)) && !self.ignored.contains(&kind)
    }

    fn new_key(&self, found: &mut Found<'_>, known: Option<&BTreeSet<String>>) {
        let (Some(known), Some(hash)) = (known, found.key.hash.get()) else { return };
        let name = keys::name_of(found.key);
        let is_expected =
            self.expected.iter().any(|pattern| select::matches_pattern(pattern, name));
        if !known.contains(hash.as_str()) && !is_expected {
            found.push(Kind::New, "", "is new".to_owned());
        }
    }

    fn limit(&self, found: &mut Found<'_>) {
        let key = found.key;
        if key.limit.is_null() {
            let month = found.month();
            return found.push(Kind::NoLimit, &month, "has no limit".to_owned());
        }
        let finite = |amount: Option<f64>| amount.filter(|amount| amount.is_finite());
        let (Some(limit), Some(left)) =
            (finite(key.limit.copied()), finite(key.limit_remaining.copied()))
        else {
            return;
        };
        let period = key.limit_reset.get().and_then(|reset| Period::of(reset, found.now));
        let start = period.as_ref().map_or_else(String::new, |period| period.start.to_string());
        // A changed limit is a new matter.
        let once = format!("{start}/{limit}");
        let resets = period.as_ref().map_or_else(String::new, |period| {
            let left = u64::try_from(period.end.saturating_sub(found.now)).unwrap_or_default();
            format!("; it resets in {}", units::roughly(left))
        });
        if left <= 0.0 {
            let message = format!("has used up its limit of ${}{resets}", units::dollars(limit));
            return found.push(Kind::UsedUp, &once, message);
        }
        let share = (limit - left) / limit;
        if share >= self.used - ROUNDING {
            let message = format!(
                "has used {} % of its limit of ${}, ${} is left{resets}",
                percent(share),
                units::dollars(limit),
                units::dollars(left)
            );
            found.push(Kind::Used, &once, message);
        }
        if let Some((ahead, early)) = period.and_then(|period| period.pace(share, found.now)) {
            let message = format!(
                "uses up its limit of ${} in {} at this pace, {} before it resets",
                units::dollars(limit),
                units::roughly(ahead),
                units::roughly(early)
            );
            found.push(Kind::Pace, &once, message);
        }
    }

    fn idle(&self, found: &mut Found<'_>) {
        let key = found.key;
        let was_used = !key.last_used_at.is_null();
        let since = if was_used { key.last_used_at.get() } else { key.created_at.get() };
        let Some(since) = since.map(Timestamp::unix_seconds) else { return };
        let idle = u64::try_from(found.now.saturating_sub(since)).unwrap_or_default();
        if idle < self.idle.as_secs() {
            return;
        }
        let time = units::roughly(idle);
        let message = if was_used {
            format!("was not used for {time}")
        } else {
            format!("has no recorded use and was created {time} ago")
        };
        let month = found.month();
        found.push(Kind::Idle, &month, message);
    }

    fn expiring(&self, found: &mut Found<'_>) {
        let Some(expires) = found.key.expires_at.get() else { return };
        let ahead = expires.unix_seconds().saturating_sub(found.now);
        if let Ok(ahead) = u64::try_from(ahead)
            && ahead <= self.expiring.as_secs()
        {
            let message = format!("expires in {}", units::roughly(ahead));
            found.push(Kind::Expiring, expires.as_str(), message);
        }
    }
}

struct Found<'a> {
    key: &'a Key,
    now: i64,
    findings: Vec<Finding>,
}

impl Found<'_> {
    fn push(&mut self, kind: Kind, period: &str, message: String) {
        let key = self.key;
        let hash = key.hash.get().map(|hash| hash.as_str().to_owned());
        let subject = hash.as_deref().unwrap_or_else(|| keys::name_of(key));
        self.findings.push(Finding {
            kind,
            id: format!("{}/{subject}/{period}", kind.as_str()),
            name: text::without_keys(keys::name_of(key)),
            workspace_id: key.workspace_id.get().cloned(),
            external_user: key.external_user.as_deref().map(text::without_keys),
            message,
            limit: key.limit.copied(),
            limit_remaining: key.limit_remaining.copied(),
            at: Instant::from_second(self.now).map(|at| at.to_string()).unwrap_or_default(),
            hash,
        });
    }

    /// What persists is reported once a month.
    fn month(&self) -> String {
        civil(self.now).map(|now| now.strftime("%Y-%m").to_string()).unwrap_or_default()
    }
}

fn civil(seconds: i64) -> Option<DateTime> {
    Some(Instant::from_second(seconds).ok()?.to_zoned(TimeZone::UTC).datetime())
}

fn percent(share: f64) -> String {
    format!("{:.0}", (share * 100.0).floor().clamp(0.0, 99.0))
}

/// The day, week or month of a limit, in UTC.
#[derive(Debug, PartialEq)]
struct Period {
    start: Date,
    begin: i64,
    end: i64,
}

impl Period {
    fn of(reset: &LimitReset, now: i64) -> Option<Self> {
        let today = civil(now)?.date();
        let (start, length): (Date, Span) = match reset {
            LimitReset::Daily => (today, 1.day()),
            LimitReset::Weekly => {
                let past = today.weekday().to_monday_zero_offset();
                (today.checked_sub(i64::from(past).days()).ok()?, 7.days())
            }
            LimitReset::Monthly => (today.first_of_month(), 1.month()),
            _ => return None,
        };
        let seconds = |date: Date| Some(date.to_zoned(TimeZone::UTC).ok()?.timestamp().as_second());
        let end = seconds(start.checked_add(length).ok()?)?;
        Some(Self { start, begin: seconds(start)?, end })
    }

    /// If the limit is used up before the period ends: in how many seconds, and how many before.
    fn pace(&self, share: f64, now: i64) -> Option<(u64, u64)> {
        let seconds = |from: i64, to: i64| {
            Some(Duration::from_secs(u64::try_from(to.saturating_sub(from)).ok()?))
        };
        let (passed, rest) = (seconds(self.begin, now)?, seconds(now, self.end)?);
        let is_early = passed.as_secs_f64() < EARLIEST * (passed + rest).as_secs_f64();
        if is_early || share < LEAST_USED {
            return None;
        }
        let ahead = passed.as_secs_f64() * (1.0 - share) / share;
        let ahead = Duration::try_from_secs_f64(ahead).ok()?;
        Some((ahead.as_secs(), rest.checked_sub(ahead).filter(|early| !early.is_zero())?.as_secs()))
    }
}

#[cfg(test)]
#[path = "rules_tests.rs"]
mod tests;
