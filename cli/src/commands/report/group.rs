//! Keys summed up by what they have in common.

use std::collections::BTreeMap;

use clap::ValueEnum;
use openrouter_keys_native::{Field, Key, KeyHash};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::earlier::{Earlier, Since};
use crate::keys;

/// What the keys of a group have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum By {
    /// Each key by itself
    Key,
    ExternalUser,
    Workspace,
    /// The beginning of the name, up to --separator
    Prefix,
}

impl By {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Key => "key",
            Self::ExternalUser => "external_user",
            Self::Workspace => "workspace",
            Self::Prefix => "prefix",
        }
    }
}

/// The sums of some keys. Amounts are of the day, the week, the month and in total.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Group {
    pub(super) name: Option<String>,
    /// Only of a single key.
    pub(super) hash: Option<String>,
    pub(super) is_total: bool,
    pub(super) keys: u64,
    pub(super) spend: [f64; 4],
    pub(super) byok: [f64; 4],
    /// How many keys lack an amount.
    pub(super) incomplete: u64,
    /// What was spent since the earlier report.
    pub(super) change: f64,
    pub(super) byok_change: f64,
    /// How many keys could not be compared.
    pub(super) uncompared: u64,
    pub(super) members: Vec<Member>,
}

/// A key of a group, for a later comparison.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Member {
    pub(super) hash: String,
    pub(super) usage: Option<f64>,
    pub(super) byok_usage: Option<f64>,
}

/// The keys in groups, in no particular order.
pub(super) fn of(keys: &[Key], by: By, separator: &str, earlier: Option<&Earlier>) -> Vec<Group> {
    let mut groups = BTreeMap::<(Option<&str>, Option<&str>), Group>::new();
    for key in keys {
        let name = match by {
            By::Key => Some(keys::name_of(key)),
            By::ExternalUser => key.external_user.as_deref(),
            By::Workspace => key.workspace_id.as_deref(),
            By::Prefix => prefix(keys::name_of(key), separator),
        };
        let hash = key.hash.get().map(KeyHash::as_str).filter(|_| by == By::Key);
        let group = groups.entry((name, hash)).or_insert_with(|| Group {
            name: name.map(str::to_owned),
            hash: hash.map(str::to_owned),
            ..Group::default()
        });
        group.add(key, earlier);
    }
    groups.into_values().collect()
}

/// The part before the separator, if the name has one.
fn prefix<'a>(name: &'a str, separator: &str) -> Option<&'a str> {
    let (prefix, _) = name.split_once(separator).filter(|_| !separator.is_empty())?;
    Some(prefix)
}

pub(super) fn total(groups: &[Group]) -> Group {
    let mut total = Group { is_total: true, ..Group::default() };
    for group in groups {
        total.keys = total.keys.saturating_add(group.keys);
        total.incomplete = total.incomplete.saturating_add(group.incomplete);
        total.uncompared = total.uncompared.saturating_add(group.uncompared);
        total.change += group.change;
        total.byok_change += group.byok_change;
        add(&mut total.spend, group.spend);
        add(&mut total.byok, group.byok);
    }
    total
}

fn add(sums: &mut [f64; 4], amounts: [f64; 4]) {
    for (sum, amount) in sums.iter_mut().zip(amounts) {
        *sum += amount;
    }
}

/// Without the noise that sums of doubles have: to a billionth of a dollar.
pub(super) fn rounded(amount: f64) -> f64 {
    const BILLION: f64 = 1e9;
    let rounded = (amount * BILLION).round() / BILLION;
    // Adding 0 turns -0 into 0.
    if rounded.is_finite() { rounded + 0.0 } else { amount }
}

/// An amount in JSON: a whole one without a fraction, as the API writes it.
pub(super) fn json(amount: f64) -> Value {
    rounded(amount).to_string().parse().map_or(Value::Null, Value::Number)
}

impl Group {
    fn add(&mut self, key: &Key, earlier: Option<&Earlier>) {
        let finite = |field: &Field<f64>| field.copied().filter(|amount| amount.is_finite());
        let spend = [&key.usage_daily, &key.usage_weekly, &key.usage_monthly, &key.usage];
        let byok = [
            &key.byok_usage_daily,
            &key.byok_usage_weekly,
            &key.byok_usage_monthly,
            &key.byok_usage,
        ];
        let (spend, byok) = (spend.map(finite), byok.map(finite));
        let lacks_any = spend.iter().chain(&byok).any(Option::is_none);
        self.keys = self.keys.saturating_add(1);
        self.incomplete = self.incomplete.saturating_add(u64::from(lacks_any));
        add(&mut self.spend, spend.map(Option::unwrap_or_default));
        add(&mut self.byok, byok.map(Option::unwrap_or_default));
        let ([.., usage], [.., byok_usage]) = (spend, byok);
        match earlier.map(|earlier| earlier.since(key, usage, byok_usage)) {
            Some(Since::Spent { usage, byok_usage }) => {
                self.change += usage;
                self.byok_change += byok_usage;
            }
            Some(Since::Unknown) => self.uncompared = self.uncompared.saturating_add(1),
            None => {}
        }
        if let Some(hash) = key.hash.get() {
            self.members.push(Member { hash: hash.as_str().to_owned(), usage, byok_usage });
        }
    }
}

#[cfg(test)]
mod tests {
    use openrouter_keys_native::Key;

    use super::{By, json, of, prefix, rounded, total};

    #[test]
    fn a_prefix_ends_at_the_first_separator() {
        assert_eq!(prefix("team-a-1", "-"), Some("team"));
        assert_eq!(prefix("a/b", "/"), Some("a"));
        assert_eq!([prefix("team", "-"), prefix("team-a", "")], [None, None]);
    }

    #[test]
    fn keys_with_the_same_prefix_are_one_group() {
        let key = |text: &str| serde_json::from_str::<Key>(text).unwrap();
        let keys = [
            key(r#"{"hash":"a","name":"ci-1","usage":0.1,"usage_daily":1}"#),
            key(r#"{"hash":"b","name":"ci-2","usage":0.2}"#),
            key(r#"{"hash":"c","name":"ada","usage":5}"#),
        ];
        let groups = of(&keys, By::Prefix, "-", None);
        let names: Vec<_> = groups.iter().map(|group| group.name.as_deref()).collect();
        assert_eq!(names, [None, Some("ci")]);
        assert_eq!((groups[1].keys, groups[1].incomplete), (2, 2));
        assert_eq!(rounded(groups[1].spend[3]).to_string(), "0.3");
        assert_eq!(rounded(total(&groups).spend[3]).to_string(), "5.3");
        assert_eq!([json(-0.0), json(2.0)], [serde_json::json!(0), serde_json::json!(2)]);
        assert_eq!(of(&keys, By::Key, "-", None).len(), 3);
    }
}
