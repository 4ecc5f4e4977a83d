//! Checks keys as of a time; no I/O.

use std::collections::BTreeMap;

use super::Audit;
use super::report::{AuditFinding, AuditReport, AuditedKey, Spend};
use crate::types::{Field, Key, Timestamp};

const DAY: i64 = 86_400;
/// 2025-12-31T00:00:00Z, in seconds since 1970: the API records use since the end of 2025.
const RECORDS_BEGIN: i64 = 1_767_139_200;
/// Cents have no exact double: a rounding error must not hide that the share is reached.
const ROUNDING: f64 = 1e-9;

pub(super) fn report(audit: &Audit, keys: Vec<Key>, at: Option<Timestamp>) -> AuditReport {
    let mut report = AuditReport { at, ..AuditReport::default() };
    let judge = Judge { audit, now: report.at.as_ref(), names: BTreeMap::new() }.counting(&keys);
    let checked: Vec<Checked> = keys.iter().map(|key| judge.check(key)).collect();
    for (key, Checked { findings, credit, byok, .. }) in keys.into_iter().zip(checked) {
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
    /// How many unexpired keys have each name, by workspace and name.
    names: BTreeMap<(Option<&'a str>, &'a str), u32>,
}

/// The findings of one key.
#[derive(Default)]
struct Checked {
    findings: Vec<AuditFinding>,
    unreadable: Vec<&'static str>,
    credit: Spend,
    byok: Spend,
}

impl Checked {
    /// A field that every valid response has; if it has no value, it is noted as unreadable.
    fn value<'a, T>(&mut self, name: &'static str, field: &'a Field<T>) -> Option<&'a T> {
        let value = field.get();
        if value.is_none() {
            self.unreadable.push(name);
        }
        value
    }

    /// [`value`](Self::value) for an amount.
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

    fn check(&self, key: &Key) -> Checked {
        let mut checked = Checked::default();
        checked.value("hash", &key.hash);
        checked.value("name", &key.name);
        let is_disabled = checked.value("disabled", &key.disabled) == Some(&true);
        if !key.expires_at.is_null() {
            checked.value("expires_at", &key.expires_at);
        }
        checked.credit = checked.spend([
            ("usage_daily", &key.usage_daily),
            ("usage_weekly", &key.usage_weekly),
            ("usage_monthly", &key.usage_monthly),
            ("usage", &key.usage),
        ]);
        checked.byok = checked.spend([
            ("byok_usage_daily", &key.byok_usage_daily),
            ("byok_usage_weekly", &key.byok_usage_weekly),
            ("byok_usage_monthly", &key.byok_usage_monthly),
            ("byok_usage", &key.byok_usage),
        ]);
        let expired = self.expired(key);
        checked.findings.extend(expired.map(|days| AuditFinding::Expired { days }));
        if is_disabled {
            self.leftover(key, &mut checked);
        } else if expired.is_none() {
            self.limit(key, &mut checked);
            self.usage(key, &mut checked);
            self.end(key, &mut checked);
        }
        let keys = name_of(key).and_then(|name| self.names.get(&name).copied());
        if let (Some(keys @ 2..), None) = (keys, expired) {
            checked.findings.push(AuditFinding::DuplicateName { keys });
        }
        if !checked.unreadable.is_empty() {
            let fields = std::mem::take(&mut checked.unreadable);
            checked.findings.push(AuditFinding::Unreadable { fields });
        }
        checked
    }

    /// Counts from the last change, of any field. If that time is unknown, the key is reported.
    fn leftover(&self, key: &Key, checked: &mut Checked) {
        let never = key.updated_at.is_null();
        let since = if never { key.created_at.get() } else { key.updated_at.get() };
        let age = since.and_then(|since| self.age(since));
        if age.is_none_or(|age| age >= seconds(self.audit.disabled_for)) {
            checked.findings.push(AuditFinding::Disabled { days: age.map(whole_days) });
        }
    }

    fn limit(&self, key: &Key, checked: &mut Checked) {
        if key.limit.is_null() {
            checked.findings.push(AuditFinding::NoLimit);
            return;
        }
        let Some(limit) = checked.amount("limit", &key.limit) else { return };
        let Some(left) = checked.amount("limit_remaining", &key.limit_remaining) else { return };
        let share = (limit - left) / limit;
        if limit < 0.0 {
            checked.unreadable.push("limit");
        } else if left <= 0.0 {
            checked.findings.push(AuditFinding::LimitReached);
        } else if share >= self.audit.near_limit - ROUNDING {
            checked.findings.push(AuditFinding::NearLimit { share: share.max(0.0) });
        }
    }

    fn usage(&self, key: &Key, checked: &mut Checked) {
        if key.last_used_at.is_null() {
            return self.unrecorded(key, checked);
        }
        let since = checked.value("last_used_at", &key.last_used_at);
        let age = since.and_then(|since| self.age(since));
        if let Some(age) = age.filter(|age| *age >= seconds(self.audit.unused_for)) {
            checked.findings.push(AuditFinding::Unused { days: whole_days(age) });
        }
    }

    /// A key without a recorded use. If it spent, or its spend is unknown, its last use can only
    /// have been before the records begin.
    fn unrecorded(&self, key: &Key, checked: &mut Checked) {
        let made = checked.value("created_at", &key.created_at).and_then(|made| self.age(made));
        if made.is_some_and(|age| age < seconds(self.audit.unused_for)) {
            return;
        }
        if is_unspent(key) {
            checked
                .findings
                .extend(made.map(|age| AuditFinding::NeverUsed { days: whole_days(age) }));
            return;
        }
        let recorded = self.now.map(|now| now.unix_seconds().saturating_sub(RECORDS_BEGIN).max(0));
        let age = recorded.map(|age| made.map_or(age, |made| age.min(made)));
        checked.findings.extend(age.map(|age| AuditFinding::Unused { days: whole_days(age) }));
    }

    fn end(&self, key: &Key, checked: &mut Checked) {
        let (Some(at), Some(now)) = (key.expires_at.get(), self.now) else { return };
        if between(at, now) >= -seconds(self.audit.expiring_within) {
            checked.findings.push(AuditFinding::ExpiresSoon { days: whole_days(between(now, at)) });
        }
    }

    /// How many days ago the key expired, if it did.
    fn expired(&self, key: &Key) -> Option<u32> {
        let age = between(key.expires_at.get()?, self.now?);
        (age >= 0).then(|| whole_days(age))
    }

    /// How long ago it was, in seconds; 0 if it is in the future, because clocks differ.
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
