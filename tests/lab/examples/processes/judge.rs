//! What must be true in the end.

use std::collections::{BTreeMap, BTreeSet};

use openrouter_keys_core::workflow::RotationEntry;
use serde_json::Value;

use crate::LEASE;
use crate::gate::{Change, Gate, base};
use crate::runners::Ran;
use crate::servers::{Emulator, Store, Vault};

#[derive(Default)]
pub(crate) struct Verdict {
    /// How often a process continued what another had left without giving it up.
    pub(crate) takeovers: usize,
    /// Changes by a process whose rotation was another's.
    pub(crate) trespasses: usize,
    /// Names without exactly one key, whose secret is in the sink.
    pub(crate) wrong: usize,
    /// Keys that nobody has.
    pub(crate) orphans: usize,
    /// Objects of the store, or outputs of passes, that contain a secret.
    pub(crate) leaks: usize,
    pub(crate) problems: Vec<String>,
}

pub(crate) async fn judge(
    emulator: &Emulator,
    vault: &Vault,
    gate: &Gate,
    store: &Store,
    ran: &Ran,
) -> Verdict {
    let mut verdict = Verdict::default();
    let objects = store.objects().await;
    let entries = objects.values().filter_map(|text| serde_json::from_str(text).ok());
    let mut logs = BTreeMap::<String, Vec<RotationEntry>>::new();
    for entry in entries {
        let entry: RotationEntry = entry;
        logs.entry(entry.rotation.old.to_string()).or_default().push(entry);
    }
    let mut by_name = BTreeMap::new();
    for mut log in logs.into_values() {
        log.sort_by_key(|entry| entry.sequence);
        let name = log.iter().rev().find_map(|entry| entry.rotation.name.clone());
        by_name.insert(name.unwrap_or_default(), log);
    }
    verdict.owners(&gate.changes(), &by_name);
    verdict.keys(emulator, vault).await;
    let texts = objects.iter().map(|(path, text)| (path.as_str(), text.as_str()));
    for (path, text) in texts.chain([("the output of a pass", ran.output.as_str())]) {
        for secret in gate.secrets() {
            if text.contains(&secret) {
                verdict.leaks += 1;
                verdict.problems.push(format!("{path} contains a secret"));
            }
        }
    }
    verdict
}

/// The process that wrote an entry: the rest of the name differs for each claim.
fn process(entry: &RotationEntry) -> &str {
    entry.owner.split(' ').next().unwrap_or_default()
}

impl Verdict {
    /// Each process changes the keys of a name in one stretch, and unless the one before gave the
    /// rotation up, not before its lease has ended.
    fn owners(&mut self, changes: &[Change], logs: &BTreeMap<String, Vec<RotationEntry>>) {
        // Without a log too: nobody may change a key before the rotation is claimed in the store.
        let names: BTreeSet<&String> = changes.iter().map(|change| &change.name).collect();
        // The gate has no name for a key that is gone: nothing changes.
        for name in names.into_iter().filter(|name| !name.is_empty()) {
            let log = logs.get(name).map(Vec::as_slice).unwrap_or_default();
            let mut released = BTreeSet::new();
            for (one, next) in log.iter().zip(log.iter().skip(1)) {
                if next.owner.is_empty() {
                    released.insert(process(one));
                } else if !one.owner.is_empty() && process(one) != process(next) {
                    self.takeovers += 1;
                }
            }
            let mut ended = BTreeSet::new();
            let mut changes = changes.iter().filter(|change| change.name == *name);
            let Some(mut last) = changes.next() else { continue };
            for change in changes {
                if change.process != last.process {
                    let gap = change.at - last.at;
                    if gap < LEASE && !released.contains(last.process.as_str()) {
                        self.trespass(&format!(
                            "{name}: {} {gap:?} after {}",
                            change.process, last.process
                        ));
                    }
                    ended.insert(last.process.clone());
                }
                if ended.contains(&change.process) {
                    self.trespass(&format!("{name}: {} again", change.process));
                }
                last = change;
            }
        }
    }

    fn trespass(&mut self, problem: &str) {
        self.trespasses += 1;
        self.problems.push(format!("trespass: {problem}"));
    }

    async fn keys(&mut self, emulator: &Emulator, vault: &Vault) {
        let keys = emulator.keys().await;
        let reader = vault.reader();
        let text = |key: &Value, field: &str| {
            key.get(field).and_then(Value::as_str).unwrap_or_default().to_owned()
        };
        for (name, old) in &emulator.secrets {
            let of_name = |key: &&Value| base(&text(key, "name")) == *name;
            let of_name: Vec<&Value> = keys.iter().filter(of_name).collect();
            let secret = reader.secret(name).await.unwrap_or_default();
            let is_right = |key: &Value| {
                let label = text(key, "label");
                let (start, end) = label.split_once("...").unwrap_or_default();
                text(key, "name") == *name && secret.starts_with(start) && secret.ends_with(end)
            };
            let right = of_name.iter().filter(|key| is_right(key)).count();
            if right != 1 || secret == *old {
                self.wrong += 1;
                self.problems.push(format!("{name} has {right} right keys of {}", of_name.len()));
            }
            let orphans = of_name.len().saturating_sub(1);
            self.orphans += orphans;
            if orphans > 0 {
                let names: Vec<String> = of_name.iter().map(|key| text(key, "name")).collect();
                self.problems.push(format!("orphans: {names:?}"));
            }
        }
    }
}
