//! The judgement of an audit: a function of keys and a time.

use std::collections::BTreeMap;

use super::Audit;
use super::report::{AuditReport, AuditedKey, Finding, Spend};
use crate::field::Field;
use crate::key::Key;
use crate::timestamp::Timestamp;

const DAY: i64 = 86_400;
/// Cents have no exact double: a share that is reached must not be missed by the
/// last bit of a difference.
const ROUNDING: f64 = 1e-9;

pub(super) fn report(audit: &Audit, keys: Vec<Key>, at: Option<Timestamp>) -> AuditReport {
    let mut report = AuditReport { at, ..AuditReport::default() };
    let judge = Judge { audit, now: report.at.as_ref(), names: BTreeMap::new() }.counting(&keys);
    let told: Vec<Told> = keys.iter().map(|key| judge.told(key)).collect();
    for (key, Told { findings, credit, byok, .. }) in keys.into_iter().zip(told) {
        add(&mut report.spend, credit);
        add(&mut report.byok_spend, byok);
        report.keys.push(AuditedKey { key, findings });
    }
    report
}

fn add(sum: &mut Spend, spend: Spend) {
    sum.daily += spend.daily;
    sum.weekly += spend.weekly;
    sum.monthly += spend.monthly;
    sum.total += spend.total;
}

struct Judge<'a> {
    audit: &'a Audit,
    now: Option<&'a Timestamp>,
    /// How many keys of a workspace that have not expired have a name.
    names: BTreeMap<(Option<&'a str>, &'a str), u32>,
}

/// What is told of one key.
#[derive(Default)]
struct Told {
    findings: Vec<Finding>,
    unreadable: Vec<&'static str>,
    credit: Spend,
    byok: Spend,
}

impl Told {
    /// The value of a field that every sound answer has.
    fn value<'a, T>(&mut self, name: &'static str, field: &'a Field<T>) -> Option<&'a T> {
        let value = field.get();
        if value.is_none() {
            self.unreadable.push(name);
        }
        value
    }

    /// The value of a field that may be `null`.
    fn unless_null<'a, T>(&mut self, name: &'static str, field: &'a Field<T>) -> Option<&'a T> {
        if field.is_null() { None } else { self.value(name, field) }
    }

    /// An amount that every sound answer has.
    fn amount(&mut self, name: &'static str, field: &Field<f64>) -> Option<f64> {
        let amount = field.copied().filter(|amount| amount.is_finite());
        if amount.is_none() {
            self.unreadable.push(name);
        }
        amount
    }

    fn sum(&mut self, name: &'static str, field: &Field<f64>) -> f64 {
        self.amount(name, field).unwrap_or_default()
    }
}

impl<'a> Judge<'a> {
    fn counting(mut self, keys: &'a [Key]) -> Self {
        for key in keys {
            if let (Some(name), false) = (name_of(key), self.is_expired(key)) {
                let count = self.names.entry(name).or_default();
                *count = count.saturating_add(1);
            }
        }
        self
    }

    fn told(&self, key: &Key) -> Told {
        let mut told = Told::default();
        told.value("hash", &key.hash);
        told.value("name", &key.name);
        let is_disabled = told.value("disabled", &key.disabled) == Some(&true);
        let expires = told.unless_null("expires_at", &key.expires_at);
        spend(key, &mut told);
        if let Some(days) = expires.and_then(|at| self.days_since(at)) {
            told.findings.push(Finding::Expired { days });
        }
        if is_disabled {
            self.leftover(key, &mut told);
        }
        if !is_disabled && !self.is_expired(key) {
            self.limit(key, &mut told);
            self.usage(key, &mut told);
            if let Some(days) = expires.and_then(|at| self.days_until(at)) {
                told.findings.push(Finding::ExpiresSoon { days });
            }
        }
        if let Some(keys) = name_of(key).and_then(|name| self.names.get(&name).copied()) {
            if keys > 1 && !self.is_expired(key) {
                told.findings.push(Finding::DuplicateName { keys });
            }
        }
        if !told.unreadable.is_empty() {
            let fields = std::mem::take(&mut told.unreadable);
            told.findings.push(Finding::Unreadable { fields });
        }
        told
    }

    /// A change that is not the switching off makes the time shorter, never
    /// longer. Where it is not known, the key is reported rather than not.
    fn leftover(&self, key: &Key, told: &mut Told) {
        let never = key.updated_at.is_null();
        let since = if never { key.created_at.get() } else { key.updated_at.get() };
        let age = since.and_then(|since| self.age(since));
        if age.is_none_or(|age| age >= seconds(self.audit.disabled_for)) {
            told.findings.push(Finding::Disabled { days: age.map(whole_days) });
        }
    }

    fn limit(&self, key: &Key, told: &mut Told) {
        if key.limit.is_null() {
            told.findings.push(Finding::NoLimit);
            return;
        }
        let Some(limit) = told.amount("limit", &key.limit) else { return };
        let Some(left) = told.amount("limit_remaining", &key.limit_remaining) else { return };
        let share = (limit - left) / limit;
        if limit < 0.0 {
            told.unreadable.push("limit");
        } else if left <= 0.0 {
            told.findings.push(Finding::LimitReached);
        } else if share >= self.audit.near_limit - ROUNDING {
            told.findings.push(Finding::NearLimit { share: share.max(0.0) });
        }
    }

    fn usage(&self, key: &Key, told: &mut Told) {
        let has_spent = told.credit.total > 0.0 || told.byok.total > 0.0;
        let (since, is_never) = match &key.last_used_at {
            Field::Null if has_spent => {
                // It was used, and nobody says when.
                told.unreadable.push("last_used_at");
                return;
            }
            Field::Null => (told.value("created_at", &key.created_at), true),
            used => (told.value("last_used_at", used), false),
        };
        let age = since.and_then(|since| self.age(since));
        if let Some(age) = age.filter(|age| *age >= seconds(self.audit.unused_for)) {
            let days = whole_days(age);
            let unused = Finding::Unused { days };
            told.findings.push(if is_never { Finding::NeverUsed { days } } else { unused });
        }
    }

    fn is_expired(&self, key: &Key) -> bool {
        key.expires_at.get().and_then(|at| self.days_since(at)).is_some()
    }

    /// How long ago it was, in seconds; what lies ahead, because clocks differ, is
    /// now.
    fn age(&self, at: &Timestamp) -> Option<i64> {
        Some(between(at, self.now?).max(0))
    }

    /// How many days ago it was; `None` if it is not over.
    fn days_since(&self, at: &Timestamp) -> Option<u32> {
        Some(between(at, self.now?)).filter(|age| *age >= 0).map(whole_days)
    }

    /// In how many days it will be; `None` if it is not soon.
    fn days_until(&self, at: &Timestamp) -> Option<u32> {
        let now = self.now?;
        let is_soon = between(at, now) >= -seconds(self.audit.expiring_within);
        is_soon.then(|| whole_days(between(now, at)))
    }
}

fn spend(key: &Key, told: &mut Told) {
    told.credit = Spend {
        daily: told.sum("usage_daily", &key.usage_daily),
        weekly: told.sum("usage_weekly", &key.usage_weekly),
        monthly: told.sum("usage_monthly", &key.usage_monthly),
        total: told.sum("usage", &key.usage),
    };
    told.byok = Spend {
        daily: told.sum("byok_usage_daily", &key.byok_usage_daily),
        weekly: told.sum("byok_usage_weekly", &key.byok_usage_weekly),
        monthly: told.sum("byok_usage_monthly", &key.byok_usage_monthly),
        total: told.sum("byok_usage", &key.byok_usage),
    };
}

/// Workspaces have names of their own.
fn name_of(key: &Key) -> Option<(Option<&str>, &str)> {
    Some((key.workspace_id.as_deref(), key.name.as_deref()?))
}

/// The whole seconds from one time to another, rounded down.
fn between(from: &Timestamp, to: &Timestamp) -> i64 {
    let seconds = to.unix_seconds().saturating_sub(from.unix_seconds());
    seconds.saturating_sub(i64::from(to.subsec_nanos() < from.subsec_nanos()))
}

fn seconds(days: u32) -> i64 {
    i64::from(days).saturating_mul(DAY)
}

fn whole_days(seconds: i64) -> u32 {
    u32::try_from(seconds / DAY).unwrap_or_default()
}
