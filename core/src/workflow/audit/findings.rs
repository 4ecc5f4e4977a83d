//! The judgement of an audit: a function of keys and a time.

use std::collections::BTreeMap;

use super::Audit;
use super::report::{AuditFinding, AuditReport, AuditedKey, Spend};
use crate::types::{Field, Key, Timestamp};

const DAY: i64 = 86_400;
/// 2025-12-31T00:00:00Z, in seconds since 1970: the API records uses from the end of
/// 2025 on.
const RECORDS_BEGIN: i64 = 1_767_139_200;
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

/// The findings of one key.
#[derive(Default)]
struct Told {
    findings: Vec<AuditFinding>,
    unreadable: Vec<&'static str>,
    credit: Spend,
    byok: Spend,
}

impl Told {
    /// The value of a field that every valid response has.
    fn value<'a, T>(&mut self, name: &'static str, field: &'a Field<T>) -> Option<&'a T> {
        let value = field.get();
        if value.is_none() {
            self.unreadable.push(name);
        }
        value
    }

    /// An amount that every valid response has.
    fn amount(&mut self, name: &'static str, field: &Field<f64>) -> Option<f64> {
        let amount = field.copied().filter(|amount| amount.is_finite());
        if amount.is_none() {
            self.unreadable.push(name);
        }
        amount
    }

    fn spend(&mut self, fields: [(&'static str, &Field<f64>); 4]) -> Spend {
        let mut sums = [0.0; 4];
        for (sum, (name, field)) in sums.iter_mut().zip(fields) {
            *sum = self.amount(name, field).unwrap_or_default();
        }
        let [daily, weekly, monthly, total] = sums;
        Spend { daily, weekly, monthly, total }
    }
}

impl<'a> Judge<'a> {
    fn counting(mut self, keys: &'a [Key]) -> Self {
        for key in keys {
            if let (Some(name), None) = (name_of(key), self.expired(key)) {
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
        if !key.expires_at.is_null() {
            told.value("expires_at", &key.expires_at);
        }
        told.credit = told.spend([
            ("usage_daily", &key.usage_daily),
            ("usage_weekly", &key.usage_weekly),
            ("usage_monthly", &key.usage_monthly),
            ("usage", &key.usage),
        ]);
        told.byok = told.spend([
            ("byok_usage_daily", &key.byok_usage_daily),
            ("byok_usage_weekly", &key.byok_usage_weekly),
            ("byok_usage_monthly", &key.byok_usage_monthly),
            ("byok_usage", &key.byok_usage),
        ]);
        let expired = self.expired(key);
        told.findings.extend(expired.map(|days| AuditFinding::Expired { days }));
        if is_disabled {
            self.leftover(key, &mut told);
        } else if expired.is_none() {
            self.limit(key, &mut told);
            self.usage(key, &mut told);
            self.end(key, &mut told);
        }
        let keys = name_of(key).and_then(|name| self.names.get(&name).copied());
        if let (Some(keys @ 2..), None) = (keys, expired) {
            told.findings.push(AuditFinding::DuplicateName { keys });
        }
        if !told.unreadable.is_empty() {
            let fields = std::mem::take(&mut told.unreadable);
            told.findings.push(AuditFinding::Unreadable { fields });
        }
        told
    }

    /// Any later change makes the time shorter, never longer. If it is unknown, the key is
    /// reported.
    fn leftover(&self, key: &Key, told: &mut Told) {
        let never = key.updated_at.is_null();
        let since = if never { key.created_at.get() } else { key.updated_at.get() };
        let age = since.and_then(|since| self.age(since));
        if age.is_none_or(|age| age >= seconds(self.audit.disabled_for)) {
            told.findings.push(AuditFinding::Disabled { days: age.map(whole_days) });
        }
    }

    fn limit(&self, key: &Key, told: &mut Told) {
        if key.limit.is_null() {
            told.findings.push(AuditFinding::NoLimit);
            return;
        }
        let Some(limit) = told.amount("limit", &key.limit) else { return };
        let Some(left) = told.amount("limit_remaining", &key.limit_remaining) else { return };
        let share = (limit - left) / limit;
        if limit < 0.0 {
            told.unreadable.push("limit");
        } else if left <= 0.0 {
            told.findings.push(AuditFinding::LimitReached);
        } else if share >= self.audit.near_limit - ROUNDING {
            told.findings.push(AuditFinding::NearLimit { share: share.max(0.0) });
        }
    }

    fn usage(&self, key: &Key, told: &mut Told) {
        if key.last_used_at.is_null() {
            return self.unrecorded(key, told);
        }
        let since = told.value("last_used_at", &key.last_used_at);
        let age = since.and_then(|since| self.age(since));
        if let Some(age) = age.filter(|age| *age >= seconds(self.audit.unused_for)) {
            told.findings.push(AuditFinding::Unused { days: whole_days(age) });
        }
    }

    /// A key without a recorded use. If it spent, or its spend is unknown, it was last
    /// used before the records begin at the latest.
    fn unrecorded(&self, key: &Key, told: &mut Told) {
        let made = told.value("created_at", &key.created_at).and_then(|made| self.age(made));
        if made.is_some_and(|age| age < seconds(self.audit.unused_for)) {
            return;
        }
        if is_unspent(key) {
            told.findings.extend(made.map(|age| AuditFinding::NeverUsed { days: whole_days(age) }));
            return;
        }
        let recorded = self.now.map(|now| now.unix_seconds().saturating_sub(RECORDS_BEGIN).max(0));
        let age = recorded.map(|age| made.map_or(age, |made| age.min(made)));
        told.findings.extend(age.map(|age| AuditFinding::Unused { days: whole_days(age) }));
    }

    fn end(&self, key: &Key, told: &mut Told) {
        let (Some(at), Some(now)) = (key.expires_at.get(), self.now) else { return };
        if between(at, now) >= -seconds(self.audit.expiring_within) {
            told.findings.push(AuditFinding::ExpiresSoon { days: whole_days(between(now, at)) });
        }
    }

    /// How many days ago the key expired, if it did.
    fn expired(&self, key: &Key) -> Option<u32> {
        let age = between(key.expires_at.get()?, self.now?);
        (age >= 0).then(|| whole_days(age))
    }

    /// How long ago it was, in seconds; what lies ahead, because clocks differ, is
    /// now.
    fn age(&self, at: &Timestamp) -> Option<i64> {
        Some(between(at, self.now?).max(0))
    }
}

/// Whether it definitely spent nothing.
pub(super) fn is_unspent(key: &Key) -> bool {
    let is_none = |total: &Field<f64>| total.copied().is_some_and(|total| total <= 0.0);
    is_none(&key.usage) && is_none(&key.byok_usage)
}

/// Whether the API's records cover all of the key's life.
pub(super) fn is_recorded(key: &Key) -> bool {
    key.created_at.get().is_some_and(|made| made.unix_seconds() > RECORDS_BEGIN + DAY)
}

/// Names are per workspace.
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
